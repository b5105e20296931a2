"""The feed of changes: a story is told in its order, page by page, and names nobody."""

from collections.abc import Sequence
from dataclasses import astuple

import pytest

from domain.database import Token
from domain.ledger.statement import EVER, Span
from domain.machine import MACHINES
from domain.payments.payment import payments_of
from domain.subscriptions.cancel import CancelAt
from domain.timeline.changes import TOLD, Change, Place, What, changes, count_changes
from tests.domain.invoices.bills import eur, note
from tests.lives import buyer, day, give_back, invoices_of, start, until
from tests.subscription_lives import cancel, seats, switch
from tests.world import Someone, World

ALL = 100  # more than any story of these tests tells
NOW = Token.parse("00000001" + "7" * 16)  # ahead of every replica, so that the primary answers


async def read(
    world: World, of: Someone, limit: int = ALL, after: Place | None = None, span: Span = EVER
) -> Sequence[Change]:  # fmt: skip
    """The customer's changes, newest first."""
    async with world.house.db.history(NOW) as history:
        found = await changes(history.replica, of.id, limit, after, span)
        assert after is not None or await count_changes(history.replica, of.id, ALL, span) >= len(found)
        return found


async def life(world: World) -> Someone:
    """A customer to whom a lot happens in a quarter."""
    ada = await buyer(world)
    await start(world, ada)
    await until(world, ada, day(1, 11, 18))
    await switch(world, ada, world.prices["team"])
    first, second = await invoices_of(world, ada)
    await note(world, ada, first.id, 100, credit=100)
    (paid,) = await payments_of(world.house.db.primary, ada.id, second.id)
    await give_back(world, ada, paid.id, eur(53))
    await until(world, ada, day(2, 3))
    await world.card(ada, "tok_insufficient_funds")
    await until(world, ada, day(3, 1, 3))
    await cancel(world, ada, CancelAt.NOW)
    return ada


@pytest.mark.row("X8")
async def test_a_life_is_told_in_its_order(world: World) -> None:
    ada = await life(world)
    found = [each.what for each in reversed(await read(world, ada))]
    told = [
        What.SUBSCRIPTION_STARTED, What.INVOICE_ISSUED, What.PAYMENT_SUCCEEDED, What.INVOICE_PAID,
        What.SUBSCRIPTION_ACTIVATED, What.PLAN_CHANGED, What.CREDIT_NOTE_ISSUED, What.REFUND_REQUESTED,
        What.REFUND_SUCCEEDED, What.PAYMENT_FAILED, What.PAYMENT_OVERDUE, What.SUBSCRIPTION_ENDED,
    ]  # fmt: skip
    order = iter(found)
    assert all(what in order for what in told), found


async def test_pages_join_without_gap_or_repeat(world: World) -> None:
    ada = await life(world)
    whole = await read(world, ada)
    paged: list[Change] = []
    while page := await read(world, ada, 2, paged[-1].place if paged else None):
        paged += page
    assert paged == list(whole)


async def test_a_span_holds_what_happened_in_it_and_nothing_else(world: World) -> None:
    ada = await life(world)
    february = await read(world, ada, span=Span(day(2, 1), day(3, 1)))
    assert {each.what for each in february} == {What.INVOICE_ISSUED, What.PAYMENT_SUCCEEDED, What.INVOICE_PAID}
    assert await read(world, ada, span=Span(day(6, 1), None)) == []


async def test_a_change_of_plan_says_from_what_to_what_and_one_of_seats_how_many(world: World) -> None:
    ada = await buyer(world)
    await start(world, ada)
    await until(world, ada, day(1, 11, 18))
    await switch(world, ada, world.prices["team"])
    await seats(world, ada, 3)
    grown, switched = [each for each in await read(world, ada) if each.before and each.after]
    assert (switched.what, grown.what) == (What.PLAN_CHANGED, What.QUANTITY_CHANGED)
    assert switched.before and switched.after and grown.before and grown.after
    assert (switched.before.unit_amount, switched.after.unit_amount) == (eur(1000), eur(2000))
    assert (grown.before.quantity, grown.after.quantity) == (1, 3)


@pytest.mark.row("X8")
async def test_the_feed_names_nobody(world: World) -> None:
    ada = await life(world)
    shown = str([astuple(each) for each in await read(world, ada)])
    assert "Name of" not in shown
    assert "@" not in shown


def test_every_move_that_is_told_is_one_of_its_machine() -> None:
    for machine, event in TOLD:
        assert any(each == event for _, each in MACHINES[machine].moves), (machine, event)
