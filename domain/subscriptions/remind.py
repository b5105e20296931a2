"""The word before a trial ends."""

from dataclasses import dataclass

from domain import due
from domain.actor import Grant
from domain.db import Tx
from domain.ids import SubscriptionId
from domain.operation import operation
from domain.subscriptions.lifecycle import REMIND
from domain.subscriptions.subscription import SubscriptionStands, subscription


@dataclass(frozen=True, slots=True)
class RemindOfTrialEnd:
    """A trial that will be over soon."""

    subscription: SubscriptionId


@operation("subscriptions.remind_of_trial_end", allowed=frozenset({Grant.SYSTEM}))
async def remind_of_trial_end(tx: Tx, command: RemindOfTrialEnd) -> SubscriptionStands:
    """Tells of the end by an event, once, while the trial is running and nobody has cancelled it."""
    of = await subscription(tx, tx.customer, command.subscription)
    await due.finish(tx, REMIND, of.id.uuid)
    if of.state.name == "trialing":
        tx.emit("subscription.trial_ending", subscription=of.id)
    return SubscriptionStands(of.id, of.state.name)
