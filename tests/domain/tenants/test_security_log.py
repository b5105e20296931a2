"""The security log tells who acted, however many strangers fail to sign in; whom one process saw mutes no other."""

from datetime import timedelta

from domain.reactions.house import House
from domain.tenants.security_log import Happening, SecurityKind, happenings, log_security
from tests.domain.test_refusal_log import process
from tests.world import World, fresh


async def kinds(world: World, mark: str) -> list[SecurityKind]:
    """What the last hundred rows tell of that request."""
    found = await happenings(world.house.db.primary, world.tenant.live_house, None, 100)
    return [each.what.kind for each in found if each.what.request_id == mark]


async def test_a_flood_of_failed_sign_ins_hides_nothing_else_and_mutes_no_other_process(world: World) -> None:
    async def note(house: House, kind: SecurityKind) -> None:
        await log_security(house.db, world.tenant.live_house, Happening(kind, "staff", request_id=mark))

    flooded, other = process(world.house, timedelta(0)), process(world.house, timedelta(0))
    mark = fresh("flood")
    while flooded.db.strangers.take(flooded.db.clock.now()):
        continue  # what strangers have written in this minute already
    for kind in SecurityKind:
        await note(flooded, kind)
    seen = await kinds(world, mark)
    assert set(seen) == set(SecurityKind) - {SecurityKind.LOGIN_FAILED}
    await note(other, SecurityKind.LOGIN_FAILED)
    assert sorted(await kinds(world, mark)) == sorted([*seen, SecurityKind.LOGIN_FAILED])
