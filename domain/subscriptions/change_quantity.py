"""Changing the seats, many times a period if need be: more of them now, fewer by the tenant's policy."""

from dataclasses import dataclass

from domain.db import Tx
from domain.ids import SubscriptionId
from domain.operation import operation
from domain.portal_function import PortalFunction
from domain.subscriptions.binding import instant_of, require_version, sealed
from domain.subscriptions.change import PlanChanging, Timing, mode_of, require_changeable, require_fitting
from domain.subscriptions.change_now import change_to
from domain.subscriptions.change_plan import CHANGERS
from domain.subscriptions.offer import standing
from domain.subscriptions.subscription import subscription


@dataclass(frozen=True, slots=True)
class ChangeQuantity:
    """Bill another number of seats at the subscription's own price."""

    subscription: SubscriptionId
    quantity: int
    timing: Timing = Timing.BY_RULE
    version: int | None = None


@operation(
    "subscriptions.change_quantity",
    allowed=CHANGERS,
    moves_money=True,
    function=PortalFunction.CHANGE_SEATS,
    begins=True,
)
async def change_quantity(tx: Tx, command: ChangeQuantity) -> PlanChanging:
    """More seats now, once they are paid; fewer with the next period, or now by the tenant's policy.

    INVALID_INPUT for a quantity that cannot be; the other refusals as for ``change_plan``.
    """
    of = await subscription(tx, tx.customer, command.subscription)
    require_changeable(of)
    require_version(of, command.version)
    at = instant_of(tx, None)
    to = await standing(tx, of, command.quantity)
    require_fitting(of, to, "quantity")
    mode = await mode_of(tx, of, to, command.timing, at)
    done = await change_to(tx, of, to, mode, at, seats_only=True)
    return sealed(of, to, done, at, None, preview=tx.preview)
