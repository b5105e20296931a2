"""``quittance persist``: the documents that a tenant's clients may send by id."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Annotated

import typer

from api.audience import PRODUCTION, Audience
from api.documents import DocumentStore, Prepared
from api.graph.schema import build_schema
from api.manifests import BadManifest, Entry, ManifestDocuments, read_entries
from cli.in_a_house import in_a_house
from domain.ids import CustomerId
from domain.perform import perform
from domain.reactions.house import House
from domain.tenants.document_use import uses_of
from domain.tenants.persist_documents import (
    MOST_AT_ONCE,
    NewDocument,
    PersistDocuments,
    RetireDocuments,
    SetDocumentNotice,
    persist_documents,
    retire_documents,
    set_document_notice,
)
from domain.tenants.tenant import find_tenant, home_of
from domain.tenants.trusted_document import TrustedDocument, all_documents

PAGE = 500  # documents read at once by a check: a few megabytes


def register(app: typer.Typer) -> None:
    """Adds the command to the tool."""
    app.command(name="persist")(persist)


def persist(
    manifest: Annotated[Path | None, typer.Argument(help="Of GraphQL Code Generator, Apollo or Relay.")] = None,
    tenant: Annotated[str, typer.Option(help="The tenant's name in addresses.")] = "",
    audience: Annotated[str, typer.Option(help="portal, staff or partner:<client id>.")] = "portal",
    retire_on: Annotated[datetime | None, typer.Option(help="Retire the manifest's documents on that day.")] = None,
    notice_days: Annotated[int | None, typer.Option(help="How long before, from now on, partners know of it.")] = None,
    check: Annotated[bool, typer.Option(help="Check every tenant's documents against this release.")] = False,
) -> None:
    """Register the documents of a manifest, retire them, or check those of every tenant against this release."""
    if check:
        _done(_checked)
        return
    if not tenant or (manifest is None) is (notice_days is None):
        raise typer.BadParameter("name a manifest and a --tenant, or --check, or --notice-days and a --tenant")
    if notice_days is not None:
        _done(lambda house: _notice(house, tenant, notice_days))
        return
    assert manifest is not None
    entries = _entries(manifest)
    if retire_on is None:
        _fit(audience, entries)
        _done(lambda house: _persisted(house, tenant, audience, entries))
    else:
        at = retire_on.replace(tzinfo=UTC)
        _done(lambda house: _retired(house, tenant, audience, entries, at))


def _done(work: Callable[[House], Awaitable[list[str]]]) -> None:
    """Prints the troubles of the work, each of which ends in exit code 1."""
    _end(in_a_house("persist", work))


def _end(troubles: list[str]) -> None:
    for line in troubles:
        typer.echo(line, err=True)
    if troubles:
        raise typer.Exit(1)


def _entries(manifest: Path) -> list[Entry]:
    try:
        return read_entries(manifest.read_bytes())
    except (OSError, BadManifest) as error:
        raise typer.BadParameter(str(error)) from None


def _store() -> DocumentStore:
    return DocumentStore(build_schema()._schema, ManifestDocuments({}), PRODUCTION)


def _audience(owner: str) -> Audience:
    try:
        return Audience(owner.partition(":")[0])
    except ValueError:
        raise typer.BadParameter("--audience is portal, staff or partner:<client id>") from None


def _fit(owner: str, entries: list[Entry]) -> None:
    """Ends with what is wrong with the documents; nothing is stored then."""
    problems = _store().problems(_audience(owner), {entry.id: entry.text for entry in entries})
    _end([f"{id}: {message}" for id, messages in problems.items() for message in messages])


async def _persisted(house: House, slug: str, owner: str, entries: list[Entry]) -> list[str]:
    home = await _home(house, slug)
    added = 0
    for first in range(0, len(entries), MOST_AT_ONCE):
        batch = entries[first : first + MOST_AT_ONCE]
        command = PersistDocuments(owner, tuple(NewDocument(each.id, each.name, each.text) for each in batch))
        mark = sha256(repr(command).encode()).hexdigest()
        done = await perform(house.db, persist_documents, house.actor, home, command, f"documents:{mark}")
        added += 0 if done.replayed else len(done.outcome.added)
    typer.echo(f"{added} of {len(entries)} documents are new to {owner} of {slug}.")
    return []


async def _retired(house: House, slug: str, owner: str, entries: list[Entry], at: datetime) -> list[str]:
    command = RetireDocuments(owner, tuple(each.id for each in entries), at)
    mark = sha256(repr(command).encode()).hexdigest()
    await perform(house.db, retire_documents, house.actor, await _home(house, slug), command, f"retire:{mark}")
    typer.echo(f"{len(command.ids)} documents of {owner} of {slug} go on {at.date()}.")
    return []


async def _notice(house: House, slug: str, days: int) -> list[str]:
    key = f"notice:{days}:{house.db.clock.now().isoformat()}"
    home = await _home(house, slug)
    await perform(house.db, set_document_notice, house.actor, home, SetDocumentNotice(days), key)
    typer.echo(f"Partners of {slug} know {days} days before that a document goes.")
    return []


async def _checked(house: House) -> list[str]:
    """The troubles of all stored documents that are not retired; what they use that goes is told beside them."""
    store, now = _store(), house.db.clock.now()
    troubles: list[str] = []
    async for document in _stored(house):
        if document.withdrawn_at or (document.retires_at and document.retires_at <= now):
            continue
        ready = store.trusted(_audience(document.owner), document.text)
        where = f"{document.owner} {document.id} ({document.tenant})"
        troubles.extend(f"{where}: {error.message}" for error in ready.errors)
        for line in await _what_goes(house, document, ready):
            typer.echo(f"{where}: {line}")
    return troubles


async def _stored(house: House) -> AsyncIterator[TrustedDocument]:
    page = await all_documents(house.db.primary, PAGE)
    while page:
        for document in page:
            yield document
        page = await all_documents(house.db.primary, PAGE, page[-1])


async def _what_goes(house: House, document: TrustedDocument, ready: Prepared) -> list[str]:
    if not ready.reading.deprecated:
        return []
    db = house.db.primary
    found = await uses_of(db, await home_of(db, document.tenant), document.tenant, document.owner, [document.text_hash])
    used = found.get(document.text_hash)
    times = f"sent {used.uses} times, last on {used.last_used_at.date()}" if used else "not sent yet"
    return [f"{each.element} goes on {each.removal} ({times})" for each in ready.reading.deprecated]


async def _home(house: House, slug: str) -> CustomerId:
    tenant = await find_tenant(house.db.primary, slug)
    if tenant is None:
        raise typer.BadParameter(f"there is no tenant {slug!r}")
    return await home_of(house.db.primary, tenant.id)
