"""Whose a provider's object is: what an account calls by one name is one customer's, whatever the shard key."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from domain.db import Primary, Tx
from domain.ids import CustomerId, TenantId
from domain.refusals import RefusalCode, Refused


class Thing(StrEnum):
    """What a provider has a name for."""

    PAYMENT = "payment"
    REFUND = "refund"
    DISPUTE = "dispute"
    METHOD = "method"


@dataclass(frozen=True, slots=True)
class Named:
    """The customer and the row that a provider's name stands for."""

    customer: CustomerId
    subject: UUID


async def claim_reference(tx: Tx, thing: Thing, account: str, reference: str, subject: UUID) -> None:
    """Makes the name the row's, for good; ALREADY_EXISTS where it is another's, of this customer or of any other."""
    before, tx.many_keys_reason = tx.many_keys_reason, "a provider's name is one customer's, whoever that is"
    new = await tx.fetchval(
        """INSERT INTO provider_reference (provider_ref, provider_account, kind, tenant_id, shard_key, customer_id,
               subject_id, recorded_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING RETURNING subject_id""",
        reference, account, thing.value, tx.head.tenant.uuid, tx.customer.shard, tx.customer.uuid, subject,
        tx.recorded_at,
    )  # fmt: skip
    known = None if new is not None else await named(tx, thing, account, reference)
    tx.many_keys_reason = before
    if known is not None and known != Named(tx.customer, subject):
        message = f"The provider calls another {thing.value} by this reference."
        raise Refused(RefusalCode.ALREADY_EXISTS, message, ("reference",))


async def named(db: Primary, thing: Thing, account: str, reference: str) -> Named | None:
    """What the account calls so, or None."""
    row = await db.fetchrow(
        """SELECT shard_key, customer_id, subject_id FROM provider_reference
            WHERE provider_ref = $1 AND provider_account = $2 AND kind = $3""",
        reference,
        account,
        thing.value,
    )
    return Named(CustomerId(row["shard_key"], row["customer_id"]), row["subject_id"]) if row else None


async def all_named(db: Primary, tenant: TenantId, thing: Thing, reference: str) -> Sequence[Named]:
    """The tenant's things of that name at any of its accounts."""
    rows = await db.fetch(
        """SELECT shard_key, customer_id, subject_id FROM provider_reference
            WHERE provider_ref = $1 AND kind = $2 AND tenant_id = $3 ORDER BY subject_id""",
        reference,
        thing.value,
        tenant.uuid,
    )
    return [Named(CustomerId(row["shard_key"], row["customer_id"]), row["subject_id"]) for row in rows]
