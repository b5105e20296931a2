"""What a run came through: steps, years, acts, faults, checks, and the odd days of the calendar that it met."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from tests.simulation.clock import START
from tests.simulation.look import Memory
from tests.simulation.town import Town


@dataclass(frozen=True)
class Report:
    """One seed, or several taken together. ``span`` is the time of the longest clock, ``simulated`` that of all
    customers together. ``held`` counts how often each check was made, ``noticed`` how often it found what was planted
    for it, ``calendar`` where periods began.
    """

    seeds: tuple[int, ...] = ()
    steps: int = 0
    simulated: timedelta = timedelta(0)
    span: timedelta = timedelta(0)
    wall: timedelta = timedelta(0)
    calls: int = 0
    rows: int = 0
    news: int = 0
    moves: Counter[str] = field(default_factory=Counter)
    acts: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    held: Counter[str] = field(default_factory=Counter)
    noticed: Counter[str] = field(default_factory=Counter)
    calendar: Counter[str] = field(default_factory=Counter)
    journal: tuple[str, ...] = ()


def together(reports: Iterable[Report]) -> Report:
    """The sums of several; nobody reads so many journals."""
    whole = [each for each in fields(Report) if each.name not in ("journal", "span", "wall")]
    found = list(reports)
    sums = {each.name: sum((getattr(one, each.name) for one in found), getattr(Report(), each.name)) for each in whole}
    return Report(
        **sums, span=max(one.span for one in found), wall=min(one.wall for one in found)
    )  # fmt: skip


def report_of(town: Town, memory: Memory, steps: int) -> Report:
    """What a town has lived through."""
    facts = town.facts
    moves = Counter(f"{row['machine']}: {row['from_state']} > {row['to_state']}" for row in facts.rows["transition"])
    moves.update(f"posting: {row['cause']}" for row in facts.rows["ledger_transaction"])
    moves.update(f"invoice for: {row['reason'].partition(':')[0]}" for row in facts.rows["invoice"])
    lived, wall = _lived(town), town.clock.at - START
    faults = town.faults + town.course.faults
    del faults[""]
    return Report(
        (town.seed,), steps, sum(lived, timedelta(0)), max(*lived, wall), wall, len(town.answered),
        sum(len(rows) for rows in facts.tables.values()), len(town.provider.books.events), moves, town.acts, faults,
        memory.held, memory.noticed, _calendar(town), tuple(town.journal),
    )  # fmt: skip


def _lived(town: Town) -> list[timedelta]:
    """How much time passed for each customer; by the wall where there is none."""
    spans = [town.clock.at - START if not patron.on_clock else town.now_of(patron) - START for patron in town.patrons]
    return spans or [town.clock.at - START]


def _calendar(town: Town) -> Counter[str]:
    """Of the periods that were billed, those that begin where calendars are odd."""
    zones = {row["id"]: ZoneInfo(row["time_zone"]) for row in town.facts.rows["subscription"]}
    found: Counter[str] = Counter()
    for row in town.facts.rows["invoice"]:
        if row["subscription_id"] is None:
            continue
        start, end = (row[name].astimezone(zones[row["subscription_id"]]) for name in ("period_start", "period_end"))
        found.update(_odd(start, end))
    return found


def _odd(start: datetime, end: datetime) -> Iterable[str]:
    yield f"in {start.tzinfo}"
    if (start.month, start.day) == (2, 29):
        yield "on a leap day"
    if (start + timedelta(days=1)).day == 1:
        yield "on the last day of a month"
    if start.utcoffset() != end.utcoffset():
        yield "under another offset than its end"
