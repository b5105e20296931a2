"""Erasures that are due: by time, at the end of retention, and of what stands around the customer's own rows."""

from domain import due
from domain.due import Due
from domain.fanout.logins import logins_of
from domain.fanout.provider_events import events_about
from domain.ids import CustomerId, ErasureId
from domain.inbox import forget_body
from domain.privacy.carry_out import DestroyKey, EraseInTime, destroy_key, erase_in_time
from domain.privacy.erasure import DESTROY_KEY, ERASE, FORGET_AROUND
from domain.reactions.due_operation import performs
from domain.reactions.house import House
from domain.tenants.access import free_login


async def forget_around(house: House, work: Due) -> None:
    """Makes the customer's logins free for others, and deletes the bodies of the provider's events about it.

    No user of an erased customer signs in meanwhile; what the events changed is in our own rows. One that nobody has
    read yet may tell of money: its body goes as soon as it is done with, as that of one which comes later still.
    """
    for login in await logins_of(house.db.primary, work.customer):
        await free_login(house.db.marks, work.customer, login)
    for account, references in (await known_as(house, work.customer)).items():
        for key in await events_about(house.db.primary, account, references):
            await forget_body(house.db.marks, key)
    await due.discard(house.db.marks, work)


async def known_as(house: House, customer: CustomerId) -> dict[str, set[str]]:
    """By provider account, what the provider calls the customer's payments, refunds, disputes and methods."""
    rows = await house.db.primary.fetch(
        """SELECT provider_account, provider_ref AS reference FROM payment
            WHERE shard_key = $1 AND customer_id = $2 AND provider_ref IS NOT NULL
           UNION ALL
           SELECT provider_account, provider_key FROM payment WHERE shard_key = $1 AND customer_id = $2
           UNION ALL
           SELECT p.provider_account, r.provider_ref FROM refund r
             JOIN payment p ON p.shard_key = r.shard_key AND p.id = r.payment_id
            WHERE r.shard_key = $1 AND r.customer_id = $2 AND r.provider_ref IS NOT NULL
           UNION ALL
           SELECT provider_account, provider_ref FROM dispute WHERE shard_key = $1 AND customer_id = $2
           UNION ALL
           SELECT provider_account, provider_ref FROM payment_method WHERE shard_key = $1 AND customer_id = $2""",
        customer.shard,
        customer.uuid,
    )
    found: dict[str, set[str]] = {}
    for row in rows:
        found.setdefault(row["provider_account"], set()).add(row["reference"])
    return found


HANDLERS = {
    ERASE: performs(ErasureId, erase_in_time, EraseInTime),
    DESTROY_KEY: performs(ErasureId, destroy_key, DestroyKey),
    FORGET_AROUND: forget_around,
}
