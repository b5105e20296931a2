"""The second half of a run: faults end, time passes in bounded steps, and everything must come to its end."""

from datetime import datetime, timedelta

from domain.actor import Grant
from domain.customers.advance_clock import AdvanceClock, advance_clock
from domain.ids import ExceptionCaseId
from domain.payments.exception_case import Resolution
from domain.payments.outlook import QUERY_AFTER
from domain.payments.resolve_exception import ResolveException, resolve_exception
from domain.reactions.work import do_now
from domain.refusals import RefusalCode
from tests.simulation.acts_time import deliver, next_wall, perform_one
from tests.simulation.decisions import settle_contradictions
from tests.simulation.facts import Facts, Row
from tests.simulation.invariants import check_at_rest
from tests.simulation.look import Memory
from tests.simulation.overlaps import leave, under_way, who_overlaps
from tests.simulation.town import Broken, Patron, Town
from tests.simulation.waiting import waiting

# By each clock, from the end of the faults on: a month until a renewal fails, a case of four weeks, a week of asking
# for the last outcome; and twice as much again, since a case that recovers may be followed by another one.
REST_WITHIN = timedelta(days=3 * 66)
# Of work that makes work at one instant: what kept a weekly plan from renewing for years is over, and each week is one.
WAVES = 600
PENDING_EVENT = frozenset({"received", "waiting"})

CHARGES = frozenset({"renew", "finalize_invoice", "dunning_retry", "dunning_part"})  # what may begin a payment


async def come_to_rest(town: Town, memory: Memory) -> None:
    """Broken where something is left hanging, where the books disagree, or where a second sweep changes anything."""
    town.journal.append("at rest")
    town.course.calm = True
    town.provider.silent_until = None
    await _ask_anew(town)
    await _sweep(town)
    await _wait_for_rest(town)
    while await settle_contradictions(town):
        await _sweep(town)
        await _wait_for_rest(town)
    await check_at_rest(town, memory)
    before = town.facts
    await _sweep(town, again=True)
    if changed := before.differences(town.facts, set(before.rows) - {"outbox_lease"}):
        raise Broken(f"32: a second sweep changed {changed}")


async def _wait_for_rest(town: Town) -> None:
    began, leaving = _instants(town), list[Patron]()
    while await _go_on(town, began):
        await _sweep(town)
        for clock, at in _instants(town).items():
            if at > began[clock] + REST_WITHIN:
                found = [each for each in who_overlaps(town, clock, began[clock]) if each not in leaving]
                if not found:
                    raise Broken(f"35: no rest by the clock of {clock} within {REST_WITHIN.days} days: {_left(town)}")
                town.journal.append(f"its renewals overlap; {[str(each) for each in found]} leave")
                leaving += found
                began = _instants(town)
        for patron in leaving:
            await leave(town, patron)


async def _ask_anew(town: Town) -> None:
    """Staff has the provider asked once more about all that it did not answer while it was silent, or ever."""
    await town.look()
    silent = town.options.weights["silence"]
    for row in town.facts.rows["exception_case"]:
        if is_of_an_outcome(row) and (silent or was_asked_in_vain(town.facts, row)):
            patron = town.patron_of(row["customer_id"])
            id = ExceptionCaseId(patron.id.shard, row["id"])
            command = ResolveException(id, Resolution.QUERY_AGAIN, "It answers again", None)
            may = [RefusalCode.STATE_CONFLICT]
            await town.call("ask anew", resolve_exception, town.staff(Grant.FINANCE), patron.id, command, may=may)
            await town.look()


def is_of_an_outcome(case: Row) -> bool:
    """Whether staff still have to find out what became of a payment or a refund."""
    return case["state"] != "resolved" and case["kind"] in ("payment_unknown", "refund_unknown")


def was_asked_in_vain(facts: Facts, case: Row) -> bool:
    """Whether the house has asked for all its days and asks no more. That is rare where no silence is drawn: of each
    few questions one is answered, and all that one payment needs went to others."""
    of = facts.one("refund" if case["refund_id"] else "payment", id=case["subject"])
    return of["queries"] >= len(QUERY_AFTER) and not facts.of("due_work", subject=case["subject"])


async def _sweep(town: Town, *, again: bool = False) -> None:
    await deliver(town)
    for _ in range(WAVES):
        pieces = await waiting(town)
        if not pieces:
            break
        for piece in pieces:
            await perform_one(town, piece)
        await deliver(town)
    else:
        await town.look()
        raise Broken(f"35: at {town.clock.at} work makes work without end: {_left(town)}")
    for patron in town.patrons if again else []:
        await do_now(town.process.house, patron.id)
    await town.look()


async def _go_on(town: Town, began: dict[str, datetime]) -> bool:
    """Takes a clock to the next thing that is due on it, the wall's first; False where only renewals are left.

    A test clock is sent on where the wall is at rest: what passes by the wall from then on is for the charge that it
    stops at, and one charge after another may take longer than anything that lives by the wall.
    """
    if _pending_on_wall(town):
        following = next_wall(town)
        if following is None:
            raise Broken(f"35: at {town.clock.at} something waits, and no time is set for it: {_left(town)}")
        # The worker looks so rarely now: lateness must not matter, and a run not take for ever.
        town.clock.move_to(following + town.patience.at_rest)
        town.provider.catch_up()
        return True
    for patron in town.patrons:
        to = _target(town, patron)
        if to is not None:
            began["wall"] = town.clock.at
            await town.call("advance", advance_clock, patron.actor, patron.id, AdvanceClock(to))
            return True
    return False


def _instants(town: Town) -> dict[str, datetime]:
    """The time by the wall, and by each test clock once it has come where it was sent."""
    heads = {str(each): town.facts.one("customer_head", customer_id=each.id.uuid) for each in town.patrons}
    clocks = {name: head["clock_target"] or head["clock_at"] for name, head in heads.items() if head["clock_at"]}
    return {"wall": town.clock.at, **clocks}


def _left(town: Town) -> list[dict[str, object]]:
    events = [row for row in town.facts.rows["inbox_event"] if row["state"] in PENDING_EVENT]
    return [dict(row) for row in [*town.facts.rows["due_work"], *town.facts.rows["outbox_event"], *events]]


def _target(town: Town, patron: Patron) -> datetime | None:
    """Where a test clock must be sent, or None where nothing but renewals to come is due on it.

    It stops where a payment may begin, whose outcome comes by the wall: a clock that goes on waits for it hour by hour.
    """
    now = town.now_of(patron)
    rows = town.facts.of("due_work", customer_id=patron.id.uuid, clocked=True)
    pending = [row["due_at"] for row in under_way(town.facts, rows, now)]
    charges = [row["due_at"] for row in rows if row["kind"] in CHARGES]
    return max(now, min([max(pending), *charges])) + timedelta(seconds=1) if pending else None


def _pending_on_wall(town: Town) -> bool:
    rows = town.facts.of("due_work", clocked=False)
    return bool(
        town.facts.rows["outbox_event"]
        or town.provider.mailbox
        or [row for row in town.facts.rows["inbox_event"] if row["state"] in PENDING_EVENT]
        or town.provider.next_planned()
        or under_way(town.facts, rows, town.clock.at)
    )
