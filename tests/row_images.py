"""What the database holds of a customer, made comparable with what it holds of another who lived the same."""

import json
import re
from collections.abc import Sequence
from typing import Any

from domain.db import Primary
from migrations.registry import TABLES
from tests.world import Someone

# Ids as the database holds them, as the wire and the provider write them, and the names that tests make up.
_ID = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[a-z_]+_[0-9a-z]{30,}|[a-z]+-[0-9a-f]{12}\b"
)
_INSTANT = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+\+00:00"
)  # of wall time: a test clock stands at whole seconds
_NUMBER = re.compile(r"[A-Z]+(-[A-Z]+)*-\d{6}")  # of a document
# What no two customers share: chance, hashes over ids, and places in a series that others number too.
_OWN = {
    "hash", "previous_hash", "body_hash", "command_hash", "audit_hash", "provider_key", "provider_ref", "wrapped",
    "snapshot_sealed", "number_text", "recorded_at", "keep_until", "reference", "name", "email", "holder",
    "lease_until", "token", "request_id",
}  # fmt: skip
_SERIES = {"invoice", "receipt", "credit_note"}  # tables whose number counts within the legal entity


async def image_of(db: Primary, of: Someone, apart: Sequence[str] = ()) -> dict[str, list[Any]]:
    """The rows of each table, ids by their first appearance; tables ``apart`` are left out."""
    found: dict[str, list[Any]] = {}
    for name in sorted(await _tables(db) - set(apart)):
        rows = await db.fetch(
            f"SELECT to_jsonb(t) AS row FROM {name} t WHERE t.shard_key = $1 AND t.customer_id = $2",  # noqa: S608 - our own names
            of.id.shard,
            of.id.uuid,
        )  # the names are of our own tables
        found[name] = sorted((_bare(name, json.loads(row["row"])) for row in rows), key=_order)
    return _named(found)


async def _tables(db: Primary) -> set[str]:
    rows = await db.fetch(
        """SELECT c.relname AS name FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
            WHERE a.attname = 'customer_id'"""
    )
    return {row["name"] for row in rows if TABLES.get(row["name"]) == "S"}


def _bare(table: str, row: dict[str, Any]) -> dict[str, Any]:
    left = {key: value for key, value in row.items() if key not in _OWN}
    if table in _SERIES:
        left = {key: value for key, value in left.items() if key not in ("number", "previous_number")}
    if left.get("kind") == "renew":
        del left["due_at"]  # at a second of the hour that its id gives
    return left


def _order(row: dict[str, Any]) -> str:
    return _ID.sub("", json.dumps(row, sort_keys=True))


def _named(found: dict[str, list[Any]]) -> dict[str, list[Any]]:
    names: dict[str, str] = {}
    text = _ID.sub(lambda id: names.setdefault(id[0], f"id {len(names)}"), json.dumps(found, sort_keys=True))
    text = _NUMBER.sub("a number", _INSTANT.sub("an instant", text))
    made: dict[str, list[Any]] = json.loads(text)
    return made
