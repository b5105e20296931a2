"""What a receipt says of a method, sealed as the rest of the document is once its customer was erased."""

import msgspec

from domain.database import Database
from domain.db import Tx
from domain.ids import CustomerId
from domain.payments.method import PaymentMethod
from domain.wire import canonical


async def seal_labels(tx: Tx) -> None:
    """Empties brand and digits of all the customer's methods, and keeps them sealed for the receipts that name them."""
    wrapped = await tx.fetchval(
        "SELECT wrapped FROM sealing_key WHERE shard_key = $1 AND customer_id = $2", tx.customer.shard, tx.customer.uuid
    )
    rows = await tx.fetch(
        "SELECT id, brand, last4 FROM payment_method WHERE shard_key = $1 AND customer_id = $2 ORDER BY id",
        tx.customer.shard,
        tx.customer.uuid,
    )
    for row in rows:
        sealed = tx.vault.seal(wrapped, canonical([row["brand"], row["last4"]]), tx.entropy)
        await tx.execute(
            """UPDATE payment_method SET brand = '', last4 = '', expires_year = NULL, expires_month = NULL,
                      label_sealed = $4
                WHERE shard_key = $1 AND customer_id = $2 AND id = $3""",
            tx.customer.shard, tx.customer.uuid, row["id"], sealed,
        )  # fmt: skip


async def label_of(db: Database, owner: CustomerId, method: PaymentMethod) -> tuple[str, str]:
    """Brand and last digits as they were; empty once nobody can open them any more."""
    row = await db.primary.fetchrow(
        """SELECT k.wrapped, m.label_sealed FROM payment_method m
             JOIN sealing_key k ON k.shard_key = m.shard_key AND k.customer_id = m.customer_id
            WHERE m.shard_key = $1 AND m.customer_id = $2 AND m.id = $3 AND m.label_sealed IS NOT NULL""",
        owner.shard,
        owner.uuid,
        method.id.uuid,
    )
    if row is None:
        return method.brand, method.last4
    brand, last4 = msgspec.json.decode(db.vault.open(row["wrapped"], row["label_sealed"]), type=tuple[str, str])
    return brand, last4
