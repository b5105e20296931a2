"""How long the door waits for what another call has locked: as long as a caller would, and hardly for a preview."""

from dataclasses import replace

from domain.db import Tx
from domain.operation import OPERATIONS
from domain.perform import perform
from domain.subscriptions.start import StartSubscription, SubscriptionStarted, start_subscription
from tests.lives import buyer
from tests.world import World, fresh


async def test_a_change_waits_three_seconds_and_a_preview_that_nobody_needs_a_fifth_of_one(world: World) -> None:
    ada, patience = await buyer(world), []

    async def run(tx: Tx, command: StartSubscription) -> SubscriptionStarted:
        patience.append(await tx.fetchval("SELECT current_setting('lock_timeout')"))
        return await start_subscription.run(tx, command)

    asked = replace(start_subscription, name="test.patience", run=run)
    try:
        for preview in (True, False):
            command = StartSubscription(world.prices["starter"], 1)
            await perform(world.house.db, asked, ada.actor, ada.id, command, fresh("key"), preview=preview)
    finally:
        del OPERATIONS[asked.name]
    assert patience == ["200ms", "3s"]
