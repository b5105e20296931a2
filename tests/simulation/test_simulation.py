"""Some fifty lives of a town, and every seed that once found a fault; each promise is checked after each step."""

import os

import pytest

from domain.ids import uuid7
from domain.pool import Pool
from tests.simulation.acts import HELD_FROM
from tests.simulation.clock import START
from tests.simulation.opening import in_order, open_town
from tests.simulation.options import DISPUTED_FROM, RETURNED_FROM
from tests.simulation.regressions import FOUND, FOUND_LONG
from tests.simulation.run import FULL_LIFE, LONG_MONTHS, YEARS, check_years, open_simulation_pool, simulate
from tests.simulation.town import Broken

HELD = (HELD_FROM + more for more in (3, 5, 8, 10))  # lives with many captures
DISPUTED = (DISPUTED_FROM + more for more in range(6))
RETURNED = (RETURNED_FROM + more for more in (5, 22, 28))  # with payments that banks take back, and people decide
CREDITED = (RETURNED_FROM + more for more in (10, 11))  # lives with much that goes by hand and comes back
SEEDS = (*range(1, 30), *HELD, *DISPUTED, *CREDITED, *RETURNED)
AGAIN = 2  # with several acts at once, and crashes in them
IMPATIENT, IMPATIENT_STEPS = 6164, 150  # long enough that more is owed and renewed than this town bears


@pytest.mark.parametrize("seed", sorted({*SEEDS, *FOUND}))
async def test_whatever_happens_every_promise_holds(seed: int, pool: Pool) -> None:
    await simulate(seed, pool)


async def test_what_a_town_does_that_has_had_enough_keeps_every_promise(pool: Pool) -> None:
    lived = await simulate(IMPATIENT, pool, IMPATIENT_STEPS)
    assert min(lived.acts[act] for act in ("end debts", "thin out")) > 0


if os.environ.get("LONG"):

    @pytest.mark.parametrize(("seed", "steps"), sorted(FOUND_LONG))
    async def test_a_long_life_that_found_something_keeps_every_promise(
        seed: int, steps: int, owner_url: str, database_url: str
    ) -> None:
        async with open_simulation_pool(owner_url, database_url, LONG_MONTHS) as pool:
            await simulate(seed, pool, steps)


async def test_a_life_of_full_length_that_saw_too_few_years_is_not_one_that_held(pool: Pool) -> None:
    town = await open_town(AGAIN, pool, is_long=True)
    await town.reader.close()
    with pytest.raises(Broken, match="days alone"):
        check_years(town, FULL_LIFE)
    check_years(town, FULL_LIFE - 1)
    town.clock.move(YEARS)
    check_years(town, FULL_LIFE)


async def test_a_seed_lives_the_same_life_again_also_where_several_act_at_once(pool: Pool) -> None:
    first, second = [await simulate(AGAIN, pool) for _ in range(2)]
    assert first.acts["at once"] > 1
    assert first == second


def test_the_tenants_ids_sort_as_they_were_drawn_so_that_which_of_its_entities_comes_first_is_no_chance() -> None:
    entropy = in_order()
    drawn = [uuid7(START, entropy(10)) for _ in range(300)]
    assert drawn == sorted(drawn)
