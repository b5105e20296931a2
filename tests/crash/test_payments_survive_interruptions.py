"""The queue wiped, workers replaced and the API restarted while customers pay: the same answers, and the same books."""

import asyncio
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import httpx2
import pytest

from domain.fanout.waiting import backlog, shard_keys
from domain.http_client import HttpClient
from domain.reconciliation.verify import verify_shard
from runtime.settings import Settings
from tests.api_callers import Api
from tests.crash.payers import KINDS, Payer, crowd_of
from tests.crash.processes import Processes, processes_on
from tests.jobs_ground import new_ground, queue_number
from tests.jobs_kit import Ground, comes_true
from tests.provider_process import bench_at, shared_or_own_provider
from tests.simulation.both_books import by_customer, differences, left_over
from tests.world import ACCOUNT, fresh

FEW = 2  # customers of each kind in every test run
COPIES = int(os.environ.get("STORIES", FEW))  # `make crash` has fifty
AT_ONCE = 16 if COPIES <= FEW else 24  # three for each connection that the API has to the database
# That each of the three is taken away: seldom enough that the API, which takes seconds to come back, does something.
TIMES = 1 if COPIES <= FEW else 3
# A customer takes four steps or more: the last to be interrupted is so before the last third of all steps.
STEPS_BETWEEN = len(KINDS) * COPIES * 3 // (3 * TIMES + 1)
LOOKS_A_MINUTE = 40  # about a second's looks of those who wait


@dataclass
class Undisturbed:
    """Nothing happens but that time passes: in every test run faster than the clock goes, in the longer one as it does.

    What passes is what dead workers hold their work for, and what is waited before a provider is asked again.
    """

    processes: Processes
    looks: int = 0

    async def step(self) -> None:
        """Nothing."""

    async def look(self) -> None:
        """After some looks of people who wait, a minute has passed."""
        self.looks += 1
        if COPIES <= FEW and self.looks % LOOKS_A_MINUTE == 0:
            await self.processes.forget_the_dead()


@dataclass
class Interrupted(Undisturbed):
    """Takes the processes away in turn, after every few steps of all customers together."""

    steps: int = 0

    async def step(self) -> None:
        """Counts a step."""
        self.steps += 1
        if self.steps % STEPS_BETWEEN == 0 and self.steps <= 3 * TIMES * STEPS_BETWEEN:
            await self.processes.interrupt()


@pytest.mark.row("C14")
@pytest.mark.row("F10")
async def test_payments_end_as_they_would_without_a_wiped_queue_dead_workers_and_a_restarted_api(
    process_settings: Settings, worker_id: str, minting: httpx2.AsyncClient
) -> None:
    limits = httpx2.Limits(max_connections=2 * AT_ONCE)
    async with (
        new_ground(process_settings, fresh("quittance").replace("-", "_"), queue_number(worker_id)) as ground,
        processes_on(ground) as processes,
        HttpClient(trust_env=False, verify=False, limits=limits) as http,
        bench_at(shared_or_own_provider()) as bench,
    ):
        await ground.world.trust(process_settings.oidc_issuer)
        api = Api(http, ground.world, process_settings.oidc_issuer, minting)
        for token, behaviour in KINDS.items():
            await bench.behave(token, webhook_url=f"{processes.url}/webhooks/{ACCOUNT}", **behaviour)
        tokens = {kind: bench.token(kind) for kind in KINDS}
        calm = await crowd_of(api, http, processes.url, tokens, 1, Undisturbed(processes))
        await all_live(calm)
        interrupted = await crowd_of(api, http, processes.url, tokens, COPIES, Interrupted(processes))
        await all_live(interrupted)
        assert processes.interrupted == {"queue": TIMES, "worker": TIMES, "api": TIMES}
        undisturbed = {payer.kind: payer.told for payer in calm}
        for payer in interrupted:
            assert payer.told == undisturbed[payer.kind], payer.kind
        assert all(await asyncio.gather(*(payer.again() for payer in interrupted)))
        await both_books_are_equal(ground, [*calm, *interrupted])


async def all_live(payers: Sequence[Payer]) -> None:
    """Each lives, a few at once."""
    places = asyncio.Semaphore(AT_ONCE)

    async def one(payer: Payer) -> None:
        async with places:
            await payer.live()

    await asyncio.gather(*(one(payer) for payer in payers))


async def both_books_are_equal(ground: Ground, payers: Sequence[Payer]) -> None:
    """Nothing is left to do, and the provider has taken and given back what our books say, each once."""
    db = ground.house.db

    async def all_is_done() -> bool:
        return (await backlog(db.primary, db.clock.now())).events == 0

    await comes_true(all_is_done, "the end of all events")
    there = by_customer((await ground.desk.provider.get("/admin/books")).json())
    for payer in payers:
        assert await differences(ground.world, payer.who, there[str(payer.who.id)]) == [], payer.kind
    assert await left_over(ground.world, [payer.who for payer in payers], ()) == Counter()
    for shard in await shard_keys(db.primary):
        assert await verify_shard(db.primary, shard) == []
