"""Time-outs of sagas: what was lost is taken back or made good at each step, and what is open is waited for."""

from datetime import timedelta

import pytest

from domain.dunning.case import cases
from domain.invoices.draft import FINALIZE
from domain.payments.begin_refund import SEND_REFUND
from domain.payments.exception_case import Kind, Resolution
from domain.payments.open_exception import OpenException, open_exception
from domain.payments.refund import refunds_of
from domain.payments.settle_payment import News
from domain.reactions.work import do_now
from domain.sagas.definition import SagaKind
from domain.subscriptions.lifecycle import RENEW
from domain.subscriptions.renew import FinalizeInvoice, finalize_invoice
from tests.exception_kit import claim, decided, resolve, waiting
from tests.interruptions import ahead
from tests.lives import attempts_at, by_house, day, invoices_of, subscription_of, tell, until, wrong_rows
from tests.saga_kit import (
    HOUR,
    TICK,
    beginning,
    buy_in_vain,
    lose_event,
    lose_work,
    moves_of,
    newest,
    stands,
    state_of,
    unbilled,
)
from tests.world import World, fresh

pytestmark = pytest.mark.row("L4")


async def test_a_purchase_that_nobody_paid_is_taken_back_when_its_own_end_was_lost(world: World) -> None:
    ada = await buy_in_vain(world)
    found, bought = await newest(world, ada), await subscription_of(world, ada)
    assert (found.state.name, bought.state.name) == ("compensated", "incomplete_expired")
    assert await state_of(world, ada, found.invoice) == "void"
    events = await moves_of(world, found.id)
    assert events == ["begin", "compensate", "undo"]
    assert await wrong_rows(world, ada) == []


async def test_what_was_paid_for_is_given_when_the_news_of_the_payment_was_lost(world: World) -> None:
    bought, changed = [await beginning(world, kind) for kind in (SagaKind.PURCHASE, SagaKind.PAID_CHANGE)]
    for life, name in ((bought, "activate"), (changed, "apply")):
        await life.charge(await life.begin())
        await lose_event(world, life.who, "invoice.paid")
        await life.go_on()
        assert await stands(world, life.who) == ("running", "charge")
        await until(world, life.who, day(1, 12) if life is changed else day(1, 2))
        assert await stands(world, life.who) == ("running", name)
        await do_now(ahead(world.house, HOUR), life.who.id)
        assert await stands(world, life.who) == ("completed", name)
        assert await wrong_rows(world, life.who) == []
    assert (await subscription_of(world, bought.who)).state.name == "active"
    assert (await subscription_of(world, changed.who)).price == world.prices["team"]


async def test_a_change_that_nobody_paid_is_taken_back_when_the_news_of_it_was_lost(world: World) -> None:
    life = await beginning(world, SagaKind.PAID_CHANGE)
    await world.card(life.who, "tok_insufficient_funds")
    await life.charge(await life.begin())
    await lose_event(world, life.who, "payment.failed")
    await life.go_on()
    assert (await subscription_of(world, life.who)).pending is not None
    await until(world, life.who, day(1, 12))
    found, kept = await newest(world, life.who), await subscription_of(world, life.who)
    assert (found.state.name, kept.pending, kept.price) == ("compensated", None, world.prices["starter"])
    assert await state_of(world, life.who, found.invoice) == "void"
    assert await wrong_rows(world, life.who) == []


async def test_a_trial_goes_forward_at_each_step_whose_work_was_lost(world: World) -> None:
    life = await beginning(world, SagaKind.TRIAL)
    await life.begin()
    await do_now(world.house, life.who.id)
    await lose_work(world, life.who, RENEW)
    await until(world, life.who, day(1, 16))
    assert (await subscription_of(world, life.who)).state.name == "active"
    assert await stands(world, life.who) == ("running", "bill")
    await lose_work(world, life.who, FINALIZE)
    await until(world, life.who, day(1, 17))
    assert (await stands(world, life.who))[0] == "completed"
    assert [each.state.name for each in await invoices_of(world, life.who)] == ["paid"]
    assert await wrong_rows(world, life.who) == []


async def test_a_trial_whose_first_charge_failed_unheard_is_dunned(world: World) -> None:
    life = await beginning(world, SagaKind.TRIAL, "tok_insufficient_funds")
    await life.begin()
    await until(world, life.who, day(1, 15, 1))
    command = FinalizeInvoice(await unbilled(world, life.who))
    issued = await by_house(world, life.who, finalize_invoice, command, follow=False)
    await life.charge(issued.payment)
    await lose_event(world, life.who, "payment.failed")
    await until(world, life.who, day(1, 16, 1))
    assert await stands(world, life.who) == ("running", "collect")
    await until(world, life.who, day(1, 17, 2))
    await do_now(ahead(world.house, TICK), life.who.id)
    assert await stands(world, life.who) == ("completed", "collect")
    assert [each.state.name for each in await cases(world.house.db.primary, life.who.id)] == ["retrying"]
    assert await wrong_rows(world, life.who) == []


async def test_nothing_is_taken_back_while_a_payment_may_still_succeed(world: World) -> None:
    life = await beginning(world, SagaKind.PAID_CHANGE)
    await world.card(life.who, "tok_3ds")
    payment = await life.begin()
    await do_now(world.house, life.who.id)
    await until(world, life.who, day(1, 12))
    waiting_now = await newest(world, life.who)
    assert (waiting_now.state.name, waiting_now.step) == ("running", "charge")
    assert waiting_now.waits_until is not None and waiting_now.waits_until > world.house.db.clock.now()
    assert await wrong_rows(world, life.who) == []
    await tell(world, life.who, payment, News.CAPTURED)
    assert (await stands(world, life.who))[0] == "completed"
    assert (await subscription_of(world, life.who)).price == world.prices["team"]


async def test_a_refund_that_was_lost_or_failed_stands_on_the_desk_once_and_is_over_when_people_have_decided(
    world: World,
) -> None:
    lost, failing = [
        await beginning(world, SagaKind.REFUND_AND_CANCEL, card) for card in ("tok_visa", "tok_refund_refused")
    ]
    await lost.begin()
    await lose_event(world, lost.who, "refund.requested")
    await lose_work(world, lost.who, SEND_REFUND)
    for days in (6, 6):
        await do_now(ahead(world.house, timedelta(days=days) + TICK), lost.who.id)
        await do_now(ahead(world.house, timedelta(days=days) + 3 * TICK), lost.who.id)
    await failing.begin()
    await failing.go_on()
    for life, kind, decision, end in (
        (lost, Kind.REFUND_UNKNOWN, Resolution.CONFIRM_REFUNDED, "completed"),
        (failing, Kind.REFUND_FAILED, Resolution.KEEP_AS_CREDIT, "compensated"),
    ):
        assert await stands(world, life.who) == ("stuck", "refund")
        (case,) = await waiting(world, life.who)
        assert case.kind is kind
        assert await wrong_rows(world, life.who) == []
        assert await claim(world, life.who, case.id) == "done"
        reference = fresh("seen") if decision is Resolution.CONFIRM_REFUNDED else None
        assert await resolve(world, life.who, case.id, decision, reference) == "done"
        assert (await stands(world, life.who))[0] == end
        assert await wrong_rows(world, life.who) == []


async def test_what_a_provider_says_of_a_refund_whose_saga_is_over_is_a_doubt_of_its_own(world: World) -> None:
    life = await beginning(world, SagaKind.REFUND_AND_CANCEL)
    await life.begin()
    await life.go_on()
    (billed,) = await invoices_of(world, life.who)
    (paid,) = await attempts_at(world, life.who, billed.id)
    (given,) = await refunds_of(world.house.db.primary, life.who.id, paid.id)
    doubt = OpenException(Kind.REFUND_CONTRADICTED, paid.id, given.id, "a refund that succeeded has failed later")
    await by_house(world, life.who, open_exception, doubt)
    for kind, decision in (
        (Kind.REFUND_CONTRADICTED, Resolution.CONFIRM_NOT_REFUNDED),
        (Kind.REFUND_FAILED, Resolution.KEEP_AS_CREDIT),
    ):
        assert await wrong_rows(world, life.who) == []
        case, answered = await decided(world, life.who, decision)
        assert (case.kind, answered, (await stands(world, life.who))[0]) == (kind, "done", "completed")
    assert await wrong_rows(world, life.who) == []
