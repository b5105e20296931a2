"""A saga: where one stands that takes several steps, since when, and until when."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain.db import Primary, Row, Tx
from domain.ids import CreditNoteId, CustomerId, InvoiceId, SagaId, SubscriptionId, TenantId
from domain.machine import Machine, State
from domain.money import Currency, Money
from domain.refusals import RefusalCode, Refused
from domain.sagas.definition import DEFINITIONS, Definition, SagaKind, Step

SAGA = Machine(
    "saga",
    {
        ("new", "begin"): "running",
        # To a later step, as the facts show; or to an earlier one, where a bank took back what had been paid.
        ("running", "advance"): "running",
        ("running", "fall_back"): "running",
        ("running", "complete"): "completed",
        ("running", "compensate"): "compensating",
        ("running", "undo"): "compensated",
        ("running", "stall"): "stuck",
        # Money that comes while all is taken back decides: it goes on.
        ("compensating", "advance"): "running",
        ("compensating", "complete"): "completed",
        ("compensating", "undo"): "compensated",
        ("compensating", "stall"): "stuck",
        ("stuck", "resume"): "running",
        ("stuck", "advance"): "running",
        ("stuck", "fall_back"): "running",
        ("stuck", "complete"): "completed",
        ("stuck", "undo"): "compensated",
    },
)
LOOK = "look_at_saga"  # the due work about one; its subject is the saga


@dataclass(frozen=True, slots=True)
class Saga:
    """One saga. ``deadline`` is its step's; ``waits_until`` is by when an outcome that is open will be known.

    ``cause`` is why it is stuck; ``tries`` counts what was performed in vain since then.
    """

    id: SagaId
    tenant: TenantId
    customer: CustomerId
    kind: SagaKind
    subscription: SubscriptionId
    invoice: InvoiceId | None
    credit_note: CreditNoteId | None
    amount: Money
    step: str
    step_since: datetime
    deadline: datetime
    waits_until: datetime | None
    tries: int
    cause: str | None
    state: State
    begun_at: datetime
    ended_at: datetime | None
    recorded_at: datetime

    @property
    def definition(self) -> Definition:
        """What is known of its kind."""
        return DEFINITIONS[self.kind]

    @property
    def current(self) -> Step:
        """The step it stands at."""
        return self.definition.step(self.step)

    @property
    def is_over(self) -> bool:
        """Whether nothing more comes of it."""
        return self.ended_at is not None


def saga_from(row: Row) -> Saga:
    """The saga of a row that selects all its columns."""
    shard = row["shard_key"]
    return Saga(
        id=SagaId(shard, row["id"]),
        tenant=TenantId(row["tenant_id"]),
        customer=CustomerId(shard, row["customer_id"]),
        kind=SagaKind(row["kind"]),
        subscription=SubscriptionId(shard, row["subscription_id"]),
        invoice=InvoiceId(shard, row["invoice_id"]) if row["invoice_id"] else None,
        credit_note=CreditNoteId(shard, row["credit_note_id"]) if row["credit_note_id"] else None,
        amount=Money(row["amount"], Currency(row["currency"])),
        step=row["step"],
        step_since=row["step_since"],
        deadline=row["deadline"],
        waits_until=row["waits_until"],
        tries=row["tries"],
        cause=row["cause"],
        state=State(row["state"], row["seq"]),
        begun_at=row["begun_at"],
        ended_at=row["ended_at"],
        recorded_at=row["recorded_at"],
    )


async def find_saga(db: Primary, tenant: TenantId, id: SagaId) -> Saga:
    """The tenant's saga of that id, else NOT_FOUND."""
    row = await db.fetchrow(
        """SELECT shard_key, id, tenant_id, customer_id, kind, subscription_id, invoice_id, credit_note_id, currency,
                  amount, step, step_since, deadline, waits_until, tries, cause, state, seq, begun_at, ended_at,
                  recorded_at
             FROM saga WHERE shard_key = $1 AND id = $2 AND tenant_id = $3""",
        id.shard,
        id.uuid,
        tenant.uuid,
    )
    if row is None:
        raise _nothing()
    return saga_from(row)


def _nothing() -> Refused:
    return Refused(RefusalCode.NOT_FOUND, "There is no such saga.", ("sagaId",))


async def customers_saga(tx: Tx, id: SagaId) -> Saga:
    """The saga of the operation's customer, else NOT_FOUND."""
    found = await find_saga(tx, tx.head.tenant, id) if id.shard == tx.customer.shard else None
    if found is None or found.customer != tx.customer:
        raise _nothing()
    return found


async def living_sagas(db: Primary, customer: CustomerId, about: SubscriptionId | None = None) -> list[Saga]:
    """The customer's sagas that are not over, or those about one subscription, the oldest first."""
    rows = await db.fetch(
        """SELECT shard_key, id, tenant_id, customer_id, kind, subscription_id, invoice_id, credit_note_id, currency,
                  amount, step, step_since, deadline, waits_until, tries, cause, state, seq, begun_at, ended_at,
                  recorded_at
             FROM saga
            WHERE shard_key = $1 AND customer_id = $2 AND ended_at IS NULL
              AND ($3::uuid IS NULL OR subscription_id = $3) ORDER BY id""",
        customer.shard,
        customer.uuid,
        about.uuid if about else None,
    )
    return [saga_from(row) for row in rows]


async def store_saga(tx: Tx, of: Saga) -> None:
    """Stores where it stands now."""
    await tx.execute(
        """UPDATE saga SET step = $4, step_since = $5, deadline = $6, waits_until = $7, tries = $8, cause = $9,
                  state = $10, seq = $11, ended_at = $12
            WHERE shard_key = $1 AND customer_id = $2 AND id = $3""",
        tx.customer.shard, tx.customer.uuid, of.id.uuid, of.step, of.step_since, of.deadline, of.waits_until, of.tries,
        of.cause, of.state.name, of.state.seq, of.ended_at,
    )  # fmt: skip


def subject_of(kind: SagaKind, subscription: SubscriptionId, thing: InvoiceId | CreditNoteId | None) -> UUID:
    """What a saga of that kind is about, once and no more."""
    return thing.uuid if thing is not None and kind is not SagaKind.PURCHASE else subscription.uuid
