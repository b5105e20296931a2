"""What a check of the town looks at: the rows as they are, the rows as they once were, and the provider's own books."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from tests.simulation.catalog_model import Offer
from tests.simulation.facts import Facts, Row
from tests.simulation.provider_books import Books, Charge
from tests.simulation.town import Town

OPEN_PAYMENT = frozenset({"processing", "requires_action", "unknown", "authorized"})
TAKEN_PAYMENT = frozenset({"captured", "settling", "succeeded"})


def reference(shard: int, prefix: str, id: UUID) -> str:
    """The house's reference at the provider."""
    number = int.from_bytes(shard.to_bytes(4, "big") + id.bytes, "big")
    digits = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32, which the id's text form is written in
    return f"{prefix}_" + "".join(digits[number >> 5 * place & 31] for place in reversed(range(32)))


@dataclass
class Memory:
    """What earlier steps saw, for what must never change; parsed audit bodies are kept too, since those never do.

    ``forgotten`` are operations that moved nothing and whose keys were deleted after their time, ``priced`` the lines
    whose price was looked at.
    """

    frozen: dict[tuple[Any, ...], tuple[Any, ...]] = field(default_factory=dict)
    bodies: dict[tuple[UUID, int], Any] = field(default_factory=dict)
    forgotten: set[UUID] = field(default_factory=set)
    priced: set[tuple[UUID, int]] = field(default_factory=set)


@dataclass
class Look:
    """One look at the town after a step."""

    town: Town
    memory: Memory

    @property
    def facts(self) -> Facts:
        """All rows."""
        return self.town.facts

    @property
    def books(self) -> Books:
        """What the provider really did."""
        return self.town.provider.books

    def offer(self, price: UUID) -> Offer:
        """The offer of a price, as the simulation published it."""
        return self.town.catalog.offer(price)

    def charges(self, payment: Row) -> list[Charge]:
        """What the provider did for a payment."""
        return self.books.charges_under(self.reference("payment", payment["id"]))

    def reference(self, prefix: str, id: UUID) -> str:
        """The house's reference at the provider."""
        return reference(self.town.shard, prefix, id)

    def audit_number(self, operation: UUID) -> int:
        """Where an operation stands in its customer's order."""
        number: int = self._numbers[operation]
        return number

    @property
    def _numbers(self) -> dict[UUID, int]:
        if "_by_operation" not in self.__dict__:
            rows = self.facts.rows["audit_entry"]
            self.__dict__["_by_operation"] = {row["operation_id"]: row["number"] for row in rows}
        found: dict[UUID, int] = self.__dict__["_by_operation"]
        return found

    def operation_names(self) -> dict[UUID, str]:
        """The name of every operation by its id."""
        return {row["operation_id"]: row["operation"] for row in self.facts.rows["operation_key"]}

    def transfers(self, customer: UUID, number: int) -> list[Row]:
        """The transfers of one ledger transaction."""
        return self.facts.of("ledger_transfer", customer_id=customer, number=number)

    def body(self, row: Row) -> Any:
        """The parsed body of an audit entry."""
        key = (row["customer_id"], row["number"])
        if key not in self.memory.bodies:
            self.memory.bodies[key] = json.loads(row["body"])
        return self.memory.bodies[key]


Check = Callable[[Look], Iterator[str]]
