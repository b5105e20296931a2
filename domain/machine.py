"""State machines as data: (state, event) -> state, with the same moves as rows of the table ``move``.

A change of state writes a row of ``transition`` whose foreign keys point to the allowed move and to the row before it,
of the same entity and machine; the entity's own foreign key points to a row of its history, of its machine. So keys
hold that each history is an unbroken line of allowed moves that nobody changes, and that an entity stands on its own.
That it stands at the end of it no key can hold while history is append-only: ``verify`` finds what was set back.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import UUID

from domain.ids import CustomerId
from domain.refusals import RefusalCode, Refused

if TYPE_CHECKING:
    from domain.db import Tx

NEW = "new"  # the state before the first row of a history

MACHINES: dict[str, "Machine"] = {}


@dataclass(frozen=True, slots=True)
class State:
    """Where an entity stands: its state and the number of the history row that put it there."""

    name: str
    seq: int


@dataclass(frozen=True)
class Machine:
    """The allowed moves of one kind of entity; ``next`` refuses every other as STATE_CONFLICT."""

    name: str
    moves: Mapping[tuple[str, str], str] = field(hash=False)

    def __post_init__(self) -> None:
        MACHINES[self.name] = self

    def next(self, state: str, event: str) -> str:
        """The state after the event."""
        target = self.moves.get((state, event))
        if target is None:
            raise Refused(RefusalCode.STATE_CONFLICT, f"A {self.name} that is {state} cannot {event}.")
        return target

    def allows(self, state: str, event: str) -> bool:
        """Whether the event is a move from this state."""
        return (state, event) in self.moves

    async def begin(self, tx: "Tx", customer: CustomerId, entity: UUID, event: str) -> State:
        """Writes the first row of an entity's history."""
        return await self.move(tx, customer, entity, State(NEW, 0), event)

    async def move(self, tx: "Tx", customer: CustomerId, entity: UUID, state: State, event: str) -> State:
        """Writes one move into the entity's history and returns the new state; STATE_CONFLICT where none is allowed."""
        target = State(self.next(state.name, event), state.seq + 1)
        await tx.execute(
            """INSERT INTO transition (shard_key, customer_id, entity_id, seq, previous_seq, machine, from_state, event,
                   to_state, operation_id, happened_at, recorded_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)""",
            customer.shard,
            customer.uuid,
            entity,
            target.seq,
            state.seq or None,
            self.name,
            state.name,
            event,
            target.name,
            tx.operation.uuid,
            tx.now,
            tx.recorded_at,
        )
        tx.changed(self.name, entity, state.name, target.name)
        return target
