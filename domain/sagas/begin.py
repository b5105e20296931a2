"""Beginning a saga, in the transaction of its first step: no step is ever without its time-out."""

from dataclasses import dataclass
from datetime import datetime

from domain import due
from domain.db import Tx
from domain.ids import CreditNoteId, InvoiceId, SagaId, SubscriptionId
from domain.money import Money
from domain.sagas.definition import DEFINITIONS, Follows, SagaKind, Step
from domain.sagas.saga import LOOK, SAGA, subject_of


@dataclass(frozen=True, slots=True)
class Begun:
    """What begins: its subscription, the amount that is paid or given back, and the document that it is about."""

    kind: SagaKind
    subscription: SubscriptionId
    amount: Money
    invoice: InvoiceId | None = None
    credit_note: CreditNoteId | None = None


def deadline_of(tx: Tx, step: Step, since: datetime | None = None) -> datetime:
    """When a step that begins then, or now, has taken too long, by the time that it follows."""
    now = tx.recorded_at if step.follows is Follows.WALL else tx.now
    return (since or now) + step.takes


async def begin_saga(tx: Tx, begun: Begun, since: datetime | None = None) -> None:
    """Begins it at its first step, whose time counts from the instant; a preview begins none."""
    if tx.preview:
        return
    first, id = DEFINITIONS[begun.kind].steps[0], tx.new_id(SagaId)
    subject = subject_of(begun.kind, begun.subscription, begun.credit_note or begun.invoice)
    state, deadline = await SAGA.begin(tx, tx.customer, id.uuid, "begin"), deadline_of(tx, first, since)
    await tx.execute(
        """INSERT INTO saga (shard_key, id, tenant_id, customer_id, kind, subject, subscription_id, invoice_id,
               credit_note_id, currency, amount, step, step_since, deadline, tries, state, seq, begun_at, recorded_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, 0, $15, $16, $13, $17)""",
        id.shard, id.uuid, tx.head.tenant.uuid, tx.customer.uuid, begun.kind.value, subject, begun.subscription.uuid,
        begun.invoice.uuid if begun.invoice else None, begun.credit_note.uuid if begun.credit_note else None,
        str(begun.amount.currency), begun.amount.minor, first.name, tx.now, deadline, state.name, state.seq,
        tx.recorded_at,
    )  # fmt: skip
    await due.schedule(tx, LOOK, id.uuid, deadline, follows=first.follows.value)
