"""Grace as a tenant configures it: how long, for whom, which features stay, and what happens on which day."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from domain import due
from domain.catalog.feature import FeatureKind, PlanEntitlement
from domain.catalog.publish_version import PlanTerms
from domain.customers.advance_clock import SetClock, set_clock
from domain.dunning.case import NOTICE
from domain.dunning.notice import TellCustomer, tell_customer
from domain.dunning.policy import Scope, policies, policy, policy_for
from domain.dunning.recovery_policy import RecoveryPolicy
from domain.dunning.save_policy import MAX_GRACE, SaveDunningPolicy, save_dunning_policy
from domain.dunning.split_invoice import SplitInvoice, split_invoice
from domain.ids import PlanId
from domain.payments.settle_payment import News
from domain.reactions.house import House
from domain.reactions.work import do, do_now
from domain.refusals import RefusalCode
from domain.subscriptions.entitlements import entitlements
from domain.tax.rate import CustomerKind
from tests.catalog_kit import by_admin, monthly, new_feature, new_plan, new_price, refusal_of
from tests.dunning_kit import case_now, days, declined, told, waiting_notices
from tests.interruptions import LEASE_OVER, Killed, ahead, killed_at
from tests.lives import attempts_at, by_house, is_entitled, subscription_of, tell, until, wrong_rows
from tests.world import Someone, World, make_world

SHORT = SaveDunningPolicy((1, 3), 5, 12)


@pytest.fixture
async def shop(house: House) -> AsyncIterator[World]:
    """A tenant whose policies no other test follows."""
    yield await make_world(house)


async def usable(world: World, of: Someone, after: timedelta) -> dict[str, int]:
    """What the customer may use so long after its case was opened, by feature."""
    at = (await case_now(world, of)).opened_at + after
    found = await entitlements(world.house.db.primary, world.tenant.tenant, of.id, at)
    return {each.feature: each.value for each in found}


@pytest.mark.row("D8")
async def test_a_plan_and_a_kind_of_customer_have_a_length_of_their_own(shop: World) -> None:
    plan, _ = await new_plan(shop)
    price = await new_price(shop, monthly(plan))
    await by_admin(shop, save_dunning_policy, SHORT)
    of_plan = SaveDunningPolicy((2,), 20, 40, plan=plan)
    await by_admin(shop, save_dunning_policy, of_plan)
    business = SaveDunningPolicy((4,), 8, 16, kind=CustomerKind.BUSINESS)
    await by_admin(shop, save_dunning_policy, business)
    found = [
        days((await declined(shop, country="FR"))[1]),
        days((await declined(shop, country="FR", business=True))[1]),
        days((await declined(shop, country="FR", business=True, price=price))[1]),
    ]
    assert found == [(5, 12), (8, 16), (20, 40)]
    listed = await policies(shop.house.db.primary, shop.tenant.tenant)
    assert [(scope, rules.suspend_day) for scope, rules in listed] == [
        (Scope(), 5), (Scope(None, CustomerKind.BUSINESS), 8), (Scope(plan), 20),
    ]  # fmt: skip


@pytest.mark.row("D8")
async def test_what_is_saved_again_for_a_plan_takes_the_place_of_the_first(shop: World) -> None:
    plan, _ = await new_plan(shop)
    for given in (SaveDunningPolicy((2,), 20, 40, plan=plan), SaveDunningPolicy((3,), 10, 20, plan=plan)):
        await by_admin(shop, save_dunning_policy, given)
    db, tenant = shop.house.db.primary, shop.tenant.tenant
    assert await policy_for(db, tenant, Scope(plan, CustomerKind.CONSUMER)) == given.policy
    assert (await policy(db, tenant)).suspend_day == 14


@pytest.mark.row("D8")
async def test_from_a_day_on_only_the_kept_features_are_left_and_a_payment_brings_all_back(shop: World) -> None:
    reading, writing = await new_feature(shop, FeatureKind.SWITCH), await new_feature(shop, FeatureKind.LIMIT)
    plan, _ = await new_plan(shop, PlanTerms(entitlements=(PlanEntitlement(reading, 1), PlanEntitlement(writing, 9))))
    price = await new_price(shop, monthly(plan))
    await by_admin(shop, save_dunning_policy, SaveDunningPolicy((1, 9), 10, 20, (2,), 3, (reading,)))
    ada, case = await declined(shop, country="FR", price=price)
    whole, third = {reading: 1, writing: 9}, timedelta(days=3)
    await until(shop, ada, case.opened_at + third)
    assert await usable(shop, ada, third - timedelta(seconds=1)) == whole
    assert (await usable(shop, ada, third), await is_entitled(shop, ada)) == ({reading: 1}, True)
    assert await told(shop, ada, case) == [(2, ["reminder"]), (3, ["restricted"])]
    await until(shop, ada, case.opened_at + third + timedelta(hours=1))
    await shop.card(ada)
    assert await usable(shop, ada, third + timedelta(hours=1)) == whole
    assert await usable(shop, ada, third) == {reading: 1}, "as it was then"
    assert await wrong_rows(shop, ada) == []


@pytest.mark.row("D8")
async def test_who_pays_in_parts_has_all_features_again_while_its_plan_holds(shop: World) -> None:
    await shop.recover_by(RecoveryPolicy(split_days=60))
    reading, writing = await new_feature(shop, FeatureKind.SWITCH), await new_feature(shop, FeatureKind.LIMIT)
    plan, _ = await new_plan(shop, PlanTerms(entitlements=(PlanEntitlement(reading, 1), PlanEntitlement(writing, 9))))
    price = await new_price(shop, monthly(plan))
    await by_admin(shop, save_dunning_policy, SaveDunningPolicy((9,), 10, 20, (2,), 3, (reading,)))
    ada, case = await declined(shop, "tok_insufficient_funds_times_1", country="FR", price=price)
    await shop.card(ada, "tok_bank_held")
    await tell(shop, ada, (await attempts_at(shop, ada, case.invoice))[-1].id, News.DECLINED)
    await until(shop, ada, case.opened_at + timedelta(days=4))
    assert await usable(shop, ada, timedelta(days=4)) == {reading: 1}
    await shop.do(ada, split_invoice, SplitInvoice(case.invoice, 2, 20))
    assert await usable(shop, ada, timedelta(days=4)) == {reading: 1, writing: 9}


@pytest.mark.row("D8")
async def test_without_any_grace_access_ends_when_the_payment_fails(shop: World) -> None:
    await by_admin(shop, save_dunning_policy, SaveDunningPolicy((), 0, 7))
    ada, case = await declined(shop, country="FR")
    assert ((await subscription_of(shop, ada)).state.name, await is_entitled(shop, ada)) == ("suspended", False)
    assert case.suspend_at == case.opened_at
    await until(shop, ada, case.give_up_at)
    assert (await subscription_of(shop, ada)).state.name == "canceled"
    assert await wrong_rows(shop, ada) == []


@pytest.mark.row("D8")
async def test_a_living_case_keeps_the_timeline_it_was_opened_under(shop: World) -> None:
    ada, case = await declined(shop, country="FR")
    await by_admin(shop, save_dunning_policy, SaveDunningPolicy((1,), 1, 2, (1,)))
    await until(shop, ada, case.opened_at + timedelta(days=6))
    kept = await case_now(shop, ada)
    assert (kept.suspend_at, kept.retry_days, kept.notice_days) == (case.suspend_at, (2, 5, 9, 14), case.notice_days)
    assert await told(shop, ada, case) == [(2, ["reminder"]), (5, ["reminder"])]


@pytest.mark.row("D10")
async def test_a_hard_decline_drops_the_retries_and_not_the_reminders(shop: World) -> None:
    await by_admin(shop, save_dunning_policy, SaveDunningPolicy((1, 3), 5, 12, (2, 4, 8)))
    ada, case = await declined(shop, "tok_stolen_card", country="FR")
    await until(shop, ada, case.give_up_at)
    assert await told(shop, ada, case) == [(day, ["reminder"]) for day in (2, 4, 8)]


async def test_missed_notices_are_one_of_each_kind_and_two_workers_tell_them_once(shop: World) -> None:
    await by_admin(shop, save_dunning_policy, SaveDunningPolicy((1,), 9, 12, (2, 4), 5, ()))
    ada, case = await declined(shop, "tok_stolen_card", country="FR")
    await by_house(shop, ada, set_clock, SetClock(case.opened_at + timedelta(days=6)), follow=False)
    both = (by_house(shop, ada, tell_customer, TellCustomer(case.id), follow=False) for _ in range(2))
    answers = await asyncio.gather(*both)
    assert sorted(len(each.steps) for each in answers) == [0, 2]
    assert await waiting_notices(shop, ada) == ["reminder", "restricted"]
    assert (await case_now(shop, ada)).notices_told == 3


async def test_a_process_that_dies_over_a_notice_leaves_it_to_the_next_one(shop: World) -> None:
    await by_admin(shop, save_dunning_policy, SaveDunningPolicy((1,), 9, 12, (2,)))
    ada, case = await declined(shop, "tok_stolen_card", country="FR")
    await by_house(shop, ada, set_clock, SetClock(case.opened_at + timedelta(days=2)), follow=False)
    work = await due.find(shop.house.db.primary, ada.id, NOTICE, case.id.uuid)
    assert work is not None
    async with killed_at("perform.committed"):
        with pytest.raises(Killed):
            await do(shop.house, work)
    await do(ahead(shop.house, LEASE_OVER), work)
    assert await waiting_notices(shop, ada) == ["reminder"]
    await do_now(shop.house, ada.id)
    assert (await case_now(shop, ada)).notices_told == 1
    assert await told(shop, ada, case) == [(2, ["reminder"])]


REFUSED = [
    (SaveDunningPolicy((2,), MAX_GRACE + 1, 60), "suspendDay"),
    (SaveDunningPolicy((), 1, 60), "retryDays"),
    (SaveDunningPolicy((1,), 0, 60), "suspendDay"),
    (SaveDunningPolicy((2,), 5, 9, (3, 3)), "noticeDays"),
    (SaveDunningPolicy((2,), 5, 9, (-1, 3)), "noticeDays"),
    (SaveDunningPolicy((2,), 5, 9, (9,)), "noticeDays"),
    (SaveDunningPolicy((2,), 5, 9, None, 5, ()), "restrictDay"),
    (SaveDunningPolicy((2,), 5, 9, None, -1, ()), "restrictDay"),
    (SaveDunningPolicy((2,), 5, 9, None, None, ("seats",)), "restrictDay"),
    (SaveDunningPolicy((2,), 5, 9, None, 3, ("seats", "seats")), "keptFeatures"),
]


@pytest.mark.row("D8")
async def test_a_policy_that_cannot_hold_is_refused_and_changes_nothing(shop: World) -> None:
    for command, part in REFUSED:
        assert await refusal_of(shop, save_dunning_policy, command) == (RefusalCode.INVALID_INPUT, (part,)), command
    unknown = SaveDunningPolicy((2,), 5, 9, None, 3, ("nothing-of-ours",))
    assert await refusal_of(shop, save_dunning_policy, unknown) == (RefusalCode.NOT_FOUND, ("keptFeatures",))
    elsewhere = SaveDunningPolicy((2,), 5, 9, plan=PlanId.parse("plan_" + "0" * 26))
    assert await refusal_of(shop, save_dunning_policy, elsewhere) == (RefusalCode.NOT_FOUND, ("planId",))
    ((scope, rules),) = await policies(shop.house.db.primary, shop.tenant.tenant)
    assert (scope, rules.suspend_day) == (Scope(), 14)
