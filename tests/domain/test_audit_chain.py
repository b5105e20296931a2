"""A chain that is sound verifies also while its customer goes on."""

from collections.abc import Sequence
from typing import Any

from domain.audit import verify_chain
from domain.db import Primary
from tests.world import Someone, World


class Meanwhile(Primary):
    """A reader whose customer stores another card before each of its statements."""

    def __init__(self, world: World, who: Someone) -> None:
        super().__init__(world.house.db.pool)
        self.world, self.who = world, who

    async def _read(self, method: str, sql: str, args: Sequence[object]) -> Any:
        await self.world.card(self.who)
        return await super()._read(method, sql, args)


async def test_an_entry_that_is_written_meanwhile_does_not_make_a_sound_chain_seem_cut_short(world: World) -> None:
    ada = await world.customer()
    before = await verify_chain(world.house.db.primary, ada.id)
    during = await verify_chain(Meanwhile(world, ada), ada.id)
    assert before.verified
    assert during.verified, during
    assert during.length > before.length
