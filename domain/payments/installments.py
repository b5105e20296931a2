"""An overdue invoice in parts: what was agreed on, which part was charged by which attempt, and how the plan ended.

What a part comes to is worked out when it is charged: the amount still due then over the parts that are left, in the
proportion that was agreed on. So whatever lowers the debt meanwhile lowers the parts, and never more than is due is
collected.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.db import Primary, Row, Tx
from domain.ids import CustomerId, InstallmentPlanId, InvoiceId, PaymentId
from domain.machine import Machine, State
from domain.money import Currency, Money, allocate

INSTALLMENTS = Machine(
    "installment_plan",
    {
        ("new", "agree"): "active",
        ("active", "complete"): "completed",
        ("active", "break"): "broken",
        ("active", "cancel"): "cancelled",
    },
)


@dataclass(frozen=True, slots=True)
class Part:
    """One part as it was agreed on; ``payment`` is the attempt that charges it, of which there is never a second unless
    that was barred before anything was taken."""

    part: int
    amount: Money
    due_at: datetime
    payment: PaymentId | None


@dataclass(frozen=True, slots=True)
class Plan:
    """The ``number``-th plan of an invoice, its parts in order."""

    id: InstallmentPlanId
    invoice: InvoiceId
    number: int
    made_at: datetime
    ended_at: datetime | None
    state: State
    parts: tuple[Part, ...]

    @property
    def next_part(self) -> Part | None:
        """The first part that was not charged yet."""
        return next((part for part in self.parts if part.payment is None), None)

    def part_of(self, payment: PaymentId) -> Part | None:
        """The part that the attempt charges."""
        return next((part for part in self.parts if part.payment == payment), None)

    def still_to_pay(self, due: Money) -> list[tuple[Part, Money]]:
        """The parts that are left, and what each comes to while so much is due."""
        left = [part for part in self.parts if part.payment is None]
        return list(zip(left, allocate(due, [part.amount.minor for part in left]), strict=True)) if left else []


async def plans_of(db: Primary, customer: CustomerId, invoice: InvoiceId) -> list[Plan]:
    """The plans of the customer's invoice, oldest first."""
    rows = await db.fetch(
        """SELECT p.id, p.number, p.currency, p.made_at, p.ended_at, p.state, p.seq, i.part, i.amount, i.due_at,
                  i.payment_id
             FROM installment_plan p
             JOIN installment i ON i.shard_key = p.shard_key AND i.plan_id = p.id
            WHERE p.shard_key = $1 AND p.customer_id = $2 AND p.invoice_id = $3 ORDER BY p.number, i.part""",
        customer.shard,
        customer.uuid,
        invoice.uuid,
    )
    numbers = sorted({row["number"] for row in rows})
    return [_plan(invoice, [row for row in rows if row["number"] == number]) for number in numbers]


def _plan(invoice: InvoiceId, rows: Sequence[Row]) -> Plan:
    first = rows[0]
    shard, currency = invoice.shard, Currency(first["currency"])
    parts = tuple(
        Part(row["part"], Money(row["amount"], currency), row["due_at"],
             PaymentId(shard, row["payment_id"]) if row["payment_id"] else None)
        for row in rows
    )  # fmt: skip
    return Plan(
        InstallmentPlanId(shard, first["id"]), invoice, first["number"], first["made_at"], first["ended_at"],
        State(first["state"], first["seq"]), parts,
    )  # fmt: skip


async def active_plan(db: Primary, customer: CustomerId, invoice: InvoiceId) -> Plan | None:
    """The plan that holds for the invoice, or None."""
    found = await plans_of(db, customer, invoice)
    return next((plan for plan in found if plan.ended_at is None), None)


async def agree(tx: Tx, invoice: InvoiceId, number: int, parts: Sequence[tuple[Money, datetime]]) -> InstallmentPlanId:
    """Writes a plan down that holds from now on; no part of it is charged yet."""
    id = tx.new_id(InstallmentPlanId)
    state = await INSTALLMENTS.begin(tx, tx.customer, id.uuid, "agree")
    await tx.execute(
        """INSERT INTO installment_plan (shard_key, id, customer_id, invoice_id, number, currency, made_at, state, seq,
               recorded_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)""",
        id.shard, id.uuid, tx.customer.uuid, invoice.uuid, number, str(parts[0][0].currency), tx.now, state.name,
        state.seq, tx.recorded_at,
    )  # fmt: skip
    await tx.execute(
        """INSERT INTO installment (shard_key, customer_id, plan_id, part, amount, due_at)
           SELECT $1, $2, $3, p.part, p.amount, p.due_at
             FROM unnest($4::int[], $5::bigint[], $6::timestamptz[]) AS p (part, amount, due_at)""",
        id.shard, tx.customer.uuid, id.uuid, list(range(1, len(parts) + 1)), [amount.minor for amount, _ in parts],
        [due_at for _, due_at in parts],
    )  # fmt: skip
    return id


async def charge(tx: Tx, plan: Plan, part: Part, payment: PaymentId) -> None:
    """Keeps which attempt charges the part; a part that has one keeps it."""
    await tx.execute(
        """UPDATE installment SET payment_id = $5
            WHERE shard_key = $1 AND customer_id = $2 AND plan_id = $3 AND part = $4 AND payment_id IS NULL""",
        tx.customer.shard,
        tx.customer.uuid,
        plan.id.uuid,
        part.part,
        payment.uuid,
    )


async def leave_open(tx: Tx, plan: Plan, part: Part) -> None:
    """The part has no attempt any more: its own was barred before anything of it was taken."""
    await tx.execute(
        """UPDATE installment SET payment_id = NULL
            WHERE shard_key = $1 AND customer_id = $2 AND plan_id = $3 AND part = $4""",
        tx.customer.shard,
        tx.customer.uuid,
        plan.id.uuid,
        part.part,
    )


async def end_plan(tx: Tx, plan: Plan, event: str) -> State:
    """Moves the plan to its end: ``complete``, ``break`` or ``cancel``."""
    state = await INSTALLMENTS.move(tx, tx.customer, plan.id.uuid, plan.state, event)
    await tx.execute(
        """UPDATE installment_plan SET state = $4, seq = $5, ended_at = $6
            WHERE shard_key = $1 AND customer_id = $2 AND id = $3""",
        tx.customer.shard,
        tx.customer.uuid,
        plan.id.uuid,
        state.name,
        state.seq,
        tx.now,
    )
    tx.emit(f"installments.{state.name}", plan=plan.id, invoice=plan.invoice)
    return state
