"""Receipts: a document of their own with a gapless number of their own, only where money was captured."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.db import Primary, Row, Tx
from domain.ids import CustomerId, LegalEntityId, PaymentId, ReceiptId
from domain.invoices.number import DIGITS
from domain.refusals import RefusalCode, Refused


@dataclass(frozen=True, slots=True)
class Receipt:
    """A receipt for one payment."""

    id: ReceiptId
    payment: PaymentId
    legal_entity: LegalEntityId
    number: str
    issued_at: datetime
    withdrawn_at: datetime | None
    """Since when it is not valid any more: the money was taken back by the bank."""
    recorded_at: datetime


async def issue_receipt(tx: Tx, payment: PaymentId) -> ReceiptId:
    """Issues the payment's receipt; a second one for the same payment breaks a unique key."""
    id = tx.new_id(ReceiptId)
    # The number is taken as it is written down: everybody else who is paid waits for the series until the commit.
    issued = await tx.fetchval(
        """WITH taken AS (
               UPDATE number_series SET last_number = last_number + 1
                WHERE shard_key = $1 AND legal_entity_id = $4 AND series = 'receipt' RETURNING last_number, prefix)
           INSERT INTO receipt (shard_key, id, customer_id, legal_entity_id, payment_id, series, number,
               previous_number, number_text, issued_at, recorded_at)
           SELECT $1, $2, $3, $4, $5, 'receipt', last_number, nullif(last_number - 1, 0),
                  prefix || '-' || lpad(last_number::text, greatest($8::int, length(last_number::text)), '0'), $6, $7
             FROM taken RETURNING number""",
        id.shard, id.uuid, tx.customer.uuid, tx.head.legal_entity.uuid, payment.uuid, tx.now, tx.recorded_at, DIGITS,
    )  # fmt: skip
    assert issued is not None, "no receipt series for this legal entity and shard key"
    tx.emit("receipt.issued", receipt=id, payment=payment)
    return id


async def renew_receipt(tx: Tx, payment: PaymentId) -> ReceiptId:
    """Makes the payment's withdrawn receipt valid again, or issues its first: what was taken for never paid was."""
    id = await tx.fetchval(
        """UPDATE receipt SET withdrawn_at = NULL
            WHERE shard_key = $1 AND customer_id = $2 AND payment_id = $3 RETURNING id""",
        tx.customer.shard,
        tx.customer.uuid,
        payment.uuid,
    )
    if id is None:
        return await issue_receipt(tx, payment)
    renewed = ReceiptId(tx.customer.shard, id)
    tx.emit("receipt.issued", receipt=renewed, payment=payment)
    return renewed


async def withdraw_receipt(tx: Tx, payment: PaymentId) -> None:
    """Marks the payment's receipt as not valid any more; the document stays as it was issued, with its number."""
    await tx.execute(
        """UPDATE receipt SET withdrawn_at = $4 WHERE shard_key = $1 AND customer_id = $2 AND payment_id = $3""",
        tx.customer.shard,
        tx.customer.uuid,
        payment.uuid,
        tx.now,
    )
    tx.emit("receipt.withdrawn", payment=payment)


async def receipts_of(db: Primary, customer: CustomerId, payments: Sequence[PaymentId]) -> dict[PaymentId, Receipt]:
    """The receipts of those of the customer's payments that have one."""
    rows = await db.fetch(
        """SELECT id, payment_id, legal_entity_id, number_text, issued_at, withdrawn_at, recorded_at FROM receipt
            WHERE shard_key = $1 AND customer_id = $2 AND payment_id = ANY ($3::uuid[])""",
        customer.shard,
        customer.uuid,
        [payment.uuid for payment in payments],
    )
    found = [_receipt(customer, row) for row in rows]
    return {each.payment: each for each in found}


async def receipt(db: Primary, customer: CustomerId, id: ReceiptId) -> Receipt:
    """The customer's receipt of that id, else NOT_FOUND."""
    row = await db.fetchrow(
        """SELECT id, payment_id, legal_entity_id, number_text, issued_at, withdrawn_at, recorded_at FROM receipt
            WHERE shard_key = $1 AND customer_id = $2 AND id = $3""",
        customer.shard,
        customer.uuid,
        id.uuid,
    )
    if row is None or id.shard != customer.shard:
        raise Refused(RefusalCode.NOT_FOUND, "There is no such receipt.", ("receiptId",))
    return _receipt(customer, row)


def _receipt(customer: CustomerId, row: Row) -> Receipt:
    shard = customer.shard
    return Receipt(
        ReceiptId(shard, row["id"]), PaymentId(shard, row["payment_id"]), LegalEntityId(row["legal_entity_id"]),
        row["number_text"], row["issued_at"], row["withdrawn_at"], row["recorded_at"],
    )  # fmt: skip
