"""The feed of changes: what happened to a customer, in words it can read."""

from datetime import datetime
from enum import Enum
from typing import Annotated, cast
from uuid import UUID

import strawberry

from api.connection import HistoryConnection, Keyset, Source
from api.graph.catalog import Plan
from api.graph.context import Info
from api.graph.money import Money
from api.graph.pages import history_of
from api.scalars import ConsistencyToken, GlobalId
from domain.ids import CustomerId
from domain.ledger.statement import Span
from domain.timeline import changes as feed

Place = tuple[datetime, datetime, int, str, int]


@strawberry.enum(description="What happened. More values may come.")
class ChangeKind(Enum):
    """The kinds of changes."""

    SUBSCRIPTION_STARTED = strawberry.enum_value(
        "subscription_started", description="A subscription was started; its first invoice waits for its payment."
    )
    SUBSCRIPTION_ACTIVATED = strawberry.enum_value("subscription_activated", description="Its first invoice was paid.")
    SUBSCRIPTION_EXPIRED = strawberry.enum_value(
        "subscription_expired", description="Its first invoice was not paid in time; it never began."
    )
    TRIAL_STARTED = strawberry.enum_value("trial_started", description="A trial began.")
    TRIAL_CONVERTED = strawberry.enum_value("trial_converted", description="A trial ended and the first period began.")
    PLAN_CHANGED = strawberry.enum_value("plan_changed", description="A subscription went to another plan.")
    PRICE_CHANGED = strawberry.enum_value(
        "price_changed", description="A subscription went to another price of its plan."
    )
    QUANTITY_CHANGED = strawberry.enum_value("quantity_changed", description="A subscription went to another quantity.")
    PAUSED = strawberry.enum_value("paused", description="A subscription was paused.")
    RESUMED = strawberry.enum_value("resumed", description="A subscription was resumed.")
    CANCELLATION_SCHEDULED = strawberry.enum_value("cancellation_scheduled", description="A subscription will end.")
    CANCELLATION_WITHDRAWN = strawberry.enum_value(
        "cancellation_withdrawn", description="A subscription will not end after all."
    )
    SUBSCRIPTION_ENDED = strawberry.enum_value("subscription_ended", description="A subscription ended.")
    PAYMENT_OVERDUE = strawberry.enum_value("payment_overdue", description="A renewal was not paid; it is tried again.")
    GRACE_STARTED = strawberry.enum_value(
        "grace_started", description="A renewal was not paid and is not tried again; access stays for a while."
    )
    ACCESS_SUSPENDED = strawberry.enum_value("access_suspended", description="Access ended until the invoice is paid.")
    RECOVERED = strawberry.enum_value("recovered", description="An unpaid renewal was paid.")
    INVOICE_ISSUED = strawberry.enum_value("invoice_issued", description="An invoice was issued.")
    INVOICE_PAID = strawberry.enum_value("invoice_paid", description="An invoice was paid in full.")
    INVOICE_VOIDED = strawberry.enum_value("invoice_voided", description="An invoice was taken back.")
    INVOICE_WRITTEN_OFF = strawberry.enum_value("invoice_written_off", description="An invoice was given up.")
    PAYMENT_SUCCEEDED = strawberry.enum_value("payment_succeeded", description="A payment came in.")
    PAYMENT_FAILED = strawberry.enum_value("payment_failed", description="A payment was declined.")
    PAYMENT_NEEDS_ACTION = strawberry.enum_value(
        "payment_needs_action", description="A payment waits for the customer to confirm it."
    )
    REFUND_REQUESTED = strawberry.enum_value("refund_requested", description="A refund was begun.")
    REFUND_SUCCEEDED = strawberry.enum_value("refund_succeeded", description="A refund was paid out.")
    REFUND_FAILED = strawberry.enum_value("refund_failed", description="A refund could not be paid out.")
    CREDIT_NOTE_ISSUED = strawberry.enum_value("credit_note_issued", description="A credit note was issued.")
    CREDIT_NOTE_VOIDED = strawberry.enum_value("credit_note_voided", description="A credit note was taken back.")
    CONTRACT_SIGNED = strawberry.enum_value("contract_signed", description="A contract was signed.")
    CONTRACT_ENDING = strawberry.enum_value(
        "contract_ending", description="A contract ends within a month: what is on its price renews at the public one."
    )
    CONTRACT_ENDED = strawberry.enum_value("contract_ended", description="The term of a contract is over.")
    CONTRACT_CANCELED = strawberry.enum_value("contract_canceled", description="A contract was cancelled.")


@strawberry.input(description="A part of business time, open where an end is left out.")
class Between:
    """A span."""

    since: datetime | None = strawberry.field(
        name="from", default=None, description="Leave out what happened before it."
    )
    until: datetime | None = strawberry.field(
        name="to", default=None, description="Leave out what happened at it or later."
    )


MaybeBetween = Annotated[Between | None, strawberry.argument(description="Which part of time; left out: all.")]


@strawberry.type(description="The terms on one side of a change.")
class ChangeSide:
    """Terms before or after."""

    source: strawberry.Private[feed.Side]
    unit_amount: Money = strawberry.field(description="The price of one unit.")
    quantity: int = strawberry.field(description="How many units.")

    @strawberry.field(description="The plan.")
    async def plan(self, info: Info) -> Plan:
        """The plan."""
        return Plan.of(await info.context.loaders.plans.load((info.context.tenant, self.source.plan)))

    @classmethod
    def of(cls, side: feed.Side) -> "ChangeSide":
        """The domain's side."""
        return cls(source=side, unit_amount=Money.of(side.unit_amount), quantity=side.quantity)


@strawberry.type(description="Something that happened to the customer; it holds ids and amounts, no personal data.")
class Change:
    """A change."""

    kind: ChangeKind = strawberry.field(description="What happened.")
    happened_at: datetime = strawberry.field(description="When, in the customer's business time.")
    subscription_id: GlobalId | None = strawberry.field(description="The subscription, where it is about one.")
    invoice_id: GlobalId | None = strawberry.field(description="The invoice, where it is about one.")
    payment_id: GlobalId | None = strawberry.field(description="The payment, where it is about one.")
    refund_id: GlobalId | None = strawberry.field(description="The refund, where it is about one.")
    credit_note_id: GlobalId | None = strawberry.field(description="The credit note, where it is about one.")
    number: str | None = strawberry.field(description="The number of the document, where it is about one.")
    amount: Money | None = strawberry.field(description="The amount of the document, payment or refund.")
    before: ChangeSide | None = strawberry.field(description="The terms before a change of plan, price or quantity.")
    after: ChangeSide | None = strawberry.field(description="The terms after it.")

    @classmethod
    def of(cls, change: feed.Change) -> "Change":
        """The domain's change."""
        ids = ("subscription", "invoice", "payment", "refund", "credit_note")
        named = {f"{name}_id": GlobalId(str(id)) if (id := getattr(change, name)) else None for name in ids}
        return cls(
            kind=ChangeKind(change.what.value),
            happened_at=change.happened_at,
            number=change.number,
            amount=Money.of(change.amount) if change.amount else None,
            before=ChangeSide.of(change.before) if change.before else None,
            after=ChangeSide.of(change.after) if change.after else None,
            **named,
        )


async def change_page(
    info: Info, customer: CustomerId, between: Between | None, first: int, after: str | None,
    at_least: ConsistencyToken | None,
) -> HistoryConnection[Change]:  # fmt: skip
    """The customer's changes in the span, newest first."""
    keys = Keyset("changes", cast(type[Place], Place), info.context.rooms.cursors)
    wanted = keys.slice(str(customer), first, after)
    span = Span(between.since, between.until) if between else Span()
    async with history_of(info, at_least) as history:
        rows = await feed.changes(history.replica, customer, wanted.fetch, _place(wanted.after), span)
    page = keys.page(wanted, rows, lambda row: (*row.place[:3], str(row.place[3]), row.place[4]), Change.of)
    return HistoryConnection(
        edges=page.edges,
        page_info=page.page_info,
        count=lambda cap: feed.count_changes(history.replica, customer, cap, span),
        as_of=history.as_of,
        source=Source(history.source.value),
    )


def _place(after: Place | None) -> feed.Place | None:
    return (*after[:3], UUID(after[3]), after[4]) if after else None
