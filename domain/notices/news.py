"""What a notice tells, read when it is sent; nothing where it is not so any more."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from domain.catalog.plan import plan
from domain.customers.customer import billing_person
from domain.customers.invitation import find_invitation
from domain.db import Primary
from domain.dunning.case import Case, case
from domain.ids import DunningCaseId, InvitationId, InvoiceId, PaymentId, ReceiptId, RefundId, SubscriptionId
from domain.invoices.billing_terms import AUTOMATIC
from domain.invoices.invoice import Invoice, invoice
from domain.money import Money
from domain.notices.kind import OF_CASES, Kind
from domain.notices.notice import Notice
from domain.payments.expiring import expires_at
from domain.payments.method import payment_methods
from domain.payments.payment import TAKEN, payment, payments_of
from domain.payments.receipt import receipt
from domain.payments.refund import Means, refund
from domain.portal_link import LinkPurpose
from domain.subscriptions.subscription import subscription


@dataclass(frozen=True, slots=True)
class Ask:
    """What a notice asks its reader for, about an invoice, a subscription, or (None) the customer itself."""

    purpose: LinkPurpose
    subject: InvoiceId | SubscriptionId | None = None


@dataclass(frozen=True, slots=True)
class News:
    """The values that the words have braces for, and where in the portal it is seen.

    ``wording`` is the kind whose words say it; ``more`` and ``again`` say which of its sentences belong to it, and
    ``asks`` what its reader is to be led to.
    """

    wording: Kind
    values: Mapping[str, str | Money | datetime]
    path: str
    more: bool = False
    again: bool = False
    asks: tuple[Ask, ...] = ()


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
    told = _of_invoice(issued, of.kind, amount=issued.total, day=issued.due_at)
    return told if issued.collection == AUTOMATIC else replace(told, asks=_to_pay(issued))


def _to_pay(of: Invoice) -> tuple[Ask, ...]:
    """To pay it, and where we charge by ourselves, to give us something that can be charged."""
    if of.state.name != "open":
        return ()
    pay, card = Ask(LinkPurpose.PAY_INVOICE, of.id), Ask(LinkPurpose.UPDATE_CARD)
    return (pay, card) if of.collection == AUTOMATIC else (pay,)


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
    return replace(_of_invoice(billed, of.kind, paid=paid.captured, amount=billed.due), asks=_to_pay(billed))


async def _payment_action(db: Primary, of: Notice) -> News | None:
    asked = await payment(db, of.customer, PaymentId(of.id.shard, of.subject))
    if not asked.awaits_customer:
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
    asks = (Ask(LinkPurpose.UPDATE_CARD), Ask(LinkPurpose.CHANGE_PLAN, found.id), Ask(LinkPurpose.CANCEL, found.id))
    values: dict[str, str | Money | datetime] = {"plan": tried.name, "day": found.trial_end}
    return News(of.kind, values, f"subscriptions/{found.id}", asks=asks)


async def _method_expiring(db: Primary, of: Notice) -> News | None:
    in_use = {each.id.uuid: each for each in await payment_methods(db, of.customer)}
    found = in_use.get(of.subject)
    if found is None or found.expires is None:
        return None
    last_day = expires_at(found.expires) - timedelta(hours=12)  # noon: the same day in every zone, but for two
    values: dict[str, str | Money | datetime] = {"brand": found.brand, "last4": found.last4, "day": last_day}
    return News(of.kind, values, "payment-methods", asks=(Ask(LinkPurpose.UPDATE_CARD),))


async def _member_invited(db: Primary, of: Notice) -> News | None:
    found = await find_invitation(db, InvitationId(of.id.shard, of.subject))
    person = await billing_person(db, of.tenant, of.customer)
    if found is None or person is None:
        return None
    return News(of.kind, {"account": person.name, "day": found.expires_at}, "join")


_READERS: dict[Kind, Callable[[Primary, Notice], Awaitable[News | None]]] = {
    Kind.INVOICE_ISSUED: _invoice_issued,
    Kind.RECEIPT: _receipt,
    Kind.PAYMENT_SHORT: _payment_short,
    Kind.PAYMENT_ACTION: _payment_action,
    Kind.REFUND_SETTLED: _refund,
    Kind.REFUND_FAILED: _refund,
    Kind.TRIAL_ENDING: _trial_ending,
    Kind.METHOD_EXPIRING: _method_expiring,
    Kind.MEMBER_INVITED: _member_invited,
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
    return News(wording, values, f"invoices/{billed.id}", subscribed, retry_at is not None, _to_pay(billed))


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
