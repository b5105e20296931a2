"""What a partner can rely on: its documents and what each takes, its budget, and what goes when."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from enum import Enum
from typing import Final, cast

import strawberry

from api.audience import Audience
from api.bucket import CAPACITY, RESTORE_PER_SECOND
from api.connection import Connection, Keyset
from api.deprecations import Deprecation
from api.graph.arguments import After, First
from api.graph.context import Info
from api.library import Reckoned
from api.weigh import WORK
from domain.ids import TenantId
from domain.tenants.document_use import DocumentUse, uses_of
from domain.tenants.persist_documents import MOST_OF_A_PARTNER
from domain.tenants.tenant import home_of
from domain.tenants.trusted_document import (
    count_documents,
    documents_of,
    hash_of,
    notice_days,
    owner_of_partner,
)

Place = tuple[str]
NOTICES_MAX: Final = 100  # the soonest; who has more reads the documents themselves
ALL_DOCUMENTS: Final = {WORK: 50}  # every document of the partner is read for it
AT_A_STRETCH: Final = 10  # documents that are read before others have their turn: 20 ms


@strawberry.type(description="Something that a document asks for and that will be removed from the schema.")
class DeprecatedUse:
    """A use of a deprecated element."""

    field: str = strawberry.field(
        description="Type.field, Type.field(argument:), Enum.VALUE or Input.field; values in variables are not seen."
    )
    reason: str = strawberry.field(description="What to use instead, and the dates.")
    removed_after: date | None = strawberry.field(description="It answers until this day at the least.")

    @classmethod
    def of(cls, found: Deprecation) -> "DeprecatedUse":
        """As a document was read."""
        return cls(field=found.element, reason=found.reason, removed_after=found.removal)


@dataclass(frozen=True, slots=True)
class _Listed:
    id: str
    name: str
    text: str
    text_hash: str
    recorded_at: datetime | None
    retires_at: datetime | None
    withdrawn_at: datetime | None = None


@strawberry.type(description="A document that a partner may send by its id.")
class PartnerDocument:
    """A document and what it takes."""

    id: str = strawberry.field(description="What documentId holds; sha256: and the hash of the text does as well.")
    name: str = strawberry.field(description="Its name in the manifest, else those of its operations.")
    text: str = strawberry.field(description="The document.")
    cost: int = strawberry.field(description="Points that it takes at the most; a page size in a variable is 100.")
    fields: list[str] = strawberry.field(description="The fields that it asks for, as Type.field, sorted.")
    deprecated_uses: list[DeprecatedUse] = strawberry.field(description="What of it will be removed from the schema.")
    problems: list[str] = strawberry.field(description="Why it does not run; empty where it does.")
    uses: int = strawberry.field(description="How often this partner sent its text, complete to about a minute.")
    last_used_at: datetime | None = strawberry.field(description="When it was last sent; null if never.")
    registered_at: datetime | None = strawberry.field(
        description="When the tenant registered it; null for one that is part of the product."
    )
    retires_at: datetime | None = strawberry.field(description="From when on it is not found any more.")
    withdrawn_at: datetime | None = strawberry.field(description="Since when it does not run any more, for good.")


@strawberry.enum(description="What goes. More values may come.")
class ContractNoticeKind(Enum):
    """The kinds of notices."""

    RETIREMENT = strawberry.enum_value("RETIREMENT", description="The document: its id is not found any more.")
    REMOVAL = strawberry.enum_value("REMOVAL", description="Something it asks for: it will not run any more.")


@strawberry.type(description="What a partner has to see to, and until when.")
class ContractNotice:
    """A notice."""

    document_id: str = strawberry.field(description="The document.")
    kind: ContractNoticeKind = strawberry.field(description="What goes.")
    at: datetime = strawberry.field(description="When it goes, at the earliest.")
    use: DeprecatedUse | None = strawberry.field(description="What is removed; null where the document is retired.")


@strawberry.type(description="Points that a program may spend: every answer tells in extensions.cost what it took.")
class CallBudget:
    """A bucket."""

    limit: int = strawberry.field(description="Points that it holds at the most, and that one request may take.")
    left: int | None = strawberry.field(description="Points that it holds now; null where somebody else asks.")
    restores_per_second: int = strawberry.field(description="Points that come back each second.")


@strawberry.type(description="What a partner can rely on.")
class PartnerContract:
    """A partner's contract."""

    client: strawberry.Private[str]
    caller: strawberry.Private[str | None] = None
    """Whose bucket it is; None where somebody else asks."""

    @strawberry.field(description="The documents that the partner may send, by id; those that are retired as well.")
    async def documents(self, info: Info, first: First, after: After = None) -> Connection[PartnerDocument]:
        """A page of them."""
        context, owner = info.context, owner_of_partner(self.client)
        db, tenant = context.db.primary, context.tenant
        keys = Keyset("partnerDocuments", cast(type[Place], Place), context.rooms.cursors)
        wanted = keys.slice(f"{tenant}:{owner}", first, after)
        found = await _listed(info, self.client, wanted.fetch, wanted.after[0] if wanted.after else "")
        hashes = [each.text_hash for each in found]
        written = await uses_of(db, await home_of(db, tenant), tenant, owner, hashes)

        def shown(each: _Listed) -> PartnerDocument:
            counted = context.rooms.library.uses.waiting(tenant, owner, each.text_hash)
            return _document(each, _reckon(info, each), [written.get(each.text_hash), counted])

        async def count(cap: int) -> int:
            return len(_shipped(info)) + await count_documents(db, tenant, owner, cap)

        return keys.connection(wanted, found, lambda each: (each.id,), shown, count)

    @strawberry.field(description="What the partner's program may spend.")
    async def budget(self, info: Info) -> CallBudget:
        """The bucket of the caller, which has paid for this request."""
        if self.caller is None:
            return CallBudget(limit=CAPACITY, left=None, restores_per_second=RESTORE_PER_SECOND)
        level = await info.context.rooms.library.bucket.take(self.caller, 0)
        return CallBudget(limit=level.maximum, left=level.left, restores_per_second=level.restore_per_second)

    @strawberry.field(description="For how many days the partner knows beforehand that a document goes.")
    async def notice_days(self, info: Info) -> int:
        """The tenant's policy."""
        return await notice_days(info.context.db.primary, info.context.tenant)

    @strawberry.field(description="What goes, the soonest first, at most 100 notices.", metadata=ALL_DOCUMENTS)
    async def notices(self, info: Info) -> list[ContractNotice]:
        """What is to come of all documents."""
        now = info.context.db.clock.now()
        found: list[ContractNotice] = []
        for number, each in enumerate(await _listed(info, self.client, MOST_OF_A_PARTNER + len(_shipped(info)))):
            if number % AT_A_STRETCH == 0:
                await asyncio.sleep(0)
            if each.withdrawn_at is None and (each.retires_at is None or each.retires_at > now):
                found.extend(_notices(each, _reckon(info, each)))
        return sorted(found, key=lambda notice: (notice.at, notice.document_id))[:NOTICES_MAX]


def _shipped(info: Info) -> Sequence[_Listed]:
    texts = info.context.rooms.library.shipped.get(Audience.PARTNER, {})
    return [_Listed(id, "", text, hash_of(text), None, None) for id, text in texts.items()]


async def _listed(info: Info, client: str, limit: int, after: str = "") -> list[_Listed]:
    """The documents after an id, in the order of ids; one of the product goes before a registered one of that id."""
    tenant: TenantId = info.context.tenant
    stored = await documents_of(info.context.db.primary, tenant, owner_of_partner(client), limit, after)
    own = [_Listed(each.id, each.name, each.text, each.text_hash, each.recorded_at, each.retires_at,
                   each.withdrawn_at) for each in stored]  # fmt: skip
    both = {each.id: each for each in (*own, *_shipped(info)) if each.id > after}
    return [both[id] for id in sorted(both)][:limit]


def _reckon(info: Info, each: _Listed) -> Reckoned:
    return info.context.rooms.library.reckon(Audience.PARTNER, each.text, each.text_hash)


def _document(each: _Listed, known: Reckoned, counted: list[DocumentUse | None]) -> PartnerDocument:
    uses = [use for use in counted if use is not None]
    return PartnerDocument(
        id=each.id,
        name=each.name or ", ".join(known.operations),
        text=each.text,
        cost=known.cost,
        fields=list(known.reading.fields),
        deprecated_uses=[DeprecatedUse.of(found) for found in known.reading.deprecated],
        problems=list(known.problems),
        uses=sum(use.uses for use in uses),
        last_used_at=max((use.last_used_at for use in uses), default=None),
        registered_at=each.recorded_at,
        retires_at=each.retires_at,
        withdrawn_at=each.withdrawn_at,
    )


def _notices(each: _Listed, known: Reckoned) -> list[ContractNotice]:
    found = [
        ContractNotice(document_id=each.id, kind=ContractNoticeKind.REMOVAL, at=_begin(use.removal),
                       use=DeprecatedUse.of(use))
        for use in known.reading.deprecated if use.removal
    ]  # fmt: skip
    if each.retires_at is not None:
        gone = ContractNotice(document_id=each.id, kind=ContractNoticeKind.RETIREMENT, at=each.retires_at, use=None)
        found.append(gone)
    return found


def _begin(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
