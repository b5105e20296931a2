"""kill -9 of every process while the story runs many times in parallel: no effect is lost, none is doubled."""

import asyncio
import os
from collections.abc import Iterator
from itertools import cycle

import httpx2
import pytest

from dev.story.client import until
from dev.story.steps import Step, Story, whole
from domain.fanout.waiting import backlog
from tests.story.product import Product, product

STORIES = int(os.environ.get("STORIES", "3"))  # `make crash` tells fifty; a few of them belong to every test run
VICTIMS = ("api", "worker", "primary", "replica", "valkey")
STEPS_BETWEEN_KILLS = STORIES + 1  # of all stories together, so that every victim falls at another place of the story
# A worker that dies keeps its work for half a minute; of many stories some meet two or three such deaths in one wait.
PATIENCE_SECONDS = 60 if STORIES < 10 else 240
# What each story is charged in the end: start, upgrade, two renewals; the third is never paid.
CAPTURED, REFUNDED = 1000 + 653 + 2000 + 2000, 300


class Reaper:
    """Kills the next victim after every few steps, wherever the stories are then."""

    def __init__(self, running: Product) -> None:
        self._running = running
        self._victims: Iterator[str] = cycle(VICTIMS)
        self._steps = 0
        self.killed: list[str] = []

    def saw(self, _: Step) -> None:
        """Counts a step."""
        self._steps += 1
        if self._steps % STEPS_BETWEEN_KILLS == 0:
            victim = next(self._victims)
            self._running.launcher.kill(victim)
            self.killed.append(victim)


async def tell(story: Story, reaper: Reaper) -> dict[str, Step]:
    told = {}
    async for step in whole(story):
        told[step.title] = step
        reaper.saw(step)
    return told


@pytest.mark.row("A4")
@pytest.mark.row("A6")
async def test_many_stories_survive_kills_of_every_process() -> None:
    limits = httpx2.Limits(max_connections=STORIES * 2)
    async with product() as running, httpx2.AsyncClient(trust_env=False, verify=False, limits=limits) as http:
        casts = [await running.cast(http) for _ in range(STORIES)]
        for cast in casts:
            cast.story.patience = PATIENCE_SECONDS
        reaper = Reaper(running)
        told = await asyncio.gather(*(tell(cast.story, reaper) for cast in casts))
        assert set(reaper.killed) == set(VICTIMS)
        for story in told:
            changed = story["changes to the dearer plan on day 11 at 18:00"].data["changed"]
            assert changed["change"]["due"]["decimal"] == "6.53"
            end = story["is suspended once the last retry has failed"]
            assert (end.data["subscription"]["state"], end.owed) == ("SUSPENDED", "20.00 EUR")
        await quiet(running)
        assert await running.findings() == []
        for cast in casts:
            assert await provider_books(running, http, cast.story.customer_id) == (CAPTURED, REFUNDED)


async def quiet(running: Product) -> None:
    """Waits until every event of the product has been performed."""
    async with running.database() as db:

        async def nothing_waits() -> bool | None:
            waiting = await backlog(db.primary, db.clock.now())
            assert waiting.letters == 0
            return True if waiting.events == 0 else None

        await until(nothing_waits, "the end of all events")


async def provider_books(running: Product, http: httpx2.AsyncClient, customer: str) -> tuple[int, int]:
    """What the provider took from a customer and gave back, in minor units of EUR, by its own books."""
    answer = await http.get(
        f"http://127.0.0.1:{running.port + 1}/admin/books",
        params={"customer": customer},
        headers={"Authorization": f"Bearer {running.provider_secret}"},
    )
    books = answer.json()
    return books["captured_minor"]["EUR"], books["refunded_minor"]["EUR"]
