"""The look for lost disputes goes round: what stops it takes nothing from those at the list's end."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, cast

import pytest

from domain.payments.dispute_calls import DisputesAnswer
from domain.payments.gateway import DisputesListed, Gateway, Unavailable, Unknown
from domain.payments.gateways.sandbox import SandboxGateway
from domain.reactions.house import House
from domain.reactions.lost_disputes import disputes_to_look_for, look_for_disputes
from tests.dispute_kit import disputed, end_of_rounds, hear_of_all
from tests.mishaps import later
from tests.webhook_desk import Desk
from tests.world import ACCOUNT, World, fresh


class Stopped(Exception):
    """The job's time was over."""


class OneByOne:
    """The provider, of whose disputes it lists some, one a page, and no more than a look has time for."""

    def __init__(self, gateway: Gateway, refs: Sequence[str], pages: int) -> None:
        self._gateway, self._refs, self._left = gateway, list(refs), pages
        self.asked: list[str | None] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._gateway, name)

    async def list_disputes(self, since: datetime, after: str | None) -> DisputesListed:
        """The next one."""
        self._left -= 1
        if self._left < 0:
            raise Stopped
        self.asked.append(after)
        place = self._refs.index(after) + 1 if after in self._refs else 0
        told: Any = await self._gateway.find_dispute(self._refs[place])
        return DisputesListed((told,), more=place + 1 < len(self._refs))


@pytest.mark.row("C14")
async def test_a_look_that_is_stopped_is_gone_on_with_and_the_next_round_begins_at_the_first_again(
    world: World, desk: Desk
) -> None:
    await end_of_rounds(world.house)  # whatever round others were in is over
    of = [await disputed(world, desk) for _ in range(3)]
    refs = [each.ref for each in of]

    async def look(pages: int) -> list[str | None]:
        slow = OneByOne(world.house.gateway(ACCOUNT), refs, pages)
        house = replace(world.house, gateways={ACCOUNT: cast(Gateway, slow)})
        try:
            await look_for_disputes(house, ACCOUNT)
        except Stopped:
            assert await disputes_to_look_for(house) == [ACCOUNT], "it is not through"
        return slow.asked

    assert [await look(1), await look(1)] == [[None], [refs[0]]]
    assert await look(9) == [refs[1]]
    assert [(await each.known()).state.name for each in of] == ["open"] * 3
    assert await disputes_to_look_for(world.house) == []
    assert ACCOUNT in await disputes_to_look_for(later(world.house, timedelta(hours=2)))
    assert await look(9) == [None, refs[0], refs[1]]


class Away(SandboxGateway):
    """A provider that does not answer."""

    async def list_disputes(self, since: datetime, after: str | None) -> DisputesAnswer:
        return Unavailable("it is away")


@pytest.mark.parametrize("begun", [True, False])
async def test_who_was_slow_neither_ends_the_next_round_nor_begins_the_last_one_anew(world: World, begun: bool) -> None:
    account = f"sandbox/{fresh('slow')}"

    def at(hours: int, gateway: Gateway) -> House:
        return later(replace(world.house, gateways={account: gateway}), timedelta(hours=hours))

    class Slow(SandboxGateway):
        async def list_disputes(self, since: datetime, after: str | None) -> DisputesAnswer:
            await look_for_disputes(at(0, quick), account)
            if not begun:
                return Unknown("it knows no such place any more")
            await look_for_disputes(at(2, away), account)
            return DisputesListed((), more=False)

    class Quick(SandboxGateway):
        async def list_disputes(self, since: datetime, after: str | None) -> DisputesAnswer:
            return DisputesListed((), more=False)

    slow, quick, away = (kind("main", "http://127.0.0.1:1", "secret") for kind in (Slow, Quick, Away))
    await look_for_disputes(at(0, slow), account)
    assert await disputes_to_look_for(at(2, quick)) == [account], "nobody has heard it to its end"
    assert await disputes_to_look_for(at(0, quick)) == ([account] if begun else [])
    for gateway in (slow, quick, away):
        await gateway.close()


async def test_events_of_a_loss_that_a_look_found_won_since_then_are_no_contradiction(world: World, desk: Desk) -> None:
    of = await disputed(world, desk)
    await of.told()
    await desk.admin(f"disputes/{of.ref}/close", outcome="lost")
    await desk.admin(f"disputes/{of.ref}/close", outcome="won", again=True)
    await hear_of_all(world.house)
    assert (await of.known()).state.name == "won"
    for event in await of.events():
        await desk.take(event, later(world.house, timedelta(minutes=1)))
        assert await desk.state(event) in ("applied", "stale"), event
    assert (await of.known()).state.name == "won"
