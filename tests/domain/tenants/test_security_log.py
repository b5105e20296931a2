"""The security log tells who acted, however many strangers fail to sign in meanwhile."""

from domain.tenants.security_log import Happening, SecurityKind, happenings, log_security, strangers
from tests.world import World, fresh


async def test_a_flood_of_failed_sign_ins_hides_nothing_else(world: World) -> None:
    db, home, mark = world.house.db, world.tenant.live_house, fresh("flood")
    try:
        while strangers.take(db.clock.now()):
            continue  # what strangers have written in this minute already
        for kind in SecurityKind:
            await log_security(db, home, Happening(kind, "staff", request_id=mark))
        seen = [
            each.what.kind for each in await happenings(db.primary, home, None, 100) if each.what.request_id == mark
        ]
        assert set(seen) == set(SecurityKind) - {SecurityKind.LOGIN_FAILED}
    finally:
        strangers.until = None  # other tests fail to sign in as well
    await log_security(db, home, Happening(SecurityKind.LOGIN_FAILED, "staff", request_id=mark))
    assert (await happenings(db.primary, home, None, 1))[0].what.kind is SecurityKind.LOGIN_FAILED
