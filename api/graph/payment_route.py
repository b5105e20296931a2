"""To which provider account new payment methods go: seen by staff, set by admins."""

import strawberry

from api.graph.arguments import ERRORS, MINTED, OPERATION
from api.graph.context import Info
from api.graph.outcome import OperationInfo, followed, performed
from api.graph.refusal import SetPaymentRouteError, as_error
from api.graph.texts import refused
from api.scalars import CurrencyCode, IdempotencyKey
from domain.ids import CustomerId
from domain.money import Currency
from domain.payments.route import EVERY_OTHER, SetPaymentRoute, account_for, payment_routes, set_payment_route
from domain.refusals import RefusalCode, Refused


@strawberry.type(description="Where new payment methods of customers that are billed in a currency are stored.")
class PaymentRoute:
    """One route."""

    currency: CurrencyCode | None = strawberry.field(description="Null: every currency without a route of its own.")
    account: str = strawberry.field(description="The provider and the account there, such as stripe/main.")


@strawberry.input(description="Says where new payment methods are stored from now on; stored ones stay.")
class SetPaymentRouteInput:
    """Input of setPaymentRoute."""

    currency: CurrencyCode | None = strawberry.field(
        default=None, description="Null: every currency without a route of its own."
    )
    account: str | None = strawberry.field(
        default=None, description="One of the accounts of this installation; null takes the route away."
    )
    idempotency_key: IdempotencyKey = strawberry.field(description=MINTED)


@strawberry.type(description="The routes that hold now.")
class SetPaymentRoutePayload:
    """Payload of setPaymentRoute."""

    routes: list[PaymentRoute] | None = strawberry.field(description="All routes of the tenant, by currency.")
    operation: OperationInfo | None = strawberry.field(description=OPERATION)
    errors: list[SetPaymentRouteError] = strawberry.field(description=ERRORS)


async def set_route(info: Info, input: SetPaymentRouteInput) -> SetPaymentRoutePayload:
    """For admins; INVALID_INPUT for an account that this installation does not have."""
    try:
        home = info.context.staff_home()
        if input.account is not None and input.account not in info.context.rooms.house.gateways:
            raise refused("This installation has no such provider account.", "account")
        command = SetPaymentRoute(Currency(input.currency) if input.currency else None, input.account)
        done = await performed(info, set_payment_route, home, command, input.idempotency_key)
    except Refused as refusal:
        return SetPaymentRoutePayload(routes=None, operation=None, errors=[as_error(refusal)])
    operation = await followed(info, done, home)
    return SetPaymentRoutePayload(routes=await routes_of(info), operation=operation, errors=[])


async def routes_of(info: Info) -> list[PaymentRoute]:
    """The tenant's routes."""
    found = await payment_routes(info.context.db.primary, info.context.tenant)
    return [
        PaymentRoute(currency=None if code == EVERY_OTHER else CurrencyCode(code), account=account)
        for code, account in found.items()
    ]


async def route_of(info: Info, customer: CustomerId) -> str:
    """The provider account to which a new method of the customer goes; one that is gone here is UNAVAILABLE."""
    db, rooms = info.context.db.primary, info.context.rooms
    account = await account_for(db, info.context.tenant, customer, rooms.account)
    if account not in rooms.house.gateways:
        raise Refused(RefusalCode.UNAVAILABLE, "The payment provider does not answer at the moment.")
    return account
