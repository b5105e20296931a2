"""Beginning a payment: the intent and its provider key are committed before anything leaves the house."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain import due
from domain.actor import Grant
from domain.db import Tx
from domain.ids import InvoiceId, PaymentId, PaymentMethodId
from domain.invoices.invoice import Invoice, invoice
from domain.money import Money
from domain.operation import operation
from domain.payments.dispute import disputed_methods
from domain.payments.method import PaymentMethod, default_method, methods_in_order, payment_methods
from domain.payments.outlook import resolves_by
from domain.payments.own_tries import use_try
from domain.payments.payment import IN_FLIGHT, PAYMENT, CaptureMode, Payment, payments_of
from domain.payments.policy import payment_policy
from domain.payments.still_open import SEND as SEND
from domain.payments.still_open import still_open
from domain.portal_function import PortalFunction
from domain.refusals import RefusalCode, Refused
from domain.wire import added

HEAD_START = timedelta(seconds=5)  # the process that took the call sends at once; a worker only if it died
_PAYERS = frozenset({Grant.PORTAL, Grant.SYSTEM, Grant.SUPPORT, Grant.LEAD, Grant.FINANCE, Grant.ADMIN})


@dataclass(frozen=True, slots=True)
class PayInvoice:
    """Collect what is due on an invoice, from the method given or the default one."""

    invoice: InvoiceId
    method: PaymentMethodId | None
    capture: CaptureMode | None = added(None)
    """Staff may choose to only hold the money; None is what the tenant's policy says."""


@dataclass(frozen=True, slots=True)
class PaymentBegun:
    """The attempt that is now open."""

    payment: PaymentId
    invoice: InvoiceId
    amount: Money


@operation("payments.pay_invoice", allowed=_PAYERS, moves_money=True, function=PortalFunction.PAY_INVOICE)
async def pay_invoice(tx: Tx, command: PayInvoice) -> PaymentBegun:
    """Begins an attempt; see ``begin_payment`` for its refusals. FORBIDDEN for a customer that chooses the capture;
    TRIES_USED_UP for one that has tried methods too often again on an invoice that is dunned."""
    if command.capture is not None and Grant.PORTAL in tx.actor.grants:
        raise Refused(RefusalCode.FORBIDDEN, "When the money is taken is not the customer's to choose.", ("capture",))
    begun = await begin_payment(
        tx, await invoice(tx, tx.customer, command.invoice), command.method, command.capture
    )  # fmt: skip
    if Grant.PORTAL in tx.actor.grants:
        *before, own = await payments_of(tx, tx.customer, command.invoice)
        if any(attempt.method == own.method for attempt in before):
            await use_try(tx, command.invoice)
    return begun


async def begin_payment(
    tx: Tx, of: Invoice, chosen: PaymentMethodId | None = None, capture: CaptureMode | None = None,
    part: Money | None = None,
) -> PaymentBegun:  # fmt: skip
    """Begins to collect what is due, or a ``part`` of it.

    NOTHING_DUE for an invoice that is not open; PAYMENT_IN_PROGRESS while an attempt may still succeed (while nobody
    knows what became of it, the refusal says by when that is known); PAYMENT_METHOD_REQUIRED without a method;
    NOT_FOUND for a method that is not the customer's.
    """
    if of.state.name != "open" or of.due.minor == 0:
        raise Refused(RefusalCode.NOTHING_DUE, f"Invoice {of.number} is {of.state.name}.", ("invoiceId",))
    attempts = await payments_of(tx, tx.customer, of.id)
    if (earlier := await still_open(tx, attempts)) is not None:
        raise under_way(earlier, tx.recorded_at)
    method = await _method(tx, chosen)
    id, number = tx.new_id(PaymentId), len(attempts) + 1
    mode = capture or (await payment_policy(tx, tx.head.tenant)).capture
    amount = of.due if part is None else min(part, of.due)
    await _insert(tx, id, of, number, method, mode, amount)
    await due.schedule(tx, SEND, id.uuid, tx.recorded_at + HEAD_START, follows="wall")
    tx.emit("payment.begun", payment=id, invoice=of.id)
    return PaymentBegun(id, of.id, amount)


def under_way(attempt: Payment, now: datetime) -> Refused:
    """The refusal while an attempt is open, at an instant of wall time."""
    message = "A payment of this invoice is under way; its outcome will be known first."
    known_by = resolves_by(attempt, now) if attempt.state.name in IN_FLIGHT else None
    return Refused(RefusalCode.PAYMENT_IN_PROGRESS, message, ("invoiceId",), resolves_by=known_by)


async def _method(tx: Tx, chosen: PaymentMethodId | None) -> PaymentMethod:
    if chosen is None:
        return await unasked_method(tx)
    for method in await payment_methods(tx, tx.customer):
        if method.id == chosen:
            return method
    raise Refused(RefusalCode.NOT_FOUND, "There is no such payment method.", ("methodId",))


async def unasked_method(tx: Tx) -> PaymentMethod:
    """The default method; where nobody of the customer asks, the first of which no payment is in dispute.

    PAYMENT_METHOD_REQUIRED where there is none.
    """
    disputed = frozenset() if Grant.PORTAL in tx.actor.grants else await disputed_methods(tx, tx.customer)
    if not disputed:
        return await default_method(tx, tx.customer)
    for method in await methods_in_order(tx, tx.customer):
        if method.id not in disputed:
            return method
    raise Refused(RefusalCode.PAYMENT_METHOD_REQUIRED, "A payment by the only method is in dispute: add another one.")


def provider_key(tx: Tx, subject: str, number: int) -> str:
    """The key at the provider: the same intent has the same key even after a fail-over that lost the row."""
    intent = f"{tx.head.tenant}|{subject}|{number}"
    return hashlib.sha256(intent.encode()).hexdigest()


async def _insert(
    tx: Tx, id: PaymentId, of: Invoice, number: int, method: PaymentMethod, mode: CaptureMode, amount: Money
) -> None:
    state = await PAYMENT.begin(tx, tx.customer, id.uuid, "begin")
    await tx.execute(
        """INSERT INTO payment (shard_key, id, tenant_id, customer_id, invoice_id, attempt_number, currency, amount,
               method_id, provider_account, provider_key, queries, captured, refunds_reserved, state, seq, happened_at,
               recorded_at, capture_mode, request_id)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 0, 0, 0, $12, $13, $14, $15, $16, $17)""",
        id.shard, id.uuid, tx.head.tenant.uuid, tx.customer.uuid, of.id.uuid, number, str(of.currency), amount.minor,
        method.id.uuid, method.provider_account, provider_key(tx, str(of.id), number), state.name, state.seq, tx.now,
        tx.recorded_at, mode.value, tx.actor.request_id,
    )  # fmt: skip
