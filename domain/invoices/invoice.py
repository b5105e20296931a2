"""Issued invoices: facts that never change, and the few columns that say what became of them."""

from collections.abc import Sequence
from datetime import datetime

from domain import row_view
from domain.db import Primary, Tx
from domain.ids import CustomerId, InvoiceId, LegalEntityId, SubscriptionId, TenantId
from domain.machine import Machine, State
from domain.money import Currency, Money
from domain.refusals import RefusalCode, Refused
from domain.row_view import RowView, amount, column, own_id, owner_id, reference_id

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


class Invoice(RowView):
    """An issued invoice; amounts in its currency. ``due`` = total - credited - noted - paid - written off - voided.

    ``credited`` is what customer credit paid, ``noted`` what credit notes lowered. ``collection`` is how it is paid:
    ``charge`` at once, or ``invoice``, by the customer until ``due_at``. One of staff may have no subscription.
    """

    __slots__ = ()

    id: InvoiceId = own_id(InvoiceId, "id")
    tenant: TenantId = reference_id(TenantId, "tenant_id")
    customer: CustomerId = owner_id(CustomerId, "customer_id")
    legal_entity: LegalEntityId = reference_id(LegalEntityId, "legal_entity_id")
    subscription: SubscriptionId | None = own_id(SubscriptionId, "subscription_id")
    reason: str = column("reason")
    period_start: datetime = column("period_start")
    period_end: datetime = column("period_end")
    number: str = column("number_text")
    currency: Currency = row_view.currency("currency")
    total: Money = amount("total")
    tax: Money = amount("tax")
    credited: Money = amount("credited")
    noted: Money = amount("noted")
    paid: Money = amount("paid")
    written_off: Money = amount("written_off")
    voided: Money = amount("voided")
    due: Money = amount("due")
    posted_number: int | None = column("posted_number")
    issued_at: datetime = column("issued_at")
    due_at: datetime = column("due_at")
    collection: str = column("collection")
    purchase_order: str | None = column("purchase_order")
    recorded_at: datetime = column("recorded_at")
    state_name: str = column("state")

    @property
    def state(self) -> State:
        """Where it stands."""
        return State(self.row["state"], self.row["seq"])

    @property
    def subtotal(self) -> Money:
        """What it says before tax."""
        return self.total - self.tax

    def is_overdue(self, at: datetime) -> bool:
        """Whether something was still due when its day had passed."""
        return self.state_name == "open" and at > self.due_at

    @property
    def is_partially_paid(self) -> bool:
        """Whether it is open and less is due than was charged."""
        return self.state_name == "open" and self.due < self.total


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
    return Invoice(row)


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
    found = [Invoice(row) for row in rows]
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
