"""Coupons that cannot be: refused when they are saved, with the part that is wrong."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from domain.catalog.coupon import Duration, coupon_of_code, coupons
from domain.catalog.publish_coupon import publish_coupon
from domain.ids import PlanId
from domain.money import Money
from domain.reactions.house import House
from domain.refusals import RefusalCode
from tests.catalog_kit import by_admin, half_off, refusal_of
from tests.world import EUR, JPY, World, fresh, make_world

NO_PLANS = tuple(PlanId(UUID(int=number)) for number in range(101))


@pytest.mark.parametrize(
    ("wrong", "code", "part"),
    [
        ({"code": "x"}, RefusalCode.INVALID_INPUT, "code"),
        ({"code": "HALF OFF"}, RefusalCode.INVALID_INPUT, "code"),
        ({"code": "X" * 41}, RefusalCode.INVALID_INPUT, "code"),
        ({"percent_ppm": None}, RefusalCode.INVALID_INPUT, "percentPpm"),
        ({"amount": Money(1, EUR)}, RefusalCode.INVALID_INPUT, "percentPpm"),
        ({"percent_ppm": 0}, RefusalCode.INVALID_INPUT, "percentPpm"),
        ({"percent_ppm": 1_000_001}, RefusalCode.INVALID_INPUT, "percentPpm"),
        ({"percent_ppm": None, "amount": Money(0, JPY)}, RefusalCode.INVALID_AMOUNT, "amount"),
        ({"percent_ppm": None, "amount": Money(10**11 + 1, JPY)}, RefusalCode.INVALID_AMOUNT, "amount"),
        ({"duration": Duration.PERIODS}, RefusalCode.INVALID_INPUT, "periods"),
        ({"periods": 3}, RefusalCode.INVALID_INPUT, "periods"),
        ({"duration": Duration.PERIODS, "periods": 0}, RefusalCode.INVALID_INPUT, "periods"),
        ({"max_redemptions": 0}, RefusalCode.INVALID_INPUT, "maxRedemptions"),
        ({"max_redemptions": 2**31}, RefusalCode.INVALID_INPUT, "maxRedemptions"),
        ({"plans": NO_PLANS}, RefusalCode.INVALID_INPUT, "planIds"),
        ({"plans": NO_PLANS[:1]}, RefusalCode.NOT_FOUND, "planIds"),
    ],
)
async def test_a_coupon_that_cannot_be_is_refused_when_it_is_saved(
    world: World, wrong: dict[str, Any], code: RefusalCode, part: str
) -> None:
    before = await coupons(world.house.db.primary, world.tenant.tenant)
    assert await refusal_of(world, publish_coupon, half_off(**wrong)) == (code, (part,))
    assert await coupons(world.house.db.primary, world.tenant.tenant) == before


async def test_a_code_is_taken_once_in_a_tenant(world: World, house: House) -> None:
    command = half_off(code=fresh("once").lower())
    await by_admin(world, publish_coupon, command)
    again = replace(command, code=command.code.upper())
    assert await refusal_of(world, publish_coupon, again) == (RefusalCode.ALREADY_EXISTS, ("code",))
    elsewhere = await make_world(house)
    await by_admin(elsewhere, publish_coupon, command)
    found = await coupon_of_code(elsewhere.house.db.primary, elsewhere.tenant.tenant, command.code)
    assert found is not None
    assert (found.code, found.percent_ppm, found.active) == (command.code.upper(), 500_000, True)
