"""The run of a virtual clock over what falls due for a customer, inside a transaction that is rolled back."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from uuid import UUID

from domain import due
from domain.catalog.coupon_use import use_up
from domain.catalog.plan import price
from domain.db import Row, Tx
from domain.dunning.timeline import timeline_for
from domain.ids import ContractId, InvoiceId, SubscriptionId
from domain.invoices.contract import CONTRACT_END, Contract, contract
from domain.invoices.draft import FINALIZE, Draft, drop_draft, read_draft
from domain.invoices.finalize import Finalized, finalize
from domain.invoices.given_back import give_back
from domain.invoices.line import Line
from domain.ledger.balance import credit_available
from domain.money import Currency, Money, total
from domain.payments.end_contract import LOOK_AGAIN, begin_term, conclude, draft_true_up, is_behind, short_of, waits
from domain.refusals import RefusalCode, Refused
from domain.subscriptions.cancel import EndSubscription, end_subscription
from domain.subscriptions.lifecycle import END, RENEW, RESUME
from domain.subscriptions.pause import ResumeSubscription, resume_subscription
from domain.subscriptions.renew import RenewSubscription, renew_subscription
from domain.subscriptions.store import move_if_allowed
from domain.subscriptions.subscription import subscription

STEPS = 400  # a renewal and an issue for each of the most invoices, and four times that for all that bills nothing
KINDS = (RENEW, FINALIZE, END, RESUME, CONTRACT_END)  # what comes by time alone; the rest follows from payments


class Card(Enum):
    """How the customer's payment method behaves from now on."""

    PAYS = "pays"
    FAILS = "fails"


@dataclass(frozen=True, slots=True)
class Bounds:
    """Which subscription is asked about (None: all of the customer), how many of its invoices, and until when."""

    subscription: SubscriptionId | None
    invoices: int
    until: datetime


@dataclass(frozen=True, slots=True)
class ForeseenInvoice:
    """An invoice to come; ``credited`` is what the customer's credit of today, as far as it goes, pays of it."""

    subscription: SubscriptionId | None
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
    """What follows a failed payment if every retry fails too; where it bills no subscription, access stays."""

    subscription: SubscriptionId | None
    failed_at: datetime
    retries: tuple[datetime, ...]
    access_until: datetime
    gives_up_at: datetime


@dataclass(frozen=True, slots=True)
class RefusedDraft:
    """A draft that would not be issued as it stands, and why."""

    draft: InvoiceId
    code: RefusalCode
    message: str
    path: tuple[str, ...]


@dataclass(slots=True)
class VirtualRun:
    """One way of the virtual clock, which is the transaction's own time.

    ``spent`` is what the invoices before took of the customer's credit, by currency.
    """

    tx: Tx
    bounds: Bounds
    card: Card
    invoices: list[ForeseenInvoice] = field(default_factory=list)
    troubles: list[Trouble] = field(default_factory=list)
    refused: list[RefusedDraft] = field(default_factory=list)
    charged: list[Line] = field(default_factory=list)
    spent: dict[Currency, int] = field(default_factory=lambda: defaultdict(int))

    async def whole(self, *, drafts: bool) -> None:
        """Goes on until there are as many invoices as asked for, nothing falls due any more, or the time is over."""
        for draft in await self._drafts_of_staff() if drafts else ():
            await self._try(draft)
        for _ in range(STEPS):
            step = await self._next() if len(self.invoices) < self.bounds.invoices else None
            if step is None or step["due_at"] > self.bounds.until:
                return
            self.tx.now = max(self.tx.now, step["due_at"])
            await self._do(step["kind"], step["subject"])
        raise Refused(RefusalCode.INVALID_INPUT, "Too much happens until then; ask for less.", ("until",))

    async def _next(self) -> Row | None:
        """The customer's earliest work, in the order of a test clock; None where none is the asked subscription's."""
        of = self.bounds.subscription
        return await self.tx.fetchrow(
            """SELECT w.kind, w.subject, w.due_at FROM due_work w
                WHERE w.shard_key = $1 AND w.customer_id = $2 AND w.kind = ANY ($4::text[])
                  AND ($3::uuid IS NULL OR EXISTS (
                       SELECT 1 FROM due_work o
                        WHERE o.shard_key = $1 AND o.customer_id = $2 AND o.kind = ANY ($4::text[])
                          AND (o.subject = $3 OR EXISTS (
                               SELECT 1 FROM invoice_draft d
                                WHERE d.shard_key = $1 AND d.customer_id = $2 AND d.id = o.subject
                                  AND d.subscription_id = $3))))
                ORDER BY w.due_at, w.kind, w.subject LIMIT 1""",
            self.tx.customer.shard,
            self.tx.customer.uuid,
            of.uuid if of else None,
            list(KINDS),
        )

    async def _drafts_of_staff(self) -> list[InvoiceId]:
        """In the order in which they were begun; what replaces a void invoice bills its subscription."""
        shard = self.tx.customer.shard
        rows = await self.tx.fetch(
            """SELECT d.id FROM invoice_draft d
                WHERE d.shard_key = $1 AND d.customer_id = $2
                  AND (d.reason = 'manual' OR d.reason LIKE 'replacement:%')
                ORDER BY d.id""",
            shard,
            self.tx.customer.uuid,
        )
        return [InvoiceId(shard, row["id"]) for row in rows]

    async def _try(self, draft: InvoiceId) -> None:
        """A draft of staff, for which nothing waits: one that would not be issued is told of, and hides nothing."""
        try:
            await self._issue(draft)
        except Refused as refused:
            if refused.retryable:
                raise
            self.refused.append(RefusedDraft(draft, refused.code, refused.message, refused.path))

    async def _do(self, kind: str, subject: UUID) -> None:
        shard = self.tx.customer.shard
        if kind == FINALIZE:
            await self._issue(InvoiceId(shard, subject))
        elif kind == RENEW:
            await renew_subscription.run(self.tx, RenewSubscription(SubscriptionId(shard, subject)))
        elif kind == END:
            await end_subscription.run(self.tx, EndSubscription(SubscriptionId(shard, subject)))
        elif kind == RESUME:
            resumed = await resume_subscription.run(self.tx, ResumeSubscription(SubscriptionId(shard, subject)))
            if resumed.invoice is not None:
                await self._issue(resumed.invoice)
        else:
            await self._end_contract(await contract(self.tx, self.tx.customer, ContractId(shard, subject)))

    async def _end_contract(self, of: Contract) -> None:
        """As the end of a contract does it, with what will be billed until then beside what was billed."""
        if not of.is_living:
            return await due.finish(self.tx, CONTRACT_END, of.id.uuid)
        if self.tx.now < of.ends_at:
            return await begin_term(self.tx, of)
        if await waits(self.tx, of):
            return None
        if self.tx.now < self._given_up_at() and await is_behind(self.tx, of, of.ends_at):
            return await due.schedule(self.tx, CONTRACT_END, of.id.uuid, self.tx.now + LOOK_AGAIN)
        plan = (await price(self.tx, self.tx.head.tenant, of.price)).plan
        foreseen = total(
            (line.net for line in self.charged
             if line.plan == plan and line.net.currency == of.commitment.currency
             and of.starts_at <= line.starts_at < of.ends_at),
            of.commitment.currency,
        )  # fmt: skip
        short = await short_of(self.tx, of, of.commitment) - foreseen
        if short.minor > 0:
            await self._issue(await draft_true_up(self.tx, of, of.commitment, short, of.ends_at))
        return await conclude(self.tx, of, None)

    def _given_up_at(self) -> datetime:
        """When nobody is behind any more who is so by what failed in this run."""
        return max((each.gives_up_at for each in self.troubles if each.subscription), default=self.tx.now)

    async def _issue(self, draft: InvoiceId) -> None:
        """The draft as it would be issued; what an issue uses up or gives back is gone here too, until all is rolled
        back."""
        tx = self.tx
        known = await read_draft(tx, draft.shard, tx.customer.uuid, draft)
        assert known is not None
        issued = await finalize(tx, draft, tx.now)
        await use_up(tx, issued.rated.used, known.subscription, draft)
        await give_back(tx, issued.rated.given_back)
        await drop_draft(tx, draft)
        await due.finish(tx, FINALIZE, draft.uuid)
        self.charged += [line for line in issued.rated.lines if line.kind == "charge"]
        found = await self._foreseen(known, issued)
        if self.bounds.subscription in (None, known.subscription):
            self.invoices.append(found)
        if found.due.minor and self.card is Card.FAILS and not issued.on_account:
            await self._fail(known.subscription)

    async def _foreseen(self, known: Draft, issued: Finalized) -> ForeseenInvoice:
        currency, rated = issued.total.currency, issued.rated
        left = (await credit_available(self.tx, self.tx.customer, currency)).minor - self.spent[currency]
        credited = min(Money(left, currency), issued.total)
        self.spent[currency] += credited.minor
        return ForeseenInvoice(
            known.subscription, known.period_start, known.period_end, self.tx.now, rated.lines, rated.subtotal,
            rated.tax, issued.total, credited, issued.total - credited,
        )  # fmt: skip

    async def _fail(self, of: SubscriptionId | None) -> None:
        """The timeline of a case that is opened now; its subscription bills nothing more until it recovers."""
        tx, now = self.tx, self.tx.now
        plan = (await subscription(tx, tx.customer, of)).plan if of else None
        rules = (await timeline_for(tx, tx.head.tenant, tx.customer, plan)).policy
        retries = tuple(now + timedelta(days=days) for days in rules.retry_days)
        suspended, given_up = (now + timedelta(days=days) for days in (rules.suspend_day, rules.give_up_day))
        self.troubles.append(Trouble(of, now, retries, suspended, given_up))
        await move_if_allowed(self.tx, of, "payment_failed")
