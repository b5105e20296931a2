"""Events about refunds: performed as news of the refund they name, after it was proved to be the one."""

from datetime import timedelta

from domain.ids import CustomerId, RefundId
from domain.inbox import InboxEvent
from domain.payments.attempt_refund import attempt_refund
from domain.payments.exception_case import Kind
from domain.payments.gateway import EventKind, ProviderEvent, RefundFailed, RefundSucceeded, Unavailable, Unknown
from domain.payments.open_exception import OpenException
from domain.payments.payment import Payment, payment
from domain.payments.refund import IN_FLIGHT, Refund, refund, request_of
from domain.payments.settle_refund import RefundNews, SettleRefund, settle_refund
from domain.reactions.exceptions import Contradiction
from domain.reactions.house import House
from domain.reactions.provider_verdict import Misfit, Verdict, perform_news, silent
from domain.refusals import RefusalCode, Refused

NEWS = {EventKind.REFUND_SUCCEEDED: RefundNews.SUCCEEDED, EventKind.REFUND_FAILED: RefundNews.FAILED}
FINAL_AT_PROVIDER = frozenset({"succeeded", "failed"})  # it was there, and is not only asked for here
READ_IS_CURRENT = timedelta(hours=1)  # after word of an event: what a provider answers is behind by minutes at most
_ENDS = {EventKind.REFUND_SUCCEEDED: "succeeded", EventKind.REFUND_FAILED: "failed"}


async def take_refund(house: House, event: InboxEvent, news: ProviderEvent, *, sure: bool) -> Verdict:
    """Performs the news, or asks the provider where the order is not ``sure`` or the news does not suffice.

    Misfit for an event that is not about a refund of ours, or that takes back how one ended.
    """
    known, of = await _refund_of(house, event, news)
    if known.state.name not in IN_FLIGHT and known.state.name != _ENDS[news.kind]:
        return await _against_its_end(house, event, known, of, news)
    if known.state.name in IN_FLIGHT and not (sure and known.sent_at is not None and news.money == known.amount):
        return await _ask(house, known, of)
    command = SettleRefund(known.id, NEWS[news.kind], news.object_ref, news.failure_code)
    return await perform_news(house, event, known.customer, settle_refund, command)


async def _against_its_end(house: House, event: InboxEvent, known: Refund, of: Payment, news: ProviderEvent) -> Verdict:
    """A contradiction, unless the provider told this before the refund ended as we know: it is asked how it ended.

    The end of another object says nothing of this one: a refund that no answer has named yet may be either of them.
    A refund that succeeded can still be sent back. A failure that the provider numbers after another event is that, and
    is for people at once; one of no number may be, until what is read cannot be behind any more.
    """
    state = known.state.name
    cause = f"a refund that {state} has {_ENDS[news.kind]} later"
    if state not in FINAL_AT_PROVIDER:
        raise Misfit(cause)
    if of.provider_ref is not None and (state == "failed" or news.sequence <= 1):
        gateway = house.gateway(of.provider_account)
        match await gateway.find_refund(str(known.id), known.amount, of.provider_ref):
            case RefundFailed(ref) if state == "failed" and ref == news.object_ref:
                return Verdict("drop", "the provider told this before the refund failed", known.customer)
            case RefundSucceeded(ref) if state == "succeeded" and ref == news.object_ref:
                left = event.recorded_at + READ_IS_CURRENT - house.db.clock.now()
                if news.sequence == 0 and left > timedelta(0):
                    return Verdict("wait", "the provider does not say yet that it failed", known.customer, left)
                return Verdict("drop", "the provider told this before the refund succeeded", known.customer)
            case Unavailable() | Unknown(heard=False):
                return silent(known.customer)
    doubt = OpenException(Kind.REFUND_CONTRADICTED, known.payment, known.id, cause, news.money)
    raise Contradiction(known.customer, doubt)


async def behind_refund(house: House, news: ProviderEvent) -> str:
    """The request that a refund follows from; empty where it is none of ours. Its metadata is that of the charge."""
    try:
        customer = CustomerId.parse(news.metadata.get("customer", ""))
        return await request_of(house.db.primary, customer, RefundId.parse(news.reference or ""))
    except Refused as refused:
        if refused.code is not RefusalCode.NOT_FOUND:
            raise
        return ""


async def _refund_of(house: House, event: InboxEvent, news: ProviderEvent) -> tuple[Refund, Payment]:
    """The refund that reference, metadata, account, charge and object all agree on, and its payment."""
    db = house.db.primary
    try:
        customer = CustomerId.parse(news.metadata.get("customer", ""))
        known = await refund(db, customer, RefundId.parse(news.reference or ""))
    except Refused as refused:
        if refused.code is not RefusalCode.NOT_FOUND:
            raise
        raise Misfit("no refund has this reference and customer") from refused
    of = await payment(db, customer, known.payment)
    if of.provider_account != event.account:
        raise Misfit("the refund belongs to another provider account")
    if of.provider_ref != news.charge_ref:
        raise Misfit("the refund is of another charge at the provider")
    if known.provider_ref not in (None, news.object_ref):
        raise Misfit("the refund is another object at the provider")
    return known, of


async def _ask(house: House, known: Refund, of: Payment) -> Verdict:
    gateway = house.gateway(of.provider_account)
    settled = await attempt_refund(house.db, gateway, house.actor, known.customer, known.id)
    if settled is None:
        now = await refund(house.db.primary, known.customer, known.id)
        if now.state.name in IN_FLIGHT:
            return silent(known.customer)
    return Verdict("apply", "asked the provider", known.customer)
