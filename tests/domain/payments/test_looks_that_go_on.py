"""Cases beside which the provider is still asked, and cases that its right answer closes."""

from datetime import timedelta

import pytest

from domain.payments.exception_case import Kind, Resolution
from domain.payments.payment import payment
from domain.reactions.work import do_now
from tests.domain.payments.conftest import SideDoor
from tests.domain.payments.test_held_payments import held
from tests.exception_kit import MINUTE, decided, waiting
from tests.interruptions import ahead
from tests.lives import attempts_at, buyer, invoices_of, start, wrong_rows
from tests.mishaps import with_a_mistake
from tests.webhook_desk import Desk, made_up
from tests.world import World


@pytest.mark.row("L5")
async def test_a_hold_whose_work_was_given_up_is_not_said_to_be_uncharged_and_is_still_seen_to_run_out(
    world: World, provider: SideDoor
) -> None:
    ada, hold = await held(world)
    over = timedelta(days=8)
    for n in range(6):
        await do_now(with_a_mistake(ahead(world.house, over + n * MINUTE)), ada.id)
    (case,) = await waiting(world, ada)
    assert (case.kind, case.cause) == (Kind.PAYMENT_UNKNOWN, "The work failed too often: KeyError")
    assert (await decided(world, ada, Resolution.CONFIRM_NOT_CHARGED))[1] == "STATE_CONFLICT"
    await provider.settle(hold.provider_ref, "expired")
    await do_now(ahead(world.house, over + timedelta(days=2)), ada.id)
    assert (await payment(world.house.db.primary, ada.id, hold.id)).state.name == "expired"
    assert (await waiting(world, ada), await wrong_rows(world, ada)) == ([], [])


@pytest.mark.row("B7")
async def test_the_right_amount_closes_the_case_of_another_one_also_of_a_payment_that_was_never_asked_about(
    world: World, desk: Desk
) -> None:
    ada = await buyer(world, "tok_lost_card")
    begun = await start(world, ada)
    (known,) = await attempts_at(world, ada, begun.invoice)
    assert (known.state.name, known.queries) == ("failed", 0)
    about = {"reference": str(known.id), "metadata": {"payment": str(known.id), "customer": str(ada.id)}}
    seen = {"id": known.provider_ref or "payment_seen", **about}
    assert await desk.take(made_up("payment.succeeded", seen, captured_minor=900, amount_minor=900)) == "dead"
    (case,) = await waiting(world, ada)
    assert case.kind is Kind.PAYMENT_MISMATCH
    assert await desk.take(made_up("payment.succeeded", seen, sequence=2)) == "applied"
    assert (await payment(world.house.db.primary, ada.id, known.id)).state.name == "succeeded"
    assert (await waiting(world, ada), await wrong_rows(world, ada)) == ([], [])


@pytest.mark.row("B8")
async def test_an_outage_of_days_is_a_case_while_the_provider_is_asked_on(world: World, provider: SideDoor) -> None:
    ada = await buyer(world, "tok_error_after")
    await start(world, ada)
    await provider.behave(world, ada, operations=["query"], fault="unavailable")
    for passed in (2 * MINUTE, timedelta(days=5)):
        await do_now(ahead(world.house, passed), ada.id)
        assert await waiting(world, ada) == []
    for passed in (timedelta(days=6), timedelta(days=7)):
        await do_now(ahead(world.house, passed), ada.id)
        (case,) = await waiting(world, ada)
        assert (case.kind, case.cause) == (Kind.PAYMENT_UNKNOWN, "The provider could not be asked for all its days.")
    await provider.behave(world, ada, operations=["query"])
    await do_now(ahead(world.house, timedelta(days=7, minutes=1)), ada.id)
    (invoice,) = await invoices_of(world, ada)
    assert (invoice.state.name, await provider.taken(ada)) == ("paid", 1000)
    assert (await waiting(world, ada), await wrong_rows(world, ada)) == ([], [])
