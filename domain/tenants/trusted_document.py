"""Documents that a tenant's clients may send by id, and how long before one goes its partner is told."""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Final

from domain.db import Primary, Row
from domain.ids import TenantId

PORTAL: Final = "portal"
STAFF: Final = "staff"
NOTICE_DAYS: Final = 90  # a quarter: what a partner's release plan can take in
HASHED: Final = "sha256:"  # before the hash of a text, in a name of the document
_PARTNER: Final = "partner:"


def owner_of_partner(client_id: str) -> str:
    """The owner of the documents of one partner's program."""
    return _PARTNER + client_id


def client_of(owner: str) -> str | None:
    """The client id of a partner's program; None for the portal and the staff."""
    return owner.removeprefix(_PARTNER) if owner.startswith(_PARTNER) else None


@dataclass(frozen=True, slots=True)
class TrustedDocument:
    """A stored document; ``text_hash`` is the SHA-256 of its text in hex, which is a second name of it."""

    tenant: TenantId
    owner: str
    id: str
    name: str
    text: str
    text_hash: str
    recorded_at: datetime
    announced_at: datetime | None
    retires_at: datetime | None
    withdrawn_at: datetime | None


def hash_of(text: str) -> str:
    """The SHA-256 of a document in hex."""
    return sha256(text.encode()).hexdigest()


def _document(row: Row) -> TrustedDocument:
    return TrustedDocument(
        TenantId(row["tenant_id"]),
        row["owner"],
        row["document_id"],
        row["name"],
        row["body"],
        row["text_hash"],
        row["recorded_at"],
        row["announced_at"],
        row["retires_at"],
        row["withdrawn_at"],
    )


async def find_document(db: Primary, tenant: TenantId, owner: str, name: str) -> TrustedDocument | None:
    """The owner's document of that id, else one whose text has that hash: of several the one that stays longest."""
    row = await db.fetchrow(
        """SELECT tenant_id, owner, document_id, name, body, text_hash, recorded_at, announced_at, retires_at,
                  withdrawn_at
             FROM trusted_document
            WHERE tenant_id = $1 AND owner = $2 AND (document_id = $3 OR text_hash = $3)
            ORDER BY document_id = $3 DESC, withdrawn_at DESC NULLS FIRST, retires_at DESC NULLS FIRST, document_id
            LIMIT 1""",
        tenant.uuid,
        owner,
        name,
    )
    return _document(row) if row else None


async def documents_of(db: Primary, tenant: TenantId, owner: str, limit: int, after: str = "") -> list[TrustedDocument]:
    """The owner's documents in the order of their ids, those that are retired as well."""
    rows = await db.fetch(
        """SELECT tenant_id, owner, document_id, name, body, text_hash, recorded_at, announced_at, retires_at,
                  withdrawn_at
             FROM trusted_document
            WHERE tenant_id = $1 AND owner = $2 AND document_id > $4
            ORDER BY document_id LIMIT $3""",
        tenant.uuid,
        owner,
        limit,
        after,
    )
    return [_document(row) for row in rows]


async def count_documents(db: Primary, tenant: TenantId, owner: str, cap: int) -> int:
    """How many documents the owner has; counting stops at the cap."""
    count: int = await db.fetchval(
        """SELECT count(*) FROM (
               SELECT 1 FROM trusted_document WHERE tenant_id = $1 AND owner = $2 LIMIT $3) AS found""",
        tenant.uuid,
        owner,
        cap,
    )
    return count


async def all_documents(db: Primary, limit: int, after: TrustedDocument | None = None) -> list[TrustedDocument]:
    """Every tenant's documents, a page at a time."""
    rows = await db.fetch(
        """SELECT tenant_id, owner, document_id, name, body, text_hash, recorded_at, announced_at, retires_at,
                  withdrawn_at
             FROM trusted_document
            WHERE $2::uuid IS NULL OR (tenant_id, owner, document_id) > ($2, $3, $4)
            ORDER BY tenant_id, owner, document_id LIMIT $1""",
        limit,
        after.tenant.uuid if after else None,
        after.owner if after else "",
        after.id if after else "",
    )
    return [_document(row) for row in rows]


async def notice_days(db: Primary, tenant: TenantId) -> int:
    """For how many days a partner knows beforehand that a document of its goes."""
    days: int | None = await db.fetchval("SELECT notice_days FROM document_policy WHERE tenant_id = $1", tenant.uuid)
    return NOTICE_DAYS if days is None else days
