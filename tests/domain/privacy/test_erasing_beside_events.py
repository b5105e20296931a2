"""A provider tells of a customer as it is erased, or afterwards: its money is recorded, and its words are not kept."""

from dataclasses import replace
from typing import Any

import pytest

from domain.actor import Grant
from domain.money import Money
from domain.payments.payment import Payment, payment
from domain.payments.payout import PayoutAccount
from domain.payments.refund import refunds_of
from domain.payments.request_refund import RequestRefund, request_refund
from domain.privacy.ask_erasure import AskErasure, ask_erasure
from domain.privacy.stops import Stop, stops_of
from domain.reactions.provider_events import apply
from domain.subscriptions.cancel import CancelAt, CancelSubscription, cancel_subscription
from tests.erasure_kit import WHY, by, colleague, erased, refusal
from tests.lives import buyer, start, wrong_rows
from tests.webhook_desk import Desk, Event, key_of, made_up
from tests.world import EUR, Someone, World


async def gone(world: World, desk: Desk) -> tuple[Someone, Payment, Event]:
    """A customer that has paid and left, and the provider's own event of what it paid."""
    ada = await buyer(world)
    begun = await start(world, ada)
    assert begun.payment is not None
    known = await payment(world.house.db.primary, ada.id, begun.payment)
    (confirmed,) = await desk.events_of(known.provider_ref)
    assert await desk.take(confirmed) == "applied"
    await world.do(ada, cancel_subscription, CancelSubscription(begun.subscription, CancelAt.NOW))
    return ada, known, confirmed


def returned(known: Payment, sequence: int = 2) -> Event:
    """The bank took the payment back."""
    about: dict[str, Any] = {
        "id": known.provider_ref, "reference": str(known.id), "amount_minor": known.amount.minor,
        "captured_minor": known.amount.minor, "failure": {"code": "account_closed"},
        "metadata": {"payment": str(known.id), "customer": str(known.customer)},
    }  # fmt: skip
    return made_up("payment.returned", sequence=sequence, **about)


@pytest.mark.row("L8")
async def test_a_payment_that_the_provider_has_not_confirmed_stops_an_erasure(world: World, desk: Desk) -> None:
    """A bank's debit may come back from there: who is erased would owe it, and nobody could be asked for it."""
    ada = await buyer(world)
    begun = await start(world, ada)
    assert begun.payment is not None
    await world.do(ada, cancel_subscription, CancelSubscription(begun.subscription, CancelAt.NOW))
    known = await payment(world.house.db.primary, ada.id, begun.payment)
    assert known.state.name == "captured"
    assert await stops_of(world.house.db.primary, ada.id) == (Stop.PAYMENT,)
    assert await refusal(world, colleague(world), ada, ask_erasure, AskErasure(WHY)) == "ERASURE_STOPPED"
    (confirmed,) = await desk.events_of(known.provider_ref)
    assert await desk.take(confirmed) == "applied"
    assert await stops_of(world.house.db.primary, ada.id) == ()


@pytest.mark.row("L8")
async def test_staff_gives_back_what_a_customer_had_paid_that_was_erased_and_learns_nothing_of_it(
    world: World, desk: Desk
) -> None:
    ada, known, _ = await gone(world, desk)
    await erased(world, ada)
    command = RequestRefund(known.id, Money(300, EUR), "It did not work.")
    refund = await by(world, world.staff(Grant.SUPPORT), ada, request_refund, command)
    (made,) = await refunds_of(world.house.db.primary, ada.id, known.id)
    assert (made.id, made.state.name, made.amount) == (refund.refund, "succeeded", Money(300, EUR))
    account = PayoutAccount("DE89370400440532013000", "Ada Lovelace")
    with_name = replace(command, payout=account)
    assert await refusal(world, world.staff(Grant.SUPPORT), ada, request_refund, with_name) == "STATE_CONFLICT"
    assert await wrong_rows(world, ada) == []


async def bodies(desk: Desk, *events: Event) -> list[bool]:
    """Of which events it is kept what the provider said."""
    sql = "SELECT 1 FROM webhook_body WHERE event_key = $1"
    return [await desk.house.db.primary.fetchval(sql, key_of(event)) == 1 for event in events]


@pytest.mark.row("L8")
@pytest.mark.row("C9")
async def test_an_event_that_nobody_has_read_outlasts_an_erasure_until_it_is_done_with(
    world: World, desk: Desk
) -> None:
    ada, known, confirmed = await gone(world, desk)
    unread = returned(known)
    assert (await desk.deliver(unread)).status_code == 200
    await erased(world, ada)
    assert await bodies(desk, confirmed, unread) == [False, True]
    assert await apply(world.house, key_of(unread)) == "applied"
    after = await payment(world.house.db.primary, ada.id, known.id)
    assert (after.state.name, after.returned) == ("failed", known.amount)
    assert await bodies(desk, unread) == [False]
    assert await wrong_rows(world, ada) == []


@pytest.mark.row("L8")
async def test_of_an_event_about_who_was_erased_nothing_is_kept_but_that_it_came(world: World, desk: Desk) -> None:
    ada, known, _ = await gone(world, desk)
    bob, other, _ = await gone(world, desk)
    await erased(world, ada)
    late, overtaken = returned(known, 3), returned(known, 2)
    await desk.take(late)
    assert [await desk.state(late), await desk.take(overtaken)] == ["waiting", "applied"]
    stale = returned(known, 1)
    assert [await desk.state(late), await desk.take(stale)] == ["applied", "stale"]
    assert await bodies(desk, late, overtaken, stale) == [False, False, False]
    theirs = returned(other)
    assert await desk.take(theirs) == "applied"
    assert await bodies(desk, theirs) == [True], bob
