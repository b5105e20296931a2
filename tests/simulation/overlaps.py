"""Renewals that follow one another so closely that the story of one is not over when that of the next begins.

Two weekly plans whose first charge fails each time, and whose retry succeeds three days later, are never quiet at one
instant, though each story ends. What is under way then must be of invoices that came of themselves a short while ago,
and of nothing else; and once their customers have left, everything has to come to rest.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import UUID

from domain.subscriptions.cancel import CancelAt
from tests.simulation.acts_patience import cancel
from tests.simulation.facts import Facts, Row
from tests.simulation.town import Patron, Town

# From its invoice on: a case of four weeks, a week of asking for its last outcome, and as much again, since the worker
# looks late at rest.
STORY_WITHIN = timedelta(days=2 * 35)
# What begins again of itself, or waits for the end of a long period or term.
FINAL = frozenset({"renew", "end_subscription", "contract_end", "contract_notice"})
OF_ITSELF = frozenset({"renewal", "true_up"})  # reasons of invoices that nobody asked for
MAY_LEAVE = ("active", "trialing")  # at the end of a period that is paid; who is in arrears pays or loses it first


def under_way(facts: Facts, rows: list[Row], now: datetime) -> list[Row]:
    """The work that is not over, but for what is due later and begins again of itself."""
    return [row for row in rows if row["kind"] not in FINAL or row["due_at"] <= now or _was_put_off(facts, row, now)]


def _was_put_off(facts: Facts, work: Row, now: datetime) -> bool:
    """Whether a contract waits for who may still pay for time of its term, which is over."""
    return work["kind"] == "contract_end" and bool(facts.one("contract", id=work["subject"])["ends_at"] < now)


def overlong(facts: Facts, customer: UUID, now: datetime) -> list[Row]:
    """The customer's work under way that belongs to no invoice that came of itself a short while ago, by its time."""
    works = under_way(facts, facts.of("due_work", customer_id=customer), now)
    begun = ((row, _began_at(facts, row)) for row in works)
    return [row for row, at in begun if at is None or at <= now - STORY_WITHIN]


def _began_at(facts: Facts, work: Row) -> datetime | None:
    """When what the work belongs to began of itself; None where it did not."""
    if work["kind"] in FINAL:
        at: datetime = work["due_at"]
        return at
    drafts = [row["period_start"] for row in facts.of("invoice_draft", id=work["subject"]) if _came_of_itself(row)]
    invoices = [row["issued_at"] for row in _invoices(facts, work["subject"]) if _came_of_itself(row)]
    return min([*drafts, *invoices], default=None)


def _came_of_itself(document: Row) -> bool:
    return document["reason"] in OF_ITSELF


def _invoices(facts: Facts, subject: UUID) -> Iterator[Row]:
    """The invoice that a subject is, or is about."""
    yield from facts.of("invoice", id=subject)
    for table in ("dunning_case", "payment"):
        for row in facts.of(table, id=subject):
            yield from facts.of("invoice", id=row["invoice_id"])
    for table in ("refund", "dispute"):
        for row in facts.of(table, id=subject):
            yield from _invoices(facts, row["payment_id"])


def who_overlaps(town: Town, clock: str, since: datetime) -> list[Patron]:
    """Who is to leave that this clock may come to rest: all that live by it and have renewed since.

    Nobody where anything of them goes on that did not begin of itself, or that has lasted too long.
    """
    living = [each for each in town.patrons if clock == (str(each) if each.on_clock else "wall")]
    if any(overlong(town.facts, each.id.uuid, town.now_of(each)) for each in living):
        return []
    return [each for each in living if _has_renewed(town.facts, each.id.uuid, since)]


def _has_renewed(facts: Facts, customer: UUID, since: datetime) -> bool:
    return any(row["issued_at"] > since for row in facts.of("invoice", customer_id=customer, reason="renewal"))


async def leave(town: Town, patron: Patron) -> None:
    """Ends what may end with its period; what is in arrears is asked again when they are over."""
    for row in town.facts.of("subscription", customer_id=patron.id.uuid):
        if row["state"] in MAY_LEAVE:
            await cancel(town, patron, row, CancelAt.PERIOD_END)
