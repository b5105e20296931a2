"""From what a customer has in hand to ours, over all shard keys of a tenant: an e-mail address, a document's number."""

from domain.db import Primary
from domain.ids import CustomerId, InvoiceId, TenantId

AT_MOST = 20  # customers of one address: a household or a bookkeeper has several, a desk reads no longer list


async def customers_of_email(db: Primary, tenant: TenantId, email: str) -> list[CustomerId]:
    """The tenant's customers whose documents go to the address, in capitals or not; those of the newest rows first."""
    rows = await db.fetch(
        """-- fanout
           SELECT h.shard_key, h.customer_id
             FROM billing_person p
             JOIN customer_head h ON h.shard_key = p.shard_key AND h.customer_id = p.customer_id
            WHERE lower(p.email) = lower($2) AND h.tenant_id = $1
            ORDER BY p.recorded_at DESC, h.customer_id LIMIT $3""",
        tenant.uuid,
        email,
        AT_MOST,
    )
    return [CustomerId(row["shard_key"], row["customer_id"]) for row in rows]


async def invoices_of_number(db: Primary, tenant: TenantId, number: str) -> list[tuple[CustomerId, InvoiceId]]:
    """The tenant's invoices of that human number; several where legal entities number alike."""
    rows = await db.fetch(
        """-- fanout
           SELECT shard_key, customer_id, id FROM invoice
            WHERE number_text = $2 AND tenant_id = $1 ORDER BY id LIMIT $3""",
        tenant.uuid,
        number,
        AT_MOST,
    )
    return [(CustomerId(row["shard_key"], row["customer_id"]), InvoiceId(row["shard_key"], row["id"])) for row in rows]
