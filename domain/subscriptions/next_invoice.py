"""What the next invoice of a subscription will say, worked out by the very steps that will make it."""

from dataclasses import dataclass
from datetime import datetime

from domain.actor import Grant
from domain.db import Tx
from domain.ids import InvoiceId, PriceId, SubscriptionId
from domain.invoices.draft import read_draft
from domain.invoices.finalize import finalize
from domain.invoices.line import Line
from domain.money import Money
from domain.operation import operation
from domain.refusals import RefusalCode, Refused
from domain.subscriptions.renew import DRAFT_FOR, begin_term
from domain.subscriptions.store import move
from domain.subscriptions.subscription import Subscription, subscription
from domain.subscriptions.trial_end import converts
from domain.subscriptions.unbilled import unbilled_draft

BILLED = frozenset({"active", "trialing", "past_due", "grace"})


@dataclass(frozen=True, slots=True)
class PreviewNextInvoice:
    """A subscription that will be billed again."""

    subscription: SubscriptionId


@dataclass(frozen=True, slots=True)
class NextInvoice:
    """The period, when its invoice will be issued, its lines, and what credit there is now would pay of it.

    ``new_price`` is what it moves to, where that is another price than the present one: by a plan, by a version, or
    because the contract of a private price is over.
    """

    subscription: SubscriptionId
    period_start: datetime
    period_end: datetime
    issued_at: datetime
    lines: tuple[Line, ...]
    total: Money
    credited: Money
    due: Money
    new_price: PriceId | None


@operation(
    "subscriptions.preview_next_invoice",
    allowed=frozenset({Grant.PORTAL, Grant.PARTNER, Grant.SUPPORT, Grant.LEAD, Grant.FINANCE, Grant.ADMIN}),
)
async def preview_next_invoice(tx: Tx, command: PreviewNextInvoice) -> NextInvoice:
    """Only ever previewed. STATE_CONFLICT for a subscription that will not be billed as things stand, CHANGE_PENDING
    while a change waits for its payment, NO_PRICE for one that will pause for want of a price."""
    assert tx.preview, "the next invoice is made in its time"
    of = await subscription(tx, tx.customer, command.subscription)
    require_foreseeable(of)
    draft = await unbilled_draft(tx, of)
    if draft is None:
        draft = await _foreseen(tx, of)
    known = await read_draft(tx, draft.shard, tx.customer.uuid, draft)
    assert known is not None
    issued = await finalize(tx, draft, tx.now)
    return NextInvoice(
        of.id,
        known.period_start,
        known.period_end,
        tx.now,
        issued.rated.lines,
        issued.total,
        issued.credited,
        issued.due,
        new if (new := (await subscription(tx, tx.customer, of.id)).price) != of.price else None,
    )


def require_foreseeable(of: Subscription) -> None:
    """CHANGE_PENDING while a change waits for its payment, which decides what is billed next."""
    if of.pending is not None:
        message = "A change waits for its payment: what comes next depends on that."
        raise Refused(RefusalCode.CHANGE_PENDING, message, ("subscriptionId",))


async def _foreseen(tx: Tx, of: Subscription) -> InvoiceId:
    """The draft of the term to come, made at the time at which it will be made if nothing else happens."""
    if of.state.name not in BILLED:
        message = f"A subscription that is {of.state.name} is not billed."
        raise Refused(RefusalCode.STATE_CONFLICT, message, ("subscriptionId",))
    tx.now = max(tx.now, of.renew_at(of.period.end) + DRAFT_FOR)
    if of.state.name == "trialing":
        if not await converts(tx, of):
            message = "Without a payment method the subscription ends or pauses with its trial."
            raise Refused(RefusalCode.STATE_CONFLICT, message, ("subscriptionId",))
        await move(tx, of, "convert")
    return (await begin_term(tx, of))[1]
