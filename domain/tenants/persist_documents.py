"""Documents become trusted, and are retired after a notice."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from domain.actor import Grant
from domain.db import Tx
from domain.operation import operation
from domain.refusals import RefusalCode, Refused
from domain.tenants.access import is_partner
from domain.tenants.trusted_document import HASHED, PORTAL, STAFF, client_of, hash_of, notice_days

MOST_AT_ONCE: Final = 50  # documents of one operation: its entry in the audit trail holds their texts
MOST_OF_ONE_OWNER: Final = 5_000  # a large app's, over many releases
MOST_OF_A_PARTNER: Final = 500  # all of them are read to tell a partner what goes when
LONGEST: Final = 131_072  # characters of a text: what the door reads of a trusted one
_ID: Final = re.compile(r"[A-Za-z0-9._:+/=-]{1,128}")  # hex and base64 hashes, Relay's numbers, names of people's own
_ADMINS: Final = frozenset({Grant.SYSTEM, Grant.ADMIN})


@dataclass(frozen=True, slots=True)
class NewDocument:
    """A document by the id that clients will name it by."""

    id: str
    name: str
    text: str


@dataclass(frozen=True, slots=True)
class PersistDocuments:
    """Documents of ``portal``, of ``staff`` or of ``partner:<client id>``."""

    owner: str
    documents: tuple[NewDocument, ...]


@dataclass(frozen=True, slots=True)
class DocumentsPersisted:
    """The ids that are new; the others were there already."""

    added: tuple[str, ...]


@operation("tenants.persist_documents", allowed=_ADMINS)
async def persist_documents(tx: Tx, command: PersistDocuments) -> DocumentsPersisted:
    """Runs under the tenant's house; the caller has checked that each document fits the schema.

    ALREADY_EXISTS for an id that stands for another text: an id never changes its meaning. NOT_FOUND for a partner that
    is not let in, INVALID_INPUT for ids and texts of another shape, STATE_CONFLICT beyond 5,000 documents,
    500 of a partner.
    """
    await _require_owner(tx, command.owner)
    _require_shape(command.documents)
    rows = await tx.fetch(
        """INSERT INTO trusted_document (tenant_id, owner, document_id, name, body, text_hash, recorded_at)
           SELECT $1, $2, u.id, u.name, u.body, u.hash, $7
             FROM unnest($3::text[], $4::text[], $5::text[], $6::text[]) AS u (id, name, body, hash)
           ON CONFLICT (tenant_id, owner, document_id) DO NOTHING RETURNING document_id""",
        tx.head.tenant.uuid, command.owner,
        [each.id for each in command.documents], [each.name for each in command.documents],
        [each.text for each in command.documents], [hash_of(each.text) for each in command.documents],
        tx.recorded_at,
    )  # fmt: skip
    added = {row["document_id"] for row in rows}
    await _require_same(tx, command.owner, [each for each in command.documents if each.id not in added])
    await _require_room(tx, command.owner)
    return DocumentsPersisted(tuple(each.id for each in command.documents if each.id in added))


async def _require_owner(tx: Tx, owner: str) -> None:
    client = client_of(owner)
    if owner not in (PORTAL, STAFF) and not client:
        message = "Documents belong to portal, to staff or to partner:<client id>."
        raise Refused(RefusalCode.INVALID_INPUT, message, ("owner",))
    if client and not await is_partner(tx, tx.head.tenant, client):
        raise Refused(RefusalCode.NOT_FOUND, "There is no such partner.", ("owner",))


def _require_shape(documents: tuple[NewDocument, ...]) -> None:
    if not 1 <= len(documents) <= MOST_AT_ONCE or len({each.id for each in documents}) < len(documents):
        message = f"Name 1 to {MOST_AT_ONCE} documents, each by an id of its own."
        raise Refused(RefusalCode.INVALID_INPUT, message, ("documents",))
    for each in documents:
        if not _ID.fullmatch(each.id) or not each.text.strip() or len(each.text) > LONGEST:
            message = "A document has an id of at most 128 letters, digits or . _ : + / = - and a text."
            raise Refused(RefusalCode.INVALID_INPUT, message, ("documents",))
        # Who sends such an id asks for the text of that hash, so another text would never be found by it.
        if each.id.startswith(HASHED) and each.id != HASHED + hash_of(each.text):
            message = f"{each.id} says the hash of another text: it is {HASHED}{hash_of(each.text)}."
            raise Refused(RefusalCode.INVALID_INPUT, message, ("documents",))


async def _require_same(tx: Tx, owner: str, known: list[NewDocument]) -> None:
    rows = await tx.fetch(
        """SELECT document_id, text_hash FROM trusted_document
            WHERE tenant_id = $1 AND owner = $2 AND document_id = ANY ($3)""",
        tx.head.tenant.uuid,
        owner,
        [each.id for each in known],
    )
    stored = {row["document_id"]: row["text_hash"] for row in rows}
    for each in known:
        if stored[each.id] != hash_of(each.text):
            message = f"{each.id} stands for another text already: give the new text an id of its own."
            raise Refused(RefusalCode.ALREADY_EXISTS, message, ("documents",))


async def _require_room(tx: Tx, owner: str) -> None:
    count = await tx.fetchval(
        "SELECT count(*) FROM trusted_document WHERE tenant_id = $1 AND owner = $2", tx.head.tenant.uuid, owner
    )
    most = MOST_OF_A_PARTNER if client_of(owner) else MOST_OF_ONE_OWNER
    if count > most:
        message = f"There is room for {most} documents."
        raise Refused(RefusalCode.STATE_CONFLICT, message, ("documents",))


@dataclass(frozen=True, slots=True)
class RetireDocuments:
    """From ``at`` on these ids are not found any more."""

    owner: str
    ids: tuple[str, ...]
    at: datetime


@dataclass(frozen=True, slots=True)
class DocumentsRetiring:
    """What goes, and when."""

    ids: tuple[str, ...]
    at: datetime


@operation("tenants.retire_documents", allowed=_ADMINS)
async def retire_documents(tx: Tx, command: RetireDocuments) -> DocumentsRetiring:
    """Announces it: to the partner in its contract and its answers, to the tenant's systems as document.retiring.

    INVALID_INPUT for a date that leaves a partner less than the tenant's notice, or that has passed; NOT_FOUND where an
    id is nobody's; STATE_CONFLICT for one that is gone already. A later date may be named afterwards.
    """
    notice = await notice_days(tx, tx.head.tenant) if client_of(command.owner) else 0
    if command.at < tx.recorded_at + timedelta(days=notice):
        message = f"It is announced {notice} days before, at the least." if notice else "That date has passed."
        raise Refused(RefusalCode.INVALID_INPUT, message, ("at",))
    rows = await tx.fetch(
        """UPDATE trusted_document SET announced_at = coalesce(announced_at, $4), retires_at = $5
            WHERE tenant_id = $1 AND owner = $2 AND document_id = ANY ($3)
              AND (retires_at IS NULL OR retires_at > $4) AND withdrawn_at IS NULL
        RETURNING document_id""",
        tx.head.tenant.uuid, command.owner, list(command.ids), tx.recorded_at, command.at,
    )  # fmt: skip
    if missing := set(command.ids) - {row["document_id"] for row in rows}:
        raise await _gone_already(tx, command.owner, min(missing), "retired", len(command.ids) > 1)
    for id in command.ids:
        tx.emit("document.retiring", owner=command.owner, document=id)
    return DocumentsRetiring(command.ids, command.at)


async def _gone_already(tx: Tx, owner: str, id: str, how: str, among_others: bool = False) -> Refused:
    """Says which one it is where several were named."""
    known = await tx.fetchval(
        "SELECT document_id FROM trusted_document WHERE tenant_id = $1 AND owner = $2 AND document_id = $3",
        tx.head.tenant.uuid,
        owner,
        id,
    )
    if known is None:
        which = f"document {id}" if among_others else "such document"
        return Refused(RefusalCode.NOT_FOUND, f"There is no {which}.", ("id",))
    return Refused(RefusalCode.STATE_CONFLICT, f"{id if among_others else 'It'} is {how} already.", ("id",))


@dataclass(frozen=True, slots=True)
class WithdrawDocument:
    """The document, and every other of its owner with the same text, must not run any more."""

    owner: str
    id: str


@dataclass(frozen=True, slots=True)
class DocumentsWithdrawn:
    """What does not run from that instant on."""

    ids: tuple[str, ...]
    at: datetime


@operation("tenants.withdraw_document", allowed=_ADMINS)
async def withdraw_document(tx: Tx, command: WithdrawDocument) -> DocumentsWithdrawn:
    """Without any notice, for good; each is told as document.withdrawn. NOT_FOUND; STATE_CONFLICT if it was before."""
    rows = await tx.fetch(
        """UPDATE trusted_document SET withdrawn_at = $4
            WHERE tenant_id = $1 AND owner = $2 AND withdrawn_at IS NULL AND text_hash = (
                  SELECT d.text_hash FROM trusted_document d
                   WHERE d.tenant_id = $1 AND d.owner = $2 AND d.document_id = $3 AND d.withdrawn_at IS NULL)
            RETURNING document_id""",
        tx.head.tenant.uuid, command.owner, command.id, tx.recorded_at,
    )  # fmt: skip
    if not rows:
        raise await _gone_already(tx, command.owner, command.id, "withdrawn")
    ids = tuple(sorted(row["document_id"] for row in rows))
    for id in ids:
        tx.emit("document.withdrawn", owner=command.owner, document=id)
    return DocumentsWithdrawn(ids, tx.recorded_at)


@dataclass(frozen=True, slots=True)
class SetDocumentNotice:
    """For how many days a partner knows beforehand that a document of its goes."""

    days: int


@operation("tenants.set_document_notice", allowed=_ADMINS)
async def set_document_notice(tx: Tx, command: SetDocumentNotice) -> SetDocumentNotice:
    """What is announced already keeps its date. INVALID_INPUT outside of 1 to 3,650 days."""
    if not 1 <= command.days <= 3650:
        raise Refused(RefusalCode.INVALID_INPUT, "A notice is 1 to 3650 days long.", ("days",))
    await tx.execute(
        """INSERT INTO document_policy (tenant_id, notice_days, recorded_at) VALUES ($1, $2, $3)
           ON CONFLICT (tenant_id) DO UPDATE SET notice_days = EXCLUDED.notice_days, recorded_at = EXCLUDED.recorded_at
        """,
        tx.head.tenant.uuid, command.days, tx.recorded_at,
    )  # fmt: skip
    return command
