"""Fetching objects again by id alone: for a portal user its own customer's, for staff and partners their tenant's."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final, TypeVar

from api.errors import Code, Fault
from api.graph.catalog import Plan
from api.graph.context import Context, Info
from api.graph.coupons import find_coupon
from api.graph.credit_notes import CreditNote
from api.graph.customer import find_customer
from api.graph.disputes import Dispute
from api.graph.exceptions import find_exception
from api.graph.invoices import Invoice
from api.graph.node import Node
from api.graph.payments import Payment, Receipt, Refund
from api.graph.sagas import find_saga
from api.graph.subscriptions import Subscription
from api.scalars import GlobalId
from api.weigh import PAGE_CAP
from domain.actor import STAFF
from domain.catalog.plan import plan
from domain.db import Primary
from domain.ids import (
    CouponId,
    CreditNoteId,
    CustomerId,
    DisputeId,
    EntityId,
    ExceptionCaseId,
    InvoiceId,
    PaymentId,
    PlanId,
    ReceiptId,
    RefundId,
    SagaId,
    SubscriptionId,
    TenantId,
)
from domain.invoices.credit_note import credit_note
from domain.invoices.invoice import invoice
from domain.invoices.owner import credit_note_owner, invoice_owner
from domain.payments.dispute import dispute
from domain.payments.owner import dispute_owner, payment_owner, receipt_owner, refund_owner
from domain.payments.payment import payment
from domain.payments.receipt import receipt
from domain.payments.refund import refund
from domain.refusals import RefusalCode, Refused
from domain.subscriptions.owner import subscription_owner
from domain.subscriptions.subscription import subscription

Id = TypeVar("Id", bound=EntityId)


def _nothing() -> Refused:
    """The one answer for an id of nothing, of a type that is no node, and of somebody else's object."""
    return Refused(RefusalCode.NOT_FOUND, "There is no such object.")


async def find_node(info: Info, id: GlobalId) -> Node:
    """The object of that id, if the caller may see it; else NOT_FOUND."""
    if info.context.actor.link is not None:
        raise _nothing()
    finder = _FINDERS.get(id.partition("_")[0])
    if finder is None:
        raise _nothing()
    try:
        return await finder(info, id)
    except Refused as refused:
        raise _nothing() if refused.code is RefusalCode.NOT_FOUND else refused from None


async def find_nodes(info: Info, ids: Sequence[GlobalId]) -> list[Node | Exception]:
    """The object of each id in its place; a NOT_FOUND in the place of one that is not there."""
    if len(ids) > PAGE_CAP:
        raise Fault(Code.BAD_INPUT, f"ids holds at most {PAGE_CAP}.")
    found: list[Node | Exception] = []
    for id in ids:
        try:
            found.append(await find_node(info, id))
        except Refused as refused:
            found.append(refused)
    return found


async def _owner(
    context: Context, id: Id, look_up: Callable[[Primary, TenantId, Id], Awaitable[CustomerId | None]]
) -> CustomerId:
    owner = context.actor.customer or await look_up(context.db.primary, context.tenant, id)
    if owner is None:
        raise _nothing()
    return owner


async def _customer(info: Info, id: GlobalId) -> Node:
    parsed, own = CustomerId.parse(id), info.context.actor.customer
    if own is not None and own != parsed:
        raise _nothing()
    return await find_customer(info, parsed)


async def _subscription(info: Info, id: GlobalId) -> Node:
    parsed = SubscriptionId.parse(id)
    owner = await _owner(info.context, parsed, subscription_owner)
    return Subscription.of(await subscription(info.context.db.primary, owner, parsed))


async def _invoice(info: Info, id: GlobalId) -> Node:
    parsed = InvoiceId.parse(id)
    owner = await _owner(info.context, parsed, invoice_owner)
    return Invoice.of(await invoice(info.context.db.primary, owner, parsed))


async def _credit_note(info: Info, id: GlobalId) -> Node:
    parsed = CreditNoteId.parse(id)
    owner = await _owner(info.context, parsed, credit_note_owner)
    return CreditNote.of(await credit_note(info.context.db.primary, owner, parsed))


async def _payment(info: Info, id: GlobalId) -> Node:
    parsed = PaymentId.parse(id)
    owner = await _owner(info.context, parsed, payment_owner)
    return Payment.of(await payment(info.context.db.primary, owner, parsed))


async def _receipt(info: Info, id: GlobalId) -> Node:
    parsed = ReceiptId.parse(id)
    owner = await _owner(info.context, parsed, receipt_owner)
    return Receipt.of(await receipt(info.context.db.primary, owner, parsed))


async def _refund(info: Info, id: GlobalId) -> Node:
    parsed = RefundId.parse(id)
    owner = await _owner(info.context, parsed, refund_owner)
    return Refund.of(await refund(info.context.db.primary, owner, parsed))


async def _dispute(info: Info, id: GlobalId) -> Node:
    parsed = DisputeId.parse(id)
    owner = await _owner(info.context, parsed, dispute_owner)
    return Dispute.of(await dispute(info.context.db.primary, owner, parsed))


async def _plan(info: Info, id: GlobalId) -> Node:
    return Plan.of(await plan(info.context.db.primary, info.context.tenant, PlanId.parse(id)))


async def _exception(info: Info, id: GlobalId) -> Node:
    if not info.context.actor.grants & STAFF:
        raise _nothing()
    return await find_exception(info, ExceptionCaseId.parse(id))


async def _coupon(info: Info, id: GlobalId) -> Node:
    if not info.context.actor.grants & STAFF:
        raise _nothing()
    return await find_coupon(info, CouponId.parse(id))


async def _saga(info: Info, id: GlobalId) -> Node:
    if not info.context.actor.grants & STAFF:
        raise _nothing()
    return await find_saga(info, SagaId.parse(id))


_FINDERS: Final[dict[str, Callable[[Info, GlobalId], Awaitable[Node]]]] = {
    CustomerId.prefix: _customer,
    SubscriptionId.prefix: _subscription,
    InvoiceId.prefix: _invoice,
    CreditNoteId.prefix: _credit_note,
    PaymentId.prefix: _payment,
    ReceiptId.prefix: _receipt,
    RefundId.prefix: _refund,
    CouponId.prefix: _coupon,
    DisputeId.prefix: _dispute,
    PlanId.prefix: _plan,
    ExceptionCaseId.prefix: _exception,
    SagaId.prefix: _saga,
}
