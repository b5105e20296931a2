"""A pause that is cancelled, and perhaps kept after all, while its customer owes: its time is not billed."""

from datetime import datetime

import pytest

from domain.ids import SubscriptionId
from domain.payments.settle_payment import News
from domain.subscriptions.cancel import CancelAt, ReactivateSubscription, reactivate_subscription
from domain.subscriptions.pause import PauseSubscription, pause_subscription
from domain.timeline.changes import What
from tests.domain.dunning.test_debts_of_a_pause import SUSPENDED, owing, pausing, pay, stands, take_back
from tests.domain.timeline.test_changes import read
from tests.lives import buyer, day, invoices_of, start, tell, until, wrong_rows
from tests.subscription_lives import cancel
from tests.world import Someone, World


async def keep(world: World, of: Someone, id: SubscriptionId) -> None:
    await world.do(of, reactivate_subscription, ReactivateSubscription(id))


async def test_a_pause_that_is_cancelled_while_an_invoice_is_collected_loses_its_access_in_time(world: World) -> None:
    ada, id = await owing(world)
    await cancel(world, ada, CancelAt.PERIOD_END)
    await world.do(ada, reactivate_subscription, ReactivateSubscription(id))
    assert await stands(world, ada) == ("paused", True, "retrying")
    await cancel(world, ada, CancelAt.PERIOD_END)
    await until(world, ada, SUSPENDED)
    assert await stands(world, ada) == ("suspended", False, "suspended")
    told = {each.what for each in await read(world, ada)}
    assert What.ACCESS_SUSPENDED in told and What.PAYMENT_OVERDUE not in told  # it paused and was not billed
    await world.card(ada)
    assert await stands(world, ada) == ("pending_cancellation", True, "recovered")
    await until(world, ada, day(2, 2))
    assert await stands(world, ada) == ("canceled", False, "recovered")
    assert len(await invoices_of(world, ada)) == 1
    assert await wrong_rows(world, ada) == []


@pytest.mark.parametrize("paid_on", [day(1, 12), day(1, 28)])  # in the retries, and once access has ended
@pytest.mark.parametrize("is_taken_back_first", [True, False])
async def test_a_cancelled_pause_that_is_gone_on_with_is_not_billed(
    world: World, paid_on: datetime, *, is_taken_back_first: bool
) -> None:
    ada, id = await owing(world)
    await cancel(world, ada, CancelAt.PERIOD_END)
    await until(world, ada, paid_on)
    for step in (keep, pay) if is_taken_back_first else (pay, keep):
        await step(world, ada, id)
    assert await stands(world, ada) == ("paused", True, "recovered")
    await until(world, ada, day(4, 2))
    assert await stands(world, ada) == ("paused", True, "recovered")
    assert [each.period_start for each in await invoices_of(world, ada)] == [day(1, 1)]
    assert await wrong_rows(world, ada) == []


async def test_a_pause_whose_debt_came_after_its_cancellation_is_not_billed_either(world: World) -> None:
    ada, begun = await pausing(world)
    await cancel(world, ada, CancelAt.PERIOD_END)
    await take_back(world, ada, begun.payment)
    assert await stands(world, ada) == ("pending_cancellation", True, "retrying")
    await pay(world, ada, begun.subscription)
    await keep(world, ada, begun.subscription)
    assert await stands(world, ada) == ("paused", True, "recovered")
    await until(world, ada, day(4, 2))
    assert [each.period_start for each in await invoices_of(world, ada)] == [day(1, 1)]
    assert await wrong_rows(world, ada) == []


async def test_a_pause_that_was_cancelled_and_kept_gives_no_access_beyond_what_was_paid_for(world: World) -> None:
    ada = await buyer(world, "tok_bank_held")
    begun = await start(world, ada)
    await tell(world, ada, begun.payment, News.CAPTURED)
    await until(world, ada, day(1, 25))
    await world.do(ada, pause_subscription, PauseSubscription(begun.subscription, None))
    await cancel(world, ada, CancelAt.PERIOD_END)
    await take_back(world, ada, begun.payment)
    await keep(world, ada, begun.subscription)
    assert await stands(world, ada) == ("paused", True, "retrying")
    await until(world, ada, day(2, 2))
    assert await stands(world, ada) == ("paused", False, "retrying")
    await pay(world, ada, begun.subscription)
    await until(world, ada, day(4, 2))
    assert await stands(world, ada) == ("paused", False, "recovered")
    assert [each.period_start for each in await invoices_of(world, ada)] == [day(1, 1)]
    assert await wrong_rows(world, ada) == []
