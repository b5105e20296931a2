"""What the tests of this folder share."""

from collections.abc import AsyncIterator

import pytest

from domain.pool import Pool
from tests.simulation.run import open_simulation_pool

MONTHS = 24  # the towns of the suite live 220 days; each month more is a partition that every look has to step over


@pytest.fixture(scope="session")
async def pool(owner_url: str, database_url: str) -> AsyncIterator[Pool]:
    """Connections of the simulated processes."""
    async with open_simulation_pool(owner_url, database_url, MONTHS) as opened:
        yield opened
