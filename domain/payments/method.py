"""Payment methods: tokens at the provider, a default, never card data."""

from collections.abc import Sequence
from dataclasses import dataclass

from domain.actor import Grant
from domain.db import Primary, Row, Tx
from domain.ids import CustomerId, PaymentMethodId
from domain.operation import operation
from domain.payments.expiring import look_before_expiry
from domain.payments.provider_reference import Thing, claim_reference
from domain.portal_function import PortalFunction
from domain.refusals import RefusalCode, Refused
from domain.wire import learned, learned_since, personal

OWNERS = frozenset({Grant.PORTAL, Grant.SUPPORT, Grant.LEAD, Grant.ADMIN})


@dataclass(frozen=True, slots=True)
class PaymentMethod:
    """What people recognise of a stored method, and the provider's reference of it."""

    id: PaymentMethodId
    provider_account: str
    provider_ref: str
    kind: str
    brand: str
    last4: str
    expires: tuple[int, int] | None = None
    """Year and month after which it stops working; None: never, or nobody told."""


def _method(row: Row) -> PaymentMethod:
    return PaymentMethod(
        PaymentMethodId(row["shard_key"], row["id"]),
        row["provider_account"],
        row["provider_ref"],
        row["kind"],
        row["brand"],
        row["last4"],
        (row["expires_year"], row["expires_month"]) if row["expires_year"] else None,
    )


async def payment_methods(
    db: Primary, customer: CustomerId, ids: Sequence[PaymentMethodId] | None = None
) -> list[PaymentMethod]:
    """The customer's methods, oldest first: those in use, or those of the ids (removed ones too)."""
    rows = await db.fetch(
        """SELECT shard_key, id, provider_account, provider_ref, kind, brand, last4, expires_year, expires_month
             FROM payment_method
            WHERE shard_key = $1 AND customer_id = $2
              AND CASE WHEN $3::uuid[] IS NULL THEN removed_at IS NULL ELSE id = ANY ($3::uuid[]) END
            ORDER BY id""",
        customer.shard,
        customer.uuid,
        None if ids is None else [id.uuid for id in ids],
    )
    return [_method(row) for row in rows]


async def methods_in_order(db: Primary, customer: CustomerId) -> list[PaymentMethod]:
    """The customer's methods in the order in which they are tried: the default one, then its backups."""
    rows = await db.fetch(
        """SELECT m.shard_key, m.id, m.provider_account, m.provider_ref, m.kind, m.brand, m.last4, m.expires_year,
                  m.expires_month
             FROM payment_method m
             JOIN customer c ON c.shard_key = m.shard_key AND c.id = m.customer_id
            WHERE m.shard_key = $1 AND m.customer_id = $2 AND m.removed_at IS NULL
            ORDER BY (m.id = c.default_method_id) IS TRUE DESC, m.place, m.id DESC""",
        customer.shard,
        customer.uuid,
    )
    return [_method(row) for row in rows]


async def put_in_order(tx: Tx, order: Sequence[PaymentMethodId]) -> None:
    """Makes the first method the default and the others its backups, in that order; without any there is no default."""
    await tx.execute(
        """UPDATE payment_method m SET place = o.place
             FROM unnest($3::uuid[], $4::int[]) AS o (id, place)
            WHERE m.shard_key = $1 AND m.customer_id = $2 AND m.id = o.id""",
        tx.customer.shard,
        tx.customer.uuid,
        [id.uuid for id in order],
        list(range(len(order))),
    )
    await tx.execute(
        "UPDATE customer SET default_method_id = $3 WHERE shard_key = $1 AND id = $2",
        tx.customer.shard,
        tx.customer.uuid,
        order[0].uuid if order else None,
    )


async def default_method(db: Primary, customer: CustomerId) -> PaymentMethod:
    """The method that is charged; PAYMENT_METHOD_REQUIRED where the customer has none."""
    row = await db.fetchrow(
        """SELECT m.shard_key, m.id, m.provider_account, m.provider_ref, m.kind, m.brand, m.last4, m.expires_year,
                  m.expires_month
             FROM customer c
             JOIN payment_method m ON m.shard_key = c.shard_key AND m.id = c.default_method_id
            WHERE c.shard_key = $1 AND c.id = $2 AND m.removed_at IS NULL""",
        customer.shard,
        customer.uuid,
    )
    if row is None:
        raise Refused(RefusalCode.PAYMENT_METHOD_REQUIRED, "Add a payment method first.")
    return _method(row)


@dataclass(frozen=True, slots=True)
class StoreMethod:
    """A token of the provider's own form, and what the provider said of the method that it made of it."""

    provider_account: str
    token: str = personal()
    provider_ref: str = learned()
    kind: str = learned()
    brand: str = learned(personal=True)
    last4: str = learned(personal=True)
    expires: tuple[int, int] | None = learned_since()


@dataclass(frozen=True, slots=True)
class MethodStored:
    """The method, which is now the default."""

    method: PaymentMethodId


@operation("payments.store_method", allowed=OWNERS, function=PortalFunction.UPDATE_CARD)
async def store_method(tx: Tx, command: StoreMethod) -> MethodStored:
    """Stores the method and makes it the default, what was the default being its first backup; the same provider
    reference again is the same method. ALREADY_EXISTS where it is another customer's; PAYMENT_METHOD_REFUSED for one
    that was removed: the provider is told to forget it."""
    id = await tx.fetchval(
        """INSERT INTO payment_method (shard_key, id, customer_id, provider_account, provider_ref, kind, brand, last4,
               recorded_at, expires_year, expires_month)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT DO NOTHING RETURNING id""",
        tx.customer.shard, tx.new_uuid(), tx.customer.uuid, command.provider_account, command.provider_ref,
        command.kind, command.brand, command.last4, tx.recorded_at, *(command.expires or (None, None)),
    )  # fmt: skip
    if id is not None:
        await claim_reference(tx, Thing.METHOD, command.provider_account, command.provider_ref, id)
    else:
        id = await tx.fetchval(
            """UPDATE payment_method SET verified_at = $5, expires_year = $6, expires_month = $7
                WHERE shard_key = $1 AND customer_id = $2 AND provider_account = $3 AND provider_ref = $4
                  AND removed_at IS NULL
            RETURNING id""",
            tx.customer.shard, tx.customer.uuid, command.provider_account, command.provider_ref, tx.recorded_at,
            *(command.expires or (None, None)),
        )  # fmt: skip
        if id is None:
            message = "This payment method was removed: enter it again."
            raise Refused(RefusalCode.PAYMENT_METHOD_REFUSED, message, ("token",))
    method = PaymentMethodId(tx.customer.shard, id)
    await look_before_expiry(tx, method, command.expires)
    others = [each.id for each in await methods_in_order(tx, tx.customer) if each.id != method]
    await put_in_order(tx, [method, *others])
    tx.emit("method.stored", method=method)
    return MethodStored(method)
