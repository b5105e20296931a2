"""Money that staff record: booked once under its reference, with a receipt, and taken back by linked postings."""

import asyncio
from datetime import timedelta

import asyncpg
import pytest

from domain.actor import Grant
from domain.invoices.invoice import Invoice
from domain.money import Money
from domain.payments.capture_payment import CapturePayment, capture_payment
from domain.payments.exception_case import Kind
from domain.payments.open_exception import OUT_OF_REACH, OpenException, open_exception
from domain.payments.pay_invoice import PayInvoice, pay_invoice
from domain.payments.payment import CaptureMode, Payment, payment
from domain.payments.receipt import receipts_of
from domain.payments.record_offline import Means, OfflineRecorded, RecordOfflinePayment, record_offline
from domain.payments.request_refund import RequestRefund, request_refund
from domain.payments.reverse_offline import ReverseOfflinePayment, reverse_offline
from domain.perform import perform
from domain.reactions.work import do_now
from domain.refusals import RefusalCode, Refused
from tests.domain.invoices.bills import eur, owed_and_credit
from tests.domain.payments.conftest import SideDoor
from tests.exception_kit import waiting
from tests.interruptions import LEASE_OVER, Killed, ahead, killed_at
from tests.lives import (
    attempts_at,
    buyer,
    by_house,
    day,
    invoices_of,
    is_entitled,
    receipt_numbers,
    start,
    subscription_of,
    until,
    wrong_rows,
)
from tests.whole_database import fingerprints
from tests.world import USD, Someone, World, fresh


async def owing(world: World) -> Someone:
    """A customer who owes 10.00 EUR, its only card being declined for good."""
    ada = await buyer(world, "tok_lost_card")
    await start(world, ada)
    return ada


async def held(world: World) -> tuple[Someone, Invoice]:
    """A customer who owes 10.00 EUR that finance holds on another card, and the invoice."""
    ada = await owing(world)
    (open_one,) = await invoices_of(world, ada)
    await world.card(ada)
    command = PayInvoice(open_one.id, None, CaptureMode.LATER)
    await perform(world.house.db, pay_invoice, world.staff(Grant.FINANCE), ada.id, command, fresh("pay"))
    await do_now(world.house, ada.id)
    return ada, open_one


async def record(
    world: World, of: Someone, minor: int = 1000, *, reference: str = "", means: Means = Means.TRANSFER,
    follow: bool = True,
) -> OfflineRecorded:  # fmt: skip
    """What finance recorded for the customer's newest invoice."""
    newest = (await invoices_of(world, of))[-1]
    command = RecordOfflinePayment(newest.id, means, reference or fresh("transfer"), eur(minor))
    done = await perform(world.house.db, record_offline, world.staff(Grant.FINANCE), of.id, command, fresh("record"))
    if follow:
        await do_now(world.house, of.id)
    return done.outcome


async def reverse(world: World, of: Someone, recorded: OfflineRecorded) -> None:
    """Finance takes a record back."""
    command = ReverseOfflinePayment(recorded.payment, "The cheque bounced.")
    await perform(world.house.db, reverse_offline, world.staff(Grant.FINANCE), of.id, command, fresh("reverse"))
    await do_now(world.house, of.id)


@pytest.mark.row("B6")
@pytest.mark.parametrize("means", list(Means))
async def test_money_that_staff_record_pays_the_invoice_and_gives_access_with_a_receipt(
    world: World, means: Means
) -> None:
    ada = await owing(world)
    recorded = await record(world, ada, means=means, reference=fresh("RF18 5390"))
    paid = await payment(world.house.db.primary, ada.id, recorded.payment)
    assert (paid.state.name, paid.kind, paid.means) == ("succeeded", "offline", means)
    assert (paid.captured, paid.method, paid.refundable) == (eur(1000), None, eur(0))
    assert (await invoices_of(world, ada))[0].state.name == "paid"
    assert await is_entitled(world, ada)
    assert len(await receipt_numbers(world, ada)) == 1
    assert await wrong_rows(world, ada) == []


@pytest.mark.row("B6")
async def test_a_part_leaves_the_rest_due_and_what_exceeds_it_becomes_credit(world: World) -> None:
    ada = await owing(world)
    await record(world, ada, 400)
    (open_one,) = await invoices_of(world, ada)
    assert (open_one.state.name, open_one.due, open_one.is_partially_paid) == ("open", eur(600), True)
    await record(world, ada, 1000)
    assert (await invoices_of(world, ada))[0].state.name == "paid"
    assert await owed_and_credit(world, ada) == (0, 400)
    assert [each.attempt_number for each in await attempts_at(world, ada, open_one.id)] == [1, 2, 3]
    assert await wrong_rows(world, ada) == []


@pytest.mark.row("J1")
async def test_one_reference_is_booked_once_whatever_the_keys_and_however_many_at_once(world: World) -> None:
    ada, reference = await owing(world), fresh("E2E")
    tries = (record(world, ada, reference=reference, follow=False) for _ in range(50))
    done = await asyncio.gather(*tries, return_exceptions=True)
    recorded = {each for each in done if isinstance(each, OfflineRecorded)}
    assert len(recorded) == 1
    assert all(each.retryable for each in done if isinstance(each, Refused))
    again = await record(world, ada, reference=reference.lower())
    assert {again} == recorded
    assert await owed_and_credit(world, ada) == (0, 0)
    assert await wrong_rows(world, ada) == []


async def test_a_reference_that_was_used_for_other_money_is_refused_and_nothing_is_left(
    world: World, owner_url: str
) -> None:
    ada, ben, used = await owing(world), await owing(world), fresh("E2E")
    await record(world, ada, reference=used)
    await record(world, ben, reference=used, means=Means.CASH)  # cash is numbered apart from transfers
    connection = await asyncpg.connect(owner_url)
    try:
        prints = await fingerprints(connection)
        before = await prints.now()
        for someone, minor, reference, code in (
            (ben, 1000, used, RefusalCode.ALREADY_EXISTS),
            (ada, 999, used, RefusalCode.ALREADY_EXISTS),
            (ada, 0, "E2E-8", RefusalCode.INVALID_AMOUNT),
            (ada, -1, "E2E-8", RefusalCode.INVALID_AMOUNT),
            (ada, 1000, " E2E-8", RefusalCode.INVALID_INPUT),
            (ada, 1000, "8" * 141, RefusalCode.INVALID_INPUT),
        ):
            with pytest.raises(Refused) as refused:
                await record(world, someone, minor, reference=reference)
            assert refused.value.code is code
        assert await prints.now() == before
    finally:
        await connection.close()


async def test_money_in_another_currency_is_refused(world: World) -> None:
    ada = await owing(world)
    (open_one,) = await invoices_of(world, ada)
    command = RecordOfflinePayment(open_one.id, Means.CASH, fresh("cash"), Money(1000, USD))
    with pytest.raises(Refused) as refused:
        await perform(world.house.db, record_offline, world.staff(Grant.FINANCE), ada.id, command, fresh("record"))
    assert refused.value.code is RefusalCode.CURRENCY_MISMATCH


@pytest.mark.row("B6")
async def test_a_record_is_reversed_once_by_linked_postings_and_its_invoice_is_dunned(world: World) -> None:
    ada = await buyer(world)
    await start(world, ada)
    await world.card(ada, "tok_lost_card")
    await until(world, ada, day(2, 2))
    recorded = await record(world, ada, means=Means.CHEQUE)
    assert (await subscription_of(world, ada)).state.name == "active"
    await reverse(world, ada, recorded)
    gone = await payment(world.house.db.primary, ada.id, recorded.payment)
    assert (gone.state.name, gone.failure_code, gone.returned) == ("failed", "reversed", eur(1000))
    assert (await receipts_of(world.house.db.primary, ada.id, [gone.id]))[gone.id].withdrawn_at is not None
    assert (await subscription_of(world, ada)).state.name == "past_due"
    assert await owed_and_credit(world, ada) == (1000, 0)
    with pytest.raises(Refused) as refused:
        await reverse(world, ada, recorded)
    assert refused.value.code is RefusalCode.STATE_CONFLICT
    with pytest.raises(Refused) as used:
        await record(world, ada, means=Means.CHEQUE, reference=gone.reference or "")
    assert used.value.code is RefusalCode.ALREADY_EXISTS
    assert await wrong_rows(world, ada) == []


async def test_what_a_provider_took_is_not_reversed_and_what_it_did_not_is_not_refunded(world: World) -> None:
    ada = await buyer(world)
    begun = await start(world, ada)
    assert begun.payment is not None
    back = ReverseOfflinePayment(begun.payment, "A mistake.")
    with pytest.raises(Refused) as refused:
        await perform(world.house.db, reverse_offline, world.staff(Grant.FINANCE), ada.id, back, fresh("reverse"))
    assert refused.value.code is RefusalCode.STATE_CONFLICT
    ben = await owing(world)
    command = RequestRefund((await record(world, ben, means=Means.CASH)).payment, eur(1001), "goodwill")
    with pytest.raises(Refused) as beyond:
        await perform(world.house.db, request_refund, world.staff(Grant.SUPPORT), ben.id, command, fresh("refund"))
    assert beyond.value.code is RefusalCode.EXCEEDS_CAPTURED


async def test_a_doubt_about_a_hold_ends_with_it_once_the_money_came_another_way(world: World) -> None:
    ada, open_one = await held(world)
    attempt = (await attempts_at(world, ada, open_one.id))[-1]
    doubt = OpenException(Kind.PAYMENT_UNKNOWN, attempt.id, None, OUT_OF_REACH)
    await by_house(world, ada, open_exception, doubt)
    assert [each.kind for each in await waiting(world, ada)] == [Kind.PAYMENT_UNKNOWN]
    await record(world, ada)
    assert [each.state.name for each in await attempts_at(world, ada, open_one.id)] == ["failed", "voided", "succeeded"]
    assert await waiting(world, ada) == []


async def test_a_hold_is_let_go_once_the_money_came_another_way(world: World) -> None:
    ada, open_one = await held(world)
    await record(world, ada)
    assert [each.state.name for each in await attempts_at(world, ada, open_one.id)] == ["failed", "voided", "succeeded"]
    assert await owed_and_credit(world, ada) == (0, 0)
    assert await wrong_rows(world, ada) == []


async def challenged(world: World) -> tuple[Someone, Payment]:
    """A customer who owes 10.00 EUR, and the charge of it that waits for the customer at its bank."""
    ada = await buyer(world, "tok_3ds")
    await start(world, ada)
    (attempt,) = await attempts_at(world, ada, (await invoices_of(world, ada))[0].id)
    assert attempt.state.name == "requires_action"
    return ada, attempt


async def answer(provider: SideDoor, attempt: Payment) -> None:
    """The customer comes to its bank and says yes."""
    assert attempt.action_url is not None
    await provider.http.get(attempt.action_url, params={"outcome": "complete"})


async def test_a_charge_that_waits_for_its_customer_is_barred_once_a_part_came_another_way(
    world: World, provider: SideDoor
) -> None:
    ada, attempt = await challenged(world)
    await record(world, ada, 400)
    await answer(provider, attempt)
    await do_now(ahead(world.house, LEASE_OVER), ada.id)
    (barred, by_hand, rest) = await attempts_at(world, ada, attempt.invoice)
    assert (barred.state.name, by_hand.state.name, rest.state.name) == ("voided", "succeeded", "requires_action")
    assert (rest.amount, await provider.taken(ada), await owed_and_credit(world, ada)) == (eur(600), 0, (600, 0))
    await answer(provider, rest)
    await do_now(ahead(world.house, timedelta(hours=2)), ada.id)
    assert (await invoices_of(world, ada))[0].state.name == "paid"
    assert (await owed_and_credit(world, ada), await provider.taken(ada)) == ((0, 0), 600)
    assert await wrong_rows(world, ada) == []


async def test_what_its_customer_agreed_to_before_it_was_barred_is_credit_with_a_case(
    world: World, provider: SideDoor
) -> None:
    ada, attempt = await challenged(world)
    await record(world, ada, 400, follow=False)
    await answer(provider, attempt)
    await do_now(world.house, ada.id)
    assert (await payment(world.house.db.primary, ada.id, attempt.id)).captured == eur(1000)
    assert await owed_and_credit(world, ada) == (0, 400)
    assert [(each.kind, each.amount) for each in await waiting(world, ada)] == [(Kind.PAYMENT_EXCESS, eur(400))]
    assert await wrong_rows(world, ada) == []


async def test_a_charge_that_a_part_overtook_before_it_was_known_to_wait_for_its_customer_is_barred(
    world: World, provider: SideDoor
) -> None:
    ada = await buyer(world, "tok_3ds")
    with pytest.raises(Killed):
        async with killed_at("attempt.answered"):
            await start(world, ada)
    await record(world, ada, 400, follow=False)
    for minutes in (2, 4):
        await do_now(ahead(world.house, timedelta(minutes=minutes)), ada.id)
    (open_one,) = await invoices_of(world, ada)
    (barred, _, rest) = await attempts_at(world, ada, open_one.id)
    assert (barred.state.name, rest.amount, await provider.taken(ada)) == ("voided", eur(600), 0)
    assert await owed_and_credit(world, ada) == (600, 0)
    assert await wrong_rows(world, ada) == []


async def test_a_hold_that_waits_for_its_customer_stands_beside_a_part_and_is_taken_in_part(
    world: World, provider: SideDoor
) -> None:
    ada = await owing(world)
    (open_one,) = await invoices_of(world, ada)
    await world.card(ada, "tok_3ds")
    command = PayInvoice(open_one.id, None, CaptureMode.LATER)
    await perform(world.house.db, pay_invoice, world.staff(Grant.FINANCE), ada.id, command, fresh("pay"))
    await do_now(world.house, ada.id)
    await record(world, ada, 400)
    attempt = (await attempts_at(world, ada, open_one.id))[1]
    assert attempt.state.name == "requires_action"
    await answer(provider, attempt)
    await do_now(ahead(world.house, timedelta(minutes=2)), ada.id)
    assert (await payment(world.house.db.primary, ada.id, attempt.id)).state.name == "authorized"
    take = CapturePayment(attempt.id, None, final=True)
    await perform(world.house.db, capture_payment, world.staff(Grant.FINANCE), ada.id, take, fresh("take"))
    await do_now(world.house, ada.id)
    assert (await owed_and_credit(world, ada), await provider.taken(ada)) == ((0, 0), 600)
    assert await wrong_rows(world, ada) == []
