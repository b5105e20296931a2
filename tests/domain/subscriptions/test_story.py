"""The main story through the domain, on the real stack: what a customer pays, and when access ends."""

from datetime import UTC, datetime

import pytest

from domain.customers.advance_clock import AdvanceClock, advance_clock
from domain.ledger.balance import balance
from domain.subscriptions.change_plan import ChangePlan, change_plan
from domain.subscriptions.start import StartSubscription, start_subscription
from domain.subscriptions.subscription import subscriptions
from tests.world import EUR, World


@pytest.mark.row("D4")
async def test_an_upgrade_on_day_eleven_at_eighteen_costs_653_more(world: World) -> None:
    ada = await world.customer()
    await world.card(ada)
    started = await world.do(ada, start_subscription, StartSubscription(world.prices["starter"], 1))
    await world.do(ada, advance_clock, AdvanceClock(datetime(2027, 1, 11, 18, tzinfo=UTC)))
    command = ChangePlan(started.outcome.subscription, world.prices["team"])
    changed = (await world.do(ada, change_plan, command)).outcome
    assert (changed.credit.minor, changed.charge.minor, changed.due.minor) == (653, 1306, 653)
    db = world.house.db.primary
    now = (await subscriptions(db, ada.id))[0]
    assert (now.unit_amount.minor, now.state.name, now.pending_invoice) == (2000, "active", None)
    owed = await balance(db, ada.id, EUR)
    assert (owed.receivable.minor, owed.credit.minor) == (0, 0)
