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
    """The methods whose newest outcome is a hard decline, or one of these codes, which storing one again frees."""
    rows = await db.fetch(
        """SELECT m.id
             FROM payment_method m
             JOIN LATERAL (SELECT p.state, p.failure_hard, p.failure_code, p.recorded_at FROM payment p
                            WHERE p.shard_key = m.shard_key AND p.customer_id = m.customer_id AND p.method_id = m.id
                              AND p.state IN ('failed', 'captured', 'settling', 'succeeded')
                            ORDER BY p.id DESC LIMIT 1) l ON true
            WHERE m.shard_key = $1 AND m.customer_id = $2 AND m.removed_at IS NULL AND l.state = 'failed'
              AND (l.failure_hard OR l.failure_code = ANY ($3::text[]))
              AND (m.verified_at IS NULL OR l.recorded_at > m.verified_at)""",
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
