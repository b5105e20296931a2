"""In which order methods are tried, and taking one away."""

from dataclasses import dataclass

from domain import due
from domain.db import Tx
from domain.ids import PaymentMethodId
from domain.operation import operation
from domain.payments.method import OWNERS, PaymentMethod, methods_in_order, put_in_order
from domain.portal_function import PortalFunction
from domain.refusals import RefusalCode, Refused

DETACH = "detach_method"  # telling the provider that a method is not ours any more


@dataclass(frozen=True, slots=True)
class OrderMethods:
    """The default method, and the first of its backups in the order they are tried; others keep theirs behind them."""

    methods: tuple[PaymentMethodId, ...]


@dataclass(frozen=True, slots=True)
class MethodsOrdered:
    """The methods in the order that holds now."""

    methods: tuple[PaymentMethodId, ...]


@operation("payments.order_methods", allowed=OWNERS, function=PortalFunction.UPDATE_CARD)
async def order_methods(tx: Tx, command: OrderMethods) -> MethodsOrdered:
    """INVALID_INPUT where a method is named twice or none is, NOT_FOUND for one that is not the customer's."""
    known = [method.id for method in await methods_in_order(tx, tx.customer)]
    named = set(command.methods)
    if not named <= set(known):
        raise no_method("methodIds")
    if not named or len(named) < len(command.methods):
        raise Refused(RefusalCode.INVALID_INPUT, "Name at least the default method, and each once.", ("methodIds",))
    order = (*command.methods, *(id for id in known if id not in named))
    await put_in_order(tx, order)
    tx.emit("methods.ordered", default=order[0], before=known[0])
    return MethodsOrdered(order)


def no_method(part: str = "methodId") -> Refused:
    """The one answer for an unknown method, a removed one, and another customer's."""
    return Refused(RefusalCode.NOT_FOUND, "There is no such payment method.", (part,))


@dataclass(frozen=True, slots=True)
class RemoveMethod:
    """A method that is not to be charged any more."""

    method: PaymentMethodId


@dataclass(frozen=True, slots=True)
class MethodRemoved:
    """The method that is gone, and the default now."""

    method: PaymentMethodId
    default: PaymentMethodId | None


@operation("payments.remove_method", allowed=OWNERS, function=PortalFunction.UPDATE_CARD)
async def remove_method(tx: Tx, command: RemoveMethod) -> MethodRemoved:
    """The next backup takes the place of a default that goes; the provider is told to forget the method.

    NOT_FOUND; PAYMENT_IN_PROGRESS while a payment on it may still succeed; METHOD_NEEDED for the last one while
    something is owed.
    """
    methods = await methods_in_order(tx, tx.customer)
    if command.method not in [method.id for method in methods]:
        raise no_method()
    left = [method for method in methods if method.id != command.method]
    await _refuse(tx, command.method, left)
    await tx.execute(
        "UPDATE payment_method SET removed_at = $4 WHERE shard_key = $1 AND customer_id = $2 AND id = $3",
        tx.customer.shard,
        tx.customer.uuid,
        command.method.uuid,
        tx.recorded_at,
    )
    await put_in_order(tx, [method.id for method in left])
    await due.schedule(tx, DETACH, command.method.uuid, tx.recorded_at, follows="wall")
    tx.emit("method.removed", method=command.method)
    return MethodRemoved(command.method, left[0].id if left else None)


async def _refuse(tx: Tx, going: PaymentMethodId, left: list[PaymentMethod]) -> None:
    row = await tx.fetchrow(
        """SELECT (SELECT count(*) FROM payment
                    WHERE shard_key = $1 AND customer_id = $2 AND method_id = $3
                      AND state IN ('processing', 'requires_action', 'unknown', 'authorized')) AS tried,
                  (SELECT count(*) FROM invoice
                    WHERE shard_key = $1 AND customer_id = $2 AND state = 'open' AND due > 0) AS owed""",
        tx.customer.shard,
        tx.customer.uuid,
        going.uuid,
    )
    assert row is not None
    if row["tried"]:
        message = "A payment on this method is under way; its outcome will be known first."
        raise Refused(RefusalCode.PAYMENT_IN_PROGRESS, message, ("methodId",))
    if row["owed"] and not left:
        message = "Something is owed; add another method before this one goes, or pay first."
        raise Refused(RefusalCode.METHOD_NEEDED, message, ("methodId",))
