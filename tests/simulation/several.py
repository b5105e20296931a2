"""What the tenant does before the first day, many of its operations in one transaction: every run begins so."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from domain.actor import Grant
from domain.db import Tx
from domain.ids import CustomerId
from domain.operation import OPERATIONS, Operation, operation
from domain.perform import perform
from domain.reactions.house import House

Step = tuple[Operation[Any, Any], Any]  # an operation and its command


@dataclass(frozen=True, slots=True)
class Several:
    """Commands of the operations of these names; in an outcome, what came of each."""

    names: tuple[str, ...]
    parts: tuple[Any, ...]


@operation("simulation.several", allowed=frozenset({Grant.SYSTEM}))
async def _several(tx: Tx, command: Several) -> Several:
    """Each in turn; whatever they refuse."""
    done = [await OPERATIONS[name].run(tx, part) for name, part in zip(command.names, command.parts, strict=True)]
    return Several(command.names, tuple(done))


del OPERATIONS[_several.name]  # it is no operation of the house, whose tests count those


async def perform_several(house: House, customer: CustomerId, steps: Sequence[Step], key: str) -> tuple[Any, ...]:
    """What came of each step, all of them performed as one operation of the house itself."""
    command = Several(tuple(each.name for each, _ in steps), tuple(of for _, of in steps))
    return (await perform(house.db, _several, house.actor, customer, command, key)).outcome.parts
