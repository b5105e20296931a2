"""Sagas as staff see them: what takes several steps, at which step it stands, and why it is stuck."""

from collections.abc import Iterator
from datetime import datetime
from enum import Enum
from typing import Annotated, cast
from uuid import UUID

import strawberry

from api.connection import Connection, Keyset
from api.graph.arguments import After, First, Id
from api.graph.context import Info
from api.graph.money import Money
from api.graph.node import Node
from api.scalars import GlobalId
from domain.fanout.sagas import count_sagas, sagas_in
from domain.ids import CustomerId, SagaId
from domain.sagas import saga as sagas
from domain.sagas.definition import Definition

Place = tuple[datetime, str]
_value = strawberry.enum_value


@strawberry.enum(description="What is done in several steps. More values may come.")
class SagaKind(Enum):
    """The domain's kinds."""

    PURCHASE = _value("purchase", description="A subscription is bought, and goes on once it is paid.")
    TRIAL = _value("trial", description="A trial ends, and what follows it is billed.")
    PAID_CHANGE = _value("paid_change", description="A change applies once it is paid.")
    REFUND_AND_CANCEL = _value("refund_and_cancel", description="A subscription ends, and its unused time goes back.")


@strawberry.enum(description="Where a saga stands. More values may come.")
class SagaState(Enum):
    """The states of the machine."""

    RUNNING = _value("running", description="It waits for its step, at most until the deadline.")
    COMPENSATING = _value("compensating", description="Its time was over: what went before is being taken back.")
    COMPLETED = _value("completed", description="It came to the end that was meant.")
    COMPENSATED = _value("compensated", description="It was given up, and nothing of it is left.")
    STUCK = _value("stuck", description="People have to look: it is an exception, and resumed.")


@strawberry.enum(description="What became of one step. More values may come.")
class SagaStepState(Enum):
    """Where a step stands."""

    DONE = _value("done", description="It is done.")
    CURRENT = _value("current", description="The saga stands at it.")
    STUCK = _value("stuck", description="The saga is stuck at it.")
    UNDONE = _value("undone", description="It was given up.")
    AHEAD = _value("ahead", description="It was not come to.")


@strawberry.type(description="One step of a saga.")
class SagaStep:
    """A step."""

    name: str = strawberry.field(description="Its name in the table of steps.")
    state: SagaStepState = strawberry.field(description="What became of it.")
    since: datetime | None = strawberry.field(description="Since when the saga stands or stood at it; the last one's.")
    deadline: datetime | None = strawberry.field(description="When it has taken too long; the last one's.")
    cause: str | None = strawberry.field(description="Why the saga is stuck at it.")
    undone_by: str | None = strawberry.field(description="The operation that takes it back at its time-out.")
    forward: list[str] = strawberry.field(description="The operations that go forward at its time-out instead.")


@strawberry.type(description="What takes several steps between a provider and the ledger.")
class Saga(Node):
    """A saga."""

    kind: SagaKind = strawberry.field(description="What is done.")
    state: SagaState = strawberry.field(description="Where it stands.")
    customer_id: GlobalId = strawberry.field(description="Whose it is.")
    subscription_id: GlobalId = strawberry.field(description="The subscription it is about.")
    invoice_id: GlobalId | None = strawberry.field(description="The invoice that is to be paid for it.")
    credit_note_id: GlobalId | None = strawberry.field(description="The credit note that is refunded by it.")
    amount: Money = strawberry.field(description="How much is to be paid or given back.")
    step: str = strawberry.field(description="The step it stands at, or stood at when it ended.")
    steps: list[SagaStep] = strawberry.field(description="All its steps, in order.")
    waits_until: datetime | None = strawberry.field(description="Until when an outcome that is open is waited for.")
    cause: str | None = strawberry.field(description="Why it is stuck.")
    begun_at: datetime = strawberry.field(description="When it began, in the customer's time.")
    ended_at: datetime | None = strawberry.field(description="When it ended.")

    @classmethod
    def of(cls, saga: sagas.Saga) -> "Saga":
        """The domain's saga."""
        return cls(
            id=GlobalId(str(saga.id)),
            kind=SagaKind(saga.kind.value),
            state=SagaState(saga.state.name),
            customer_id=GlobalId(str(saga.customer)),
            subscription_id=GlobalId(str(saga.subscription)),
            invoice_id=GlobalId(str(saga.invoice)) if saga.invoice else None,
            credit_note_id=GlobalId(str(saga.credit_note)) if saga.credit_note else None,
            amount=Money.of(saga.amount),
            step=saga.step,
            steps=list(_steps(saga, saga.definition)),
            waits_until=saga.waits_until,
            cause=saga.cause,
            begun_at=saga.begun_at,
            ended_at=saga.ended_at,
        )


_LAST = {"stuck": SagaStepState.STUCK, "compensated": SagaStepState.UNDONE, "completed": SagaStepState.DONE}


def _steps(of: sagas.Saga, definition: Definition) -> Iterator[SagaStep]:
    """The steps before the last one are done, and those after it too where the facts went on to the end."""
    at = definition.place(of.step)
    for place, step in enumerate(definition.steps):
        state = SagaStepState.DONE if place < at or of.state.name == "completed" else SagaStepState.AHEAD
        here = place == at
        yield SagaStep(
            name=step.name,
            state=_LAST.get(of.state.name, SagaStepState.CURRENT) if here else state,
            since=of.step_since if here else None,
            deadline=of.deadline if here else None,
            cause=of.cause if here else None,
            undone_by=step.undone_by,
            forward=list(step.forward),
        )


InState = Annotated[SagaState, strawberry.argument(description="Those in this state.")]
OfCustomer = Annotated[GlobalId | None, strawberry.argument(description="Only this customer's.")]


@strawberry.type(description="What staff see of sagas.")
class StaffSagas:
    """Fields of the root of staff."""

    @strawberry.field(description="Sagas in a state, the oldest first: left out, those that are stuck.")
    async def sagas(
        self, info: Info, first: First, after: After = None, state: InState = SagaState.STUCK,
        customer_id: OfCustomer = None,
    ) -> Connection[Saga]:  # fmt: skip
        """A page of them."""
        db, tenant, named = info.context.db.primary, info.context.tenant, state.name.lower()
        owner = CustomerId.parse(customer_id) if customer_id is not None else None
        keys = Keyset("sagas", cast(type[Place], Place), info.context.rooms.cursors)
        page = keys.slice(f"{tenant}:{named}:{owner}", first, after)
        place = (page.after[0], UUID(page.after[1])) if page.after else None
        rows = await sagas_in(db, tenant, named, owner, page.fetch, place)
        return keys.connection(
            page, rows, lambda row: (row.recorded_at, str(row.id.uuid)), Saga.of,
            lambda cap: count_sagas(db, tenant, named, owner, cap),
        )  # fmt: skip

    @strawberry.field(description="One saga, whatever became of it.")
    async def saga(self, info: Info, id: Id) -> Saga | None:
        """The saga of that id."""
        return await find_saga(info, SagaId.parse(id))


async def find_saga(info: Info, id: SagaId) -> Saga:
    """The tenant's saga of that id, else NOT_FOUND."""
    return Saga.of(await sagas.find_saga(info.context.db.primary, info.context.tenant, id))
