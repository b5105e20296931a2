"""Who lives on the ground of a drill: a tenant, customers who go on and on, and how their books stand in the end."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime

import httpx2

from dev.story.client import until
from domain.fanout.waiting import backlog, shard_keys
from domain.http_client import HttpClient
from domain.reactions.house import House
from domain.reconciliation.verify import verify_shard
from runtime.house import open_house
from tests.api_callers import Api
from tests.drills.ground import Ground
from tests.drills.people import Buyer
from tests.simulation.both_books import by_customer, differences
from tests.world import NEW_YEAR, make_world

# Work that follows a drill: retries with growing waits, leases of what died, and what a provider is asked a minute on.
SETTLED_SECONDS = 240.0


@dataclass
class Town:
    """A tenant before the API of a ground; ``house`` looks at its books from outside."""

    ground: Ground
    house: House
    api: Api
    provider: httpx2.AsyncClient

    @property
    def secret(self) -> str:
        """What the provider signs its webhooks with."""
        return self.ground.settings().webhook_secrets("sandbox")[0]

    async def buyers(self, count: int, card: str = "tok_visa", clock_at: datetime | None = NEW_YEAR) -> list[Buyer]:
        """Customers with a card and a subscription of one seat each, paid; by the clock on the wall without another."""
        guests = [await self.api.guest(card, clock_at=clock_at) for _ in range(count)]
        price = str(self.api.world.prices["starter"])
        found = [Buyer(replace(guest), self.api.http) for guest in guests]
        await asyncio.gather(*(buyer.begin(price) for buyer in found))
        return found

    async def settled(self) -> None:
        """Waits until every event has been performed."""
        db = self.house.db

        async def nothing_waits() -> bool | None:
            waiting = await backlog(db.primary, db.clock.now())
            return True if waiting.events == waiting.inbox == 0 else None

        await until(nothing_waits, "the end of all events", SETTLED_SECONDS)

    async def findings(self) -> list[str]:
        """What ``quittance verify`` says, and what failed too often."""
        db = self.house.db
        found = [str(each) for key in await shard_keys(db.primary) for each in await verify_shard(db.primary, key)]
        letters = (await backlog(db.primary, db.clock.now())).letters
        return found + ([f"{letters} dead letters"] if letters else [])

    async def both_books(self, buyers: Sequence[Buyer]) -> list[str]:
        """Where the provider's books of these customers are not as ours; waits for payments that are under way."""
        found: list[str] = []

        async def agree() -> bool | None:
            found.clear()
            there = by_customer((await self.provider.get("/admin/books")).json())
            for buyer in buyers:
                who = buyer.guest.who
                found.extend(await differences(self.api.world, who, there.get(str(who.id), [])))
            return None if found else True

        try:
            await until(agree, "the end of all payments", SETTLED_SECONDS)
        except Exception as error:
            return [*found, str(error)]
        return []

    async def ended_well(self, buyers: Sequence[Buyer]) -> None:
        """All that was acknowledged is there, both books are equal, and everything that can be recomputed holds."""
        assert [lost for each in buyers for lost in await each.lost()] == []
        await self.settled()
        assert await self.both_books(buyers) == []
        assert await self.findings() == []


def client(to: str = "", headers: Mapping[str, str] | None = None) -> httpx2.AsyncClient:
    """One that waits for a busy machine, has a connection for everybody, and goes by no proxy."""
    limits = httpx2.Limits(max_connections=200)
    return HttpClient(base_url=to, headers=headers, limits=limits, trust_env=False, verify=False, timeout=60.0)


@asynccontextmanager
async def town(on: Ground) -> AsyncIterator[Town]:
    """A new tenant; the API has to run before anybody calls it."""
    settings = on.settings()
    key = {"Authorization": f"Bearer {settings.provider_secret.get_secret_value()}"}
    async with (
        open_house(settings, "quittance-drill") as house,
        client(on.url) as http,
        client() as minting,
        client(settings.provider_url, key) as provider,
    ):
        world = await make_world(house)
        await world.trust(settings.oidc_issuer)
        yield Town(on, house, Api(http, world, settings.oidc_issuer, minting), provider)
