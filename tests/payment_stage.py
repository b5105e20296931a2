"""Customers with payments in each state, for tests of what staff do with payments, and good input for that."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import asyncpg

from domain.actor import Grant
from domain.ids import InvoiceId, PaymentId
from domain.invoices.manual_line import ManualLine
from domain.money import Money
from domain.payments.capture_payment import CapturePayment, capture_payment
from domain.payments.method import payment_methods
from domain.payments.order_methods import RemoveMethod, remove_method
from domain.payments.pay_invoice import PayInvoice, pay_invoice
from domain.payments.payment import CaptureMode, Payment, payment
from domain.payments.record_offline import Means, RecordOfflinePayment, record_offline
from domain.perform import perform
from tests.api_callers import Api, Guest
from tests.domain.invoices.bills import draft, issue
from tests.lives import buyer, by_finance, day, start, until
from tests.recovery_stage import WRONG as WRONG_OF_RECOVERY
from tests.recovery_stage import refusing_recovery
from tests.world import EUR, Someone, World, fresh

if TYPE_CHECKING:
    from tests.refusal_stage import Players

WORK = ManualLine("Work", 1, Money(600, EUR))


@dataclass(frozen=True)
class Payer:
    """A customer whose default method is declined for good and whose other one is good."""

    world: World
    guest: Guest
    good: Any

    @property
    def who(self) -> Someone:
        """The customer."""
        return self.guest.who

    async def owed(self) -> InvoiceId:
        """An open invoice of 6.00 EUR."""
        id = await draft(self.world, self.who, WORK)
        return (await issue(self.world, self.who, id)).invoice

    async def held(self) -> PaymentId:
        """A payment of such an invoice that is authorized and not taken."""
        command = PayInvoice(await self.owed(), self.good, CaptureMode.LATER)
        return (await by_finance(self.world, self.who, pay_invoice, command)).payment

    async def recorded(self, invoice: InvoiceId, reference: str) -> PaymentId:
        """A transfer that finance recorded for the invoice."""
        command = RecordOfflinePayment(invoice, Means.TRANSFER, reference, Money(600, EUR))
        return (await by_finance(self.world, self.who, record_offline, command)).payment


async def held_purchase(world: World) -> tuple[Someone, Payment]:
    """A customer whose first invoice of 10.00 EUR is authorized and not taken, and that payment."""
    ada = await buyer(world, "tok_lost_card")
    begun = await start(world, ada)
    await world.card(ada)
    held = await by_finance(world, ada, pay_invoice, PayInvoice(begun.invoice, None, CaptureMode.LATER))
    return ada, await payment(world.house.db.primary, ada.id, held.payment)


async def forget_method(world: World, of: Someone) -> None:
    """The customer takes its only method away, and the provider is told."""
    (method,) = await payment_methods(world.house.db.primary, of.id)
    await world.do(of, remove_method, RemoveMethod(method.id))


async def let_card_expire(world: World) -> None:
    """A customer's card comes to its last month."""
    await until(world, await buyer(world, "tok_visa_until_2027_03"), day(3, 3))


async def payer(api: Api, guest: Guest | None = None) -> Payer:
    """A new one, or a customer that was there."""
    guest = guest or await api.guest()
    good = await api.world.card(guest.who)
    await api.world.card(guest.who, "tok_lost_card")
    return Payer(api.world, guest, good)


async def payment_input(api: Api, guest: Guest) -> dict[str, dict[str, Any]]:
    """Good input of the mutations about payments."""
    of, spare = await payer(api), await api.world.card(guest.who)
    last, _ = await payment_methods(api.world.house.db.primary, guest.who.id)
    owner, euro = {"customerId": of.guest.id}, {"minorUnits": "100", "currency": "EUR"}
    return {
        "captureInvoicePayment": {**owner, "paymentId": str(await of.held()), "amount": euro},
        "voidPayment": {**owner, "paymentId": str(await of.held())},
        "recordOfflinePayment": {**owner, "invoiceId": str(await of.owed()), "means": "TRANSFER",
                                 "reference": fresh("RF"), "amount": euro},
        "reverseOfflinePayment": {**owner, "paymentId": str(await of.recorded(await of.owed(), fresh("RF"))),
                                  "reason": "It was recalled."},
        "setPaymentMethodOrder": {"methodIds": [str(last.id)]},
        "removePaymentMethod": {"methodId": str(spare)},
        "setPaymentPolicy": {"capture": "NOW", "partialAuthorization": "VOID"},
        "setPaymentRoute": {"currency": "SEK", "account": "sandbox/main"},
    }  # fmt: skip


async def refusing_payments(players: "Players", owner: asyncpg.Connection) -> None:
    """One has a hold of which something is asked, one that ran out, and a record; another owes, with one card."""
    of, world = await payer(players.api, await players.guest("holding")), players.world
    owing, waiting = await players.guest("owing", "tok_lost_card"), players.callers["waiting"]
    assert isinstance(waiting, Guest)
    asked, run_out, paid, reference = await of.held(), await of.held(), await of.owed(), fresh("RF")
    await owner.execute(
        "UPDATE payment SET expires_at = '2020-01-01' WHERE shard_key = $1 AND id = $2", run_out.shard, run_out.uuid
    )
    await of.recorded(paid, reference)
    command = CapturePayment(asked, None, True)
    await perform(world.house.db, capture_payment, world.staff(Grant.FINANCE), of.who.id, command, fresh("capture"))
    await start(world, owing.who)
    ids = players.ids
    ids |= {"asked": str(asked), "run out": str(run_out), "recorded for": str(paid), "used reference": reference}
    for name, guest in (("last method", owing), ("waited on", waiting)):
        (method,) = await payment_methods(world.house.db.primary, guest.who.id)
        ids[name] = str(method.id)
    await refusing_recovery(players)


UNKNOWN = "payment_" + "0" * 32
# What is wrong in the input of mutations about payments, the code, and the path that names the part.
WRONG: list[tuple[str, dict[str, Any], str, list[str]]] = [
    *((name, {"paymentId": id}, "NOT_FOUND", ["paymentId"])
      for name in ("captureInvoicePayment", "voidPayment", "reverseOfflinePayment") for id in ("nonsense", UNKNOWN)),
    *((name, {"customerId": "nonsense"}, "NOT_FOUND", ["customerId"])
      for name in ("captureInvoicePayment", "voidPayment", "recordOfflinePayment", "reverseOfflinePayment")),
    *(("captureInvoicePayment", {"amount": {"minorUnits": str(minor), "currency": "EUR"}}, "INVALID_AMOUNT", ["amount"])
      for minor in (0, -1, 10**15 + 1)),
    ("captureInvoicePayment", {"amount": {"minorUnits": "601", "currency": "EUR"}}, "EXCEEDS_AUTHORIZED", ["amount"]),
    *((name, {"amount": {"minorUnits": "1", "currency": "USD"}}, "CURRENCY_MISMATCH", ["amount", "currency"])
      for name in ("captureInvoicePayment", "recordOfflinePayment")),
    ("recordOfflinePayment", {"invoiceId": "invoice_" + "0" * 32}, "NOT_FOUND", ["invoiceId"]),
    *(("recordOfflinePayment", {"reference": text}, "INVALID_INPUT", ["reference"])
      for text in ("", " ", " RF1", "RF1\n", "x" * 141)),
    *(("recordOfflinePayment", {"amount": {"minorUnits": str(minor), "currency": "EUR"}}, "INVALID_AMOUNT", ["amount"])
      for minor in (0, -1, 10**15 + 1)),
    *(("reverseOfflinePayment", {"reason": text}, "INVALID_INPUT", ["reason"]) for text in ("", "\t", "x" * 501)),
    ("setPaymentMethodOrder", {"methodIds": []}, "INVALID_INPUT", ["methodIds"]),
    ("setPaymentMethodOrder", {"methodIds": ["nonsense"]}, "NOT_FOUND", ["methodIds"]),
    ("setPaymentMethodOrder", {"methodIds": ["method_" + "0" * 32]}, "NOT_FOUND", ["methodIds"]),
    *(("setPaymentRoute", {"account": account}, "INVALID_INPUT", ["account"])
      for account in ("", "stripe", "stripe/nowhere", "sandbox/main ", "x" * 300)),
    *WRONG_OF_RECOVERY,
    ("removePaymentMethod", {"methodId": "nonsense"}, "NOT_FOUND", ["methodId"]),
    ("removePaymentMethod", {"methodId": "method_" + "0" * 32}, "NOT_FOUND", ["methodId"]),
]  # fmt: skip
# For each of them another input that would do as well.
OTHERWISE: dict[str, dict[str, Any]] = {
    "captureInvoicePayment": {"final": False},
    "voidPayment": {"paymentId": UNKNOWN},
    "recordOfflinePayment": {"means": "CASH"},
    "reverseOfflinePayment": {"reason": "Another."},
    "setPaymentMethodOrder": {"methodIds": []},
    "removePaymentMethod": {"methodId": "method_" + "0" * 32},
    "setPaymentPolicy": {"partialAuthorization": "CAPTURE"},
    "setPaymentRoute": {"currency": "NOK"},
}
ADMINS = ("setPaymentPolicy", "setPaymentRoute")
PORTAL = ("setPaymentMethodOrder", "removePaymentMethod")
SUPPORTS = ("voidPayment",)
FINANCES = ("captureInvoicePayment", "recordOfflinePayment", "reverseOfflinePayment")
