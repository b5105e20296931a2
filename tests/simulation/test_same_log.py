"""36: what was asked for decides what is left, and neither the order of strangers nor the size of a batch does."""

import os

import pytest

from domain.pool import Pool
from tests.simulation.logs import draw_log, perform_log, shuffled, split
from tests.simulation.opening import open_town

LOGS = int(os.environ.get("LOGS", "1"))  # more of them by hand
CUSTOMERS = 2
FIRST = 63  # neither of them leaves, and each does most of what there is to do


@pytest.mark.parametrize("seed", range(FIRST, FIRST + LOGS))
async def test_a_log_leaves_the_same_on_an_empty_database_in_another_order_and_in_other_parts(
    seed: int, pool: Pool
) -> None:
    log = draw_log(seed, CUSTOMERS)
    first, other = [
        await perform_log(await open_town(seed, pool, spared=True), each) for each in (log, split(shuffled(log, seed)))
    ]
    for customer, left in first.items():
        assert left - other[customer] == other[customer] - left, customer
        assert left.total() > len(log) / CUSTOMERS, "they had a life"
