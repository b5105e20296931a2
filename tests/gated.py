"""The database of a process, behind a gate that a test can hold."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from pydantic import SecretStr

import domain.db
from domain.database import Database
from runtime.house import open_house
from runtime.settings import Settings
from tests.server_gate import Gate, gate_before


@asynccontextmanager
async def behind_a_gate(settings: Settings) -> AsyncIterator[tuple[Gate, Database]]:
    """The database, whose process has little patience with connections, and the gate that it goes through."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(domain.db, "ACQUIRE_SECONDS", 0.5)
        async with gate_before(settings.database_url.get_secret_value()) as (gate, url):
            given = settings.model_copy(update={"database_url": SecretStr(url)})
            async with open_house(given, "quittance-test-gated") as house:
                yield gate, house.db
