"""Dunning on one timeline: when it is tried again, when access ends, when it is given up, and what brings it back."""

from datetime import datetime, timedelta

import pytest

from domain.dunning.case import Case, cases
from domain.dunning.end_case import EndCase, give_up, suspend
from domain.ids import SubscriptionId
from domain.ledger.balance import balance
from domain.money import Money
from domain.payments.pay_invoice import PayInvoice, pay_invoice
from domain.payments.payment import Payment
from domain.payments.settle_payment import News
from domain.period import Unit
from domain.reactions.work import do_now
from tests.lives import (
    attempts_at,
    buy,
    buyer,
    by_house,
    day,
    invoices_of,
    is_entitled,
    publish,
    start,
    subscription_of,
    tell,
    until,
    wrong_rows,
)
from tests.world import EUR, Someone, World

FAILED = day(2, 1, 3)  # by then the renewal of 1 February was due, drafted, issued and declined


async def in_dunning(world: World, token: str) -> tuple[Someone, SubscriptionId, Case]:
    """A customer whose renewal of 1 February was declined with the card of this token."""
    ada = await buyer(world)
    id = (await start(world, ada)).subscription
    await world.card(ada, token)
    await until(world, ada, FAILED)
    (case,) = await cases(world.house.db.primary, ada.id)
    return ada, id, case


async def attempts(world: World, of: Someone) -> list[Payment]:
    """The attempts at the customer's newest invoice."""
    return await attempts_at(world, of, (await invoices_of(world, of))[-1].id)


async def stands(world: World, of: Someone) -> tuple[str, str]:
    """The state of the subscription and that of its newest case."""
    (case, *_) = await cases(world.house.db.primary, of.id)
    return (await subscription_of(world, of)).state.name, case.state.name


async def has_access(world: World, of: Someone) -> bool:
    """Whether the customer may use what it bought."""
    return await is_entitled(world, of)


def days_after(first: datetime, later: datetime) -> float:
    """Days between two instants."""
    return (later - first) / timedelta(days=1)


@pytest.mark.row("D9")
async def test_a_soft_decline_is_tried_again_on_days_2_5_9_and_14(world: World) -> None:
    ada, _, case = await in_dunning(world, "tok_insufficient_funds")
    await until(world, ada, day(2, 20))
    first, *retries = await attempts(world, ada)
    assert first.happened_at == case.opened_at
    assert [days_after(case.opened_at, retry.happened_at) for retry in retries] == [2, 5, 9, 14]


@pytest.mark.row("D10")
async def test_access_ends_on_day_14_after_the_last_retry_and_not_a_second_before(world: World) -> None:
    ada, _, case = await in_dunning(world, "tok_insufficient_funds")
    assert days_after(case.opened_at, case.suspend_at) == 14
    await until(world, ada, case.suspend_at - timedelta(seconds=1))
    assert await stands(world, ada) == ("past_due", "retrying")
    assert await has_access(world, ada)
    await until(world, ada, case.suspend_at)
    assert await stands(world, ada) == ("suspended", "suspended")
    assert not await has_access(world, ada)
    assert len(await attempts(world, ada)) == 5


@pytest.mark.row("D9")
@pytest.mark.row("D18")
async def test_a_hard_decline_drops_the_retries_and_leaves_the_day_of_suspension(world: World) -> None:
    ada, _, case = await in_dunning(world, "tok_stolen_card")
    assert await stands(world, ada) == ("grace", "grace")
    await until(world, ada, case.opened_at + timedelta(days=14) - timedelta(seconds=1))
    assert (len(await attempts(world, ada)), await has_access(world, ada)) == (1, True)
    await until(world, ada, case.opened_at + timedelta(days=14))
    assert await stands(world, ada) == ("suspended", "suspended")


async def test_on_day_30_the_invoice_is_written_off_and_the_subscription_ends(world: World) -> None:
    ada, _, case = await in_dunning(world, "tok_stolen_card")
    await until(world, ada, case.opened_at + timedelta(days=30) - timedelta(seconds=1))
    assert await stands(world, ada) == ("suspended", "suspended")
    await until(world, ada, case.opened_at + timedelta(days=30))
    assert await stands(world, ada) == ("canceled", "given_up")
    assert (await subscription_of(world, ada)).ended_at == case.opened_at + timedelta(days=30)
    lost = (await invoices_of(world, ada))[-1]
    assert (lost.state.name, lost.due.minor, lost.written_off) == ("uncollectible", 0, Money(1000, EUR))
    assert (await balance(world.house.db.primary, ada.id, EUR)).receivable.minor == 0
    before = len(await attempts(world, ada))
    await world.card(ada)
    await until(world, ada, day(6, 1))
    assert (len(await attempts(world, ada)), len(await invoices_of(world, ada))) == (before, 2)
    assert await wrong_rows(world, ada) == []


@pytest.mark.parametrize("later", [1, 4, 13, 14, 29], ids=lambda days: f"day {days}")
async def test_a_new_card_is_charged_at_once_and_brings_everything_back(world: World, later: int) -> None:
    ada, id, case = await in_dunning(world, "tok_insufficient_funds")
    await until(world, ada, case.opened_at + timedelta(days=later))
    tried = len(await attempts(world, ada))
    await world.card(ada)
    assert await stands(world, ada) == ("active", "recovered")
    paid = next(invoice for invoice in await invoices_of(world, ada) if invoice.id == case.invoice)
    assert (paid.state.name, len(await attempts_at(world, ada, paid.id))) == ("paid", tried + 1)
    await until(world, ada, day(3, 20))
    now = await subscription_of(world, ada)
    assert (now.id, now.state.name, now.period.start) == (id, "active", day(3, 1))
    assert len(await invoices_of(world, ada)) == 3  # no period was billed twice, none left out
    assert await wrong_rows(world, ada) == []


async def test_a_retry_that_succeeds_ends_the_case(world: World) -> None:
    ada, _, case = await in_dunning(world, "tok_insufficient_funds_times_2")
    await until(world, ada, case.opened_at + timedelta(days=2))
    assert await stands(world, ada) == ("past_due", "retrying")
    await until(world, ada, case.opened_at + timedelta(days=5))
    assert await stands(world, ada) == ("active", "recovered")
    await until(world, ada, day(3, 15))
    assert [invoice.state.name for invoice in await invoices_of(world, ada)] == ["paid"] * 3


async def test_a_customer_who_pays_by_hand_is_back_at_once(world: World) -> None:
    ada, _, case = await in_dunning(world, "tok_insufficient_funds_times_1")
    await until(world, ada, day(2, 2))
    await world.do(ada, pay_invoice, PayInvoice(case.invoice, None))
    assert await stands(world, ada) == ("active", "recovered")
    assert len(await attempts(world, ada)) == 2


async def test_a_renewal_without_any_payment_method_waits_out_the_same_timeline(world: World) -> None:
    ada = await world.customer()
    await lost_card(world, ada)
    await until(world, ada, FAILED)
    assert await stands(world, ada) == ("past_due", "retrying")
    (case,) = await cases(world.house.db.primary, ada.id)
    assert await attempts(world, ada) == []
    await until(world, ada, case.suspend_at - timedelta(seconds=1))
    assert await has_access(world, ada)
    await until(world, ada, case.suspend_at)
    assert await stands(world, ada) == ("suspended", "suspended")
    await world.card(ada)
    assert await stands(world, ada) == ("active", "recovered")


async def lost_card(world: World, of: Someone) -> None:
    """A subscription whose first month was paid with a card that is gone since."""
    await world.card(of)
    await start(world, of)
    await world.house.db.marks.execute(
        "UPDATE customer SET default_method_id = NULL WHERE shard_key = $1 AND id = $2", of.id.shard, of.id.uuid
    )


@pytest.mark.row("A2")
async def test_nobody_is_suspended_while_an_attempt_may_still_succeed(world: World) -> None:
    ada, _, case = await in_dunning(world, "tok_insufficient_funds")
    await world.card(ada, "tok_bank_held")
    await until(world, ada, case.suspend_at + timedelta(days=5))
    assert (await has_access(world, ada), await stands(world, ada)) == (True, ("past_due", "retrying"))
    last = (await attempts(world, ada))[-1]
    await tell(world, ada, last.id, News.CAPTURED)
    assert await stands(world, ada) == ("active", "recovered")


@pytest.mark.row("L1")
async def test_who_has_paid_is_neither_suspended_nor_given_up_before_it_is_heard_of(world: World) -> None:
    for operation, at in ((suspend, 14), (give_up, 30)):
        ada, _, case = await in_dunning(world, "tok_stolen_card")
        await until(world, ada, case.opened_at + timedelta(days=at) - timedelta(seconds=1))
        before = await stands(world, ada)
        (attempt,) = await attempts(world, ada)
        await tell(world, ada, attempt.id, News.CAPTURED, follow=False)
        await by_house(world, ada, operation, EndCase(case.id), follow=False)
        assert await stands(world, ada) == before
        await do_now(world.house, ada.id)
        assert await stands(world, ada) == ("active", "recovered")


async def test_a_card_that_came_while_the_old_one_was_being_charged_is_charged_when_that_fails(world: World) -> None:
    ada, _, case = await in_dunning(world, "tok_stolen_card")
    await world.card(ada, "tok_bank_held")
    await world.card(ada)
    held = (await attempts(world, ada))[-1]
    assert await stands(world, ada) == ("grace", "grace")
    await tell(world, ada, held.id, News.DECLINED, code="debit_not_authorized", hard=True)
    assert await stands(world, ada) == ("active", "recovered")
    assert len(await attempts_at(world, ada, case.invoice)) == 3


async def test_giving_up_ends_every_case_of_the_subscription(world: World) -> None:
    ada = await buyer(world)
    await buy(world, ada, await publish(world, Money(300, EUR), Unit.WEEK))
    await world.card(ada, "tok_bank_held")
    await until(world, ada, day(1, 23))  # three weeks wait at the bank
    renewals = [invoice for invoice in await invoices_of(world, ada) if invoice.reason == "renewal"]
    assert len(renewals) == 3
    for number, invoice in enumerate(renewals):
        await until(world, ada, day(1, 24 + 3 * number))
        (held,) = await attempts_at(world, ada, invoice.id)
        await tell(world, ada, held.id, News.DECLINED, code="account_closed", hard=True)
    await until(world, ada, day(2, 24))
    assert (await subscription_of(world, ada)).state.name == "canceled"
    assert [case.state.name for case in await cases(world.house.db.primary, ada.id)] == ["given_up"] * 3
    assert {invoice.state.name for invoice in (await invoices_of(world, ada))[1:]} == {"uncollectible"}
    assert await wrong_rows(world, ada) == []
