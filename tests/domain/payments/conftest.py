"""The provider's side door for tests of payments: what it did, and how it is to behave."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest

from dev.stack.addresses import Servers
from tests.provider_process import shared_or_own_provider
from tests.world import Someone, World


@dataclass(frozen=True)
class SideDoor:
    """The provider of the stack, as its testers speak to it."""

    http: httpx2.AsyncClient

    async def taken(self, of: Someone) -> int:
        """What the provider has taken from a customer and kept, in minor units of EUR."""
        books = (await self.http.get("/admin/books", params={"customer": str(of.id)})).json()
        taken: int = books["captured_minor"].get("EUR", 0) - books["refunded_minor"].get("EUR", 0)
        return taken

    async def behave(self, world: World, of: Someone, **behaviour: Any) -> None:
        """How the customer's default method is treated from now on."""
        method = await world.house.db.primary.fetchval(
            """SELECT m.provider_ref FROM customer c
                 JOIN payment_method m ON m.shard_key = c.shard_key AND m.id = c.default_method_id
                WHERE c.shard_key = $1 AND c.id = $2""",
            of.id.shard,
            of.id.uuid,
        )
        answer = await self.http.post("/admin/behaviour", json={"method": method, **behaviour})
        assert answer.is_success, answer.text

    async def settle(self, provider_ref: str | None, outcome: str) -> None:
        """How a charge that waits for the bank ends."""
        answer = await self.http.post(f"/admin/settle/{provider_ref}", json={"outcome": outcome})
        assert answer.is_success, answer.text


@pytest.fixture
async def provider(servers: Servers) -> AsyncIterator[SideDoor]:
    """The side door of the shared stack's provider."""
    del servers  # that they run is all that is wanted of them
    async with shared_or_own_provider().client() as http:
        yield SideDoor(http)
