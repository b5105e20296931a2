"""How a mutation of staff about one customer is performed and followed."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from api.graph.context import Info
from api.graph.outcome import OperationInfo, followed, performed
from api.graph.texts import id_of
from api.scalars import GlobalId
from domain.ids import CustomerId
from domain.operation import Operation

C = TypeVar("C")
O = TypeVar("O")  # noqa: E741 - command and outcome, as in domain/operation.py


@dataclass(frozen=True)
class Done(Generic[O]):
    """What came of it, for whom, and what the client keeps of it."""

    outcome: O
    customer: CustomerId
    operation: OperationInfo


async def by_staff(
    info: Info, operation: Operation[C, O], customer: GlobalId, command: Callable[[], C], key: str
) -> Done[O]:
    """Performs it for a customer of the tenant; Refused goes on, also one that reading the command raises."""
    info.context.staff_home()
    owner = id_of(CustomerId.parse, customer, "customerId")
    done = await performed(info, operation, owner, command(), key)
    return Done(done.outcome, owner, await followed(info, done, owner))
