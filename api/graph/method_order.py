"""In which order stored methods are tried, and taking one away."""

import strawberry

from api.graph.arguments import ERRORS, MINTED, OPERATION
from api.graph.context import Info
from api.graph.outcome import OperationInfo, followed, performed
from api.graph.payments import PaymentMethod
from api.graph.refusal import RemovePaymentMethodError, SetPaymentMethodOrderError, as_error
from api.graph.texts import id_of
from api.graph.whose import WHOSE, customer_of
from api.scalars import GlobalId, IdempotencyKey
from domain.ids import CustomerId, PaymentMethodId
from domain.payments.method import methods_in_order
from domain.payments.order_methods import OrderMethods, RemoveMethod, order_methods, remove_method
from domain.refusals import Refused


@strawberry.input(description="Says in which order the stored methods are tried.")
class SetPaymentMethodOrderInput:
    """Input of setPaymentMethodOrder."""

    customer_id: GlobalId | None = strawberry.field(default=None, description=WHOSE)
    method_ids: list[GlobalId] = strawberry.field(
        description="The default one, then backups; others keep their order behind."
    )
    idempotency_key: IdempotencyKey = strawberry.field(description=MINTED)


@strawberry.type(description="The methods in their order.")
class SetPaymentMethodOrderPayload:
    """Payload of setPaymentMethodOrder."""

    payment_methods: list[PaymentMethod] | None = strawberry.field(description="The default one, then its backups.")
    operation: OperationInfo | None = strawberry.field(description=OPERATION)
    errors: list[SetPaymentMethodOrderError] = strawberry.field(description=ERRORS)


async def set_order(info: Info, input: SetPaymentMethodOrderInput) -> SetPaymentMethodOrderPayload:
    """Replaces the order."""
    try:
        customer = customer_of(info, input.customer_id)
        methods = tuple(id_of(PaymentMethodId.parse, each, "methodIds") for each in input.method_ids)
        done = await performed(info, order_methods, customer, OrderMethods(methods), input.idempotency_key)
    except Refused as refused:
        return SetPaymentMethodOrderPayload(payment_methods=None, operation=None, errors=[as_error(refused)])
    operation = await followed(info, done, customer)
    return SetPaymentMethodOrderPayload(
        payment_methods=await in_order(info, customer), operation=operation, errors=[]
    )  # fmt: skip


async def in_order(info: Info, customer: CustomerId) -> list[PaymentMethod]:
    """The methods in the order they are tried."""
    return [PaymentMethod.of(each) for each in await methods_in_order(info.context.db.primary, customer)]


@strawberry.input(description="Takes a stored method away.")
class RemovePaymentMethodInput:
    """Input of removePaymentMethod."""

    customer_id: GlobalId | None = strawberry.field(default=None, description=WHOSE)
    method_id: GlobalId = strawberry.field(description="The method; a default that goes is followed by its backup.")
    idempotency_key: IdempotencyKey = strawberry.field(description=MINTED)


@strawberry.type(description="The methods that are left, in their order.")
class RemovePaymentMethodPayload:
    """Payload of removePaymentMethod."""

    payment_methods: list[PaymentMethod] | None = strawberry.field(description="The default one, then its backups.")
    operation: OperationInfo | None = strawberry.field(description=OPERATION)
    errors: list[RemovePaymentMethodError] = strawberry.field(description=ERRORS)


async def remove(info: Info, input: RemovePaymentMethodInput) -> RemovePaymentMethodPayload:
    """The provider is told to forget it right after."""
    try:
        customer = customer_of(info, input.customer_id)
        command = RemoveMethod(id_of(PaymentMethodId.parse, input.method_id, "methodId"))
        done = await performed(info, remove_method, customer, command, input.idempotency_key)
    except Refused as refused:
        return RemovePaymentMethodPayload(payment_methods=None, operation=None, errors=[as_error(refused)])
    operation = await followed(info, done, customer)
    return RemovePaymentMethodPayload(payment_methods=await in_order(info, customer), operation=operation, errors=[])
