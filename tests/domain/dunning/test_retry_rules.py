"""The next retry by decline code: on its day, on a payday, days later, or never; one timeline whatever moves it."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.dunning.case import Case
from domain.dunning.next_retry import Calendar, moved_to, next_retry
from domain.dunning.recovery_policy import RecoveryPolicy, recovery_policy, set_recovery_policy
from domain.dunning.recovery_policy import SetRecoveryPolicy as Set
from domain.dunning.retry_rule import RetryRule, RetryStep, rule_of
from domain.ids import CustomerId, DunningCaseId, InvoiceId, uuid7
from domain.machine import State
from domain.money import Money
from domain.payments.gateways.declines import HARD
from domain.payments.settle_payment import News
from domain.reactions.house import House
from domain.refusals import RefusalCode
from tests.catalog_kit import by_admin, refusal_of
from tests.dunning_kit import case_now, owing, tried
from tests.lives import attempts_at, is_entitled, tell, until, wrong_rows
from tests.world import EUR, World, make_world

OPENED = datetime(2027, 2, 1, 2, tzinfo=UTC)
DAY = timedelta(days=1)
ID = uuid7(OPENED, b"\0" * 10)
CASE = Case(
    DunningCaseId(1, ID), CustomerId(1, ID), InvoiceId(1, ID), None, OPENED, (2, 5, 9, 14), 0, OPENED + 14 * DAY,
    OPENED + 30 * DAY, State("retrying", 1),
)  # fmt: skip
NOWHERE = Calendar("UTC", ())
TIMELINE, PAYDAY = RetryRule("x", RetryStep.TIMELINE), RetryRule("insufficient_funds", RetryStep.PAYDAY)


def after(days: int) -> RetryRule:
    """A rule that waits so many days."""
    return RetryRule("x", RetryStep.AFTER, days)


@pytest.fixture
async def shop(house: House) -> AsyncIterator[World]:
    """A tenant whose rules no other test follows."""
    yield await make_world(house)


@pytest.mark.row("D9")
@pytest.mark.parametrize("code", HARD)
def test_what_is_hard_stops_and_the_rest_is_tried_again(code: str) -> None:
    soft = RetryStep.PAYDAY if code == "insufficient_funds" else RetryStep.TIMELINE
    assert rule_of((), code, hard=False).step is (RetryStep.STOP if HARD[code] else soft)
    assert rule_of((RetryRule(code, RetryStep.AFTER, 1),), code, hard=True).step is RetryStep.STOP


def test_without_a_payday_every_soft_decline_follows_the_timeline() -> None:
    for rule in (TIMELINE, PAYDAY):
        for done, day in enumerate((2, 5, 9, 14)):
            found = next_retry(replace(CASE, retries_done=done), rule, NOWHERE, OPENED + (day - 1) * DAY)
            assert found is not None and (found.at, found.done) == (OPENED + day * DAY, done)
    assert next_retry(replace(CASE, retries_done=4), TIMELINE, NOWHERE, OPENED + 14 * DAY) is None


def test_a_retry_after_some_days_takes_the_place_of_the_days_it_passes_over() -> None:
    for days, at, done in ((1, 1, 0), (2, 2, 0), (3, 3, 0), (6, 6, 1), (9, 9, 2), (30, 14, 3)):
        found = next_retry(CASE, after(days), NOWHERE, OPENED)
        assert found is not None and (found.at, found.done) == (OPENED + at * DAY, done)


def test_a_payday_moves_the_retry_inside_its_own_span_and_no_further() -> None:
    for paydays, done, at in (
        ((4,), 0, datetime(2027, 2, 4, 12, tzinfo=UTC)),
        ((1, 15), 2, OPENED + 9 * DAY),  # the 15th, noon, is after access has ended
        ((15,), 3, OPENED + 14 * DAY),
        ((6,), 0, OPENED + 2 * DAY),  # noon of the 6th is after day 5
    ):
        found = next_retry(replace(CASE, retries_done=done), PAYDAY, Calendar("UTC", paydays), OPENED + DAY)
        assert found is not None and (found.at, found.done) == (at, done), paydays
    end = replace(CASE, opened_at=OPENED + 24 * DAY, suspend_at=OPENED + 40 * DAY)
    found = next_retry(end, PAYDAY, Calendar("UTC", (31,)), OPENED + 24 * DAY)  # day 2 is the 27th, day 5 in March
    assert found is not None and found.at == datetime(2027, 2, 28, 12, tzinfo=UTC)


@given(st.integers(0, 4), st.integers(0, 20 * 24), st.integers(1, 30), st.sampled_from(list(RetryStep)))
def test_no_rule_makes_more_retries_than_days_or_one_in_the_past(
    done: int, hours: int, days: int, step: RetryStep
) -> None:
    now, case = OPENED + timedelta(hours=hours), replace(CASE, retries_done=done)
    found = next_retry(case, RetryRule("x", step, days), Calendar("Europe/Berlin", (1, 15, 31)), now)
    if done == 4:
        assert found is None
    else:
        assert found is not None and done <= found.done < 4
        assert found.at > now or step is RetryStep.AFTER
        assert found.at <= max(case.suspend_at, now + DAY)
    moved = moved_to(case, now)
    assert moved.at <= case.suspend_at and moved.done <= 4


@pytest.mark.row("D9")
async def test_a_code_of_the_tenants_own_moves_the_retries_and_access_ends_on_its_day(shop: World) -> None:
    rules = (RetryRule("insufficient_funds", RetryStep.AFTER, 4), RetryRule("do_not_honor", RetryStep.STOP))
    await shop.recover_by(RecoveryPolicy(backups=False, rules=rules))
    ada, case = await owing(shop)
    await until(shop, ada, case.suspend_at)
    assert [on for on, _, _ in await tried(shop, ada, case)] == [0, 4, 8, 12, 14]
    now = await case_now(shop, ada)
    assert (now.state.name, now.suspend_at, await is_entitled(shop, ada)) == ("suspended", case.suspend_at, False)
    eve, barred = await owing(shop, "tok_do_not_honor")
    assert (await case_now(shop, eve)).state.name == "grace"
    await until(shop, eve, barred.opened_at + 5 * DAY)
    assert len(await attempts_at(shop, eve, barred.invoice)) == 1
    assert await wrong_rows(shop, ada) == []


@pytest.mark.row("D9")
async def test_a_decline_for_want_of_money_waits_for_the_payday_of_the_tenants_customers(shop: World) -> None:
    await shop.recover_by(RecoveryPolicy(paydays=(4,)))
    ada, _ = await owing(shop, "tok_insufficient_funds_times_1")
    assert (await case_now(shop, ada)).next_retry_at == datetime(2027, 2, 4, 12, tzinfo=UTC)
    await until(shop, ada, datetime(2027, 2, 4, 12, tzinfo=UTC))
    assert (await case_now(shop, ada)).state.name == "recovered"
    eve, other = await owing(shop, "tok_do_not_honor")
    assert (await case_now(shop, eve)).next_retry_at == other.opened_at + 2 * DAY


@pytest.mark.row("B8")
async def test_suspension_is_asked_for_once_more_when_the_attempt_ends_and_not_by_the_hour(shop: World) -> None:
    ada, case = await owing(shop)
    await shop.card(ada, "tok_bank_held")
    await until(shop, ada, case.suspend_at + 6 * DAY)
    asked = await shop.house.db.primary.fetchval(
        """SELECT count(*) FROM operation_key
            WHERE shard_key = $1 AND customer_id = $2 AND operation IN ('dunning.suspend', 'dunning.retry_payment')""",
        ada.id.shard,
        ada.id.uuid,
    )
    assert (await is_entitled(shop, ada), asked < 30) == (True, True)
    (*_, held) = await attempts_at(shop, ada, case.invoice)
    await tell(shop, ada, held.id, News.DECLINED, code="account_closed", hard=True)
    assert ((await case_now(shop, ada)).state.name, await is_entitled(shop, ada)) == ("suspended", False)


NUMBERS: list[tuple[dict[str, Any], str]] = [
    ({"methods_per_step": 0}, "methodsPerStep"), ({"own_tries": -1}, "ownTries"),
    ({"payday_choices": 11}, "paydayChoices"),
    ({"split_parts": 25}, "splitParts"), ({"split_days": 0}, "splitDays"), ({"split_plans": -1}, "splitPlans"),
    ({"paydays": (32,)}, "paydays"), ({"paydays": (3, 3)}, "paydays"),
    ({"least": (Money(1, EUR), Money(2, EUR))}, "leastParts"),
    ({"rules": (RetryRule("a", RetryStep.STOP), RetryRule("a", RetryStep.TIMELINE))}, "rules"),
]  # fmt: skip
RULES = [
    (RetryRule("", RetryStep.STOP), "code"), (RetryRule("a\n", RetryStep.STOP), "code"),
    (RetryRule("stolen_card", RetryStep.TIMELINE), "step"), (RetryRule("lost_card", RetryStep.AFTER, 3), "step"),
    (RetryRule("a", RetryStep.AFTER), "days"), (RetryRule("a", RetryStep.AFTER, 31), "days"),
    (RetryRule("a", RetryStep.TIMELINE, 1), "days"),
]  # fmt: skip


@pytest.mark.row("B9")
async def test_rules_that_cannot_be_meant_are_refused_and_nobody_tries_a_stolen_card_again(shop: World) -> None:
    before = await recovery_policy(shop.house.db.primary, shop.tenant.tenant)
    for changed, part in NUMBERS:
        command = Set(replace(RecoveryPolicy(), **changed))
        assert await refusal_of(shop, set_recovery_policy, command) == (RefusalCode.INVALID_INPUT, (part,)), changed
    for rule, part in RULES:
        command = Set(RecoveryPolicy(rules=(rule,)))
        assert await refusal_of(shop, set_recovery_policy, command) == (RefusalCode.INVALID_INPUT, ("rules", part))
    nothing = Set(RecoveryPolicy(least=(Money(0, EUR),)))
    assert await refusal_of(shop, set_recovery_policy, nothing) == (RefusalCode.INVALID_AMOUNT, ("leastParts",))
    assert await recovery_policy(shop.house.db.primary, shop.tenant.tenant) == before
    kept = RecoveryPolicy(False, True, 2, 3, (1, 15), 2, 4, 60, 2, (Money(500, EUR),), (after(3),))
    await by_admin(shop, set_recovery_policy, Set(kept))
    assert await recovery_policy(shop.house.db.primary, shop.tenant.tenant) == kept
