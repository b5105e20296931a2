"""What a check of the town looks at: the rows as they are, the rows as they once were, and the provider's own books."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from uuid import UUID

import msgspec

from tests.simulation.catalog_model import Offer
from tests.simulation.facts import Facts, Row
from tests.simulation.kept import Change
from tests.simulation.provider_books import Books, Charge
from tests.simulation.town import Town

OPEN_PAYMENT = frozenset({"processing", "requires_action", "unknown", "authorized"})
LIVING_CASE = frozenset({"retrying", "grace", "suspended"})
TAKEN_PAYMENT = frozenset({"captured", "settling", "succeeded"})


@lru_cache(maxsize=100_000)  # more than one run has
def reference(shard: int, prefix: str, id: UUID) -> str:
    """The house's reference at the provider."""
    number = int.from_bytes(shard.to_bytes(4, "big") + id.bytes, "big")
    digits = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32, which the id's text form is written in
    return f"{prefix}_" + "".join(digits[number >> 5 * place & 31] for place in reversed(range(32)))


@dataclass
class Memory:
    """What earlier steps saw and need not look at again; parsed audit bodies are kept too, since they never change.

    ``forgotten`` are operations that moved nothing and whose keys were deleted after their time, ``seen`` the rows that
    a check asked for when it last held of a customer. ``keys`` are those that operations have, ``news`` the row of each
    event of the provider.
    """

    bodies: dict[tuple[UUID, int], Any] = field(default_factory=dict)
    forgotten: set[UUID] = field(default_factory=set)
    seen: dict[tuple[object, UUID], dict[str, list[Row]]] = field(default_factory=dict)
    keys: set[tuple[object, ...]] = field(default_factory=set)
    news: dict[tuple[str, str], str] = field(default_factory=dict)
    held: Counter[str] = field(default_factory=Counter)  # how often each check was made
    noticed: Counter[str] = field(default_factory=Counter)  # and which noticed a fault that was planted for it


@dataclass
class Look:
    """One look at the town after a step: the rows of one customer or of all, and what was written since the last."""

    town: Town
    memory: Memory
    facts: Facts
    changes: Sequence[Change] = ()
    whole: bool = False

    def fresh(self, table: str) -> Iterator[Row]:
        """The rows that were written since the last look; all of them in a look at the whole."""
        if self.whole:
            yield from self.facts.rows[table]
        else:
            yield from (each.after for each in self.changes if each.table == table and each.after is not None)

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
        return self.facts.audit_number(operation)

    def operation_names(self) -> dict[UUID, str]:
        """The name of every operation by its id."""
        return self.facts.made_of(
            "operation_key", "names", lambda rows: {row["operation_id"]: row["operation"] for row in rows}
        )

    def transfers(self, customer: UUID, number: int) -> list[Row]:
        """The transfers of one ledger transaction."""
        return self.facts.of("ledger_transfer", customer_id=customer, number=number)

    def body(self, row: Row) -> Any:
        """The parsed body of an audit entry."""
        key = (row["customer_id"], row["number"])
        if key not in self.memory.bodies:
            self.memory.bodies[key] = msgspec.json.decode(row["body"])
        return self.memory.bodies[key]


Check = Callable[[Look], Iterator[str]]
