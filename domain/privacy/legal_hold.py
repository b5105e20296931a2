"""Legal holds: while one is set, nothing of the customer is erased and no key of its documents is destroyed."""

from dataclasses import dataclass
from datetime import datetime

from domain import due
from domain.actor import Grant
from domain.db import Primary, Row, Tx
from domain.ids import CustomerId, LegalHoldId
from domain.operation import operation
from domain.privacy.erasure import DESTROY_KEY, ERASE, erasure_of, require_reason
from domain.refusals import RefusalCode, Refused


@dataclass(frozen=True, slots=True)
class LegalHold:
    """One hold; people are named as the audit trail names them."""

    id: LegalHoldId
    customer: CustomerId
    set_by: str
    reason: str
    set_at: datetime
    lifted_by: str | None
    lifted_why: str | None
    lifted_at: datetime | None


def hold_from(row: Row) -> LegalHold:
    """The hold of a row that selects all its columns."""
    return LegalHold(
        LegalHoldId(row["shard_key"], row["id"]), CustomerId(row["shard_key"], row["customer_id"]), row["set_by"],
        row["reason"], row["recorded_at"], row["lifted_by"], row["lifted_why"], row["lifted_at"],
    )  # fmt: skip


async def holds_of(db: Primary, customer: CustomerId) -> list[LegalHold]:
    """All holds of the customer, the newest first."""
    rows = await db.fetch(
        """SELECT shard_key, id, customer_id, set_by, reason, lifted_by, lifted_why, lifted_at, recorded_at
             FROM legal_hold WHERE shard_key = $1 AND customer_id = $2 ORDER BY id DESC""",
        customer.shard,
        customer.uuid,
    )
    return [hold_from(row) for row in rows]


async def is_held(db: Primary, customer: CustomerId) -> bool:
    """Whether a hold is set and not lifted."""
    found = await db.fetchval(
        "SELECT 1 FROM legal_hold WHERE shard_key = $1 AND customer_id = $2 AND lifted_at IS NULL",
        customer.shard,
        customer.uuid,
    )
    return found is not None


@dataclass(frozen=True, slots=True)
class SetLegalHold:
    """Whether the customer is held from now on, and why; the reason names nobody."""

    held: bool
    reason: str


@dataclass(frozen=True, slots=True)
class LegalHoldSet:
    """The hold that was set or lifted, and whether the customer is held now."""

    hold: LegalHoldId
    held: bool


@operation("privacy.set_legal_hold", allowed=frozenset({Grant.LEAD, Grant.FINANCE, Grant.ADMIN}))
async def set_legal_hold(tx: Tx, command: SetLegalHold) -> LegalHoldSet:
    """STATE_CONFLICT where it is so already; INVALID_INPUT for a reason that is none. Lifting makes due what waited."""
    require_reason(command.reason)
    return await (_set if command.held else _lift)(tx, command)


async def _set(tx: Tx, command: SetLegalHold) -> LegalHoldSet:
    if await is_held(tx, tx.customer):
        raise Refused(RefusalCode.STATE_CONFLICT, "This customer is on legal hold already.", ("held",))
    id = tx.new_id(LegalHoldId)
    await tx.execute(
        """INSERT INTO legal_hold (shard_key, id, tenant_id, customer_id, set_by, reason, recorded_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7)""",
        id.shard, id.uuid, tx.head.tenant.uuid, tx.customer.uuid, tx.actor.scope, command.reason, tx.recorded_at,
    )  # fmt: skip
    return LegalHoldSet(id, True)


async def _lift(tx: Tx, command: SetLegalHold) -> LegalHoldSet:
    lifted = await tx.fetchval(
        """UPDATE legal_hold SET lifted_by = $3, lifted_why = $4, lifted_at = $5
            WHERE shard_key = $1 AND customer_id = $2 AND lifted_at IS NULL RETURNING id""",
        tx.customer.shard, tx.customer.uuid, tx.actor.scope, command.reason, tx.recorded_at,
    )  # fmt: skip
    if lifted is None:
        raise Refused(RefusalCode.STATE_CONFLICT, "This customer is not on legal hold.", ("held",))
    await _go_on(tx)
    return LegalHoldSet(LegalHoldId(tx.customer.shard, lifted), False)


async def _go_on(tx: Tx) -> None:
    """Makes due again what the hold kept from being done."""
    of = await erasure_of(tx, tx.customer)
    if of is None:
        return
    if of.state.name == "asked" and of.erase_at is not None:
        await due.schedule(tx, ERASE, of.id.uuid, max(of.erase_at, tx.now))
    if of.state.name == "erased" and of.keep_until is not None:
        await due.schedule(tx, DESTROY_KEY, of.id.uuid, max(of.keep_until, tx.now))
