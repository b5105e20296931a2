"""Issued invoices: facts that never change, and the few columns that say what became of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.db import Primary, Row, Tx
from domain.ids import CustomerId, InvoiceId, LegalEntityId, SubscriptionId, TenantId
from domain.machine import Machine, State
from domain.money import Currency, Money
from domain.refusals import RefusalCode, Refused

INVOICE = Machine(
    "invoice",
    {
        ("new", "finalize"): "open",
        ("open", "pay"): "paid",
        ("open", "void"): "void",
        ("open", "write_off"): "uncollectible",
        ("uncollectible", "pay"): "paid",
        # The bank took back what had paid it: it is owed again, or given up again.
        ("paid", "reopen"): "open",
        ("paid", "lose_again"): "uncollectible",
    },
)


@dataclass(frozen=True, slots=True)
class Invoice:
    """An issued invoice; amounts in its currency. ``due`` = total - credited - noted - paid - written off - voided.

    ``credited`` is what customer credit paid, ``noted`` what credit notes lowered. ``collection`` is how it is paid:
    ``charge`` at once, or ``invoice``, by the customer until ``due_at``. One of staff may have no subscription.
    """

    id: InvoiceId
    tenant: TenantId
    customer: CustomerId
    legal_entity: LegalEntityId
    subscription: SubscriptionId | None
    reason: str
    period_start: datetime
    period_end: datetime
    number: str
    currency: Currency
    total: Money
    tax: Money
    credited: Money
    noted: Money
    paid: Money
    written_off: Money
    voided: Money
    due: Money
    posted_number: int | None
    state: State
    issued_at: datetime
    due_at: datetime
    collection: str
    purchase_order: str | None
    recorded_at: datetime

    @property
    def subtotal(self) -> Money:
        """What it says before tax."""
        return self.total - self.tax

    def is_overdue(self, at: datetime) -> bool:
        """Whether something was still due when its day had passed."""
        return self.state.name == "open" and at > self.due_at

    @property
    def is_partially_paid(self) -> bool:
        """Whether it is open and less is due than was charged."""
        return self.state.name == "open" and self.due < self.total


def from_row(row: Row) -> Invoice:
    """The invoice of a row that selects all its columns."""
    currency, shard = Currency(row["currency"]), row["shard_key"]
    names = ("total", "tax", "credited", "noted", "paid", "written_off", "voided", "due")
    amounts = {name: Money(row[name], currency) for name in names}
    subscription = row["subscription_id"]
    return Invoice(
        id=InvoiceId(shard, row["id"]),
        tenant=TenantId(row["tenant_id"]),
        customer=CustomerId(shard, row["customer_id"]),
        legal_entity=LegalEntityId(row["legal_entity_id"]),
        subscription=SubscriptionId(shard, subscription) if subscription else None,
        reason=row["reason"],
        period_start=row["period_start"],
        period_end=row["period_end"],
        number=row["number_text"],
        currency=currency,
        posted_number=row["posted_number"],
        state=State(row["state"], row["seq"]),
        issued_at=row["issued_at"],
        due_at=row["due_at"],
        collection=row["collection"],
        purchase_order=row["purchase_order"],
        recorded_at=row["recorded_at"],
        **amounts,
    )


def no_invoice() -> Refused:
    """The one answer for an unknown invoice and for another customer's."""
    return Refused(RefusalCode.NOT_FOUND, "There is no such invoice.", ("invoiceId",))


async def invoice(db: Primary, customer: CustomerId, id: InvoiceId) -> Invoice:
    """The customer's invoice of that id, else NOT_FOUND."""
    row = await db.fetchrow(
        """SELECT shard_key, id, tenant_id, customer_id, legal_entity_id, subscription_id, reason, period_start,
                  period_end, number_text, currency, total, tax, credited, noted, paid, written_off, voided, due,
                  posted_number, state, seq, issued_at, due_at, collection, purchase_order,
                  recorded_at
             FROM invoice WHERE shard_key = $1 AND customer_id = $2 AND id = $3""",
        customer.shard,
        customer.uuid,
        id.uuid,
    )
    if row is None or id.shard != customer.shard:
        raise no_invoice()
    return from_row(row)


async def invoices_by_id(db: Primary, customer: CustomerId, ids: Sequence[InvoiceId]) -> dict[InvoiceId, Invoice]:
    """Those of the invoices that belong to the customer."""
    rows = await db.fetch(
        """SELECT shard_key, id, tenant_id, customer_id, legal_entity_id, subscription_id, reason, period_start,
                  period_end, number_text, currency, total, tax, credited, noted, paid, written_off, voided, due,
                  posted_number, state, seq, issued_at, due_at, collection, purchase_order,
                  recorded_at
             FROM invoice WHERE shard_key = $1 AND customer_id = $2 AND id = ANY ($3::uuid[])""",
        customer.shard,
        customer.uuid,
        [id.uuid for id in ids],
    )
    found = [from_row(row) for row in rows]
    return {each.id: each for each in found}


async def store_settlement(tx: Tx, id: InvoiceId, state: State, amounts: dict[str, int]) -> None:
    """Writes what became of an invoice: its state and the six amounts beside the total."""
    await tx.execute(
        """UPDATE invoice SET credited = $4, noted = $5, paid = $6, written_off = $7, voided = $8, due = $9,
                  state = $10, seq = $11
            WHERE shard_key = $1 AND customer_id = $2 AND id = $3""",
        tx.customer.shard,
        tx.customer.uuid,
        id.uuid,
        amounts["credited"],
        amounts["noted"],
        amounts["paid"],
        amounts["written_off"],
        amounts["voided"],
        amounts["due"],
        state.name,
        state.seq,
    )


def emit_of(tx: Tx, kind: str, id: InvoiceId, subscription: SubscriptionId | None) -> None:
    """Leaves an event about the invoice, with the subscription it bills, if it bills one."""
    about = {"subscription": subscription} if subscription else {}
    tx.emit(kind, invoice=id, **about)
