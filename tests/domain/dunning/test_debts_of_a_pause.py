"""A pause whose customer owes: it holds on, but access ends, comes back, or is over on the days of the case."""

from datetime import datetime, timedelta

import asyncpg
import pytest

from domain.corrections.give_up_invoice import GiveUpInvoice, give_up_invoice
from domain.dunning.case import cases
from domain.ids import PaymentId, SubscriptionId
from domain.money import Money
from domain.payments.settle_payment import News
from domain.reactions.work import do_now
from domain.subscriptions.pause import (
    PauseSubscription,
    ResumeSubscription,
    pause_subscription,
    resume_subscription,
)
from domain.subscriptions.policy import PauseAccess, SubscriptionPolicy
from migrations.files import read_files
from tests.domain.subscriptions.test_after_a_contract import negotiated
from tests.lives import (
    Billed,
    attempts_at,
    buyer,
    by_finance,
    day,
    invoices_of,
    is_entitled,
    start,
    subscription_of,
    tell,
    until,
    wrong_rows,
)
from tests.subscription_lives import rules
from tests.world import EUR, Someone, World

# The case is opened on 5 January: retries to the 19th, on which access ends; the subscription is over on 4 February.
PAUSED, SUSPENDED = day(1, 5), day(1, 20)
FULL = SubscriptionPolicy(pause_access=PauseAccess.FULL)


async def owing(
    world: World, back: datetime | None = None, token: str = "tok_insufficient_funds"
) -> tuple[Someone, SubscriptionId]:
    """A customer that pauses, and whose bank then took back what had paid the period."""
    ada, begun = await pausing(world, back)
    await take_back(world, ada, begun.payment, token)
    return ada, begun.subscription


async def pausing(world: World, back: datetime | None = None) -> tuple[Someone, Billed]:
    """A customer whose pause leaves all of its access, and how it began."""
    ada = await buyer(world, "tok_bank_held")
    begun = await start(world, ada)
    await tell(world, ada, begun.payment, News.CAPTURED)
    await until(world, ada, PAUSED)
    await rules(world, FULL)
    await world.do(ada, pause_subscription, PauseSubscription(begun.subscription, back))
    await rules(world, SubscriptionPolicy())  # a later policy is not this pause's
    return ada, begun


async def take_back(
    world: World, of: Someone, payment: PaymentId | None, token: str = "tok_insufficient_funds"
) -> None:
    await world.card(of, token)
    await tell(world, of, payment, News.RETURNED, captured=Money(1000, EUR))


async def pay(world: World, of: Someone, _: SubscriptionId) -> None:
    await world.card(of)


async def undo_moves(owner_url: str, of: SubscriptionId, last: int) -> None:
    """Leaves the subscription as a release would have that did not know its last moves."""
    key = of.shard, of.uuid
    connection = await asyncpg.connect(owner_url)
    try:
        async with connection.transaction():
            moves = await connection.fetch(
                "SELECT seq, from_state FROM transition WHERE shard_key = $1 AND entity_id = $2 ORDER BY seq DESC", *key
            )
            undone = moves[last - 1]
            await connection.execute(
                """UPDATE subscription s SET state = $3, seq = $4, paused_at = p.recorded_at, pause_access = p.access
                     FROM (SELECT) AS one LEFT JOIN subscription_pause p ON p.shard_key = $1
                          AND p.subscription_id = $2 AND p.seq = $4
                    WHERE s.shard_key = $1 AND s.id = $2""",
                *key, undone["from_state"], undone["seq"] - 1,
            )  # fmt: skip
            await connection.execute(
                "DELETE FROM transition WHERE shard_key = $1 AND entity_id = $2 AND seq >= $3", *key, undone["seq"]
            )
    finally:
        await connection.close()


async def stands(world: World, of: Someone) -> tuple[str, bool, str]:
    """The state of the subscription, whether it gives access, and the state of its oldest case."""
    case = (await cases(world.house.db.primary, of.id))[-1]
    return (await subscription_of(world, of)).state.name, await is_entitled(world, of), case.state.name


@pytest.mark.row("D10")
async def test_a_pause_is_suspended_and_ends_on_the_days_of_its_case(world: World) -> None:
    ada, _ = await owing(world, back=day(3, 1))
    assert await stands(world, ada) == ("paused", True, "retrying")
    await until(world, ada, SUSPENDED)
    assert await stands(world, ada) == ("suspended", False, "suspended")
    await until(world, ada, day(4, 1))
    assert await stands(world, ada) == ("canceled", False, "given_up")
    assert [each.state.name for each in await invoices_of(world, ada)] == ["uncollectible"]  # no new cycle in March
    assert await wrong_rows(world, ada) == []


async def test_who_is_written_off_in_a_pause_has_no_subscription_any_more(world: World) -> None:
    ada, _ = await owing(world)
    (unpaid,) = await invoices_of(world, ada)
    await by_finance(world, ada, give_up_invoice, GiveUpInvoice(unpaid.id, "The company is gone."))
    await do_now(world.house, ada.id)
    assert await stands(world, ada) == ("canceled", False, "given_up")
    assert await wrong_rows(world, ada) == []


@pytest.mark.parametrize(
    ("back", "state", "billed"),
    [
        (None, "paused", []),
        (day(3, 1), "paused", [day(3, 1), day(4, 1)]),  # the day has not come
        (day(1, 25), "active", [day(2, 1), day(3, 1), day(4, 1)]),  # it came in the suspension
    ],
)
async def test_who_pays_goes_on_with_the_pause_and_its_time_is_not_billed(
    world: World, back: datetime | None, state: str, billed: list[datetime]
) -> None:
    ada, _ = await owing(world, back)
    await until(world, ada, day(1, 28))
    assert await stands(world, ada) == ("suspended", False, "suspended")
    await world.card(ada)
    assert await stands(world, ada) == (state, True, "recovered")
    await until(world, ada, day(4, 2))
    assert [each.period_start for each in await invoices_of(world, ada)] == [day(1, 1), *billed]
    assert await wrong_rows(world, ada) == []


async def test_who_pays_after_the_paid_period_and_the_day_to_come_back_begins_a_new_cycle(world: World) -> None:
    ada, _ = await owing(world, day(1, 25))
    await until(world, ada, day(2, 3))
    await world.card(ada)
    assert await stands(world, ada) == ("active", True, "recovered")
    assert [each.period_start for each in await invoices_of(world, ada)] == [day(1, 1), day(2, 3)]
    assert await wrong_rows(world, ada) == []


@pytest.mark.parametrize(("token", "state"), [("tok_insufficient_funds", "past_due"), ("tok_stolen_card", "grace")])
async def test_who_comes_back_while_an_invoice_is_collected_is_behind(world: World, token: str, state: str) -> None:
    ada, id = await owing(world, token=token)
    resumed = await world.do(ada, resume_subscription, ResumeSubscription(id))
    assert resumed.outcome.state == state
    assert (await stands(world, ada))[:2] == (state, True)
    await until(world, ada, SUSPENDED)
    assert await stands(world, ada) == ("suspended", False, "suspended")
    await world.card(ada)
    await until(world, ada, day(2, 2))
    assert await stands(world, ada) == ("active", True, "recovered")
    assert [each.period_start for each in await invoices_of(world, ada)] == [day(1, 1), day(2, 1)]
    assert await wrong_rows(world, ada) == []


async def test_a_pause_that_an_older_release_did_not_suspend_is_suspended_when_it_would_come_back(
    world: World, owner_url: str
) -> None:
    ada, id = await owing(world)
    await until(world, ada, SUSPENDED)
    await undo_moves(owner_url, id, 1)
    assert await stands(world, ada) == ("paused", True, "suspended")
    resumed = await world.do(ada, resume_subscription, ResumeSubscription(id))
    assert resumed.outcome.state == "suspended"
    assert await stands(world, ada) == ("suspended", False, "suspended")
    await until(world, ada, day(4, 1))
    assert await stands(world, ada) == ("canceled", False, "given_up")
    assert await wrong_rows(world, ada) == []


async def test_what_an_older_release_resumed_beside_a_case_loses_its_access_in_time(
    world: World, owner_url: str
) -> None:
    ada, id = await owing(world)
    await world.do(ada, resume_subscription, ResumeSubscription(id))
    await undo_moves(owner_url, id, 1)
    assert await stands(world, ada) == ("active", True, "retrying")
    await until(world, ada, SUSPENDED)
    assert await stands(world, ada) == ("suspended", False, "suspended")
    assert await wrong_rows(world, ada) == []


async def test_what_an_older_release_let_run_beside_a_case_is_over_once_that_is_given_up(
    world: World, owner_url: str
) -> None:
    ada, id = await owing(world)
    await world.do(ada, resume_subscription, ResumeSubscription(id))
    await until(world, ada, SUSPENDED)
    await undo_moves(owner_url, id, 3)
    assert await stands(world, ada) == ("active", True, "suspended")
    (unpaid,) = await invoices_of(world, ada)
    await by_finance(world, ada, give_up_invoice, GiveUpInvoice(unpaid.id, "The company is gone."))
    await do_now(world.house, ada.id)
    assert await stands(world, ada) == ("canceled", False, "given_up")
    assert await wrong_rows(world, ada) == []


async def test_what_renewed_after_an_older_release_forgot_its_pause_is_not_paused_again(
    world: World, owner_url: str
) -> None:
    ada, id = await owing(world)
    await until(world, ada, SUSPENDED)
    shift = """UPDATE subscription_pause SET paid_until = paid_until + $3
                WHERE shard_key = $1 AND subscription_id = $2"""
    connection = await asyncpg.connect(owner_url)
    try:  # that release did not look for the pause
        await connection.execute(shift, id.shard, id.uuid, -timedelta(days=1))
        await world.card(ada)
        await connection.execute(shift, id.shard, id.uuid, timedelta(days=1))
    finally:
        await connection.close()
    assert await stands(world, ada) == ("active", True, "recovered")
    await until(world, ada, day(2, 2))
    await world.card(ada, "tok_insufficient_funds")
    await until(world, ada, day(3, 20))
    assert (await stands(world, ada))[:2] == ("suspended", False)
    await world.card(ada)
    assert (await stands(world, ada))[:2] == ("active", True)
    assert await wrong_rows(world, ada) == []


async def test_a_pause_that_older_code_began_comes_back_once_it_is_paid_for(world: World, owner_url: str) -> None:
    ada, id = await owing(world, day(1, 25))  # in the suspension
    (filled,) = [file.sql for file in read_files() if file.name.endswith("_pauses_filled")]
    connection = await asyncpg.connect(owner_url)
    try:
        key = id.shard, id.uuid
        await connection.execute(
            "UPDATE subscription_pause SET resumes_at = NULL WHERE shard_key = $1 AND subscription_id = $2", *key
        )
        await connection.execute(filled)
    finally:
        await connection.close()
    await until(world, ada, day(1, 28))
    await pay(world, ada, id)
    assert await stands(world, ada) == ("active", True, "recovered")
    assert await wrong_rows(world, ada) == []


async def test_who_pauses_for_want_of_a_price_does_so_again_once_nothing_is_owed(world: World) -> None:
    ada, _, _ = await negotiated(world, listed=False)
    await until(world, ada, day(3, 2))
    (paid, *_) = await attempts_at(world, ada, (await invoices_of(world, ada))[-1].id)
    await world.card(ada, "tok_insufficient_funds")
    await tell(world, ada, paid.id, News.RETURNED, captured=paid.amount)
    await until(world, ada, day(3, 18))
    assert await stands(world, ada) == ("suspended", False, "suspended")
    await world.card(ada)
    now = await subscription_of(world, ada)
    assert (now.is_without_price, await is_entitled(world, ada)) == (True, False)
    assert len(await invoices_of(world, ada)) == 2
    assert await wrong_rows(world, ada) == []
