"""kill -9 of every process at random moments while many requests at once ask for the same: one effect, one answer."""

import asyncio
import os
import random
import secrets
import time
from collections.abc import Awaitable, Callable
from typing import Any

import httpx2
import pytest

from dev.story.client import until
from dev.story.steps import Step, Story, whole
from domain.fanout.waiting import backlog
from domain.http_client import HttpClient
from domain.ids import CustomerId
from domain.reactions.house import House
from jobs import queue
from tests.crash.leases import a_minute_passes
from tests.crash.reaper import VICTIMS, Reaper
from tests.crash.storm import PATIENCE_SECONDS, Storm
from tests.simulation.both_books import by_customer, differences
from tests.story.product import Product, product
from tests.world import Someone, World

WHOLE = os.environ.get("CRASH") == "whole"  # in `make crash`
KEYS = int(os.environ.get("KEYS", "1"))  # at least; `make crash` has 500
REQUESTS = int(os.environ.get("REQUESTS", "4"))  # and 20 at once for each of them
MINUTES = float(os.environ.get("MINUTES") or 1440)  # after which it is enough, however few keys there were
SEED = int(os.environ.get("SEED") or secrets.randbelow(1_000_000))
LEAST = 5 if WHOLE else 1  # kills of each victim
AT_ONCE = 6 if WHOLE else 1  # customers
PAUSES = (2.0, 8.0) if WHOLE else (0.1, 0.5)  # seconds between a recovery and the next kill
RECOVERY_SECONDS = 10.0  # from the start of what was killed until it is of use; told in every run, held in the long one
# What the whole story charges in the end: start, upgrade, two renewals; the third is never paid.
STORY_BOOKS = (1000 + 653 + 2000 + 2000, 300)


async def tell(story: Story) -> None:
    """The whole life of a subscription, from the purchase to the suspension."""
    told: dict[str, Step] = {step.title: step async for step in whole(story)}
    changed = told["changes to the dearer plan on day 11 at 18:00"].data["changed"]
    assert changed["change"]["due"]["decimal"] == "6.53"
    end = told["is suspended once the last retry has failed"]
    assert (end.data["subscription"]["state"], end.owed) == ("SUSPENDED", "20.00 EUR")


@pytest.mark.row("A4")
@pytest.mark.row("A6")
async def test_a_storm_of_kills_doubles_nothing_loses_nothing_and_changes_no_answer() -> None:
    print(f"\nstorm: SEED={SEED} KEYS={KEYS} REQUESTS={REQUESTS}")
    limits = httpx2.Limits(max_connections=AT_ONCE * REQUESTS + 20)
    async with product() as running, HttpClient(trust_env=False, verify=False, limits=limits) as http:
        storm = Storm(running, http, REQUESTS, AT_ONCE)
        cast, reader = [await running.cast(http, patience=PATIENCE_SECONDS) for _ in range(2)]
        cast.story.patience = PATIENCE_SECONDS
        reaper = Reaper(
            running, http, storm.weather, reader.story.customer, random.Random(SEED), time_passes(running), PAUSES
        )
        calm = asyncio.Event()

        calm_at = time.monotonic() + 60 * MINUTES

        async def reap() -> None:
            await reaper.reap(lambda: storm.keys >= KEYS or time.monotonic() > calm_at, LEAST)
            calm.set()

        try:
            async with asyncio.TaskGroup() as together:
                for each in (storm.rage(calm.is_set), tell(cast.story), reap()):
                    together.create_task(each)
        finally:
            report(storm, reaper)
        assert await storm.again()
        await quiet(running)
        assert await running.findings() == []
        await both_books(running, http, storm, cast.story.customer_id)
        slowest = {victim: max(seconds) for victim, seconds in reaper.recovered.items()}
        assert not WHOLE or max(slowest.values()) <= RECOVERY_SECONDS, slowest


def report(storm: Storm, reaper: Reaper) -> None:
    """Says what the storm was, for whoever keeps it."""
    weather = storm.weather
    print(f"{storm.keys} keys of {len(storm.customers)} customers; {weather.requests} requests sent,"
          f" {weather.succeeded} answered for good")  # fmt: skip
    lines = (storm.running.launcher.state / "logs" / "stack.log").read_text().splitlines()
    print(*lines[-30:] if WHOLE else (), sep="\n")
    for victim in VICTIMS:
        seconds = sorted(reaper.recovered.get(victim, [])) or [0.0]
        middle, worst = seconds[len(seconds) // 2], seconds[-1]
        print(f"{victim:8} killed {reaper.killed[victim]} times; of use after {middle:.1f} s, {worst:.1f} s at most")
    print("load averages", *(f"{load:.1f}" for load in os.getloadavg()))


def time_passes(running: Product) -> Callable[[], Awaitable[None]]:
    """In every test run the time that dead processes hold their work for passes at once, in the long one as it does."""

    async def pass_at_once() -> None:
        async with running.database() as db:
            redis = await queue.connect(running.launcher.servers().redis_url)
            await a_minute_passes(db, redis)
            await queue.close(redis)

    async def pass_by_itself() -> None:
        """Nothing is hurried."""

    return pass_by_itself if WHOLE else pass_at_once


async def quiet(running: Product) -> None:
    """Waits until every event of the product has been performed."""
    async with running.database() as db:

        async def nothing_waits() -> bool | None:
            waiting = await backlog(db.primary, db.clock.now())
            assert waiting.letters == 0
            return True if waiting.events == 0 else None

        await until(nothing_waits, "the end of all events")


async def both_books(running: Product, http: httpx2.AsyncClient, storm: Storm, story: str) -> None:
    """The provider took and gave back what the answers said, and our books say the same, attempt by attempt."""
    answer = await http.get(
        f"http://127.0.0.1:{running.port + 1}/admin/books",
        headers={"Authorization": f"Bearer {running.provider_secret}"},
    )
    there = by_customer(answer.json())
    assert sums(there[story]) == STORY_BOOKS
    async with running.database() as db:
        world = World(House(db, {}), None, "", {})  # type: ignore[arg-type]  # whose tenant is nobody's question here
        for each in storm.customers:
            assert sums(there[each.id]) == (each.captured, each.refunded), each.id
            who = Someone(CustomerId.parse(each.id), None, "", "")  # type: ignore[arg-type]  # nor who asks
            assert await differences(world, who, there[each.id], each.credit) == [], each.id


def sums(there: list[Any]) -> tuple[int, int]:
    """What the provider took of a customer and gave back, in minor units, by its own books."""
    given = [each["amount_minor"] for each in there if "captured_minor" not in each and each["status"] == "succeeded"]
    return sum(each.get("captured_minor", 0) for each in there), sum(given)
