"""The provider's references that staff type: each names one payment of an account, whoever's it is."""

import hashlib

from domain.db import Tx
from domain.payments.payment import Payment
from domain.payments.provider_reference import Named, Thing, named
from domain.refusals import RefusalCode, Refused


async def take_reference(tx: Tx, of: Payment, reference: str) -> None:
    """Keeps the reference for the payment; INVALID_INPUT where another one has it.

    Seen are what staff typed for any customer, and what the provider calls payments that stand beside this one; the
    door looks at those of all customers.
    """
    if of.provider_ref == reference:
        return
    beside = await tx.fetchval(
        """SELECT id FROM payment
            WHERE shard_key = $1 AND tenant_id = $2 AND provider_ref = $3 AND provider_account = $4 AND id <> $5
            LIMIT 1""",
        of.id.shard,
        tx.head.tenant.uuid,
        reference,
        of.provider_account,
        of.id.uuid,
    )
    known = await _known(tx, of, reference)
    if known is not None and known != Named(tx.customer, of.id.uuid):
        raise of_another()
    if beside is not None or await _keeper(tx, of, reference) != of.id.uuid:
        raise of_another()


def of_another() -> Refused:
    """The refusal of a reference that another payment has."""
    message = "The provider calls another payment by this reference; look again."
    return Refused(RefusalCode.INVALID_INPUT, message, ("reference",))


async def _known(tx: Tx, of: Payment, reference: str) -> Named | None:
    tx.many_keys_reason = "a reference is one payment's in a tenant, whoever's it is"
    return await named(tx, Thing.PAYMENT, of.provider_account, reference)


async def _keeper(tx: Tx, of: Payment, reference: str) -> object:
    """The payment that the reference was typed for first, in the directory of what staff typed."""
    tx.many_keys_reason = "a reference is one payment's in a tenant, whoever's it is"
    key = hashlib.sha256(f"provider|{of.provider_account}|{reference}".encode()).hexdigest()
    await tx.execute(
        """INSERT INTO offline_reference (reference_key, tenant_id, shard_key, customer_id, payment_id, recorded_at)
           VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING""",
        key, tx.head.tenant.uuid, tx.customer.shard, tx.customer.uuid, of.id.uuid, tx.recorded_at,
    )  # fmt: skip
    return await tx.fetchval(
        "SELECT payment_id FROM offline_reference WHERE reference_key = $1 AND tenant_id = $2",
        key,
        tx.head.tenant.uuid,
    )
