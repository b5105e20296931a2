"""Grace and the law of a customer's country: a rule only ever lengthens what a policy gives."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.actor import Grant
from domain.dunning.policy import Policy
from domain.dunning.save_policy import SaveDunningPolicy, save_dunning_policy
from domain.dunning.timeline import lengthened
from domain.payments.grace_rule import MAX_DAYS, GraceRule, PublishGraceRule, grace_rules, publish_grace_rule
from domain.perform import perform
from domain.reactions.house import House
from domain.refusals import RefusalCode, Refused
from domain.tax.rate import CustomerKind
from tests.catalog_kit import by_admin, refusal_of
from tests.dunning_kit import case_now, days, declined, told
from tests.lives import is_entitled, until, wrong_rows
from tests.tax_kit import move
from tests.world import World, fresh, make_world

SHORT = SaveDunningPolicy((1, 3), 5, 12)
CONSUMER = CustomerKind.CONSUMER


@pytest.fixture
async def shop(house: House) -> AsyncIterator[World]:
    """A tenant whose policy is shorter than some countries allow."""
    world = await make_world(house)
    await by_admin(world, save_dunning_policy, SHORT)
    yield world


@pytest.mark.row("D12")
@pytest.mark.parametrize(
    ("country", "business", "expected"),
    [("DE", False, (14, 21)), ("DE", True, (5, 12)), ("AU", False, (7, 14)), ("LU", False, (30, 37)),
     ("FR", False, (5, 12))],
)  # fmt: skip
async def test_a_consumer_keeps_access_as_long_as_its_country_asks_for(
    shop: World, country: str, business: bool, expected: tuple[float, float]
) -> None:
    _, case = await declined(shop, country=country, business=business)
    assert days(case) == expected
    assert (case.grace_source is not None) == (expected != (5, 12))


@pytest.mark.row("D12")
async def test_access_lasts_until_the_day_of_the_law_and_a_warning_comes_in_time(shop: World) -> None:
    rule = PublishGraceRule("FR", CustomerKind.ANY, 10, 8, "A law of ours.")
    await by_admin(shop, publish_grace_rule, rule)
    await by_admin(shop, save_dunning_policy, SaveDunningPolicy((1, 3), 5, 12, ()))
    ada, case = await declined(shop, country="FR")
    assert (days(case), case.grace_source) == ((10, 17), "A law of ours.")
    await move(shop, ada, "BE")
    await by_admin(shop, publish_grace_rule, PublishGraceRule("FR", CustomerKind.ANY, 0, 0, "Repealed."))
    await until(shop, ada, case.suspend_at - timedelta(seconds=1))
    assert ((await case_now(shop, ada)).suspend_at, await is_entitled(shop, ada)) == (case.suspend_at, True)
    await until(shop, ada, case.suspend_at)
    assert (await told(shop, ada, case), await is_entitled(shop, ada)) == ([(2, ["reminder"])], False)
    assert days((await declined(shop, country="FR"))[1]) == (5, 12)
    assert await wrong_rows(shop, ada) == []


@pytest.mark.row("D12")
async def test_versions_of_a_rule_follow_each_other_and_two_at_once_are_two(shop: World) -> None:
    homes = (shop.tenant.live_house, shop.tenant.sandbox_house)
    command = PublishGraceRule("SE", CONSUMER, 12, 7, "A law.")
    answers = await asyncio.gather(
        *(perform(shop.house.db, publish_grace_rule, shop.house.actor, home, command, fresh("rule")) for home in homes),
        return_exceptions=True,
    )
    versions = sorted(each.outcome.version for each in answers if not isinstance(each, BaseException))
    busy = [each for each in answers if isinstance(each, BaseException)]
    assert versions == list(range(1, len(versions) + 1))
    assert len(versions) + len(busy) == 2
    assert all(isinstance(each, Refused) and each.code is RefusalCode.BUSY for each in busy)
    last = await by_admin(shop, publish_grace_rule, PublishGraceRule("SE", CONSUMER, 3, 3, "A later law."))
    (held,) = [rule for rule in await grace_rules(shop.house.db.primary, shop.tenant.tenant) if rule.country == "SE"]
    assert held == GraceRule("SE", CONSUMER, 3, 3, "A later law.", last.version)


async def test_a_rule_is_published_by_admins_with_a_source_and_days_that_can_be_meant(shop: World) -> None:
    good: dict[str, Any] = {"country": "SE", "kind": CONSUMER, "min_days": 1, "notice_days": 1, "source": "A law."}
    for changed, part in (
        ({"country": "XX"}, "country"), ({"min_days": -1}, "minDays"), ({"min_days": MAX_DAYS + 1}, "minDays"),
        ({"notice_days": -1}, "noticeDays"), ({"source": " "}, "source"), ({"source": "x" * 501}, "source"),
    ):  # fmt: skip
        command = PublishGraceRule(**{**good, **changed})
        assert await refusal_of(shop, publish_grace_rule, command) == (RefusalCode.INVALID_INPUT, (part,))
    with pytest.raises(Refused):
        command, home = PublishGraceRule(**good), shop.tenant.live_house
        await perform(shop.house.db, publish_grace_rule, shop.staff(Grant.SUPPORT), home, command, fresh("rule"))
    assert all(rule.version == 0 for rule in await grace_rules(shop.house.db.primary, shop.tenant.tenant))


@st.composite
def timelines(draw: st.DrawFn) -> Policy:
    """Policies that can be saved."""
    suspend = draw(st.integers(0, 30))
    retries = draw(st.sets(st.integers(1, max(1, suspend)), min_size=1, max_size=4)) if suspend else set()
    give_up = draw(st.integers(suspend + 1, 90))
    notices = draw(st.none() | st.sets(st.integers(1, max(1, give_up - 1)), max_size=4).map(sorted).map(tuple))
    restrict = draw(st.none() | st.integers(0, suspend - 1)) if suspend else None
    return Policy(tuple(sorted(retries)), suspend, give_up, notices, restrict, ("one",) if restrict is not None else ())


@pytest.mark.row("D12")
@given(timelines(), st.integers(0, 90), st.integers(0, 90))
def test_a_rule_never_shortens_anything_and_warns_in_time(of: Policy, least: int, notice: int) -> None:
    longer = lengthened(of, GraceRule("DE", CONSUMER, least, notice, "A law."))
    assert longer.suspend_day == max(of.suspend_day, least, notice)
    assert longer.give_up_day - longer.suspend_day == of.give_up_day - of.suspend_day
    assert longer.retry_days == of.retry_days
    if longer.restrict_day is not None:
        assert of.restrict_day is not None
        assert max(least, notice, of.restrict_day) <= longer.restrict_day < longer.suspend_day
    in_time = longer.suspend_day - notice
    assert in_time < 1 or any(day <= in_time for day in longer.reminders)
    assert list(longer.reminders) == sorted(set(longer.reminders))
