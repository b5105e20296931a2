"""Refunds that wait for another person, and what else the tests of the door need of refunds."""

from typing import Any

from domain.actor import Grant
from domain.ids import RefundId
from domain.invoices.manual_line import ManualLine
from domain.money import Money
from domain.payments.decide_refund import RejectRefund, reject_refund
from domain.payments.pay_invoice import PayInvoice, pay_invoice
from domain.payments.payment import CaptureMode
from domain.payments.payout import PayoutAccount, RecordPayout, record_payout
from domain.payments.record_offline import Means, RecordOfflinePayment, record_offline
from domain.payments.refund import refunds_of
from domain.payments.refund_policy import RefundLimit, RefundPolicy, SetRefundPolicy, set_refund_policy
from domain.payments.request_refund import RequestRefund, request_refund
from domain.perform import perform
from tests.api_callers import Api, Caller, Guest
from tests.domain.invoices.bills import draft, issue, note
from tests.exception_stage import WRONG as OF_EXCEPTIONS
from tests.exception_stage import claimed, exceptions_of
from tests.lives import buy, buyer, by_finance, day, give_back, invoices_of, publish, start, until
from tests.privacy_stage import WRONG as OF_PRIVACY
from tests.world import EUR, Someone, World, fresh

BEYOND = 10_001  # one minor unit more than support gives back alone
REFUND = """mutation ($input: RefundPaymentInput!) { refundPayment(input: $input) {
    refund { id state } payment { id } operation { replayed status } errors { ... on UserError { code message } } } }"""

SUPPORTS = ("cancelRefundRequest",)
DECISIONS = ("approveRefund", "rejectRefund")
FINANCES = (*DECISIONS, "recordRefundPayout")
ADMINS = ("setRefundPolicy",)
IBAN = "DE89 3704 0044 0532 0130 00"  # the example of the standard
NOBODY = "refund_" + "0" * 32
# For each mutation another input that would do as well.
OTHERWISE: dict[str, dict[str, Any]] = {
    "approveRefund": {"reason": "Another."},
    "rejectRefund": {"reason": "Another."},
    "cancelRefundRequest": {"reason": "Another."},
    "setRefundPolicy": {"windowDays": 8},
    "recordRefundPayout": {"reference": "Another"},
}


async def payer(api: Api, minor: int = 50_000) -> tuple[Guest, str]:
    """A customer that paid so much, and its payment."""
    guest = await api.guest("tok_visa")
    bought = await buy(api.world, guest.who, await publish(api.world, Money(minor, EUR)))
    return guest, str(bought.payment)


async def asked_for(asker: Caller, guest: Guest, payment: str, minor: int = BEYOND, **given: Any) -> str:
    """A refund that awaits approval."""
    amount = {"minorUnits": str(minor), "currency": "EUR"}
    given = {"customerId": guest.id, "paymentId": payment, "amount": amount, "reason": "It did not work.", **given}
    done = await asker.do(REFUND, **given)
    assert done["refund"]["state"] == "AWAITING_APPROVAL"
    return str(done["refund"]["id"])


async def refund_input(api: Api, support: Caller) -> dict[str, dict[str, Any]]:
    """For each mutation about refunds an input that would be performed."""
    guest, payment = await payer(api)
    good: dict[str, dict[str, Any]] = {"setRefundPolicy": {"windowDays": 7}}  # as it is by default
    for name in (*DECISIONS, *SUPPORTS):
        good[name] = {
            "customerId": guest.id,
            "refundId": await asked_for(support, guest, payment),
            "reason": "A reason.",
        }
    id = await to_pay(api.world, guest.who)
    good["recordRefundPayout"] = {"customerId": guest.id, "refundId": str(id), "reference": fresh("RF")}
    return good


async def to_pay(world: World, who: Someone) -> RefundId:
    """A refund of a transfer of 6.00 EUR, which finance has to pay out."""
    billed = (await issue(world, who, await draft(world, who, ManualLine("Work", 1, Money(600, EUR))))).invoice
    came = RecordOfflinePayment(billed, Means.TRANSFER, fresh("RF"), Money(600, EUR))
    paid = (await by_finance(world, who, record_offline, came)).payment
    asked = RequestRefund(paid, Money(600, EUR), "R.", payout=PayoutAccount(IBAN, "Ada"))
    return (await by_finance(world, who, request_refund, asked)).refund


def euro(minor: int) -> dict[str, str]:
    """An amount in EUR as the API takes it."""
    return {"minorUnits": str(minor), "currency": "EUR"}


async def refunded(api: Api, support: Caller, holding: Guest) -> dict[str, str]:
    """Ids: of a refund that was decided, one whose line is used up, and a payment of the holder that is only held."""
    guest, payment = await payer(api, 2 * BEYOND)
    decided = await asked_for(support, guest, payment)
    late = await asked_for(support, guest, payment, lines=[{"invoiceLine": 1, "amount": euro(BEYOND)}])
    await by_finance(api.world, guest.who, reject_refund, RejectRefund(RefundId.parse(decided), "R."))
    (billed,) = await invoices_of(api.world, guest.who)
    await note(api.world, guest.who, billed.id, 2 * BEYOND, credit=2 * BEYOND)
    holder = holding.who
    owed = (await start(api.world, holder)).invoice
    await api.world.card(holder)
    hold = (await by_finance(api.world, holder, pay_invoice, PayInvoice(owed, None, CaptureMode.LATER))).payment
    paid, payable, reference = await to_pay(api.world, guest.who), await to_pay(api.world, guest.who), fresh("RF")
    await by_finance(api.world, guest.who, record_payout, RecordPayout(paid, reference))
    cases_of_payouts = {"to pay": str(payable), "paid under": reference}
    failing, (free, taken) = await exceptions_of(api, 100, 200)
    await claimed(api.world, failing, taken)
    cases = {"failing customer": failing.id, "open case": str(free.id), "claimed case": str(taken.id)}
    return {"refunded customer": guest.id, "decided refund": decided, "too late": late, "held": str(hold),
            **cases, **cases_of_payouts}  # fmt: skip


async def held_back(api: Api, support: Caller, guest: Guest, payment: str) -> str:
    """A refund that waits in a tenant whose support gives nothing back alone from now on."""
    house, nothing = api.world.house, RefundPolicy(limits=(RefundLimit(Grant.SUPPORT, Money(0, EUR)),))
    home = api.world.tenant.live_house
    await perform(house.db, set_refund_policy, house.actor, home, SetRefundPolicy(nothing), fresh("rules"))
    return await asked_for(support, guest, payment, 100)


async def ask_in_vain(world: World) -> None:
    """A refund that somebody else should have approved, and nobody did."""
    fay = await buyer(world)
    begun = await buy(world, fay, await publish(world, Money(2 * BEYOND, EUR)))
    assert begun.payment
    await give_back(world, fay, begun.payment, Money(BEYOND, EUR))
    await until(world, fay, day(1, 16))
    (refund,) = await refunds_of(world.house.db.primary, fay.id, begun.payment)
    assert refund.state.name == "rejected"


_LINE: dict[str, Any] = {"invoiceLine": 1}
# What is wrong in the input of mutations about refunds, the code, and the path that names the part.
WRONG: list[tuple[str, dict[str, Any], str, list[str]]] = [
    ("refundPayment", {"customerId": "nonsense"}, "NOT_FOUND", ["customerId"]),
    ("refundPayment", {"customerId": "customer_" + "0" * 32}, "NOT_FOUND", ["customerId"]),
    ("refundPayment", {"paymentId": "payment_" + "0" * 32}, "NOT_FOUND", ["paymentId"]),
    *(("refundPayment", {"amount": euro(minor)}, "INVALID_AMOUNT", ["amount"])
      for minor in (0, -1, 10**15 + 1, 2**63 - 1, -(2**63))),
    ("refundPayment", {"amount": euro(1001)}, "EXCEEDS_CAPTURED", ["amount"]),
    ("refundPayment", {"amount": {"minorUnits": "1", "currency": "USD"}}, "CURRENCY_MISMATCH", ["amount", "currency"]),
    ("refundPayment", {"reason": ""}, "INVALID_INPUT", ["reason"]),
    ("refundPayment", {"reason": "x" * 501}, "INVALID_INPUT", ["reason"]),
    ("refundPayment", {"amount": None}, "INVALID_INPUT", ["amount"]),
    *(("refundPayment", {"amount": None, "lines": lines}, code, ["lines"]) for lines, code in (
        ([{"invoiceLine": 7}], "NOT_FOUND"),
        ([_LINE, _LINE], "INVALID_INPUT"),
        ([{**_LINE, "quantity": 2}], "INVALID_INPUT"),
        ([{**_LINE, "quantity": 1, "amount": euro(1)}], "INVALID_INPUT"),
        ([{**_LINE, "amount": euro(0)}], "INVALID_AMOUNT"),
        ([{**_LINE, "amount": {"minorUnits": "1", "currency": "USD"}}], "CURRENCY_MISMATCH"),
        ([{**_LINE, "amount": euro(1001)}], "EXCEEDS_INVOICED"))),
    ("refundPayment", {"lines": [_LINE]}, "INVALID_AMOUNT", ["amount"]),
    ("refundPayment", {"payout": {"iban": IBAN, "holder": "Ada"}}, "INVALID_INPUT", ["payout"]),
    *(("recordRefundPayout", {"reference": text}, "INVALID_INPUT", ["reference"]) for text in ("", " x", "x" * 141)),
    *(("recordRefundPayout", {"refundId": id}, "NOT_FOUND", ["refundId"]) for id in (NOBODY, "nonsense")),
    ("recordRefundPayout", {"customerId": "nonsense"}, "NOT_FOUND", ["customerId"]),
    *((name, wrong, code, path) for name in (*DECISIONS, *SUPPORTS) for wrong, code, path in (
        ({"refundId": NOBODY}, "NOT_FOUND", ["refundId"]),
        ({"refundId": "nonsense"}, "NOT_FOUND", ["refundId"]),
        ({"customerId": "nonsense"}, "NOT_FOUND", ["customerId"]),
        ({"reason": " "}, "INVALID_INPUT", ["reason"]),
        ({"reason": "x" * 501}, "INVALID_INPUT", ["reason"]))),
    ("setRefundPolicy", {"oldAfterDays": 0}, "INVALID_INPUT", ["oldAfterDays"]),
    ("setRefundPolicy", {"expireAfterDays": 91}, "INVALID_INPUT", ["expireAfterDays"]),
    ("setRefundPolicy", {"customerSum": "-1"}, "INVALID_AMOUNT", ["customerSum"]),
    ("setRefundPolicy", {"limits": [{"role": "LEAD", "amount": euro(-1)}]}, "INVALID_AMOUNT", ["limits", "amount"]),
    ("setRefundPolicy", {"limits": [{"role": "LEAD", "amount": euro(1)}] * 2}, "INVALID_INPUT", ["limits"]),
    *OF_EXCEPTIONS,
    *OF_PRIVACY,
]  # fmt: skip
