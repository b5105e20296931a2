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
    storing one again. An attempt that ended softly puts nothing right: it may have ended before this one was told."""
    rows = await db.fetch(
        """SELECT m.id
             FROM payment_method m
            WHERE m.shard_key = $1 AND m.customer_id = $2 AND m.removed_at IS NULL
              AND EXISTS (SELECT 1 FROM payment d
                           WHERE d.shard_key = m.shard_key AND d.customer_id = m.customer_id AND d.method_id = m.id
                             AND d.state = 'failed' AND (d.failure_hard OR d.failure_code = ANY ($3::text[]))
                             AND (m.verified_at IS NULL OR d.recorded_at > m.verified_at)
                             AND NOT EXISTS (SELECT 1 FROM payment s
                                              WHERE s.shard_key = d.shard_key AND s.customer_id = d.customer_id
                                                AND s.method_id = d.method_id AND s.id > d.id
                                                AND s.state IN ('captured', 'settling', 'succeeded')))""",
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
