"""What if: the next invoices of a subscription on a virtual clock, by the very steps that will make them.

It runs as a preview: nothing is kept, no number is taken, no provider is asked. The clock goes from one due instant to
the next, as a test clock does; what the steps schedule is read back and done in its turn.
"""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from uuid import UUID

from domain import due
from domain.actor import Grant, system
from domain.catalog.coupon_use import use_up
from domain.db import Row, Tx
from domain.dunning.case import policy
from domain.ids import InvoiceId, PriceId, SubscriptionId
from domain.invoices.draft import FINALIZE, drop_draft, read_draft
from domain.invoices.finalize import finalize
from domain.invoices.line import Line
from domain.ledger.balance import credit_available
from domain.money import Money
from domain.operation import operation
from domain.refusals import RefusalCode, Refused
from domain.subscriptions.cancel import EndSubscription, end_subscription
from domain.subscriptions.change import Timing
from domain.subscriptions.change_plan import ChangePlan, change_plan
from domain.subscriptions.change_quantity import ChangeQuantity, change_quantity
from domain.subscriptions.lifecycle import END, RENEW, RESUME
from domain.subscriptions.pause import ResumeSubscription, resume_subscription
from domain.subscriptions.renew import RenewSubscription, renew_subscription
from domain.subscriptions.subscription import Subscription, subscription
from domain.subscriptions.unbilled import unbilled_draft

MOST = 12  # invoices: a year of months, or twelve years
STEPS = 4 * MOST  # a renewal and an invoice for each, a resume or an end, and twice that to spare
SECONDS = 5  # half a statement's limit: as long as somebody who asks what if has to wait at most
FORESEEN = frozenset({"active", "trialing", "paused", "pending_cancellation"})
READERS = frozenset({Grant.PORTAL, Grant.PARTNER, Grant.SUPPORT, Grant.LEAD, Grant.FINANCE, Grant.ADMIN})


class Card(Enum):
    """How the customer's payment method behaves from now on."""

    PAYS = "pays"
    FAILS = "fails"


@dataclass(frozen=True, slots=True)
class Simulate:
    """The scenario: how many invoices, whether the card pays, and what is changed with the next period."""

    subscription: SubscriptionId
    invoices: int = MOST
    card: Card = Card.PAYS
    price: PriceId | None = None
    quantity: int | None = None


@dataclass(frozen=True, slots=True)
class ForeseenInvoice:
    """An invoice to come; ``credited`` is what the customer's credit of today, as far as it goes, pays of it."""

    period_start: datetime
    period_end: datetime
    issued_at: datetime
    lines: tuple[Line, ...]
    subtotal: Money
    tax: Money
    total: Money
    credited: Money
    due: Money


@dataclass(frozen=True, slots=True)
class Trouble:
    """What follows a failed payment if every retry fails too."""

    failed_at: datetime
    retries: tuple[datetime, ...]
    access_until: datetime
    gives_up_at: datetime


@dataclass(frozen=True, slots=True)
class Simulated:
    """The invoices in their order; ``ends_at`` where the subscription ends in the time that was looked at.

    ``without_price_at`` is when it will pause for want of a price, as the contract of its own is over by then.
    """

    subscription: SubscriptionId
    invoices: tuple[ForeseenInvoice, ...]
    ends_at: datetime | None
    trouble: Trouble | None
    without_price_at: datetime | None = None


@operation("subscriptions.simulate", allowed=READERS)
async def simulate(tx: Tx, command: Simulate) -> Simulated:
    """Only ever previewed. INVALID_INPUT for too many invoices or none; STATE_CONFLICT for a subscription whose
    next invoice depends on a payment or has ended; BUSY beyond SECONDS; and the refusals of the change it asks for."""
    assert tx.preview, "what if is asked, never done"
    if not 1 <= command.invoices <= MOST:
        raise Refused(RefusalCode.INVALID_INPUT, f"1 to {MOST} invoices can be foreseen.", ("invoices",))
    of = await subscription(tx, tx.customer, command.subscription)
    if of.state.name not in FORESEEN or of.pending is not None:
        message = "What comes next depends on a payment, or nothing does: this subscription cannot be foreseen."
        raise Refused(RefusalCode.STATE_CONFLICT, message, ("subscriptionId",))
    await _change(tx, command)
    tx.actor = system("simulation")
    run = _Run(tx, command, await credit_available(tx, tx.customer, of.unit_amount.currency))
    try:
        async with asyncio.timeout(SECONDS):
            return await run.whole()
    except TimeoutError as error:
        raise Refused(RefusalCode.BUSY, "It would take too long now; ask for fewer invoices.") from error


async def _change(tx: Tx, command: Simulate) -> None:
    """What the scenario changes takes effect with the next period; in a trial at once."""
    if command.price is not None:
        wanted = ChangePlan(command.subscription, command.price, command.quantity, Timing.PERIOD_END)
        await change_plan.run(tx, wanted)
    elif command.quantity is not None:
        await change_quantity.run(tx, ChangeQuantity(command.subscription, command.quantity, Timing.PERIOD_END))


@dataclass(slots=True)
class _Run:
    """One way of the virtual clock, which is the transaction's own time."""

    tx: Tx
    command: Simulate
    credit: Money
    invoices: list[ForeseenInvoice] = field(default_factory=list)
    trouble: Trouble | None = None

    async def whole(self) -> Simulated:
        for _ in range(STEPS):
            step = await self._next()
            if step is None:
                break
            self.tx.now = max(self.tx.now, step["due_at"])
            await self._do(step["kind"], step["subject"])
            if self.trouble is not None or len(self.invoices) == self.command.invoices:
                break
        then = await self._of()
        ends_at = self.trouble.gives_up_at if self.trouble else then.ended_at
        waits = then.paused_at if then.is_without_price else None
        return Simulated(self.command.subscription, tuple(self.invoices), ends_at, self.trouble, waits)

    async def _of(self) -> Subscription:
        return await subscription(self.tx, self.tx.customer, self.command.subscription)

    async def _next(self) -> Row | None:
        """The subscription's earliest work, in the order in which a test clock takes it."""
        return await self.tx.fetchrow(
            """SELECT w.kind, w.subject, w.due_at FROM due_work w
                WHERE w.shard_key = $1 AND w.customer_id = $2 AND w.kind = ANY ($4::text[])
                  AND (w.subject = $3 OR EXISTS (
                       SELECT 1 FROM invoice_draft d
                        WHERE d.shard_key = w.shard_key AND d.customer_id = w.customer_id AND d.id = w.subject
                          AND d.subscription_id = $3))
                ORDER BY w.due_at, w.kind, w.subject LIMIT 1""",
            self.tx.customer.shard,
            self.tx.customer.uuid,
            self.command.subscription.uuid,
            [RENEW, FINALIZE, END, RESUME],
        )

    async def _do(self, kind: str, subject: UUID) -> None:
        id = self.command.subscription
        if kind == FINALIZE:
            await self._issue(InvoiceId(id.shard, subject))
        elif kind == RENEW:
            await renew_subscription.run(self.tx, RenewSubscription(id))
        elif kind == END:
            await end_subscription.run(self.tx, EndSubscription(id))
        else:
            await resume_subscription.run(self.tx, ResumeSubscription(id))
            if (draft := await unbilled_draft(self.tx, await self._of())) is not None:
                await self._issue(draft)

    async def _issue(self, draft: InvoiceId) -> None:
        """The draft as it would be issued; what an issue uses up is used up here too, until all is rolled back."""
        tx = self.tx
        known = await read_draft(tx, draft.shard, tx.customer.uuid, draft)
        assert known is not None
        issued = await finalize(tx, draft, tx.now)
        credited = min(self.credit, issued.total)
        self.credit -= credited
        await use_up(tx, issued.rated.used, known.subscription, draft)
        await drop_draft(tx, draft)
        await due.finish(tx, FINALIZE, draft.uuid)
        left, rated = issued.total - credited, issued.rated
        self.invoices.append(
            ForeseenInvoice(
                known.period_start, known.period_end, tx.now, rated.lines, rated.subtotal, rated.tax, issued.total,
                credited, left,
            )
        )  # fmt: skip
        if left.minor and self.command.card is Card.FAILS and not issued.on_account:
            await self._fail()

    async def _fail(self) -> None:
        """The timeline of a case that is opened now."""
        rules, now = await policy(self.tx, self.tx.head.tenant), self.tx.now
        retries = tuple(now + timedelta(days=days) for days in rules.retry_days)
        suspended, given_up = (now + timedelta(days=days) for days in (rules.suspend_day, rules.give_up_day))
        self.trouble = Trouble(now, retries, suspended, given_up)
