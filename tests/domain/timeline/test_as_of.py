"""What stood at an instant can be asked for ever after: state, terms and what was due, as they were seen then."""

from dataclasses import dataclass
from datetime import datetime

import pytest

from domain.actor import Grant
from domain.corrections.void_invoice import VoidInvoice, void_invoice
from domain.invoices.invoice import Invoice
from domain.perform import perform
from domain.reactions.work import do_now
from domain.subscriptions.cancel import CancelAt
from domain.timeline.invoice_as_of import invoice_as_of
from domain.timeline.subscription_as_of import subscription_as_of
from tests.domain.invoices.bills import eur, note
from tests.lives import buyer, day, invoices_of, start, subscription_of, until
from tests.subscription_lives import cancel, switch
from tests.world import Someone, World, fresh


@dataclass(frozen=True)
class Seen:
    """What was seen of one invoice."""

    state: str
    amounts: tuple[int, ...]


def seen(of: Invoice) -> Seen:
    """The invoice's row."""
    return Seen(of.state.name, tuple(each.minor for each in (of.credited, of.noted, of.paid, of.due)))


async def then(world: World, of: Invoice, at: datetime) -> Seen | None:
    """The invoice as it is said to have been."""
    found = await invoice_as_of(world.house.db.primary, of, at)
    if found is None:
        return None
    return Seen(found.state, tuple(each.minor for each in (found.credited, found.noted, found.paid, found.due)))


@pytest.mark.row("H7")
@pytest.mark.row("X8")
async def test_every_invoice_is_at_every_day_what_was_seen_on_that_day(world: World) -> None:
    ada = await buyer(world, "tok_insufficient_funds")
    days = [day(1, 1), day(1, 11), day(2, 1, 3), day(2, 9), day(3, 1, 3), day(4, 20)]
    album: dict[object, dict[str, Seen]] = {}
    for at in days:
        if at == day(1, 1):
            await world.card(ada, "tok_visa")
            await start(world, ada)
        else:
            await until(world, ada, at)
        if at == day(1, 11):
            await switch(world, ada, world.prices["team"])
            await world.card(ada, "tok_insufficient_funds")
            (first, *_) = await invoices_of(world, ada)
            await note(world, ada, first.id, 300, credit=300)
        album[at] = {each.number: seen(each) for each in await invoices_of(world, ada)}
    for each in await invoices_of(world, ada):
        for at in days:
            assert await then(world, each, at) == album[at].get(each.number), (each.number, at)


async def test_what_is_void_was_due_before(world: World) -> None:
    ada = await buyer(world)
    await start(world, ada)
    await world.card(ada, "tok_insufficient_funds")
    await until(world, ada, day(2, 5))
    await _void(world, ada, (await invoices_of(world, ada))[1])
    now = (await invoices_of(world, ada))[1]
    assert await then(world, now, day(1, 31)) is None
    assert await then(world, now, day(2, 4)) == Seen("open", (0, 0, 0, 1000))
    assert await then(world, now, day(2, 6)) == seen(now)


async def _void(world: World, of: Someone, billed: Invoice) -> None:
    command = VoidInvoice(billed.id, "A mistake.", False)
    await perform(world.house.db, void_invoice, world.staff(Grant.FINANCE), of.id, command, fresh("void"))
    await do_now(world.house, of.id)


@pytest.mark.row("X8")
async def test_a_subscription_is_at_every_instant_on_the_terms_it_had(world: World) -> None:
    ada = await buyer(world)
    await start(world, ada)
    await until(world, ada, day(1, 11, 18))
    await switch(world, ada, world.prices["team"])
    await until(world, ada, day(2, 3))
    await cancel(world, ada, CancelAt.PERIOD_END)
    await until(world, ada, day(3, 2))
    db, of = world.house.db.primary, await subscription_of(world, ada)
    assert await subscription_as_of(db, of, day(12, 31, year=2026)) is None
    found = [await subscription_as_of(db, of, at) for at in (day(1, 5), day(1, 20), day(2, 2), day(2, 4), day(3, 2))]
    assert [each and each.state for each in found] == [
        "active", "active", "active", "pending_cancellation", "canceled",
    ]  # fmt: skip
    assert [each and each.terms.unit_amount for each in found] == [eur(1000), *[eur(2000)] * 4]
    periods = [each.period for each in found if each]
    assert [each and (each.start, each.end) for each in periods] == [
        (day(1, 1), day(2, 1)), (day(1, 1), day(2, 1)), (day(2, 1), day(3, 1)), (day(2, 1), day(3, 1)), None,
    ]  # fmt: skip


@pytest.mark.row("X8")
async def test_no_period_runs_from_the_day_of_a_cancellation_on_though_nobody_has_ended_it_yet(world: World) -> None:
    ada = await buyer(world)
    await start(world, ada)
    await cancel(world, ada, CancelAt.PERIOD_END)
    db, of = world.house.db.primary, await subscription_of(world, ada)
    found = [await subscription_as_of(db, of, at) for at in (day(1, 31, 23), day(2, 1))]
    assert [each and (each.state, each.period is None) for each in found] == [
        ("pending_cancellation", False), ("pending_cancellation", True),
    ]  # fmt: skip
