"""Whatever an attempt comes to, dunning alone hears of it: the billing cycle goes on as if nothing had been tried."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from domain import due
from domain.payments.gateway import Detached
from domain.payments.settle_payment import News
from domain.subscriptions.lifecycle import RENEW
from domain.subscriptions.subscription import Subscription
from tests.dunning_kit import FAILED, case_now
from tests.lives import attempts_at, buyer, day, invoices_of, start, subscription_of, tell, until, wrong_rows
from tests.world import ACCOUNT, Someone, World


async def cycle(world: World, of: Someone) -> tuple[Any, ...]:
    """The subscription's terms and period, its anchor, and when it is renewed next."""
    found: Subscription = await subscription_of(world, of)
    renewal = await due.find(world.house.db.primary, of.id, RENEW, found.id.uuid)
    assert renewal is not None
    return found.period, found.plan, found.price, found.quantity, found.anchor_at, renewal.due_at


async def renewed(world: World, token: str | None) -> tuple[Someone, datetime]:
    """A customer whose renewal of 1 February was tried with the card of that token."""
    ada = await buyer(world)
    await start(world, ada)
    if token:
        await world.card(ada, token)
    await until(world, ada, day(2, 1) + FAILED)
    return ada, day(3, 1)


async def goes_on(world: World, of: Someone, before: tuple[Any, ...], renews_at: datetime) -> None:
    """The cycle is what it was, and the next renewal bills the next period on its day."""
    assert await cycle(world, of) == before
    assert before[0].start == day(2, 1)
    assert renews_at <= before[-1] <= renews_at + timedelta(hours=1)  # renewals are spread over an hour
    await world.card(of)
    await until(world, of, renews_at + FAILED)
    assert [each.state.name for each in await invoices_of(world, of)] == ["paid"] * 3
    assert (await subscription_of(world, of)).period.start == renews_at
    assert await wrong_rows(world, of) == []


@pytest.mark.row("D11")
@pytest.mark.parametrize(
    ("code", "hard"),
    [("no_code_of_ours", True), ("no_code_of_ours", False), ("", True), ("x" * 300, False)],
    ids=["unknown and hard", "unknown and soft", "empty", "long"],
)
async def test_a_decline_that_nobody_can_read_leaves_the_cycle_alone(world: World, code: str, hard: bool) -> None:
    ada, renews_at = await renewed(world, "tok_bank_held")
    before, (held,) = await cycle(world, ada), await attempts_at(world, ada, (await invoices_of(world, ada))[-1].id)
    await tell(world, ada, held.id, News.DECLINED, code=code, hard=hard)
    case = await case_now(world, ada)
    assert case.state.name == ("grace" if hard else "retrying")
    (failed,) = await attempts_at(world, ada, case.invoice)
    assert failed.failure_code == code
    await goes_on(world, ada, before, renews_at)


@pytest.mark.row("D11")
@pytest.mark.parametrize("token", ["tok_garbage_before", "tok_hangup_before"])
async def test_garbage_from_the_provider_leaves_the_cycle_alone(world: World, token: str) -> None:
    ada, renews_at = await renewed(world, token)
    before, unpaid = await cycle(world, ada), (await invoices_of(world, ada))[-1]
    (attempt,) = await attempts_at(world, ada, unpaid.id)
    assert attempt.is_open
    await tell(world, ada, attempt.id, News.VOIDED)
    assert (await case_now(world, ada)).invoice == unpaid.id
    await goes_on(world, ada, before, renews_at)


@pytest.mark.row("D11")
async def test_a_method_that_the_provider_forgot_leaves_the_cycle_alone(world: World) -> None:
    ada = await buyer(world)
    await start(world, ada)
    id = await world.card(ada, "tok_mastercard")
    ref = await world.house.db.primary.fetchval(
        "SELECT provider_ref FROM payment_method WHERE shard_key = $1 AND id = $2", id.shard, id.uuid
    )
    assert isinstance(await world.house.gateway(ACCOUNT).detach_method(ref), Detached)
    await until(world, ada, day(2, 1) + FAILED)
    before = await cycle(world, ada)
    case = await case_now(world, ada)
    assert len(await attempts_at(world, ada, case.invoice)) == 1
    assert case.suspend_at - case.opened_at == timedelta(days=14)
    await goes_on(world, ada, before, day(3, 1))
