"""Each kind of event a provider sends: heard of, or lost on its way and found by asking, a payment ends the same."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from domain.actor import Grant
from domain.money import Money
from domain.payments.capture_payment import CapturePayment, capture_payment
from domain.payments.gateway import EventKind
from domain.payments.pay_invoice import PayInvoice, pay_invoice
from domain.payments.payment import CaptureMode, Payment
from domain.payments.refund import refunds_of
from domain.payments.void_payment import VoidPayment, void_payment
from domain.perform import perform
from domain.reactions.provider_events import HANDLERS
from domain.reactions.work import do_now
from tests.domain.test_inbox_order import books_of
from tests.lives import attempts_at, buyer, give_back, invoices_of, start
from tests.mishaps import later
from tests.webhook_desk import Desk, Event
from tests.world import EUR, Someone, World, fresh

Story = Callable[[World, Desk], Awaitable[Someone]]
LOOKS = (timedelta(minutes=2), timedelta(hours=2), timedelta(days=1), timedelta(days=8))
"""When the sweep looks: an answer, a confirmation, a bank's day, and the week after which a return is looked for."""


async def last(world: World, of: Someone) -> Payment:
    """The newest attempt."""
    return (await attempts_at(world, of, (await invoices_of(world, of))[-1].id))[-1]


async def paid(world: World, desk: Desk) -> Someone:
    """A card that is charged."""
    ada = await buyer(world)
    await start(world, ada)
    return ada


async def authenticated(world: World, desk: Desk) -> Someone:
    """A customer who comes back from the bank's page."""
    ada = await buyer(world, "tok_3ds")
    await start(world, ada)
    await desk.come((await last(world, ada)).action_url)
    return ada


async def debited(world: World, desk: Desk, *outcomes: str, token: str = "tok_bank_held") -> Someone:
    """A debit that the bank ends so, and then so; what came before the last of it is known."""
    ada = await buyer(world, token)
    await start(world, ada)
    for look, outcome in zip(LOOKS, outcomes, strict=False):
        await do_now(later(world.house, look), ada.id)
        await desk.admin(f"settle/{(await last(world, ada)).provider_ref}", outcome=outcome)
    return ada


async def failed(world: World, desk: Desk) -> Someone:
    """A debit that the bank refuses."""
    return await debited(world, desk, "account_closed")


async def returned(world: World, desk: Desk) -> Someone:
    """A debit that the bank takes back after it was known to be taken."""
    ada = await debited(world, desk, "succeeded", token="tok_bank_returnable")
    await do_now(later(world.house, LOOKS[1]), ada.id)
    assert (await last(world, ada)).state.name == "settling"
    await desk.admin(f"settle/{(await last(world, ada)).provider_ref}", outcome="account_closed")
    return ada


async def held(world: World) -> tuple[Someone, Payment]:
    """A hold of 10.00 EUR."""
    ada = await buyer(world, "tok_lost_card")
    owed = (await start(world, ada)).invoice
    await world.card(ada)
    command = PayInvoice(owed, None, CaptureMode.LATER)
    await perform(world.house.db, pay_invoice, world.staff(Grant.FINANCE), ada.id, command, fresh("pay"))
    await do_now(world.house, ada.id)
    return ada, await last(world, ada)


async def captured(world: World, desk: Desk) -> Someone:
    """A hold of which a part is taken."""
    ada, hold = await held(world)
    command = CapturePayment(hold.id, Money(400, EUR), final=True)
    await perform(world.house.db, capture_payment, world.staff(Grant.FINANCE), ada.id, command, fresh("take"))
    await do_now(world.house, ada.id)
    return ada


async def voided(world: World, desk: Desk) -> Someone:
    """A hold that is let go."""
    ada, hold = await held(world)
    await perform(world.house.db, void_payment, world.staff(Grant.SUPPORT), ada.id, VoidPayment(hold.id), fresh("void"))
    await do_now(world.house, ada.id)
    return ada


async def expired(world: World, desk: Desk) -> Someone:
    """A hold that runs out."""
    ada, hold = await held(world)
    await desk.admin(f"settle/{hold.provider_ref}", outcome="expired")
    return ada


async def refunded(world: World, desk: Desk, outcome: str = "succeeded") -> Someone:
    """A refund that the bank ends so."""
    ada = await buyer(world, "tok_refund_pending")
    begun = await start(world, ada)
    assert begun.payment is not None
    await desk.hold(ada)
    await give_back(world, ada, begun.payment, Money(300, EUR))
    (refund,) = await refunds_of(world.house.db.primary, ada.id, begun.payment)
    await desk.admin(f"settle/{refund.provider_ref}", outcome=outcome)
    return ada


async def refund_failed(world: World, desk: Desk) -> Someone:
    """A refund that the bank refuses."""
    return await refunded(world, desk, "account_closed")


STORIES: list[Story] = [
    paid, authenticated, failed, returned, captured, voided, expired, refunded, refund_failed,
]  # fmt: skip


async def events_about(world: World, desk: Desk, of: Someone) -> list[Event]:
    """All that the provider tells of a customer."""
    books = await desk.books(of)
    things = [each["id"] for each in (*books["payments"], *books["refunds"])]
    return [event for thing in things for event in await desk.events_of(thing)]


async def end_of(world: World, of: Someone) -> Any:
    """The customer's books, and its refunds."""
    payments = [each for one in await invoices_of(world, of) for each in await attempts_at(world, of, one.id)]
    refunds = [
        (each.state.name, each.amount.minor)
        for one in payments
        for each in await refunds_of(world.house.db.primary, of.id, one.id)
    ]
    held = [(each.authorized, each.released, each.returned) for each in payments]
    return await books_of(world, of), refunds, held


@pytest.mark.row("C12")
@pytest.mark.row("C14")
@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
async def test_what_an_event_tells_is_found_out_where_it_is_lost(world: World, desk: Desk, story: Story) -> None:
    told, untold = await story(world, desk), await story(world, desk)
    for event in await events_about(world, desk, told):
        await desk.take(event)
    for look in LOOKS:
        for each in (told, untold):
            await do_now(later(world.house, look), each.id)
    assert await end_of(world, told) == await end_of(world, untold)


@pytest.mark.row("C12")
async def test_a_payout_is_kept_and_moves_no_payment(world: World, desk: Desk) -> None:
    ada = await paid(world, desk)
    before = await end_of(world, ada)
    payout = await desk.admin("payouts", currency="EUR", payments=[(await last(world, ada)).provider_ref])
    (event,) = await desk.events_of(payout["id"])
    assert (await desk.take(event), await desk.take(event)) == ("applied", None)
    assert await end_of(world, ada) == before


def test_every_kind_of_event_has_somebody_who_handles_it() -> None:
    assert set(EventKind) - set(HANDLERS) == {EventKind.UNRECOGNIZED}
