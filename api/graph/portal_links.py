"""Links that do one thing for a customer without a sign-in: made by staff and partners, and what their callers see."""

from datetime import datetime
from enum import Enum

import strawberry

from api.errors import Code, Fault
from api.graph.arguments import ERRORS, MINTED, OPERATION, PREVIEW
from api.graph.context import Info
from api.graph.invoices import Invoice
from api.graph.mutation_field import mutation_field as _mutation
from api.graph.outcome import OperationInfo, followed, performed
from api.graph.refusal import CreatePortalLinkError, as_error
from api.graph.retention import CancellationFlow, cancellation_flow
from api.graph.subscriptions import Subscription
from api.graph.texts import id_of
from api.scalars import GlobalId, IdempotencyKey
from domain import portal_link as links
from domain.ids import CustomerId, InvoiceId, SubscriptionId
from domain.invoices.invoice import invoice
from domain.links.create import CreatePortalLink, PortalLinkCreated, create_portal_link
from domain.links.link import portal_link, portal_origin
from domain.refusals import Refused
from domain.subscriptions.subscription import subscription

_value = strawberry.enum_value


@strawberry.enum(description="What a link does. More values may come.")
class LinkPurpose(Enum):
    """The domain's LinkPurpose."""

    CHANGE_PLAN = _value("change_plan", description="changePlan of one subscription.")
    UPDATE_CARD = _value("update_card", description="addPaymentMethod.")
    PAY_INVOICE = _value("pay_invoice", description="payInvoice of one invoice.")
    CANCEL = _value("cancel", description="cancelSubscription or acceptRetentionOffer of one subscription.")


@strawberry.type(description="What the caller of a link may do and see: this, and nothing else.")
class OpenedLink:
    """The root of who comes by a link."""

    source: strawberry.Private[links.LinkScope]
    customer: strawberry.Private[CustomerId]
    purpose: LinkPurpose = strawberry.field(description="The one thing that it does.")
    expires_at: datetime = strawberry.field(description="Until when it opens anything.")
    used_at: datetime | None = strawberry.field(description="When it did it; it does it once.")

    @strawberry.field(description="The invoice that it is about, if it is about one.")
    async def invoice(self, info: Info) -> Invoice | None:
        """The invoice."""
        if self.source.invoice is None:
            return None
        return Invoice.of(await invoice(info.context.db.primary, self.customer, self.source.invoice))

    @strawberry.field(description="The subscription that it is about, if it is about one.")
    async def subscription(self, info: Info) -> Subscription | None:
        """The subscription."""
        if self.source.subscription is None:
            return None
        return Subscription.of(await subscription(info.context.db.primary, self.customer, self.source.subscription))

    @strawberry.field(
        metadata=PREVIEW, description="Of a link to cancel: what to ask and offer who is about to; else null."
    )
    async def cancellation_flow(self, info: Info) -> CancellationFlow | None:
        """The reasons and the offer."""
        if self.source.purpose is not links.LinkPurpose.CANCEL:
            return None
        return await cancellation_flow(info, self.customer, GlobalId(str(self.source.subscription)))


async def opened_link(info: Info) -> OpenedLink:
    """The caller's own link; FORBIDDEN for who came in another way."""
    scope = info.context.actor.link
    found = await portal_link(info.context.db.primary, scope.id) if scope else None
    if found is None:
        raise Fault(Code.FORBIDDEN, "This part of the schema is for the callers of links.")
    link = found[0]
    return OpenedLink(
        source=link.scope, customer=link.customer, purpose=LinkPurpose[link.scope.purpose.name],
        expires_at=link.expires_at, used_at=link.used_at,
    )  # fmt: skip


@strawberry.type(description="A link to hand to the customer and to nobody else.")
class PortalLink:
    """What was made."""

    id: GlobalId = strawberry.field(description="The name of the link in the audit trail.")
    purpose: LinkPurpose = strawberry.field(description="The one thing that it does.")
    expires_at: datetime = strawberry.field(description="Until when it opens anything.")
    token: str = strawberry.field(description="What the page sends as its bearer token; it names nobody.")
    url: str | None = strawberry.field(
        description="The page /link of the portal with the token behind #, which no server's log sees; null where the "
        "tenant has no portal of its own."
    )


@strawberry.input(description="Makes a link that does one thing for a customer without a sign-in.")
class CreatePortalLinkInput:
    """Input of createPortalLink."""

    customer_id: GlobalId = strawberry.field(description="For whom.")
    purpose: LinkPurpose = strawberry.field(description="The one thing that it does.")
    invoice_id: GlobalId | None = strawberry.field(default=None, description="For PAY_INVOICE: the invoice.")
    subscription_id: GlobalId | None = strawberry.field(
        default=None, description="For CHANGE_PLAN and CANCEL: the subscription."
    )
    expires_in_minutes: int = strawberry.field(default=1440, description="How long it opens anything; at most 7 days.")
    idempotency_key: IdempotencyKey = strawberry.field(description=MINTED)


@strawberry.type(description="The link that was made; a retry answers the same one.")
class CreatePortalLinkPayload:
    """Payload of createPortalLink."""

    link: PortalLink | None = strawberry.field(description="The link.")
    operation: OperationInfo | None = strawberry.field(description=OPERATION)
    errors: list[CreatePortalLinkError] = strawberry.field(description=ERRORS)


async def create(info: Info, input: CreatePortalLinkInput) -> CreatePortalLinkPayload:
    """For staff and partners."""
    try:
        customer, command = id_of(CustomerId.parse, input.customer_id, "customerId"), _command(input)
        done = await performed(info, create_portal_link, customer, command, input.idempotency_key)
    except Refused as refused:
        return CreatePortalLinkPayload(link=None, operation=None, errors=[as_error(refused)])
    link = await _made(info, input.purpose, done.outcome)
    return CreatePortalLinkPayload(link=link, operation=await followed(info, done, customer), errors=[])


def _command(input: CreatePortalLinkInput) -> CreatePortalLink:
    return CreatePortalLink(
        links.LinkPurpose[input.purpose.name],
        id_of(InvoiceId.parse, input.invoice_id, "invoiceId") if input.invoice_id else None,
        id_of(SubscriptionId.parse, input.subscription_id, "subscriptionId") if input.subscription_id else None,
        input.expires_in_minutes,
    )


async def _made(info: Info, purpose: LinkPurpose, done: PortalLinkCreated) -> PortalLink:
    db = info.context.db
    token, origin = (
        links.link_token(db.vault, done.link, done.expires_at),
        await portal_origin(db.primary, info.context.tenant),
    )
    return PortalLink(
        id=GlobalId(str(done.link)), purpose=purpose, expires_at=done.expires_at, token=token,
        url=f"{origin}/link#{token}" if origin else None,
    )  # fmt: skip


@strawberry.type(description="Changes about links.")
class LinkMutations:
    """Fields of the mutation root."""

    create_portal_link: CreatePortalLinkPayload = _mutation(
        create, "Staff and partners: makes a link that does one thing for a customer without a sign-in."
    )
