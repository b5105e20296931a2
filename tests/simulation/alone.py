"""Runs on a stack that is started for them and thrown away afterwards."""

import asyncio
from collections.abc import Callable, Iterable

from dev.stack.plan import Plan
from dev.stack.stack import Stack
from migrations.runner import migrate
from tests.simulation.run import LONG_MONTHS, MONTHS, STEPS, Failed, Report, open_simulation_pool, simulate
from tests.throw_away import new_state, sweep, throw_away


def run_alone(seeds: Iterable[int], steps: int, told: Callable[[Report | Failed], None]) -> None:
    """Runs the seeds one after the other and tells of each; StackError where the servers do not start."""
    sweep()
    stack = Stack(Plan(new_state(), durable=False), quiet=True)
    try:
        stack.start()
        servers = stack.ground.servers
        asyncio.run(_run(servers.owner_url, servers.database_url, seeds, steps, told))
    finally:
        stack.stop()
        throw_away(stack.plan.state)


async def _run(
    owner_url: str, url: str, seeds: Iterable[int], steps: int, told: Callable[[Report | Failed], None]
) -> None:
    await migrate(owner_url)
    months = LONG_MONTHS if steps > STEPS else MONTHS
    async with open_simulation_pool(owner_url, url, months) as pool:
        for seed in seeds:
            try:
                told(await simulate(seed, pool, steps))
            except Failed as failed:
                told(failed)
