"""The webhook desk of the test process."""

from collections.abc import AsyncIterator

import pytest

from domain.reactions.house import House
from runtime.settings import Settings
from tests.webhook_desk import Desk, desk_of


@pytest.fixture(scope="session")
async def desk(house: House, process_settings: Settings) -> AsyncIterator[Desk]:
    """The webhook door of the test process's house."""
    async with desk_of(house, process_settings) as opened:
        yield opened
