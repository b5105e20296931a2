"""The directory of logins, read by whose they are: it stands apart, by what identity providers call people."""

from domain.db import Primary
from domain.ids import CustomerId, TenantId
from domain.tenants.access import LoginRow


async def logins_of(db: Primary, customer: CustomerId) -> list[LoginRow]:
    """All logins of the customer."""
    rows = await db.fetch(
        """-- fanout
           SELECT login_key, tenant_id FROM login_directory
            WHERE tenant_id = (SELECT tenant_id FROM customer_head WHERE shard_key = $1 AND customer_id = $2)
              AND shard_key = $1 AND customer_id = $2
            ORDER BY login_key""",
        customer.shard,
        customer.uuid,
    )
    return [LoginRow(row["login_key"], TenantId(row["tenant_id"])) for row in rows]
