"""Taking back what was planned for the next period."""

from dataclasses import dataclass

from domain.db import Tx
from domain.ids import SubscriptionId
from domain.operation import operation
from domain.portal_function import PortalFunction
from domain.refusals import RefusalCode, Refused
from domain.subscriptions.change_plan import CHANGERS
from domain.subscriptions.store import forget_planned
from domain.subscriptions.subscription import SubscriptionStands, subscription


@dataclass(frozen=True, slots=True)
class CancelScheduledChange:
    """Forget what is planned for the next period."""

    subscription: SubscriptionId


@operation("subscriptions.cancel_scheduled_change", allowed=CHANGERS, function=PortalFunction.CHANGE_PLAN)
async def cancel_scheduled_change(tx: Tx, command: CancelScheduledChange) -> SubscriptionStands:
    """STATE_CONFLICT where nothing is planned or no period follows; a change that waits for its payment stays."""
    of = await subscription(tx, tx.customer, command.subscription)
    if of.planned.is_nothing or of.ended_at is not None:
        message = "No change is planned for the next period."
        raise Refused(RefusalCode.STATE_CONFLICT, message, ("subscriptionId",))
    await forget_planned(tx, of)
    tx.emit("subscription.change_unscheduled", subscription=of.id)
    return SubscriptionStands(of.id, of.state.name)
