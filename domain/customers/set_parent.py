"""Putting a customer under a parent, under another one, or under none any more.

No cycle and no fourth level can come about: every change of a legal entity's families waits for the head of its house
customer, and looks at the chains above and below only then.
"""

from dataclasses import dataclass
from datetime import datetime

from domain.actor import Grant
from domain.customers.customer import customer
from domain.customers.family import MAX_CHILDREN, MAX_LEVELS, ancestors, count_children, height_of, parent_of
from domain.db import Tx
from domain.ids import CustomerId
from domain.operation import operation
from domain.refusals import RefusalCode, Refused
from domain.tenants.tenant import legal_entities

_PATH = ("parentCustomerId",)


@dataclass(frozen=True, slots=True)
class SetParent:
    """The parent from now on; None: it stands alone."""

    parent: CustomerId | None


@dataclass(frozen=True, slots=True)
class ParentSet:
    """Whose child it is now, and whose it was until now."""

    parent: CustomerId | None
    before: CustomerId | None


@operation("customers.set_parent", allowed=frozenset({Grant.SYSTEM, Grant.LEAD, Grant.FINANCE, Grant.ADMIN}))
async def set_parent(tx: Tx, command: SetParent) -> ParentSet:
    """NOT_FOUND for no customer of the tenant; CURRENCY_MISMATCH for one billed in another currency; STATE_CONFLICT for
    one of another legal entity, for what is so already, where it would stand under itself, on a fourth level, or
    beside too many others, and where one of the two was erased."""
    tx.many_keys_reason = "a family's relation stands under the child's key and the parent's, behind the house's head"
    if tx.head.kind == "house":
        raise Refused(RefusalCode.NOT_FOUND, "There is no such customer.", ("customerId",))
    await _wait_for_others(tx)
    before = await parent_of(tx, tx.customer)
    if command.parent == before:
        raise _conflict("The customer has this parent already." if before else "The customer has no parent.")
    if command.parent is not None:
        await _check(tx, command.parent)
    if before is not None:
        await _end(tx, before)
    if command.parent is not None:
        await _begin(tx, command.parent)
    named = {"parent": command.parent, "before": before}
    tx.emit("customer.parent_set", **{name: id for name, id in named.items() if id is not None})
    return ParentSet(command.parent, before)


def _conflict(message: str) -> Refused:
    return Refused(RefusalCode.STATE_CONFLICT, message, _PATH)


async def _wait_for_others(tx: Tx) -> None:
    """Changes of one legal entity's families come one after the other."""
    entities = await legal_entities(tx, tx.head.tenant)
    house = next(entity.house for entity in entities if entity.id == tx.head.legal_entity)
    await tx.fetchval(
        "SELECT customer_id FROM customer_head WHERE shard_key = $1 AND customer_id = $2 FOR UPDATE",
        house.shard,
        house.uuid,
    )


async def _check(tx: Tx, parent: CustomerId) -> None:
    own = await customer(tx, tx.head.tenant, tx.customer)
    try:
        other = await customer(tx, tx.head.tenant, parent)
    except Refused as refused:
        raise Refused(refused.code, refused.message, _PATH) from None
    if own.erased or other.erased:
        raise _conflict("A customer that was erased is put under no other, and none under it.")
    if other.legal_entity != own.legal_entity:
        raise _conflict("A family is billed by one legal entity.")
    if other.currency != own.currency:
        raise Refused(RefusalCode.CURRENCY_MISMATCH, f"This customer is billed in {own.currency}.", _PATH)
    above = await ancestors(tx, parent)
    if tx.customer in (parent, *above):
        raise _conflict("A customer cannot stand under itself.")
    if len(above) + 1 + await height_of(tx, tx.customer) >= MAX_LEVELS:
        raise _conflict(f"A family has at most {MAX_LEVELS} levels.")
    if await count_children(tx, parent, MAX_CHILDREN) >= MAX_CHILDREN:
        raise _conflict(f"A customer has at most {MAX_CHILDREN} children.")


async def _end(tx: Tx, parent: CustomerId) -> None:
    until = await _not_before_it_began(tx)
    await tx.execute(
        "UPDATE customer_parent SET until_at = $3 WHERE shard_key = $1 AND customer_id = $2 AND until_at IS NULL",
        tx.customer.shard,
        tx.customer.uuid,
        until,
    )
    await tx.execute(
        """UPDATE customer_child SET until_at = $4
            WHERE shard_key = $1 AND customer_id = $2 AND child_id = $3 AND until_at IS NULL""",
        parent.shard,
        parent.uuid,
        tx.customer.uuid,
        until,
    )


async def _not_before_it_began(tx: Tx) -> datetime:
    """Now; a wall clock that was set back ends the span where it began."""
    began: datetime = await tx.fetchval(
        "SELECT since_at FROM customer_parent WHERE shard_key = $1 AND customer_id = $2 AND until_at IS NULL",
        tx.customer.shard,
        tx.customer.uuid,
    )
    return max(began, tx.now)


async def _begin(tx: Tx, parent: CustomerId) -> None:
    seq = await tx.fetchval(
        "SELECT coalesce(max(seq), 0) + 1 FROM customer_parent WHERE shard_key = $1 AND customer_id = $2",
        tx.customer.shard,
        tx.customer.uuid,
    )
    await tx.execute(
        """INSERT INTO customer_parent (shard_key, customer_id, seq, parent_shard_key, parent_id, since_at, recorded_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7)""",
        tx.customer.shard, tx.customer.uuid, seq, parent.shard, parent.uuid, tx.now, tx.recorded_at,
    )  # fmt: skip
    await tx.execute(
        """INSERT INTO customer_child (shard_key, customer_id, child_id, child_shard_key, seq, since_at, recorded_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7)""",
        parent.shard, parent.uuid, tx.customer.uuid, tx.customer.shard, seq, tx.now, tx.recorded_at,
    )  # fmt: skip
