"""The provider says otherwise than staff decided: asked first, for it may have said so before; then for two people."""

import pytest

from domain.ledger.account import Account
from domain.payments.exception_case import Kind, Resolution
from domain.payments.payment import payment
from domain.payments.receipt import receipts_of
from domain.reactions.provider_events import apply
from tests.domain.invoices.bills import on
from tests.domain.payments.conftest import SideDoor
from tests.exception_kit import MINUTE, SILENT, decided, lost, named, newest, over, waiting
from tests.interruptions import ahead
from tests.lives import invoices_of, subscription_of, wrong_rows
from tests.webhook_desk import Desk, key_of, made_up
from tests.world import World, fresh

CHARGED, NOT_CHARGED = Resolution.CONFIRM_CHARGED, Resolution.CONFIRM_NOT_CHARGED


@pytest.mark.row("B8")
async def test_a_decline_from_before_the_charge_that_staff_confirmed_contradicts_nobody(
    world: World, provider: SideDoor, desk: Desk
) -> None:
    ada, known = await lost(world, provider)
    reference = await named(world, provider, ada, known)
    assert (await decided(world, ada, CHARGED, reference))[1] == "done"
    about = {"reference": str(known.id), "metadata": {"payment": str(known.id), "customer": str(ada.id)}}
    declined = made_up("payment.failed", about, id=reference, failure={"code": "insufficient_funds", "hard": False})
    assert await desk.take(declined) == "stale"  # it lay in the inbox until the card had been charged after all
    for event in await desk.events_of(reference):
        assert await desk.take(event) in ("applied", "stale")
    assert (await newest(world, ada)).state.name == "succeeded"
    assert await provider.taken(ada) == await on(world.house.db.primary, ada.id, Account.CASH_CLEARING) == 2000
    assert (await waiting(world, ada), await over(world, ada)) == ([], [CHARGED])
    assert await wrong_rows(world, ada) == []


async def test_a_word_of_the_provider_against_that_of_staff_opens_a_case_and_both_ends_stay_right(
    world: World, provider: SideDoor, desk: Desk
) -> None:
    ada, known = await lost(world, provider)
    seen = fresh("payment")
    assert (await decided(world, ada, CHARGED, seen))[1] == "done"
    about = {"reference": str(known.id), "metadata": {"payment": str(known.id), "customer": str(ada.id)}}
    declined = made_up("payment.failed", about, id=seen, failure={"code": "lost_card", "hard": True})
    assert await desk.take(declined) == "waiting"  # until the provider says whether it still says so
    await provider.behave(world, ada, operations=["void"], fault=SILENT)  # it has another one under our reference
    assert await apply(ahead(world.house, MINUTE), key_of(declined)) == "dead"
    assert await desk.take(made_up("payment.succeeded", about, id="payment_other")) == "dead"
    (case,) = await waiting(world, ada)
    assert case.kind is Kind.PAYMENT_CONTRADICTED
    assert (await decided(world, ada, NOT_CHARGED))[1] == "done"
    failed = await payment(world.house.db.primary, ada.id, known.id)
    assert (failed.state.name, failed.returned) == ("failed", failed.captured)
    assert await on(world.house.db.primary, ada.id, Account.CASH_CLEARING) == 1000
    assert (await subscription_of(world, ada)).state.name == "past_due"
    assert (await waiting(world, ada), await wrong_rows(world, ada)) == ([], [])


@pytest.mark.row("B8")
async def test_money_that_comes_after_staff_took_a_confirmation_back_is_in_the_books_and_can_still_go_back(
    world: World, provider: SideDoor, desk: Desk
) -> None:
    ada, known = await lost(world, provider)
    about = {"reference": str(known.id), "metadata": {"payment": str(known.id), "customer": str(ada.id)}}
    called = fresh("payment")
    seen = {"id": called, **about}
    await provider.behave(world, ada, operations=["void"], fault=SILENT)  # it has another one under our reference
    assert (await decided(world, ada, CHARGED, called))[1] == "done"
    (receipt,) = (await receipts_of(world.house.db.primary, ada.id, [known.id])).values()
    refused = made_up("payment.failed", seen, failure={"code": "lost_card", "hard": True})
    assert await desk.take(refused) == "dead"
    assert (await decided(world, ada, NOT_CHARGED))[1] == "done"
    assert (await receipts_of(world.house.db.primary, ada.id, [known.id]))[known.id].withdrawn_at is not None
    assert await desk.take(made_up("payment.succeeded", seen, sequence=2)) == "applied"
    now = await payment(world.house.db.primary, ada.id, known.id)
    assert (now.state.name, now.captured, now.returned.minor) == ("succeeded", known.amount, 0)
    assert await on(world.house.db.primary, ada.id, Account.CASH_CLEARING) == 2000
    assert (await receipts_of(world.house.db.primary, ada.id, [known.id]))[known.id] == receipt
    assert [each.due.minor for each in await invoices_of(world, ada)] == [0, 0]
    assert await wrong_rows(world, ada) == []
    assert await desk.take(made_up("payment.returned", seen, sequence=3)) == "applied"
    assert await on(world.house.db.primary, ada.id, Account.CASH_CLEARING) == 1000
    assert [each.due.minor for each in await invoices_of(world, ada)] == [0, 1000]
    assert (await waiting(world, ada), await wrong_rows(world, ada)) == ([], [])
