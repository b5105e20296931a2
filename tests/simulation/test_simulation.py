"""Some fifty lives of a town, and every seed that once found a fault; each promise is checked after each step."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from tests.simulation.acts import HELD_FROM, WEIGHTS
from tests.simulation.options import DISPUTED_FROM, draw_options
from tests.simulation.regressions import FOUND
from tests.simulation.run import open_simulation_pool, simulate

HELD = (HELD_FROM + more for more in (3, 5, 8, 10))  # lives with many captures
DISPUTED = (DISPUTED_FROM + more for more in range(6))
SEEDS = (*range(1, 33), *HELD, *DISPUTED)


@pytest.fixture(scope="session")
async def pool(owner_url: str, database_url: str) -> AsyncIterator[asyncpg.Pool]:
    """Connections of the simulated processes."""
    async with open_simulation_pool(owner_url, database_url) as opened:
        yield opened


@pytest.mark.parametrize("seed", sorted({*SEEDS, *FOUND}))
async def test_whatever_happens_every_promise_holds(seed: int, pool: asyncpg.Pool) -> None:
    await simulate(seed, pool)


async def test_a_seed_that_does_one_thing_at_a_time_lives_the_same_life_again(pool: asyncpg.Pool) -> None:
    seed = next(seed for seed in SEEDS if not draw_options(seed, WEIGHTS).weights["at once"])
    first, second = [await simulate(seed, pool) for _ in range(2)]
    assert first == second
