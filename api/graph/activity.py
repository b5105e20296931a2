"""What was done about a customer, as its own users read it: from the audit chain, without what is the house's own."""

from datetime import datetime
from enum import Enum
from typing import Final

import strawberry

from api.connection import HistoryConnection
from api.graph.audit_pages import trail_page
from api.graph.context import Info
from api.scalars import ConsistencyToken, GlobalId, Int64
from domain.audit import TrailEntry
from domain.ids import CustomerId

_value = strawberry.enum_value


@strawberry.enum(description="What was done. More values may come; show those you do not know as OTHER.")
class ActivityKind(Enum):
    """Each stands for one or more operations."""

    SUBSCRIPTION_STARTED = _value("subscription_started", description="A plan was bought.")
    PLAN_CHANGED = _value("plan_changed", description="A plan was changed, or its change planned.")
    SEATS_CHANGED = _value("seats_changed", description="Seats were changed, or their change planned.")
    CHANGE_TAKEN_BACK = _value("change_taken_back", description="What was planned was taken back.")
    SUBSCRIPTION_CANCELED = _value("subscription_canceled", description="A subscription was cancelled.")
    OFFER_ACCEPTED = _value("offer_accepted", description="An offer was taken instead of cancelling.")
    SUBSCRIPTION_KEPT = _value("subscription_kept", description="A cancellation was taken back.")
    SUBSCRIPTION_PAUSED = _value("subscription_paused", description="A subscription was paused.")
    SUBSCRIPTION_RESUMED = _value("subscription_resumed", description="A pause was ended.")
    SUBSCRIPTION_RENEWED = _value("subscription_renewed", description="A new period began.")
    PAYMENT_METHODS_CHANGED = _value("payment_methods_changed", description="Methods were added, removed or ordered.")
    PAYMENT_BEGUN = _value("payment_begun", description="A payment of an invoice was begun.")
    PAYMENT_ARRANGED = _value("payment_arranged", description="A payday was chosen, or parts were agreed on.")
    REFUND_ASKED = _value("refund_asked", description="A refund was asked for.")
    COUPON_REDEEMED = _value("coupon_redeemed", description="A coupon was redeemed.")
    BILLING_DETAILS_CHANGED = _value(
        "billing_details_changed", description="Name, address, contacts or the look of invoices."
    )
    TAX_IDS_CHANGED = _value("tax_ids_changed", description="A tax id was added, judged or removed.")
    MEMBERS_CHANGED = _value("members_changed", description="Somebody was invited, joined, changed or removed.")
    LINK_MADE = _value("link_made", description="A link was made that does one thing without a sign-in.")
    DATA_EXPORT_ASKED = _value("data_export_asked", description="An export of everything was asked for.")
    DATA_EXPORT_FETCHED = _value("data_export_fetched", description="An export of everything was downloaded.")
    SIGNED_OUT = _value("signed_out", description="Sessions were ended.")
    OTHER = _value("other", description="Something else, most of it the house's own work.")


KINDS: Final[dict[str, ActivityKind]] = {
    "subscriptions.start": ActivityKind.SUBSCRIPTION_STARTED,
    "subscriptions.change_plan": ActivityKind.PLAN_CHANGED,
    "subscriptions.change_quantity": ActivityKind.SEATS_CHANGED,
    "subscriptions.cancel_scheduled_change": ActivityKind.CHANGE_TAKEN_BACK,
    "subscriptions.cancel": ActivityKind.SUBSCRIPTION_CANCELED,
    "subscriptions.accept_retention_offer": ActivityKind.OFFER_ACCEPTED,
    "subscriptions.reactivate": ActivityKind.SUBSCRIPTION_KEPT,
    "subscriptions.pause": ActivityKind.SUBSCRIPTION_PAUSED,
    "subscriptions.resume": ActivityKind.SUBSCRIPTION_RESUMED,
    "subscriptions.renew": ActivityKind.SUBSCRIPTION_RENEWED,
    "payments.store_method": ActivityKind.PAYMENT_METHODS_CHANGED,
    "payments.remove_method": ActivityKind.PAYMENT_METHODS_CHANGED,
    "payments.order_methods": ActivityKind.PAYMENT_METHODS_CHANGED,
    "payments.pay_invoice": ActivityKind.PAYMENT_BEGUN,
    "dunning.choose_payday": ActivityKind.PAYMENT_ARRANGED,
    "dunning.split_invoice": ActivityKind.PAYMENT_ARRANGED,
    "payments.request_refund": ActivityKind.REFUND_ASKED,
    "catalog.redeem_coupon": ActivityKind.COUPON_REDEEMED,
    "customers.change_billing_person": ActivityKind.BILLING_DETAILS_CHANGED,
    "customers.save_billing_contact": ActivityKind.BILLING_DETAILS_CHANGED,
    "customers.remove_billing_contact": ActivityKind.BILLING_DETAILS_CHANGED,
    "invoices.set_preferences": ActivityKind.BILLING_DETAILS_CHANGED,
    "customers.store_tax_identity": ActivityKind.TAX_IDS_CHANGED,
    "customers.judge_tax_identity": ActivityKind.TAX_IDS_CHANGED,
    "customers.withdraw_tax_identity": ActivityKind.TAX_IDS_CHANGED,
    "members.invite": ActivityKind.MEMBERS_CHANGED,
    "members.withdraw_invitation": ActivityKind.MEMBERS_CHANGED,
    "members.accept_invitation": ActivityKind.MEMBERS_CHANGED,
    "members.change_role": ActivityKind.MEMBERS_CHANGED,
    "members.remove": ActivityKind.MEMBERS_CHANGED,
    "links.create": ActivityKind.LINK_MADE,
    "privacy.ask_export": ActivityKind.DATA_EXPORT_ASKED,
    "privacy.fetch_export": ActivityKind.DATA_EXPORT_FETCHED,
    "sessions.end": ActivityKind.SIGNED_OUT,
}


@strawberry.enum(description="Who did it.")
class ActivityBy(Enum):
    """The kinds of callers, as a customer knows them."""

    USER = _value("portal", description="A user of the customer.")
    LINK = _value("link", description="Somebody who came by a link, without a sign-in.")
    INVITED = _value("invitation", description="Somebody who accepted an invitation by signing in.")
    STAFF = _value("staff", description="The seller's staff, also in the customer's place.")
    PARTNER = _value("partner", description="A program of a partner.")
    HOUSE = _value("system", description="Nobody: it was due.")


_BY: Final = {
    "portal": ActivityBy.USER,
    "link": ActivityBy.LINK,
    "invitation": ActivityBy.INVITED,
    "staff": ActivityBy.STAFF,
    "partner": ActivityBy.PARTNER,
}


@strawberry.type(description="Something that was done about the customer.")
class Activity:
    """An entry of the chain as the customer's users see it."""

    number: Int64 = strawberry.field(description="Counts what was done without gaps.")
    kind: ActivityKind = strawberry.field(description="What was done.")
    by: ActivityBy = strawberry.field(description="Who did it.")
    user_id: GlobalId | None = strawberry.field(description="Which user of the customer did it, if one did.")
    operation_id: GlobalId = strawberry.field(description="The operation's id, as the mutation answered it.")
    at: datetime = strawberry.field(description="When, in wall time.")

    @classmethod
    def of(cls, entry: TrailEntry) -> "Activity":
        """What may be told of the entry; who of the staff it was, why and how are not."""
        by = _BY.get(entry.actor.partition(":")[0], ActivityBy.HOUSE)
        return cls(
            number=Int64(entry.number),
            kind=KINDS.get(entry.operation, ActivityKind.OTHER),
            by=by,
            user_id=GlobalId(entry.subject) if by is ActivityBy.USER else None,
            operation_id=GlobalId(str(entry.operation_id)),
            at=entry.recorded_at,
        )


async def activity_page(
    info: Info, customer: CustomerId, first: int, after: str | None, at_least: ConsistencyToken | None
) -> HistoryConnection[Activity]:
    """The customer's activity, newest first."""
    return await trail_page(info, customer, first, after, at_least, Activity.of)
