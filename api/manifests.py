"""Trusted documents: reading the manifests that client tools write, and a source of documents made of them."""

import hashlib
import re
from collections.abc import Mapping
from typing import Final, Protocol

from api.audience import Audience
from api.json_body import NotJson, decode

_ID: Final = re.compile(r"[A-Za-z0-9._:+/=-]{1,128}")  # hex and base64 hashes, Relay's numbers, names of people's own
_SHA256_PREFIX: Final = "sha256:"  # appendix A of GraphQL over HTTP names the hash before its value
APOLLO_FORMAT: Final = "apollo-persisted-query-manifest"
APOLLO_VERSION: Final = 1  # the only one Apollo has published


class BadManifest(ValueError):
    """The bytes are none of the known manifests; the message says what is wrong with them."""


class TrustedDocuments(Protocol):
    """Documents that were registered before clients could ask for them."""

    async def text(self, audience: Audience, document_id: str) -> str | None:
        """The document with this id for this audience; None if there is none."""


def read_manifest(raw: bytes) -> dict[str, str]:
    """Id -> text of a manifest written by GraphQL Code Generator, Apollo or relay-compiler; else BadManifest."""
    try:
        value = decode(raw)
    except NotJson as error:
        raise BadManifest(str(error)) from None
    if not isinstance(value, dict):
        raise BadManifest("A manifest is a JSON object.")
    pairs = _apollo(value) if value.get("format") == APOLLO_FORMAT else list(value.items())
    documents: dict[str, str] = {}
    for document_id, text in pairs:
        if not isinstance(document_id, str) or not _ID.fullmatch(document_id):
            raise BadManifest("A document id has 1 to 128 letters, digits or any of . _ : + / = -")
        if not isinstance(text, str) or not text.strip():
            raise BadManifest(f"The document {document_id} has no text.")
        if documents.setdefault(document_id, text) != text:
            raise BadManifest(f"The id {document_id} stands for two documents.")
    if not documents:
        raise BadManifest("The manifest holds no documents.")
    return documents


def _apollo(manifest: Mapping[str, object]) -> list[tuple[object, object]]:
    operations = manifest.get("operations")
    if manifest.get("version") != APOLLO_VERSION or not isinstance(operations, list):
        raise BadManifest(f"An Apollo manifest has version {APOLLO_VERSION} and a list of operations.")
    if not all(isinstance(operation, dict) for operation in operations):
        raise BadManifest("An operation of an Apollo manifest is a JSON object.")
    return [(operation.get("id"), operation.get("body")) for operation in operations]


def sha256(text: str) -> str:
    """The hash that clients compute of a document, in hex."""
    return hashlib.sha256(text.encode()).hexdigest()


class ManifestDocuments:
    """Trusted documents held in memory, found by the manifest's id or by the SHA-256 of their text."""

    def __init__(self, manifests: Mapping[Audience, Mapping[str, str]]) -> None:
        self._texts = {
            audience: {sha256(text): text for text in documents.values()} | dict(documents)
            for audience, documents in manifests.items()
        }

    async def text(self, audience: Audience, document_id: str) -> str | None:
        return self._texts.get(audience, {}).get(document_id.removeprefix(_SHA256_PREFIX))
