"""The house and a world on the shared stack, one of each per test process."""

from collections.abc import AsyncIterator

import pytest

import domain.db
from dev.stack.addresses import Servers
from domain.reactions.house import House
from domain.reconciliation.explanation_checks import lines_explain_themselves, note_lines_explain_themselves
from domain.tenants.tenant import tenant_shard_keys
from runtime.house import open_house
from runtime.settings import Settings
from tests.world import World, make_world

# A test that verifies its customer's shard key reads what the tests before it left there: so few share one.
SHARD_KEYS = 64


@pytest.fixture(scope="session")
def process_settings(servers: Servers) -> Settings:
    """The settings of a process on this worker's database, with the keys and peers of the shared stack."""
    del servers  # that they run is all that is wanted of them
    # A run of all tests takes longer than a sign-in is good for; a test that scrapes asks what is so now.
    return Settings(step_up_seconds=7200, metrics_seconds=0)  # type: ignore[call-arg]  # the environment gives them


@pytest.fixture(scope="session")
async def house(process_settings: Settings) -> AsyncIterator[House]:
    """The database and gateways, opened as every process opens them, with patience for a busy machine: many tests at
    once on few cores may need more than a second for a new connection, which is no fault of what they look at."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(domain.db, "ACQUIRE_SECONDS", 10)
        async with open_house(process_settings, "quittance-test") as opened:
            yield opened


@pytest.fixture(scope="session")
async def world(house: House) -> AsyncIterator[World]:
    """A tenant of this test process; at its end every line of its invoices and credit notes explains itself."""
    made = await make_world(house, shard_keys=SHARD_KEYS)
    yield made
    for shard in await tenant_shard_keys(house.db.primary, made.tenant.tenant):
        assert await lines_explain_themselves(house.db.primary, shard) == []
        assert await note_lines_explain_themselves(house.db.primary, shard) == []
