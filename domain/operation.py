"""An operation: what one run of the door does, who may ask for it, and how long its key is kept."""

import typing
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Generic, TypeVar

from domain.actor import Grant
from domain.db import Tx
from domain.ids import OperationId
from domain.portal_function import PortalFunction

C = TypeVar("C")
O = TypeVar("O")  # noqa: E741 - command and outcome, as in every signature of the door

OPERATIONS: dict[str, "Operation[typing.Any, typing.Any]"] = {}

# Told after each operation: its name, what came of it (done, replayed, or the refusal), and how long it took.
observers: list[Callable[[str, str, timedelta], None]] = []
# Told when a call's key was taken: how long it waited for the call that has it.
key_observers: list[Callable[[timedelta], None]] = []
# Told of each committed move: the machine, and the state that it led to.
move_observers: list[Callable[[str, str], None]] = []


def tell_moves(tx: Tx) -> None:
    """Tells the observers what a transaction moved; called once, after its commit."""
    for change in tx.notes.changes:
        for observer in move_observers:
            observer(change["machine"], change["after"])


@dataclass(frozen=True)
class Operation(Generic[C, O]):
    """``run`` works inside the door's transaction and may be called by another operation of the same customer."""

    name: str
    command: type[C]
    outcome: type[O]
    run: Callable[[Tx, C], Awaitable[O]] = field(hash=False)
    allowed: frozenset[Grant]
    moves_money: bool
    founding: bool
    function: PortalFunction | None = None
    destroys: bool = False
    begins: bool = False

    def __post_init__(self) -> None:
        assert self.name not in OPERATIONS, self.name
        OPERATIONS[self.name] = self


@dataclass(frozen=True, slots=True)
class Performed(Generic[O]):
    """What came of it: the outcome, the operation's id, and whether it was done now or earlier under the same key."""

    outcome: O
    operation: OperationId
    replayed: bool


def operation(
    name: str,
    *,
    allowed: frozenset[Grant],
    moves_money: bool = False,
    founding: bool = False,
    function: PortalFunction | None = None,
    destroys: bool = False,
    begins: bool = False,
) -> Callable[[Callable[[Tx, C], Awaitable[O]]], Operation[C, O]]:
    """Makes an operation of a function ``(tx, command) -> outcome``; both are frozen dataclasses on the wire.

    ``moves_money`` keeps the key for ever; ``founding`` says that the customer does not exist before it;
    ``function`` is what a tenant may switch off for its customers; ``destroys`` says that nothing brings back what it
    takes away, data or a month of the books, so that it asks staff for the same fresh sign-in as money does; ``begins``
    that it begins something new with the customer, which is refused once that was erased.
    """

    def made(run: Callable[[Tx, C], Awaitable[O]]) -> Operation[C, O]:
        hints = typing.get_type_hints(run)
        return Operation(
            name, hints["command"], hints["return"], run, allowed, moves_money, founding, function, destroys, begins
        )

    return made
