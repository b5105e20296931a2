"""Trusted documents: reading the manifests that client tools write, and a source of documents made of them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from api.audience import Audience, Sender
from api.json_body import NotJson, decode
from domain.tenants.trusted_document import HASHED, hash_of

_ID: Final = re.compile(r"[A-Za-z0-9._:+/=-]{1,128}")  # hex and base64 hashes, Relay's numbers, names of people's own
APOLLO_FORMAT: Final = "apollo-persisted-query-manifest"
APOLLO_VERSION: Final = 1  # the only one Apollo has published


class BadManifest(ValueError):
    """The bytes are none of the known manifests; the message says what is wrong with them."""


@dataclass(frozen=True, slots=True)
class Trusted:
    """A document that was registered before clients could ask for it; once it is retired it is not found."""

    id: str
    text: str
    text_hash: str
    shipped: bool
    """Whether it is part of the release; else a tenant registered it."""
    announced_at: datetime | None = None
    retires_at: datetime | None = None
    withdrawn: bool = False
    """Whether it must not run any more, as of now; who names it is told so."""


class TrustedDocuments(Protocol):
    """Documents that were registered before clients could ask for them."""

    async def find(self, sender: Sender, document_id: str) -> Trusted | None:
        """The sender's document of this id, or of this SHA-256; None if there is none or it is retired."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A document as a manifest has it; ``name`` is empty where the manifest says none."""

    id: str
    name: str
    text: str


def read_manifest(raw: bytes) -> dict[str, str]:
    """Id -> text of a manifest written by GraphQL Code Generator, Apollo or relay-compiler; else BadManifest."""
    return {entry.id: entry.text for entry in read_entries(raw)}


def read_entries(raw: bytes) -> list[Entry]:
    """The documents of such a manifest, each id once; else BadManifest."""
    try:
        value = decode(raw)
    except NotJson as error:
        raise BadManifest(str(error)) from None
    if not isinstance(value, dict):
        raise BadManifest("A manifest is a JSON object.")
    found = _apollo(value) if value.get("format") == APOLLO_FORMAT else [(*each, "") for each in value.items()]
    documents: dict[str, Entry] = {}
    for document_id, text, name in found:
        if not isinstance(document_id, str) or not _ID.fullmatch(document_id):
            raise BadManifest("A document id has 1 to 128 letters, digits or any of . _ : + / = -")
        if not isinstance(text, str) or not text.strip():
            raise BadManifest(f"The document {document_id} has no text.")
        entry = Entry(document_id, name if isinstance(name, str) else "", text)
        if documents.setdefault(document_id, entry).text != text:
            raise BadManifest(f"The id {document_id} stands for two documents.")
    if not documents:
        raise BadManifest("The manifest holds no documents.")
    return list(documents.values())


def _apollo(manifest: Mapping[str, object]) -> list[tuple[object, object, object]]:
    operations = manifest.get("operations")
    if manifest.get("version") != APOLLO_VERSION or not isinstance(operations, list):
        raise BadManifest(f"An Apollo manifest has version {APOLLO_VERSION} and a list of operations.")
    if not all(isinstance(operation, dict) for operation in operations):
        raise BadManifest("An operation of an Apollo manifest is a JSON object.")
    return [(operation.get("id"), operation.get("body"), operation.get("name")) for operation in operations]


def bare(document_id: str) -> str:
    """The id without the name of its hash: appendix A of GraphQL over HTTP puts that before the value."""
    return document_id.removeprefix(HASHED)


class ManifestDocuments:
    """Trusted documents held in memory, found by the manifest's id or by the SHA-256 of their text."""

    def __init__(self, manifests: Mapping[Audience, Mapping[str, str]]) -> None:
        self._found: dict[Audience, dict[str, Trusted]] = {}
        for audience, documents in manifests.items():
            by_id = {id: Trusted(id, text, hash_of(text), True) for id, text in documents.items()}
            self._found[audience] = {each.text_hash: each for each in by_id.values()} | by_id

    async def find(self, sender: Sender, document_id: str) -> Trusted | None:
        return self._found.get(sender.audience, {}).get(bare(document_id))
