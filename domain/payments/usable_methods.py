"""Which of a customer's methods may be charged again: not one that was declined for good and not stood by since."""

from collections.abc import Sequence

from domain.db import Primary
from domain.ids import CustomerId, PaymentMethodId
from domain.payments.dispute import disputed_methods
from domain.payments.method import PaymentMethod, methods_in_order


async def barred_methods(db: Primary, customer: CustomerId, codes: Sequence[str]) -> set[PaymentMethodId]:
    """Those that were ``declined_for_good``, and those whose cardholder disputes a payment."""
    return await declined_for_good(db, customer, codes) | await disputed_methods(db, customer)


async def declined_for_good(db: Primary, customer: CustomerId, codes: Sequence[str]) -> set[PaymentMethodId]:
    """The methods with a hard decline, or one of these codes, that no success of a later attempt has put right, nor
    storing one again. An attempt that ended softly puts nothing right: it may have ended before this one was told.

    The last of such declines and successes tells, since ids sort as attempts were begun. To look for a success after
    each decline took seconds where a customer has hundreds of them and the planner expects few.
    """
    rows = await db.fetch(
        """SELECT m.id
             FROM (SELECT DISTINCT ON (p.method_id) p.shard_key, p.method_id, p.state, p.recorded_at
                     FROM payment p
                    WHERE p.shard_key = $1 AND p.customer_id = $2
                      AND (p.state IN ('captured', 'settling', 'succeeded')
                           OR (p.state = 'failed' AND (p.failure_hard OR p.failure_code = ANY ($3::text[]))))
                    ORDER BY p.method_id, p.id DESC) last
             JOIN payment_method m ON m.shard_key = last.shard_key AND m.id = last.method_id
            WHERE last.state = 'failed' AND m.removed_at IS NULL
              AND (m.verified_at IS NULL OR last.recorded_at > m.verified_at)""",
        customer.shard,
        customer.uuid,
        list(codes),
    )
    return {PaymentMethodId(customer.shard, row["id"]) for row in rows}


async def usable_methods(
    db: Primary, customer: CustomerId, default: PaymentMethodId | None, codes: Sequence[str], *, backups: bool
) -> list[PaymentMethod]:
    """The methods that may be charged now, in their order: with ``backups`` all, else the default one alone."""
    barred = await barred_methods(db, customer, codes)
    return [
        method
        for method in await methods_in_order(db, customer)
        if method.id not in barred and (backups or method.id == default)
    ]
