"""The tenant of tests that ask for no rules of their own."""

import pytest

from domain.dunning.recovery_policy import RecoveryPolicy
from domain.reactions.house import House
from tests.world import World, make_world


@pytest.fixture(scope="module")
async def shop(house: House) -> World:
    """A tenant with the rules that every tenant has at first."""
    world = await make_world(house, shard_keys=8)
    await world.recover_by(RecoveryPolicy())
    return world
