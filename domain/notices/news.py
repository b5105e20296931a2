"""What a notice tells, read when it is sent; nothing where it is not so any more."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from domain.catalog.plan import plan
from domain.db import Primary
from domain.dunning.case import Case, case
from domain.ids import DunningCaseId, InvoiceId, PaymentId, ReceiptId, RefundId, SubscriptionId
from domain.invoices.billing_terms import AUTOMATIC
from domain.invoices.invoice import Invoice, invoice
from domain.money import Money
from domain.notices.kind import OF_CASES, Kind
from domain.notices.notice import Notice
from domain.payments.payment import TAKEN, payment, payments_of
from domain.payments.receipt import receipt
from domain.payments.refund import Means, refund
from domain.subscriptions.subscription import subscription


@dataclass(frozen=True, slots=True)
class News:
    """The values that the words have braces for, and where in the portal it is seen.

    ``wording`` is the kind whose words say it; ``more`` and ``again`` say which of its sentences belong to it.
    """

    wording: Kind
    values: Mapping[str, str | Money | datetime]
    path: str
    more: bool = False
    again: bool = False


async def news_of(db: Primary, of: Notice, now: datetime) -> News | None:
    """What the notice tells at that instant of the customer's time; None where it is outdated."""
    if of.kind in OF_CASES:
        return await _of_case(db, of, now)
    return await _READERS[of.kind](db, of)


def _of_invoice(of: Invoice, wording: Kind, **values: str | Money | datetime) -> News:
    return News(wording, {"number": of.number, **values}, f"invoices/{of.id}")


async def _invoice_issued(db: Primary, of: Notice) -> News | None:
    issued = await invoice(db, of.customer, InvoiceId(of.id.shard, of.subject))
    if issued.state.name == "void":
        return None
    return _of_invoice(issued, of.kind, amount=issued.total, day=issued.due_at)


async def _receipt(db: Primary, of: Notice) -> News | None:
    found = await receipt(db, of.customer, ReceiptId(of.id.shard, of.subject))
    if found.withdrawn_at is not None:
        return None
    paid = await payment(db, of.customer, found.payment)
    billed = await invoice(db, of.customer, paid.invoice)
    return _of_invoice(billed, of.kind, receipt=found.number, amount=paid.captured)


async def _payment_short(db: Primary, of: Notice) -> News | None:
    paid = await payment(db, of.customer, PaymentId(of.id.shard, of.subject))
    billed = await invoice(db, of.customer, paid.invoice)
    if billed.state.name != "open":
        return None
    return _of_invoice(billed, of.kind, paid=paid.captured, amount=billed.due)


async def _payment_action(db: Primary, of: Notice) -> News | None:
    asked = await payment(db, of.customer, PaymentId(of.id.shard, of.subject))
    if asked.state.name != "requires_action":
        return None
    return _of_invoice(await invoice(db, of.customer, asked.invoice), of.kind, amount=asked.amount)


async def _refund(db: Primary, of: Notice) -> News | None:
    found = await refund(db, of.customer, RefundId(of.id.shard, of.subject))
    if found.state.name != ("succeeded" if of.kind is Kind.REFUND_SETTLED else "failed"):
        return None
    billed = await invoice(db, of.customer, (await payment(db, of.customer, found.payment)).invoice)
    values: dict[str, str | Money | datetime] = {"number": billed.number, "amount": found.amount}
    return News(of.kind, values, f"invoices/{billed.id}", more=found.means is Means.METHOD)


async def _trial_ending(db: Primary, of: Notice) -> News | None:
    found = await subscription(db, of.customer, SubscriptionId(of.id.shard, of.subject))
    if found.state.name != "trialing" or found.trial_end is None:
        return None
    tried = await plan(db, of.tenant, found.plan)
    return News(of.kind, {"plan": tried.name, "day": found.trial_end}, f"subscriptions/{found.id}")


_READERS: dict[Kind, Callable[[Primary, Notice], Awaitable[News | None]]] = {
    Kind.INVOICE_ISSUED: _invoice_issued,
    Kind.RECEIPT: _receipt,
    Kind.PAYMENT_SHORT: _payment_short,
    Kind.PAYMENT_ACTION: _payment_action,
    Kind.REFUND_SETTLED: _refund,
    Kind.REFUND_FAILED: _refund,
    Kind.TRIAL_ENDING: _trial_ending,
}

# The states of a case in which a notice of it tells the truth.
_WHILE: dict[Kind, tuple[str, ...]] = {
    Kind.PAYMENT_FAILED: ("retrying", "grace"),
    Kind.REMINDER: ("retrying", "grace", "suspended"),
    Kind.RESTRICTED: ("retrying", "grace"),
    Kind.SUSPENDED: ("suspended",),
    Kind.GIVEN_UP: ("given_up",),
    Kind.RECOVERED: ("recovered",),
}


async def _of_case(db: Primary, of: Notice, now: datetime) -> News | None:
    about = await case(db, of.customer, DunningCaseId(of.id.shard, of.subject))
    billed = await invoice(db, of.customer, about.invoice)
    owed = billed.state.name == "open"
    if about.state.name not in _WHILE[of.kind] or owed != about.is_living:
        return None
    if of.kind is Kind.PAYMENT_FAILED and await _is_told_as_short(db, billed):
        return None
    subscribed, suspended = about.subscription is not None, about.state.name == "suspended"
    retry_at = _next_try(about, now) if billed.collection == AUTOMATIC else None
    values: dict[str, str | Money | datetime] = {
        "number": billed.number,
        "amount": billed.written_off if of.kind is Kind.GIVEN_UP else billed.due,
        "day": about.give_up_at if suspended else about.suspend_at,
    }
    values |= {"retry_day": retry_at} if retry_at else {}
    wording = _wording(of.kind, subscribed=subscribed, suspended=suspended)
    return News(wording, values, f"invoices/{billed.id}", subscribed, retry_at is not None)


def _wording(kind: Kind, *, subscribed: bool, suspended: bool) -> Kind:
    """A case that is about no subscription takes nothing away: it reminds; and who is suspended is reminded of that."""
    if kind in (Kind.RESTRICTED, Kind.SUSPENDED) and not subscribed:
        return Kind.REMINDER
    return Kind.SUSPENDED if kind is Kind.REMINDER and subscribed and suspended else kind


async def _is_told_as_short(db: Primary, billed: Invoice) -> bool:
    """Whether the payment that is missing came in part, so that the customer is told of that part."""
    attempts = await payments_of(db, billed.customer, billed.id)
    return bool(attempts) and attempts[-1].state.name in TAKEN


def _next_try(about: Case, now: datetime) -> datetime | None:
    """When it is tried again: on the day that the customer chose, else on the next one of the timeline."""
    if about.state.name != "retrying":
        return None
    chosen = about.payday_at if about.payday_at is not None and about.payday_at > now else None
    return chosen or about.next_retry_at
