"""Money that came without a provider: a transfer, cash or a cheque, recorded by staff under its reference, once."""

import hashlib
from dataclasses import dataclass
from enum import StrEnum

from domain.actor import Grant
from domain.db import Tx
from domain.ids import InvoiceId, PaymentId, ReceiptId
from domain.invoices.invoice import Invoice, invoice
from domain.invoices.settle import apply_capture
from domain.ledger.account import Account
from domain.ledger.post import Cause, post
from domain.money import Money
from domain.operation import operation
from domain.payments.book_money import CAPTURED, let_go_of_others
from domain.payments.payment import OFFLINE, PAYMENT, payment, payments_of
from domain.payments.receipt import issue_receipt, receipts_of
from domain.payments.withhold import withhold
from domain.refusals import RefusalCode, Refused

REFERENCE_LENGTH = 140  # what a credit transfer of SEPA carries for its payee
RECORDERS = frozenset({Grant.SYSTEM, Grant.LEAD, Grant.FINANCE, Grant.ADMIN})


class Means(StrEnum):
    """How money comes without a provider."""

    TRANSFER = "transfer"
    CASH = "cash"
    CHEQUE = "cheque"


@dataclass(frozen=True, slots=True)
class RecordOfflinePayment:
    """What came for an invoice, by what means, and the reference that nothing else of the tenant by that means has."""

    invoice: InvoiceId
    means: Means
    reference: str
    amount: Money


@dataclass(frozen=True, slots=True)
class OfflineRecorded:
    """The payment and its receipt."""

    payment: PaymentId
    invoice: InvoiceId
    receipt: ReceiptId


@operation("payments.record_offline", allowed=RECORDERS, moves_money=True)
async def record_offline(tx: Tx, command: RecordOfflinePayment) -> OfflineRecorded:
    """The same money under the same reference again is the same payment. What exceeds the amount owed becomes credit.
    An attempt that waits for its customer and would take more than is owed now is barred at its provider.

    NOT_FOUND; INVALID_INPUT for a reference that is none; CURRENCY_MISMATCH; INVALID_AMOUNT; ALREADY_EXISTS where the
    reference was used for other money.
    """
    of = await invoice(tx, tx.customer, command.invoice)
    _check(of, command)
    id = tx.new_id(PaymentId)
    tx.many_keys_reason = "a reference is used once in a tenant, whoever's payment has it"
    if not await _take_reference(tx, id, command):
        return await _recorded(tx, command)
    applied = await apply_capture(tx, of, command.amount)
    posted = await post(tx, Cause(CAPTURED, id.uuid), applied.transfers(Account.CASH_OUTSIDE))
    attempts = await payments_of(tx, tx.customer, of.id)
    await _insert(tx, id, len(attempts) + 1, command, posted)
    receipt = await issue_receipt(tx, id)
    tx.emit("payment.captured", payment=id, invoice=of.id)
    await let_go_of_others(tx, attempts)
    await withhold(tx, of.id)  # it may stand for credit that is withheld
    return OfflineRecorded(id, of.id, receipt)


def _check(of: Invoice, command: RecordOfflinePayment) -> None:
    if not 1 <= len(command.reference) <= REFERENCE_LENGTH or command.reference != command.reference.strip():
        message = f"A reference has 1 to {REFERENCE_LENGTH} characters, and no space around it."
        raise Refused(RefusalCode.INVALID_INPUT, message, ("reference",))
    if command.amount.currency != of.currency:
        raise Refused(RefusalCode.CURRENCY_MISMATCH, f"The invoice is in {of.currency}.", ("amount", "currency"))
    if command.amount.minor <= 0:
        raise Refused(RefusalCode.INVALID_AMOUNT, "A payment is of more than nothing.", ("amount",))


def reference_key(command: RecordOfflinePayment) -> str:
    """The key of its directory row: means and reference, whatever their case."""
    return hashlib.sha256(f"{command.means.value}|{command.reference.casefold()}".encode()).hexdigest()


async def _take_reference(tx: Tx, id: PaymentId, command: RecordOfflinePayment) -> bool:
    taken = await tx.fetchval(
        """INSERT INTO offline_reference (reference_key, tenant_id, shard_key, customer_id, payment_id, recorded_at)
           VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING RETURNING payment_id""",
        reference_key(command), tx.head.tenant.uuid, tx.customer.shard, tx.customer.uuid, id.uuid, tx.recorded_at,
    )  # fmt: skip
    return taken is not None


async def _recorded(tx: Tx, command: RecordOfflinePayment) -> OfflineRecorded:
    """What was recorded under the reference before, where it was this very money."""
    row = await tx.fetchrow(
        """SELECT shard_key, customer_id, payment_id FROM offline_reference
            WHERE reference_key = $1 AND tenant_id = $2""",
        reference_key(command),
        tx.head.tenant.uuid,
    )
    assert row is not None, "a reference that was taken stays taken"
    if (row["shard_key"], row["customer_id"]) == (tx.customer.shard, tx.customer.uuid):
        known = await payment(tx, tx.customer, PaymentId(tx.customer.shard, row["payment_id"]))
        if (known.invoice, known.captured) == (command.invoice, command.amount) and known.returned.minor == 0:
            receipts = await receipts_of(tx, tx.customer, [known.id])
            return OfflineRecorded(known.id, known.invoice, receipts[known.id].id)
    message = f"That reference was used for another {command.means.value}."
    raise Refused(RefusalCode.ALREADY_EXISTS, message, ("reference",))


async def _insert(tx: Tx, id: PaymentId, number: int, command: RecordOfflinePayment, posted: int) -> None:
    state = await PAYMENT.begin(tx, tx.customer, id.uuid, "record")
    await tx.execute(
        """INSERT INTO payment (shard_key, id, tenant_id, customer_id, invoice_id, attempt_number, currency, amount,
               provider_account, provider_key, queries, captured, authorized, refunds_reserved, posted_number, state,
               seq, happened_at, recorded_at, kind, means, reference)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0, $8, $8, 0, $11, $12, $13, $14, $15, $9, $16, $17)""",
        id.shard, id.uuid, tx.head.tenant.uuid, tx.customer.uuid, command.invoice.uuid, number,
        str(command.amount.currency), command.amount.minor, OFFLINE, reference_key(command), posted, state.name,
        state.seq, tx.now, tx.recorded_at, command.means.value, command.reference,
    )  # fmt: skip
