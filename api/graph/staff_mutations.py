"""What staff can change: customers, colleagues, partners, the price list, and refunds."""

from datetime import datetime
from enum import Enum

import strawberry

from api.audience import Audience
from api.errors import Code, Fault
from api.graph import outcome
from api.graph.catalog import IntervalUnit
from api.graph.context import Info
from api.graph.customer import Customer
from api.graph.money import MoneyInput
from api.graph.outcome import OperationInfo, as_error, followed, performed
from api.graph.payments import Payment, Refund
from api.graph.query import find_customer
from api.scalars import CurrencyCode, GlobalId, IdempotencyKey, Text
from domain import money, period
from domain.actor import Grant
from domain.catalog.publish import PublishPlan, PublishPrice, publish_plan, publish_price
from domain.customers.create_customer import CreateCustomer, create_customer
from domain.ids import CustomerId, PaymentId, PlanId
from domain.payments.payment import payment
from domain.payments.refund import refund
from domain.payments.request_refund import RequestRefund, request_refund
from domain.refusals import RefusalCode, Refused
from domain.tenants.register import RegisterPartner, RegisterStaff, register_partner, register_staff
from domain.tenants.tenant import legal_entity

_name = Text(max_length=200)  # names, addresses and references of people and firms
_note = Text(max_length=500)  # a sentence or two
_MINTED = "Minted before the call, the same on a retry."


def _home(info: Info) -> CustomerId:
    home = info.context.actor.home
    if info.context.audience is not Audience.STAFF or home is None:
        raise Fault(Code.FORBIDDEN, "This part of the schema is for the staff.")
    return home


def amount_of(given: MoneyInput) -> money.Money:
    """The domain's amount; INVALID_AMOUNT beyond what an amount can be."""
    try:
        return money.Money(given.minor_units, money.Currency(given.currency))
    except money.AmountOutOfRange as error:
        raise Refused(RefusalCode.INVALID_AMOUNT, "that amount is beyond what can be billed", ("amount",)) from error


@strawberry.input(description="A customer of a legal entity, with a login of its own if issuer and subject are given.")
class CreateCustomerInput:
    """Input of createCustomer."""

    legal_entity: str = strawberry.field(description="The code of the legal entity that bills it.")
    reference: str = strawberry.field(description="The tenant's own name for it, unique in the tenant.")
    currency: CurrencyCode = strawberry.field(description="The currency it is billed in.")
    time_zone: str = strawberry.field(description="The IANA zone whose calendar its billing days follow.")
    locale: str = strawberry.field(description="The language of its documents.")
    country: str = strawberry.field(description="The ISO 3166 code of its address.")
    name: str = strawberry.field(description="The name on invoices.")
    email: str = strawberry.field(description="Where documents are sent.")
    address: str = strawberry.field(description="The address on invoices.")
    clock_at: datetime | None = strawberry.field(default=None, description="Puts a sandbox customer on a test clock.")
    issuer: str | None = strawberry.field(default=None, description="Whose tokens its first user signs in with.")
    subject: str | None = strawberry.field(default=None, description="What those tokens call the user.")
    idempotency_key: IdempotencyKey = strawberry.field(description=_MINTED)


@strawberry.type(description="The new customer.")
class CreateCustomerPayload:
    """Payload of createCustomer."""

    customer: Customer | None
    operation: OperationInfo | None
    errors: list[outcome.CreateCustomerError]


async def create(info: Info, input: CreateCustomerInput) -> CreateCustomerPayload:
    """Signs a customer up under the house of its legal entity."""
    _home(info)
    try:
        entity = await legal_entity(info.context.db.primary, info.context.tenant, input.legal_entity)
        done = await performed(info, create_customer, entity.house, _command(input), input.idempotency_key)
    except Refused as refused:
        return CreateCustomerPayload(customer=None, operation=None, errors=[as_error(refused)])
    operation = await followed(info, done, done.outcome.customer)
    customer = await find_customer(info, done.outcome.customer)
    return CreateCustomerPayload(customer=customer, operation=operation, errors=[])


def _command(input: CreateCustomerInput) -> CreateCustomer:
    return CreateCustomer(
        reference=_name(input.reference, "reference"),
        currency=money.Currency(input.currency),
        time_zone=_name(input.time_zone, "timeZone"),
        locale=_name(input.locale, "locale"),
        country=_name(input.country, "country"),
        clock_at=input.clock_at,
        issuer=_note(input.issuer, "issuer") if input.issuer is not None else None,
        subject=_name(input.subject, "subject") if input.subject is not None else None,
        name=_name(input.name, "name"),
        email=_name(input.email, "email"),
        address=_note(input.address, "address"),
    )


@strawberry.enum(description="What a member of staff may do.")
class StaffRole(Enum):
    """The roles of staff."""

    SUPPORT = "support"
    LEAD = "lead"
    FINANCE = "finance"
    ADMIN = "admin"


@strawberry.input(description="Gives a member of staff a role, or another one.")
class RegisterStaffInput:
    """Input of registerStaff."""

    issuer: str = strawberry.field(description="Whose tokens it signs in with.")
    subject: str = strawberry.field(description="What those tokens call it.")
    role: StaffRole = strawberry.field(description="What it may do.")
    idempotency_key: IdempotencyKey = strawberry.field(description=_MINTED)


@strawberry.type(description="Who was registered.")
class RegisterStaffPayload:
    """Payload of registerStaff."""

    subject: str | None
    operation: OperationInfo | None
    errors: list[outcome.RegisterStaffError]


async def register_colleague(info: Info, input: RegisterStaffInput) -> RegisterStaffPayload:
    """For admins."""
    home = _home(info)
    command = RegisterStaff(_note(input.issuer, "issuer"), _name(input.subject, "subject"), Grant(input.role.value))
    try:
        done = await performed(info, register_staff, home, command, input.idempotency_key)
    except Refused as refused:
        return RegisterStaffPayload(subject=None, operation=None, errors=[as_error(refused)])
    return RegisterStaffPayload(subject=done.outcome.name, operation=await followed(info, done, home), errors=[])


@strawberry.input(description="Lets a partner's client in.")
class RegisterPartnerInput:
    """Input of registerPartner."""

    client_id: str = strawberry.field(description="The client id its tokens carry.")
    name: str = strawberry.field(description="Whom to call.")
    idempotency_key: IdempotencyKey = strawberry.field(description=_MINTED)


@strawberry.type(description="Which client was let in.")
class RegisterPartnerPayload:
    """Payload of registerPartner."""

    client_id: str | None
    operation: OperationInfo | None
    errors: list[outcome.RegisterPartnerError]


async def register_client(info: Info, input: RegisterPartnerInput) -> RegisterPartnerPayload:
    """For admins."""
    home = _home(info)
    command = RegisterPartner(_name(input.client_id, "clientId"), _name(input.name, "name"))
    try:
        done = await performed(info, register_partner, home, command, input.idempotency_key)
    except Refused as refused:
        return RegisterPartnerPayload(client_id=None, operation=None, errors=[as_error(refused)])
    operation = await followed(info, done, home)
    return RegisterPartnerPayload(client_id=done.outcome.name, operation=operation, errors=[])


@strawberry.input(description="Adds a plan to the price list.")
class PublishPlanInput:
    """Input of publishPlan."""

    code: str = strawberry.field(description="The tenant's own name for it; it never changes.")
    name: str = strawberry.field(description="The name that customers see.")
    description: str = strawberry.field(description="What it is for.")
    rank: int = strawberry.field(description="Its place in the price list; a higher one is an upgrade.")
    idempotency_key: IdempotencyKey = strawberry.field(description=_MINTED)


@strawberry.type(description="The plan, which needs prices before anybody can buy it.")
class PublishPlanPayload:
    """Payload of publishPlan."""

    plan_id: GlobalId | None
    operation: OperationInfo | None
    errors: list[outcome.PublishPlanError]


async def publish_a_plan(info: Info, input: PublishPlanInput) -> PublishPlanPayload:
    """For admins."""
    home = _home(info)
    description = _note(input.description, "description")
    command = PublishPlan(_name(input.code, "code"), _name(input.name, "name"), description, input.rank)
    try:
        done = await performed(info, publish_plan, home, command, input.idempotency_key)
    except Refused as refused:
        return PublishPlanPayload(plan_id=None, operation=None, errors=[as_error(refused)])
    operation = await followed(info, done, home)
    return PublishPlanPayload(plan_id=GlobalId(str(done.outcome.plan)), operation=operation, errors=[])


@strawberry.input(description="Adds the next price version of a plan; earlier customers keep theirs.")
class PublishPriceInput:
    """Input of publishPrice."""

    plan_id: GlobalId = strawberry.field(description="The plan.")
    amount: MoneyInput = strawberry.field(description="The price of one unit for one period.")
    interval_unit: IntervalUnit = strawberry.field(description="What a period counts.")
    interval_count: int = strawberry.field(default=1, description="How many of them make a period.")
    effective_from: datetime = strawberry.field(description="From when on it is offered.")
    idempotency_key: IdempotencyKey = strawberry.field(description=_MINTED)


@strawberry.type(description="The new price version.")
class PublishPricePayload:
    """Payload of publishPrice."""

    price_id: GlobalId | None
    operation: OperationInfo | None
    errors: list[outcome.PublishPriceError]


async def publish_a_price(info: Info, input: PublishPriceInput) -> PublishPricePayload:
    """For admins."""
    home = _home(info)
    try:
        command = PublishPrice(
            PlanId.parse(input.plan_id),
            amount_of(input.amount),
            period.Unit(input.interval_unit.value),
            input.interval_count,
            input.effective_from,
        )
        done = await performed(info, publish_price, home, command, input.idempotency_key)
    except Refused as refused:
        return PublishPricePayload(price_id=None, operation=None, errors=[as_error(refused)])
    operation = await followed(info, done, home)
    return PublishPricePayload(price_id=GlobalId(str(done.outcome.price)), operation=operation, errors=[])


@strawberry.input(description="Gives part or all of a captured payment back to its method.")
class RefundPaymentInput:
    """Input of refundPayment."""

    customer_id: GlobalId = strawberry.field(description="Whose payment it is.")
    payment_id: GlobalId = strawberry.field(description="The payment.")
    amount: MoneyInput = strawberry.field(description="How much, in the payment's currency; at most its refundable.")
    reason: str = strawberry.field(description="Why; it stands in the audit trail.")
    idempotency_key: IdempotencyKey = strawberry.field(description=_MINTED)


@strawberry.type(description="The refund, as far as it has come, and the payment.")
class RefundPaymentPayload:
    """Payload of refundPayment."""

    refund: Refund | None
    payment: Payment | None
    operation: OperationInfo | None
    errors: list[outcome.RefundPaymentError]


async def refund_payment(info: Info, input: RefundPaymentInput) -> RefundPaymentPayload:
    """For support and above."""
    _home(info)
    db = info.context.db.primary
    try:
        customer = CustomerId.parse(input.customer_id)
        reason = _note(input.reason, "reason")
        command = RequestRefund(PaymentId.parse(input.payment_id), amount_of(input.amount), reason)
        done = await performed(info, request_refund, customer, command, input.idempotency_key)
    except Refused as refused:
        return RefundPaymentPayload(refund=None, payment=None, operation=None, errors=[as_error(refused)])
    operation = await followed(info, done, customer)
    return RefundPaymentPayload(
        refund=Refund.of(await refund(db, customer, done.outcome.refund)),
        payment=Payment.of(await payment(db, customer, done.outcome.payment)),
        operation=operation,
        errors=[],
    )
