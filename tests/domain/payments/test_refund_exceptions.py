"""Refunds in doubt or that failed: an exception each, until people say where the money goes, and there it goes once."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from domain.actor import Grant
from domain.ids import PaymentId
from domain.inbox import InboxEvent
from domain.ledger.account import Account
from domain.money import Money
from domain.payments.exception_case import Kind, Resolution
from domain.payments.gateway import RefundFailed, RefundRequest, RefundSucceeded
from domain.payments.open_exception import OpenException, open_exception
from domain.payments.payment import payment
from domain.payments.provider_reference import Thing, all_named
from domain.payments.refund import Means, Refund, refunds_of
from domain.payments.request_refund import RequestRefund, request_refund
from domain.payments.settle_refund import RefundNews, SettleRefund, settle_refund
from domain.reactions.exceptions import Contradiction
from domain.reactions.provider_events import apply
from domain.reactions.provider_refunds import READ_IS_CURRENT, take_refund
from domain.reactions.work import do_now
from domain.subscriptions.start import StartSubscription, start_subscription
from tests import refund_kit
from tests.domain.invoices.bills import credit, on
from tests.domain.payments.conftest import SideDoor
from tests.domain.payments.test_refunds import paid
from tests.exception_kit import MINUTE, asked_in_vain, claim, decided, failed_refunds, over, resolve, waiting
from tests.interruptions import ahead
from tests.lives import by_house, give_back, wrong_rows
from tests.refund_kit import answer
from tests.webhook_desk import Desk, encoded, key_of, made_up
from tests.world import ACCOUNT, EUR, Someone, World, fresh

BACK = Money(400, EUR)


async def refund_of(world: World, of: Someone, id: PaymentId) -> Refund:
    """The last refund of the payment."""
    return (await refunds_of(world.house.db.primary, of.id, id))[-1]


async def on_its_way(world: World, desk: Desk, token: str) -> tuple[Someone, PaymentId, Refund]:
    """A payment of which 4.00 EUR were given back; what the bank says of that waits for the side door."""
    ada, id = await paid(world, token)
    await desk.hold(ada)
    await give_back(world, ada, id, BACK)
    return ada, id, await refund_of(world, ada, id)


@pytest.mark.row("J4")
async def test_a_refund_that_failed_is_tried_again_and_in_the_end_paid_by_another_way(world: World) -> None:
    ada, id = await paid(world, "tok_refund_refused")
    await give_back(world, ada, id, BACK)
    case, answered = await decided(world, ada, Resolution.RETRY_REFUND)
    assert (case.kind, case.amount, answered) == (Kind.REFUND_FAILED, BACK, "done")
    again = await refund_of(world, ada, id)
    assert (again.id != case.refund, again.state.name) == (True, "failed")  # in vain: another case
    assert await credit(world, ada) == 400
    (case, answered) = await decided(world, ada, Resolution.PAID_OUT_OF_BAND, "SEPA 2027-01")
    assert (case.refund, answered) == (again.id, "done")
    outside = await refund_of(world, ada, id)
    assert (outside.means, outside.state.name, outside.amount) == (Means.OUTSIDE, "succeeded", BACK)
    assert (await payment(world.house.db.primary, ada.id, id)).refundable.minor == 600
    books = [await on(world.house.db.primary, ada.id, each) for each in (Account.CASH_CLEARING, Account.CASH_OUTSIDE)]
    assert (books, await credit(world, ada)) == ([1000, -400], 0)
    assert (await waiting(world, ada), await wrong_rows(world, ada)) == ([], [])


async def test_credit_that_was_used_up_is_given_back_no_more(world: World) -> None:
    ada, id = await paid(world)
    first, second = await failed_refunds(world, ada, id, (400, 100))
    await world.card(ada)
    await world.do(ada, start_subscription, StartSubscription(world.prices["team"], 1))  # 20.00, of which 5.00 is paid
    assert await credit(world, ada) == 0
    assert await claim(world, ada, first.id) == "done"
    for resolution, reference in ((Resolution.RETRY_REFUND, None), (Resolution.PAID_OUT_OF_BAND, "SEPA")):
        assert await resolve(world, ada, first.id, resolution, reference) == "INSUFFICIENT_BALANCE"
    assert await resolve(world, ada, first.id, Resolution.KEEP_AS_CREDIT) == "done"
    assert [each.id for each in await waiting(world, ada)] == [second.id]
    assert await answer(
        world, ada, world.staff(Grant.SUPPORT), request_refund, RequestRefund(id, BACK, "No.", means=Means.OUTSIDE)
    ) == "INVALID_INPUT"  # fmt: skip
    assert await wrong_rows(world, ada) == []


@pytest.mark.row("J4")
async def test_a_refund_that_nobody_tells_of_is_asked_about_again_or_decided(world: World, provider: SideDoor) -> None:
    ada, id = await paid(world, "tok_refund_error_after")
    await provider.behave(world, ada, operations=["query"], fault="error_before")
    await give_back(world, ada, id, BACK)
    await asked_in_vain(world, ada)
    (case,) = await waiting(world, ada)
    assert (case.kind, case.cause) == (Kind.REFUND_UNKNOWN, "The provider was asked for all its days and did not tell.")
    assert await resolve(world, ada, case.id, Resolution.QUERY_AGAIN) == "done"
    await provider.behave(world, ada, operations=["query"])
    charge = (await payment(world.house.db.primary, ada.id, id)).provider_ref
    assert charge is not None
    there = await world.house.gateway(ACCOUNT).find_refund(str(case.refund), BACK, charge)
    assert isinstance(there, RefundSucceeded)
    assert (await decided(world, ada, Resolution.CONFIRM_REFUNDED, there.provider_ref))[1] == "done"
    assert ((await refund_of(world, ada, id)).state.name, await provider.taken(ada)) == ("succeeded", 600)
    assert await on(world.house.db.primary, ada.id, Account.CASH_CLEARING) == 600
    assert (await waiting(world, ada), await wrong_rows(world, ada)) == ([], [])


async def test_what_was_not_refunded_after_all_is_credit_and_decided_on_anew(world: World, desk: Desk) -> None:
    ada, id, given = await on_its_way(world, desk, "tok_refund_reversed")
    await desk.admin(f"settle/{given.provider_ref}", outcome="account_closed")
    assert [await desk.take(event) for event in await desk.events_of(given.provider_ref)] == ["applied", "dead"]
    case, answered = await decided(world, ada, Resolution.CONFIRM_NOT_REFUNDED)
    assert (case.kind, answered) == (Kind.REFUND_CONTRADICTED, "done")
    assert ((await refund_of(world, ada, id)).state.name, await credit(world, ada)) == ("failed", 400)
    assert await on(world.house.db.primary, ada.id, Account.CASH_CLEARING) == 1000
    assert (await decided(world, ada, Resolution.KEEP_AS_CREDIT))[0].kind is Kind.REFUND_FAILED
    assert await wrong_rows(world, ada) == []


async def test_word_of_a_refund_from_before_it_failed_contradicts_nobody(
    world: World, provider: SideDoor, desk: Desk
) -> None:
    ada, id, given = await on_its_way(world, desk, "tok_refund_reversed")
    await desk.admin(f"settle/{given.provider_ref}", outcome="account_closed")
    sent_back = OpenException(Kind.REFUND_CONTRADICTED, id, given.id, "The bank sent it back.", BACK)
    await by_house(world, ada, open_exception, sent_back)
    assert (await decided(world, ada, Resolution.CONFIRM_NOT_REFUNDED))[1] == "done"
    await provider.behave(world, ada, operations=["query"], fault="error_before")
    succeeded, failed = await desk.events_of(given.provider_ref)
    assert await desk.take(succeeded) == "waiting"
    await provider.behave(world, ada, operations=["query"])
    assert [await apply(ahead(world.house, MINUTE), key_of(succeeded)), await desk.take(failed)] == ["stale", "applied"]
    assert await desk.take(made_up("refund.succeeded", succeeded["object"], sequence=3)) == "stale", (
        "whatever its number"
    )
    assert ((await refund_of(world, ada, id)).state.name, await credit(world, ada)) == ("failed", 400)
    assert [each.kind for each in await waiting(world, ada)] == [Kind.REFUND_FAILED]
    assert await wrong_rows(world, ada) == []


async def test_the_failure_of_one_object_takes_nothing_from_the_success_of_another_under_the_same_reference(
    world: World, desk: Desk
) -> None:
    ada, id = await paid(world, "tok_refund_refused")
    await failed_refunds(world, ada, id, (400,))  # no answer has named it
    ours, charge = await refund_of(world, ada, id), (await payment(world.house.db.primary, ada.id, id)).provider_ref
    assert (ours.provider_ref, charge is not None) == (None, True)
    made = await world.house.gateway(ACCOUNT).refund(
        RefundRequest(ours.provider_key, str(ours.id), str(charge), BACK)
    )  # fmt: skip
    assert isinstance(made, RefundFailed)
    (failed,) = await desk.events_of(made.provider_ref)
    of_that = made_up("refund.succeeded", failed["object"], status="succeeded")
    of_another = made_up("refund.succeeded", failed["object"], status="succeeded", id=fresh("refund"))
    assert [await desk.take(of_that), await desk.take(of_another)] == ["stale", "dead"]
    assert [each.kind for each in await waiting(world, ada)] == [Kind.REFUND_FAILED, Kind.REFUND_CONTRADICTED]


async def test_word_of_a_refund_from_before_it_succeeded_contradicts_nobody(
    world: World, provider: SideDoor, desk: Desk
) -> None:
    ada, id, given = await on_its_way(world, desk, "tok_refund_reversed")
    (succeeded,) = await desk.events_of(given.provider_ref)  # the answer said so already
    before, sent_back = (made_up("refund.failed", succeeded["object"], sequence=number) for number in (1, 2))
    await provider.behave(world, ada, operations=["query"], fault="error_before")
    assert await desk.take(before) == "waiting"
    await provider.behave(world, ada, operations=["query"])
    assert await apply(ahead(world.house, MINUTE), key_of(before)) == "stale"
    assert ((await refund_of(world, ada, id)).state.name, await waiting(world, ada)) == ("succeeded", [])
    assert [await desk.take(succeeded), await desk.take(sent_back)] == ["applied", "dead"]
    assert [each.kind for each in await waiting(world, ada)] == [Kind.REFUND_CONTRADICTED]
    assert await wrong_rows(world, ada) == []


@pytest.mark.parametrize("sent_back", [True, False])  # otherwise the provider has two of which it can tell neither
async def test_the_success_of_one_object_takes_nothing_from_the_failure_of_another_under_the_same_reference(
    world: World, desk: Desk, sent_back: bool
) -> None:
    ada, id, given = await on_its_way(world, desk, "tok_refund_reversed")
    (succeeded,) = await desk.events_of(given.provider_ref)
    if sent_back:
        await desk.admin(f"settle/{given.provider_ref}", outcome="account_closed")
    charge = (await payment(world.house.db.primary, ada.id, id)).provider_ref
    other = await world.house.gateway(ACCOUNT).refund(RefundRequest(fresh("key"), str(given.id), str(charge), BACK))
    assert isinstance(other, RefundSucceeded)
    assert await desk.take(made_up("refund.failed", succeeded["object"])) == "dead"
    assert [each.kind for each in await waiting(world, ada)] == [Kind.REFUND_CONTRADICTED]
    assert (await refund_of(world, ada, id)).state.name == "succeeded"


@pytest.mark.parametrize("kind", ["refund.succeeded", "refund.failed"])
async def test_word_of_a_refund_that_nobody_has_sent_is_no_case_to_book(world: World, desk: Desk, kind: str) -> None:
    ada, id = await refund_kit.paid(world)
    asked = await refund_kit.asked(world, ada, id)
    charge = (await payment(world.house.db.primary, ada.id, id)).provider_ref
    about = {"customer": str(ada.id)}
    word = made_up(kind, payment=charge, reference=str(asked), amount_minor=refund_kit.BEYOND, metadata=about)
    assert await desk.take(word) == "dead"
    assert await waiting(world, ada) == []
    assert (await refund_kit.now(world, ada, asked)).state.name == "awaiting_approval"


@pytest.mark.parametrize("fails", [False, True])
async def test_word_of_a_refunds_failure_that_has_no_number_waits_until_what_the_provider_says_is_no_older(
    world: World, desk: Desk, fails: bool
) -> None:
    ada, id, given = await on_its_way(world, desk, "tok_refund_reversed")
    (succeeded,) = await desk.events_of(given.provider_ref)
    failed = made_up("refund.failed", succeeded["object"])
    raw = encoded(failed)
    news = world.house.gateway(ACCOUNT).read_event(raw, desk.signed(raw, failed["id"]))
    kept = InboxEvent("key", ACCOUNT, news.kind, news.object_ref or "", 0, "received", 0, "", None, datetime.now(UTC))
    told = await take_refund(world.house, kept, replace(news, sequence=0), sure=False)
    assert (told.move, told.customer, MINUTE < told.after <= READ_IS_CURRENT) == ("wait", ada.id, True)
    later = ahead(world.house, READ_IS_CURRENT)
    if fails:
        await desk.admin(f"settle/{given.provider_ref}", outcome="account_closed")
        with pytest.raises(Contradiction):
            await take_refund(later, kept, replace(news, sequence=0), sure=False)
    else:
        assert (await take_refund(later, kept, replace(news, sequence=0), sure=False)).move == "drop"
    assert (await refund_of(world, ada, id)).state.name == "succeeded"


async def test_a_refund_that_did_not_fail_after_all_goes_by_no_name_of_somebody_elses(world: World) -> None:
    bob, his = await paid(world)
    await give_back(world, bob, his, BACK)
    taken = (await refund_of(world, bob, his)).provider_ref
    ada, id = await paid(world)
    (failed,) = await failed_refunds(world, ada, id, (400,))  # the provider never named it
    told = OpenException(Kind.REFUND_CONTRADICTED, id, failed.refund, "It says so.", BACK)
    await by_house(world, ada, open_exception, told)
    (case,) = [each for each in await waiting(world, ada) if each.kind is Kind.REFUND_CONTRADICTED]
    assert await claim(world, ada, case.id) == "done"
    assert await resolve(world, ada, case.id, Resolution.CONFIRM_REFUNDED, taken) == "ALREADY_EXISTS"
    assert ((await refund_of(world, ada, id)).state.name, await credit(world, ada)) == ("failed", 400)
    name = fresh("seen")
    assert await resolve(world, ada, case.id, Resolution.CONFIRM_REFUNDED, name) == "done"
    assert ((await refund_of(world, ada, id)).state.name, await credit(world, ada)) == ("succeeded", 0)
    (found,) = await all_named(world.house.db.primary, world.tenant.tenant, Thing.REFUND, name)
    assert found.customer == ada.id
    assert await wrong_rows(world, ada) == []


@pytest.mark.parametrize("used_up", [False, True])
async def test_what_was_refunded_after_all_takes_the_credit_back_and_a_loss_is_a_case(
    world: World, desk: Desk, used_up: bool
) -> None:
    ada, id, given = await on_its_way(world, desk, "tok_refund_pending")
    await by_house(world, ada, settle_refund, SettleRefund(given.id, RefundNews.FAILED, None, "account_closed"))
    if used_up:
        await world.do(ada, start_subscription, StartSubscription(world.prices["team"], 1))
    await desk.admin(f"settle/{given.provider_ref}")
    (event,) = await desk.events_of(given.provider_ref)
    assert await desk.take(event) == "dead"
    failed, contradicted = await waiting(world, ada)
    assert (failed.kind, contradicted.kind) == (Kind.REFUND_FAILED, Kind.REFUND_CONTRADICTED)
    assert await claim(world, ada, contradicted.id) == "done"
    wrong = await resolve(world, ada, contradicted.id, Resolution.CONFIRM_REFUNDED, "refund_other")
    assert wrong == "INVALID_INPUT"
    reference = given.provider_ref
    assert await resolve(world, ada, contradicted.id, Resolution.CONFIRM_REFUNDED, reference) == "done"
    assert ((await refund_of(world, ada, id)).state.name, await credit(world, ada)) == ("succeeded", 0)
    lost = 400 if used_up else 0
    assert await on(world.house.db.primary, ada.id, Account.RETURNED_PAYMENTS) == lost
    if used_up:
        assert (await decided(world, ada, Resolution.RECOVERED, "SEPA back"))[0].kind is Kind.PAYMENT_LOSS
        assert await on(world.house.db.primary, ada.id, Account.RETURNED_PAYMENTS) == 0
    assert Resolution.SETTLED in await over(world, ada)  # nothing is left to decide on the failure
    await do_now(world.house, ada.id)
    assert (await waiting(world, ada), await wrong_rows(world, ada)) == ([], [])
