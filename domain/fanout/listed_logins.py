"""The directory of logins, read for all who arrive at once: each login stands where its own hash puts it."""

from collections.abc import Sequence

from domain.db import Primary
from domain.ids import CustomerId, CustomerUserId
from domain.tenants.access import Listed, LoginRow


async def listed_logins(db: Primary, asked: Sequence[LoginRow]) -> list[Listed | None]:
    """Whose user each login is at its tenant, active or not, in their order; None where it is nobody's.

    It says where to look and nothing of whether somebody may come in, which is read with the customer.
    """
    rows = await db.fetch(
        """-- fanout
           SELECT login_key, tenant_id, shard_key, customer_id, user_id FROM login_directory
            WHERE login_key = ANY ($1::text[]) AND tenant_id = ANY ($2::uuid[])
            ORDER BY login_key""",
        [each.key for each in asked],
        list({each.tenant.uuid for each in asked}),
    )
    found = {
        (row["login_key"], row["tenant_id"]): Listed(
            CustomerId(row["shard_key"], row["customer_id"]), CustomerUserId(row["shard_key"], row["user_id"])
        )
        for row in rows
    }
    return [found.get((each.key, each.tenant.uuid)) for each in asked]
