"""kill -9 of an API and of a worker at every point between two effects: others go on, and everything happens once."""

import os
import signal
from pathlib import Path

import httpx2
import pytest
from arq.connections import ArqRedis

from domain.points import POINTS
from domain.reactions.work import do_now
from tests.api_callers import Api
from tests.crash.doors import BEFORE_THE_COMMIT, DOORS, mortal_api
from tests.crash.scenes import SCENES, both_books_agree
from tests.interruptions import LEASE_OVER, ahead
from tests.jobs_kit import Ground, WorkerProcess, after_the_lease, start_worker
from tests.lives import wrong_rows
from tests.webhook_desk import Desk

WHOLE = os.environ.get("CRASH") == "whole"  # in `make crash`; a few of them belong to every test run
AT_THE_DOOR = {"method.answered", "inbox.stored"}  # what only an API comes by
BEHIND_IT = {"due.claimed", "inbox.applied", "delivery.claimed", "delivery.answered", "notice.claimed",
             "notice.answered", "detach.answered"}  # fmt: skip
WORKERS_ALWAYS = ("attempt.answered", "relay.consumed", "due.claimed", "inbox.applied")
APIS_ALWAYS = ("perform.committed", "inbox.stored")


def test_every_point_has_a_worker_or_an_api_that_dies_there() -> None:
    assert set(SCENES) == POINTS - AT_THE_DOOR
    assert set(DOORS) == POINTS - BEHIND_IT


@pytest.mark.row("C11")
@pytest.mark.row("C14")
@pytest.mark.row("F10")
@pytest.mark.parametrize("point", sorted(SCENES) if WHOLE else WORKERS_ALWAYS)
async def test_what_a_worker_dies_of_is_done_once_by_another(
    ground: Ground, redis: ArqRedis, workers: list[WorkerProcess], tmp_path: Path, point: str
) -> None:
    await after_the_lease(ground, redis)  # nothing that others left must die in its place
    async with SCENES[point](ground) as scene:
        workers.append(await start_worker(ground, tmp_path / "log", dies_at=point, **scene.environment))
        assert await workers[0].end() == -signal.SIGKILL, workers[0].log.read_text()
        await after_the_lease(ground, redis, wait=scene.wait, **scene.heir)
        await scene.ended()
        if not point.startswith("dispute."):
            await both_books_agree(ground.world, ground.desk, scene.who)
        assert await wrong_rows(ground.world, scene.who) == []


@pytest.mark.row("A4")
@pytest.mark.row("A6")
@pytest.mark.parametrize("point", sorted(DOORS) if WHOLE else APIS_ALWAYS)
async def test_what_an_api_dies_of_is_answered_once_and_then_the_same_by_another(
    api: Api, desk: Desk, tmp_path: Path, point: str
) -> None:
    door = await DOORS[point](api, desk)
    async with mortal_api(point, tmp_path / "log") as (process, http):
        with pytest.raises(httpx2.HTTPError):
            await door.ask(http)
        assert await process.end() == -signal.SIGKILL
    await do_now(ahead(api.world.house, LEASE_OVER), door.who.id)  # what the dead one held is free again
    first, second = await door.ask(api.http), await door.ask(api.http)
    assert first[0] is (point not in BEFORE_THE_COMMIT)
    assert second == (True, first[1])
    await do_now(ahead(api.world.house, 2 * LEASE_OVER), door.who.id)
    await door.ended()
    if door.agrees:
        await both_books_agree(api.world, desk, door.who)
    assert await wrong_rows(api.world, door.who) == []
