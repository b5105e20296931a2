"""When and how money goes back follows the stage of its payment; what came without a provider is paid out by hand."""

import pytest

from domain.actor import Grant
from domain.fanout.payouts import payouts_waiting
from domain.ids import PaymentId, RefundId
from domain.ledger.balance import balance
from domain.money import Money
from domain.payments.decide_refund import ApproveRefund, RejectRefund, approve_refund, reject_refund
from domain.payments.exception_case import Kind, Resolution
from domain.payments.payment import payment
from domain.payments.payout import Payout, PayoutAccount, RecordPayout, record_payout
from domain.payments.record_offline import Means as Came
from domain.payments.refund import Means
from domain.payments.request_refund import RequestRefund, request_refund
from domain.payments.reverse_offline import ReverseOfflinePayment, reverse_offline
from tests.dispute_kit import accounts
from tests.domain.invoices.bills import owed_and_credit
from tests.domain.payments.test_offline_payments import owing, record
from tests.exception_kit import decided, waiting
from tests.lives import buyer, invoices_of, start, wrong_rows
from tests.refund_kit import answer, done, now
from tests.world import EUR, Someone, World, fresh

ADAS = PayoutAccount("de89 3704 0044 0532 0130 00", "Ada Lovelace")


def half(id: PaymentId | None, account: PayoutAccount | None = None, means: Means = Means.METHOD) -> RequestRefund:
    """5.00 EUR back."""
    assert id
    return RequestRefund(id, Money(500, EUR), "It did not work.", (), means, account)


async def to_pay(world: World, of: Someone) -> list[Payout]:
    """What finance has to pay out to the customer."""
    db = world.house.db
    found = await payouts_waiting(db.primary, db.vault, world.tenant.tenant, 1000)
    return [each for each in found if each.customer == of.id]


@pytest.mark.row("J3")
@pytest.mark.row("J5")
async def test_a_transfer_goes_back_to_an_account_and_is_final_when_finance_has_paid_it(world: World) -> None:
    ada, finance = await owing(world), world.staff(Grant.FINANCE)
    came = await record(world, ada)
    lead = world.staff(Grant.LEAD)
    wrong = [None, PayoutAccount("DE89 3704 0044 0532 0130 01", "Ada"), PayoutAccount(ADAS.iban, " Ada")]
    for account in (*wrong, PayoutAccount(ADAS.iban, ""), PayoutAccount("", "Ada")):
        assert await answer(world, ada, lead, request_refund, half(came.payment, account)) == "INVALID_INPUT"
    refund = (await done(world, ada, lead, request_refund, half(came.payment, ADAS))).refund
    (waits,) = await to_pay(world, ada)
    assert (waits.refund, waits.amount.minor, waits.means) == (refund, 500, Came.TRANSFER)
    assert waits.account == PayoutAccount("DE89370400440532013000", "Ada Lovelace")
    assert (await now(world, ada, refund)).state.name == "requested"
    books = await accounts(world, ada)
    assert (books["refunds_payable"], books["cash_outside"]) == (-500, 1000)
    stored = await world.house.db.primary.fetch(
        "SELECT body::text AS said FROM audit_body WHERE shard_key = $1 AND customer_id = $2",
        ada.id.shard,
        ada.id.uuid,
    )
    assert not any("Lovelace" in row["said"] or "0532" in row["said"] for row in stored)
    paid, name = RecordPayout(refund, fresh("transfer")), world.staff(Grant.SUPPORT)
    assert await answer(world, ada, name, record_payout, paid) == "FORBIDDEN"
    assert await answer(world, ada, finance, record_payout, paid) == "done"
    assert await answer(world, ada, finance, record_payout, paid) == "STATE_CONFLICT"
    given = await now(world, ada, refund)
    assert (given.state.name, given.provider_ref, await to_pay(world, ada)) == ("succeeded", paid.reference, [])
    books = await accounts(world, ada)
    assert (books.get("refunds_payable"), books["cash_outside"]) == (None, 500)
    assert (await payment(world.house.db.primary, ada.id, came.payment)).left.minor == 500
    assert await world.house.db.primary.fetchval(
        "SELECT sealed IS NULL FROM refund_payout WHERE shard_key = $1 AND refund_id = $2", refund.shard, refund.uuid
    ), "whose account it was is nobody's business any more"
    again = (await done(world, ada, lead, request_refund, half(came.payment, ADAS))).refund
    assert await answer(world, ada, finance, record_payout, RecordPayout(again, paid.reference)) == "ALREADY_EXISTS"
    too_much = await answer(world, ada, lead, request_refund, half(came.payment, ADAS))
    assert (too_much, await wrong_rows(world, ada)) == ("EXCEEDS_CAPTURED", [])


@pytest.mark.row("J3")
async def test_what_cannot_be_paid_out_is_an_exception_and_the_money_stays_the_customers(world: World) -> None:
    ada, finance, lead = await owing(world), world.staff(Grant.FINANCE), world.staff(Grant.LEAD)
    came = await record(world, ada, means=Came.CHEQUE)
    assert await answer(world, ada, lead, request_refund, half(came.payment, ADAS)) == "INVALID_INPUT"
    refund = (await done(world, ada, lead, request_refund, half(came.payment))).refund
    assert [each.account for each in await to_pay(world, ada)] == [None]
    assert await answer(world, ada, finance, record_payout, RecordPayout(refund, None)) == "done"
    assert (await now(world, ada, refund)).state.name == "failed"
    assert (await balance(world.house.db.primary, ada.id, EUR)).credit.minor == 500
    (case,) = await waiting(world, ada)
    assert case.kind is Kind.REFUND_FAILED
    assert (await decided(world, ada, Resolution.RETRY_REFUND))[1] == "STATE_CONFLICT"
    assert await wrong_rows(world, ada) == []


@pytest.mark.row("J3")
async def test_a_payout_waits_for_its_approval_and_for_a_payment_that_still_stands(world: World) -> None:
    ada, finance, support = await owing(world), world.staff(Grant.FINANCE), world.staff(Grant.SUPPORT, "sam")
    came = await record(world, ada, 30_000, means=Came.TRANSFER)
    much = RequestRefund(came.payment, Money(12_000, EUR), "It did not work.", (), Means.METHOD, ADAS)
    first = (await done(world, ada, support, request_refund, much)).refund
    second = (await done(world, ada, support, request_refund, much)).refund
    assert await to_pay(world, ada) == []
    assert await answer(world, ada, finance, record_payout, RecordPayout(first, "x")) == "STATE_CONFLICT"
    assert await answer(world, ada, finance, reject_refund, RejectRefund(first, "No.")) == "done"
    assert await answer(world, ada, finance, approve_refund, ApproveRefund(second, "Yes.")) == "done"
    assert [(each.refund, each.account is not None) for each in await to_pay(world, ada)] == [(second, True)]
    reverse = ReverseOfflinePayment(came.payment, "It was recalled.")
    assert await answer(world, ada, finance, reverse_offline, reverse) == "done"
    ended = await now(world, ada, second)
    assert (ended.state.name, ended.failure_code, await to_pay(world, ada)) == ("failed", "payment_returned", [])
    for reference in (fresh("t"), None):
        assert await answer(world, ada, finance, record_payout, RecordPayout(second, reference)) == "STATE_CONFLICT"
    assert await owed_and_credit(world, ada) == (1000, 0), "nothing is kept of what never came, nor lost"
    assert await waiting(world, ada) == []
    assert await wrong_rows(world, ada) == []


@pytest.mark.row("J3")
async def test_what_is_not_taken_yet_is_not_refunded(world: World) -> None:
    for token in ("tok_bank_held", "tok_3ds"):
        ada = await buyer(world, token)
        begun = await start(world, ada)
        assert (await invoices_of(world, ada))[0].state.name == "open"
        refused = await answer(world, ada, world.staff(Grant.LEAD), request_refund, half(begun.payment))
        assert refused == "EXCEEDS_CAPTURED"
    nobody = RecordPayout(RefundId(ada.id.shard, ada.id.uuid), "x")
    assert await answer(world, ada, world.staff(Grant.FINANCE), record_payout, nobody) == "NOT_FOUND"
