"""What many seeds came to, in lines for people; above all what they never came to."""

from collections import Counter
from collections.abc import Iterable, Iterator

from tests.simulation.acts import EVERYTHING
from tests.simulation.invariants import AT_REST, EACH_CUSTOMER, TOWN
from tests.simulation.options import ZONES
from tests.simulation.report import Report

YEAR = 365.25  # days
CALENDAR = ("on a leap day", "on the last day of a month", "under another offset than its end")


def totals(of: Report) -> Iterator[str]:
    """Seeds, steps and years, then everything by kind."""
    yield (
        f"{len(of.seeds)} seeds, {of.steps} steps, at least {of.wall.days / YEAR:.1f} years each by the wall, "
        f"{of.span.days / YEAR:.1f} by the longest clock, {of.simulated.days / YEAR:.0f} years of customers, "
        f"{of.calls} answered calls, {of.rows} rows, {of.news} events of the provider."
    )
    yield from _told("acts", of.acts, EVERYTHING)
    yield from _told("faults", of.faults, ())
    yield from _told("moves, postings and invoices", of.moves, ())
    yield from _told("periods that began", of.calendar, (*CALENDAR, *(f"in {zone}" for zone in ZONES)))
    checks = [check.__name__ for check in (*TOWN, *EACH_CUSTOMER, *AT_REST)]
    yield from _told("checks", of.held, checks)
    yield from _told("planted faults noticed", of.noticed, checks)


def _told(what: str, found: Counter[str], expected: Iterable[str]) -> Iterator[str]:
    never = [name for name in expected if not found[name]]
    yield f"{what}: {found.total()} of {len(+found)} kinds{'; NEVER: ' + ', '.join(never) if never else ''}"
    yield "  " + ", ".join(f"{name} {times}" for name, times in found.most_common())
