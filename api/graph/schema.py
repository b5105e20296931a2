"""The schema: roots, mutations, scalars. ``frontend-schema.graphql`` is printed from it."""

from collections.abc import Iterable
from typing import Any

import strawberry
from strawberry.schema.config import StrawberryConfig

from api.documents import UsePrepared
from api.errors import PortalSchema
from api.graph import portal_mutations as portal
from api.graph import staff_mutations as staff
from api.graph.query import Query
from api.scalars import scalar_map


def _field(resolver: Any, description: str) -> Any:
    return strawberry.field(resolver=resolver, description=description)


@strawberry.type(description="Where every change starts. Each one is performed once under its idempotency key.")
class Mutation:
    """The mutation root."""

    add_payment_method: portal.AddPaymentMethodPayload = _field(
        portal.add_payment_method, "Stores a payment method and makes it the default."
    )
    start_subscription: portal.StartSubscriptionPayload = _field(
        portal.start, "Buys a plan: the first invoice is issued and charged at once."
    )
    change_plan: portal.ChangePlanPayload = _field(
        portal.change, "A dearer plan at once, prorated, once it is paid; a cheaper one when the period ends."
    )
    pay_invoice: portal.PayInvoicePayload = _field(portal.pay, "Collects what is due on an open invoice.")
    advance_test_clock: portal.AdvanceTestClockPayload = _field(
        portal.advance, "Moves the test clock of a sandbox customer; everything on the way is done at its time."
    )
    create_customer: staff.CreateCustomerPayload = _field(staff.create, "Staff: signs a customer up.")
    register_staff: staff.RegisterStaffPayload = _field(staff.register_colleague, "Admins: gives staff a role.")
    register_partner: staff.RegisterPartnerPayload = _field(staff.register_client, "Admins: lets a partner in.")
    publish_plan: staff.PublishPlanPayload = _field(staff.publish_a_plan, "Admins: adds a plan.")
    publish_price: staff.PublishPricePayload = _field(staff.publish_a_price, "Admins: adds a price version.")
    refund_payment: staff.RefundPaymentPayload = _field(
        staff.refund_payment, "Support: gives part or all of a captured payment back."
    )


def build_schema(types: Iterable[type] = ()) -> PortalSchema:
    """The schema of the API, with its names sorted."""
    return PortalSchema(
        Query,
        Mutation,
        types=list(types),
        extensions=[UsePrepared],
        config=StrawberryConfig(scalar_map=scalar_map),
    )
