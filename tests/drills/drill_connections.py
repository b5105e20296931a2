"""No connection is left: of the process's own, or of the server's. Changes are refused within seconds or wait a turn
for what the process has; balances, webhooks and the doors of health have connections that nobody takes from them."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

import asyncpg

from dev.story import documents as say
from tests.drills.ground import Ground, ground
from tests.drills.people import EXPECTED, Buyer, Reader, at_work, pause, total
from tests.drills.telling import tell
from tests.drills.town import Town, town
from tests.webhook_desk import Desk, made_up

BUYERS = 20  # more than twice the connections that a process has for changes
HELD_SECONDS = 10.0
# Kept as any other, and then nothing of ours.
MEANINGLESS = "weather.changed"
SERVER_CONNECTIONS = 40  # what the second part leaves the server to give
# One second for a connection, three for a lock, two for the provider, and what a loaded machine adds.
BOUND_SECONDS = 10.0


@dataclass
class Doors:
    """What has to go on: webhooks kept, and the doors of health."""

    desk: Desk
    kept: int = 0
    healthy: int = 0
    worst_seconds: float = 0.0
    wrong: list[str] = field(default_factory=list)

    async def live(self, ended: asyncio.Event) -> None:
        """Knocks at each until the event."""
        while not ended.is_set():
            began = time.monotonic()
            answers = [await self.desk.deliver(made_up(MEANINGLESS))]
            answers += [await self.desk.http.get(path) for path in ("/healthz", "/readyz")]
            self.worst_seconds = max(self.worst_seconds, time.monotonic() - began)
            self.kept += answers[0].status_code == 200
            self.healthy += all(each.status_code == 200 for each in answers[1:])
            self.wrong += [f"{each.url.path}: {each.status_code}" for each in answers if each.status_code != 200]
            await pause(ended)


async def while_held(there: Town, buyers: list[Buyer], bystander: Buyer) -> Counter[str]:
    """Everybody works for a while; what the buyers heard, after a look at what must have gone on."""
    for each in buyers:
        each.heard.clear()
        each.worst_seconds = 0.0
    reader = Reader(bystander.guest, there.api.http, say.BALANCE)
    doors = Doors(Desk(there.house, there.api.http, there.provider, there.secret))
    async with at_work(*buyers, reader, doors):
        await asyncio.sleep(HELD_SECONDS)
    tell(changes=dict(total(buyers)), balance=dict(reader.heard), webhooks_kept=doors.kept, healthy=doors.healthy,
         longest_change_seconds=round(max(each.worst_seconds for each in buyers), 1),
         longest_balance_seconds=round(reader.worst_seconds, 1))  # fmt: skip
    assert set(total(buyers)) <= EXPECTED
    assert max(each.worst_seconds for each in buyers) < BOUND_SECONDS
    assert set(reader.heard) == {"done"}
    assert doors.wrong == []
    assert doors.kept > 0
    return total(buyers)


async def test_without_a_free_connection_balances_webhooks_and_health_go_on() -> None:
    with ground() as on:
        on.start("api")
        on.start("worker")
        async with town(on) as there:
            *buyers, bystander = await there.buyers(BUYERS + 1)
            await there.settled()
            tell(held="every connection for changes, by customers that somebody else has locked")
            async with locked(on, buyers):
                assert (await while_held(there, buyers, bystander))["again"] > 0
            await asyncio.gather(*(each.finish() for each in buyers))
            await there.ended_well(buyers)
            on.end()
            on.restart("primary", max_connections=str(SERVER_CONNECTIONS))
            on.start("api")
            on.start("worker")
            tell(held=f"every connection that a server of {SERVER_CONNECTIONS} gives")
            async with AsyncExitStack() as held:
                tell(connections_taken=await taken_all(on, held))
                assert (await while_held(there, buyers, bystander))["done"] > 0
            await asyncio.gather(*(each.finish() for each in buyers))
            await there.ended_well(buyers)


@asynccontextmanager
async def locked(on: Ground, buyers: Sequence[Buyer]) -> AsyncIterator[None]:
    """Somebody else holds the heads of these customers."""
    locker = await asyncpg.connect(on.admin())
    try:
        async with locker.transaction():
            ids = [each.guest.who.id.uuid for each in buyers]
            await locker.fetch("SELECT 1 FROM customer_head WHERE customer_id = ANY ($1::uuid[]) FOR UPDATE", ids)
            yield
    finally:
        await locker.close()


async def taken_all(on: Ground, held: AsyncExitStack) -> int:
    """Connects as the application does until the server has no more to give; how many that were."""
    count, url = 0, on.stack.settings["DATABASE_URL"]
    while True:
        try:
            connection = await asyncpg.connect(url)
        except asyncpg.TooManyConnectionsError:
            return count
        held.push_async_callback(connection.close)
        count += 1
