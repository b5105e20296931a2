"""Events about charges: performed as news of the payment they name, after it was proved to be the one."""

from domain.correlation import NAME, is_request_id
from domain.ids import CustomerId, PaymentId
from domain.inbox import InboxEvent
from domain.payments.attempt import attempt
from domain.payments.exception_case import Kind, Resolution, decided_on
from domain.payments.gateway import Captured, EventKind, ProviderEvent, Unavailable, Unknown
from domain.payments.open_exception import OpenException
from domain.payments.payment import OPEN, CaptureMode, Payment, payment
from domain.payments.settle_payment import News, SettlePayment, settle_payment
from domain.reactions.exceptions import Contradiction
from domain.reactions.house import House
from domain.reactions.provider_verdict import Misfit, Verdict, perform_news, silent
from domain.refusals import RefusalCode, Refused

NEWS = {
    EventKind.CHARGE_CAPTURED: News.CAPTURED,
    EventKind.CHARGE_AUTHORIZED: News.AUTHORIZED,
    EventKind.CHARGE_DECLINED: News.DECLINED,
    EventKind.CHARGE_ACTION_REQUIRED: News.ACTION_REQUIRED,
    EventKind.CHARGE_PROCESSING: News.PROCESSING,
    EventKind.CHARGE_VOIDED: News.VOIDED,
    EventKind.CHARGE_EXPIRED: News.EXPIRED,
    EventKind.CHARGE_RETURNED: News.RETURNED,
}
_SAYS = {
    "failed": EventKind.CHARGE_DECLINED,
    "voided": EventKind.CHARGE_VOIDED,
    "expired": EventKind.CHARGE_EXPIRED,
}
_MONEY = (EventKind.CHARGE_CAPTURED, EventKind.CHARGE_RETURNED)
_NOTHING_TAKEN = (EventKind.CHARGE_DECLINED, EventKind.CHARGE_VOIDED, EventKind.CHARGE_EXPIRED)
_UNNAMED_DECLINE = "declined"  # a provider that gives no reason; the payment keeps some word for it


async def take_charge(house: House, event: InboxEvent, news: ProviderEvent, *, sure: bool) -> Verdict:
    """Performs the news, or asks the provider where the order is not ``sure`` or the news does not suffice.

    A payment that is over takes only a late capture; Misfit for an event that is not about a payment of ours.
    """
    known = await _payment_of(house, event, news)
    if news.kind is EventKind.CHARGE_RETURNED:
        if news.money != (known.captured if known.captured.minor and not known.is_open else known.amount):
            raise _doubt(known, news, Kind.PAYMENT_MISMATCH, "returned another amount than was captured")
        return await _perform(house, event, known, news)
    if known.state.name in OPEN or known.state.name == "captured":
        if sure and _suffices(known, news):
            return await _perform(house, event, known, news)
        return await _ask(house, known)
    captured = news.kind is EventKind.CHARGE_CAPTURED
    if captured and not _fits(known, news):
        raise _doubt(known, news, Kind.PAYMENT_MISMATCH, "captured another amount than was asked for")
    if captured or _SAYS.get(known.state.name) is news.kind:
        return await _perform(house, event, known, news)
    if news.kind in _NOTHING_TAKEN and await _was_decided(house, known) is Resolution.CONFIRM_CHARGED:
        return await _against_staff(house, known, news)
    return Verdict("drop", f"nothing new: the payment is {known.state.name}", known.customer)


def behind_charge(news: ProviderEvent) -> str:
    """The request that a charge follows from, as we told it to the provider, which signed it; empty for other news."""
    request = news.metadata.get(NAME, "") if news.kind in NEWS else ""
    return request if is_request_id(request) else ""


async def _against_staff(house: House, known: Payment, news: ProviderEvent) -> Verdict:
    """Asks the provider: it may have told this long ago, and staff have seen since that it was taken after all.

    A contradiction where it does not say that just what staff confirmed is taken; until it is heard, the event waits.
    """
    gateway = house.gateway(known.provider_account)
    match await gateway.find_charge(str(known.id), known.amount, known.provider_ref):
        case Captured(ref, money) if (ref, money) == (known.provider_ref, known.captured):
            return Verdict("drop", "the provider told this before it took the payment", known.customer)
        case Unavailable() | Unknown(heard=False):
            return silent(known.customer)
    raise _doubt(known, news, Kind.PAYMENT_CONTRADICTED, "not taken, after staff had confirmed that it was")


async def _was_decided(house: House, known: Payment) -> Resolution | None:
    return await decided_on(house.db.primary, known.customer, known.id.uuid)


def _doubt(known: Payment, news: ProviderEvent, kind: Kind, cause: str) -> Contradiction:
    return Contradiction(known.customer, OpenException(kind, known.id, None, cause, news.money))


async def _payment_of(house: House, event: InboxEvent, news: ProviderEvent) -> Payment:
    """The payment that reference, metadata, account and object all agree on; a forged one of them moves nothing."""
    try:
        customer = CustomerId.parse(news.metadata.get("customer", ""))
        known = await payment(house.db.primary, customer, PaymentId.parse(news.reference or ""))
    except Refused as refused:
        if refused.code is not RefusalCode.NOT_FOUND:
            raise
        raise Misfit("no payment has this reference and customer") from refused
    if news.metadata.get("payment") != str(known.id):
        raise Misfit("metadata and reference contradict each other")
    if known.provider_account != event.account:
        raise Misfit("the payment belongs to another provider account")
    if known.provider_ref not in (None, news.object_ref):
        cause = "the payment is another object at the provider"
        if await _was_decided(house, known) is Resolution.CONFIRM_CHARGED:
            raise _doubt(known, news, Kind.PAYMENT_CONTRADICTED, cause)
        raise Misfit(cause)
    return known


def _fits(known: Payment, news: ProviderEvent) -> bool:
    """Whether what was captured is what the payment can have taken: of a hold, any part up to what is known."""
    if known.capture_mode is CaptureMode.LATER and news.money is not None:
        most = known.captured if known.captured.minor else known.amount
        return news.money.currency == most.currency and news.money <= most
    return news.money == (known.amount if known.captured.minor == 0 else known.captured)


def _adds_up(news: ProviderEvent) -> bool:
    """Whether what is told of a hold can be so: something is taken or left, and in all no more than granted."""
    granted, left = news.authorized, news.capturable
    if granted is None or left is None:
        return False
    if news.kind is EventKind.CHARGE_AUTHORIZED:  # its money is what was asked for
        return 0 < left.minor <= granted.minor
    return news.money is not None and 0 < news.money.minor <= granted.minor - left.minor


def _suffices(known: Payment, news: ProviderEvent) -> bool:
    """Whether the news can be believed and used as it is, for a payment that is open or not yet confirmed."""
    if known.sent_at is None:  # as far as we know it never left the house: the provider knows better
        return False
    if known.capture_mode is CaptureMode.LATER and news.kind in (*_MONEY, EventKind.CHARGE_AUTHORIZED):
        return _fits(known, news) and _adds_up(news)
    if news.kind is EventKind.CHARGE_CAPTURED:
        return news.money == known.amount
    if news.kind is EventKind.CHARGE_ACTION_REQUIRED and known.action_url is None:
        return False  # an event does not say where the customer has to go
    return known.state.name in OPEN


async def _perform(house: House, event: InboxEvent, known: Payment, news: ProviderEvent) -> Verdict:
    failed = news.kind in (EventKind.CHARGE_DECLINED, EventKind.CHARGE_RETURNED)
    command = SettlePayment(
        known.id,
        NEWS[news.kind],
        news.object_ref,
        captured=news.money if news.kind in _MONEY else None,
        code=(news.failure_code or _UNNAMED_DECLINE) if failed else None,
        hard=news.hard,
        action_url=None,
        confirmed=not _is_outdated(house, known, news),
        authorized=news.authorized,
        capturable=news.capturable,
        until=news.until,
    )
    return await perform_news(house, event, known.customer, settle_payment, command)


def _is_outdated(house: House, known: Payment, news: ProviderEvent) -> bool:
    """Whether the bank could still take it back when this was told, and cannot any more: whether it has, the provider
    says when it is asked."""
    until = news.until or known.returnable_until
    is_debit = news.kind is EventKind.CHARGE_CAPTURED and news.authorized is None
    return is_debit and until is not None and until <= house.db.clock.now()


async def _ask(house: House, known: Payment) -> Verdict:
    gateway = house.gateway(known.provider_account)
    settled = await attempt(house.db, gateway, house.actor, known.customer, known.id)
    if settled is None:
        now = await payment(house.db.primary, known.customer, known.id)
        if now.state.name in OPEN or now.state.name == "captured":
            return silent(known.customer)
    return Verdict("apply", "asked the provider", known.customer)
