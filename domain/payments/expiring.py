"""Cards that are about to expire: their customers are told once, a month before."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from domain import due
from domain.actor import Grant
from domain.db import Tx
from domain.ids import PaymentMethodId
from domain.operation import operation

EXPIRING = "method_expiring"  # the due work whose subject is a method
AHEAD = timedelta(days=30)  # a bank has sent the new card by then, and there is a renewal or none before it is needed
BELIEVED = timedelta(days=3653)  # no card is issued for ten years; a provider that says later means never


def expires_at(expires: tuple[int, int]) -> datetime:
    """The first instant at which a method of that year and month works no more, by the calendar of UTC."""
    year, month = expires
    return datetime(year + month // 12, month % 12 + 1, 1, tzinfo=UTC)


async def look_before_expiry(tx: Tx, method: PaymentMethodId, expires: tuple[int, int] | None) -> None:
    """Makes the word about it due; nothing for a method that does not expire, or has."""
    if expires is None or not tx.now < expires_at(expires) <= tx.now + BELIEVED:
        await due.finish(tx, EXPIRING, method.uuid)
        return
    await due.schedule(tx, EXPIRING, method.uuid, max(tx.now, expires_at(expires) - AHEAD))


@dataclass(frozen=True, slots=True)
class TellOfExpiry:
    """A method that will expire soon."""

    method: PaymentMethodId


@dataclass(frozen=True, slots=True)
class ExpiryTold:
    """Whether it was still in use, so that it was told."""

    told: bool


@operation("payments.tell_of_expiry", allowed=frozenset({Grant.SYSTEM}))
async def tell_of_expiry(tx: Tx, command: TellOfExpiry) -> ExpiryTold:
    """Tells of it by an event, once, while the method is in use."""
    await due.finish(tx, EXPIRING, command.method.uuid)
    used = await tx.fetchval(
        "SELECT id FROM payment_method WHERE shard_key = $1 AND customer_id = $2 AND id = $3 AND removed_at IS NULL",
        tx.customer.shard, tx.customer.uuid, command.method.uuid,
    )  # fmt: skip
    if used is not None:
        tx.emit("payment_method.expiring", method=command.method)
    return ExpiryTold(used is not None)
