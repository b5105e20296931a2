"""How often each registered text was sent, by whom, and when last; counted beside operations, so a crash loses some."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.db import Autocommit, Primary
from domain.ids import CustomerId, TenantId


@dataclass(frozen=True, slots=True)
class DocumentUse:
    """How often a text of an owner was sent, by its hash, and when last."""

    owner: str
    text_hash: str
    uses: int
    last_used_at: datetime


async def add_uses(marks: Autocommit, home: CustomerId, tenant: TenantId, uses: Sequence[DocumentUse]) -> None:
    """Adds what was counted to what is known, in one statement; ``home`` is the tenant's house."""
    await marks.execute(
        """INSERT INTO document_use AS d (shard_key, tenant_id, owner, text_hash, uses, last_used_at)
           SELECT $1, $2, u.owner, u.hash, u.uses, u.last_used_at
             FROM unnest($3::text[], $4::text[], $5::bigint[], $6::timestamptz[]) AS u (owner, hash, uses, last_used_at)
            ORDER BY u.owner, u.hash
           ON CONFLICT (shard_key, tenant_id, owner, text_hash) DO UPDATE SET uses = d.uses + EXCLUDED.uses,
               last_used_at = greatest(d.last_used_at, EXCLUDED.last_used_at)""",
        home.shard, tenant.uuid, [each.owner for each in uses], [each.text_hash for each in uses],
        [each.uses for each in uses], [each.last_used_at for each in uses],
    )  # fmt: skip


async def uses_of(
    db: Primary, home: CustomerId, tenant: TenantId, owner: str, hashes: Sequence[str]
) -> dict[str, DocumentUse]:
    """What is known of these texts, by hash; a text that was never sent is not there."""
    rows = await db.fetch(
        """SELECT owner, text_hash, uses, last_used_at FROM document_use
            WHERE shard_key = $1 AND tenant_id = $2 AND owner = $3 AND text_hash = ANY ($4)""",
        home.shard,
        tenant.uuid,
        owner,
        list(hashes),
    )
    return {
        row["text_hash"]: DocumentUse(row["owner"], row["text_hash"], row["uses"], row["last_used_at"]) for row in rows
    }
