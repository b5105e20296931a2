"""Registered documents on the stages of tests of the door: good input, what is wrong with other input, refusals."""

from typing import Any

import asyncpg

from domain.perform import perform
from domain.tenants.persist_documents import (
    MOST_OF_A_PARTNER,
    NewDocument,
    PersistDocuments,
    WithdrawDocument,
    persist_documents,
    withdraw_document,
)
from tests.api_callers import Api
from tests.world import World, fresh

ADMINS = ("registerDocuments", "withdrawDocument")
PLANS = "query Plans { plans { id } }"
NAMES = "query Plans { plans { name } }"
# For each mutation another input that would do as well.
OTHERWISE: dict[str, dict[str, Any]] = {
    "registerDocuments": {"documents": [{"id": "names.1", "name": "Names", "text": NAMES}]},
    "withdrawDocument": {"urgent": False, "at": "2037-01-01T00:00:00Z"},
}


def one(text: str, id: str = "plans.2") -> list[dict[str, str]]:
    """A document alone."""
    return [{"id": id, "name": "Plans", "text": text}]


# What is wrong in the input, the code, and the path that names the part.
WRONG: list[tuple[str, dict[str, Any], str, list[str]]] = [
    ("registerDocuments", {"owner": "nobody"}, "INVALID_INPUT", ["owner"]),
    ("registerDocuments", {"owner": "partner:nobody"}, "NOT_FOUND", ["owner"]),
    *(("registerDocuments", {"documents": wrong}, "INVALID_INPUT", ["documents"]) for wrong in (
        [], one("{ nonsense }"), one("{"), one(" "), one(PLANS, "a b"), one(PLANS, ""), one(PLANS) * 2,
        one("{ __schema { types { name } } }"),
        [each for number in range(51) for each in one(PLANS, f"plans.{number}")])),
    ("withdrawDocument", {"owner": "portal"}, "NOT_FOUND", ["id"]),
    ("withdrawDocument", {"id": "nobody-s.1"}, "NOT_FOUND", ["id"]),
    ("withdrawDocument", {"urgent": False}, "INVALID_INPUT", ["at"]),
    ("withdrawDocument", {"at": "2037-01-01T00:00:00Z"}, "INVALID_INPUT", ["at"]),
    ("withdrawDocument", {"urgent": False, "at": "2020-01-01T00:00:00Z"}, "INVALID_INPUT", ["at"]),
    ("withdrawDocument", {"id": "nobody-s.1", "urgent": False, "at": "2037-01-01T00:00:00Z"}, "NOT_FOUND", ["id"]),
]  # fmt: skip


async def registered(world: World, **texts: str) -> str:
    """The owner, a new partner, of documents of these ids and texts."""
    owner = f"partner:{await world.partner()}"
    documents = tuple(NewDocument(id, id, text) for id, text in texts.items())
    command = PersistDocuments(owner, documents)
    home = world.tenant.live_house
    await perform(world.house.db, persist_documents, world.house.actor, home, command, fresh("documents"))
    return owner


async def document_input(api: Api) -> dict[str, dict[str, Any]]:
    """Good input of the mutations about registered documents."""
    owner = await registered(api.world, plans=PLANS)
    return {
        "registerDocuments": {"owner": owner, "documents": one(NAMES)},
        "withdrawDocument": {"owner": owner, "id": "plans", "urgent": True},
    }


async def refused_documents(api: Api, owner: asyncpg.Connection) -> dict[str, str]:
    """Owners: of a document that stays and one that was withdrawn, and of as many as there is room for."""
    world = api.world
    some, full = await registered(world, kept=PLANS, gone=NAMES), f"partner:{await world.partner()}"
    command = WithdrawDocument(some, "gone")
    home = world.tenant.live_house
    await perform(world.house.db, withdraw_document, world.house.actor, home, command, fresh("documents"))
    await owner.execute(
        """INSERT INTO trusted_document (tenant_id, owner, document_id, name, body, text_hash, recorded_at)
           SELECT $1, $2, 'document.' || n, '', '{ __typename }', repeat('0', 64), now()
             FROM generate_series(1, $3) AS n""",
        world.tenant.tenant.uuid, full, MOST_OF_A_PARTNER,
    )  # fmt: skip
    return {"owner of documents": some, "owner of many documents": full}
