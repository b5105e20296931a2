"""Events about disputes, and the look for those whose events were lost: each brought to the payment that it names."""

from domain.ids import CustomerId, PaymentId
from domain.inbox import InboxEvent
from domain.payments.attempt import attempt
from domain.payments.attempt_dispute import told_key
from domain.payments.dispute import Dispute, dispute_of
from domain.payments.gateway import DisputeFacts, DisputeStatus, EventKind, NotFound, ProviderEvent
from domain.payments.payment import OFFLINE, TAKEN, Payment, payment
from domain.payments.settle_dispute import SettleDispute, settle_dispute
from domain.perform import perform
from domain.reactions.events import drain
from domain.reactions.house import House, log_failure
from domain.reactions.provider_verdict import ASK_AGAIN, SILENT, Misfit, Verdict, perform_news, silent
from domain.refusals import RefusalCode, Refused

NEWS = (
    EventKind.DISPUTE_OPENED,
    EventKind.DISPUTE_ANSWERED,
    EventKind.DISPUTE_WON,
    EventKind.DISPUTE_LOST,
)


async def take_dispute(house: House, event: InboxEvent, news: ProviderEvent, *, sure: bool) -> Verdict:
    """Performs the news; after a gap, and where the event does not say whose it is, what the provider says now.

    That is the whole dispute, so no event is needed before it. Misfit for one that is not about a payment of ours, or
    takes back what was won and still is.
    """
    told = news.dispute
    if told is None:
        raise Misfit("the event says nothing of its dispute")
    if not (sure and told.metadata):
        return await _ask(house, event, told.dispute_ref)
    return await _take(house, event, told, asked=False)


async def _ask(house: House, event: InboxEvent, ref: str) -> Verdict:
    found = await house.gateway(event.account).find_dispute(ref)
    if isinstance(found, NotFound):
        raise Misfit("the provider knows no such dispute")
    if not isinstance(found, DisputeFacts):
        return Verdict("wait", SILENT, after=ASK_AGAIN)
    return await _take(house, event, found, asked=True)


async def _take(house: House, event: InboxEvent, told: DisputeFacts, *, asked: bool) -> Verdict:
    of = await _payment_of(house, event.account, told)
    if of.is_open or (of.state.name in TAKEN and of.captured.minor == 0):
        await attempt(house.db, house.gateway(event.account), house.actor, of.customer, of.id)
        if (await payment(house.db.primary, of.customer, of.id)).is_open:
            return silent(of.customer)  # what is disputed was taken: soon the provider says so
    known = await dispute_of(house.db.primary, of.customer, event.account, told.dispute_ref)
    if not asked and _is_behind(known, told):
        return await _ask(house, event, told.dispute_ref)  # a look through the provider's list was ahead of its events
    _require_fit(known, told)
    return await perform_news(house, event, of.customer, settle_dispute, _command(of, told))


async def _payment_of(house: House, account: str, told: DisputeFacts) -> Payment:
    """The payment that metadata, account and charge all agree on; a forged one of them moves nothing."""
    try:
        customer = CustomerId.parse(told.metadata.get("customer", ""))
        of = await payment(house.db.primary, customer, PaymentId.parse(told.metadata.get("payment", "")))
    except Refused as refused:
        if refused.code is not RefusalCode.NOT_FOUND:
            raise
        raise Misfit("no payment is named by the disputed charge") from refused
    if told.reference not in (None, str(of.id)):
        raise Misfit("metadata and reference contradict each other")
    if of.provider_account != account or of.kind == OFFLINE:
        raise Misfit("the payment belongs to another provider account")
    if of.provider_ref not in (None, told.charge_ref):
        raise Misfit("the dispute is of another charge at the provider")
    if {told.money.currency, told.fee.currency} != {of.amount.currency}:
        raise Misfit("the dispute is in another currency than the payment")
    return of


def _require_fit(known: Dispute | None, told: DisputeFacts) -> None:
    if known is None:
        return
    if known.amount != told.money:
        raise Misfit("the dispute is of another amount than before")
    if _is_behind(known, told):
        raise Misfit("a dispute that was won is lost later")


def _is_behind(known: Dispute | None, told: DisputeFacts) -> bool:
    return known is not None and known.state.name == "won" and told.status is DisputeStatus.LOST


def _command(of: Payment, told: DisputeFacts) -> SettleDispute:
    return SettleDispute(of.id, told.dispute_ref, told.status, told.money, told.fee, told.reason, told.due_at)


async def healed(house: House, account: str, told: DisputeFacts) -> bool:
    """One that cannot be recorded, as where the books are closed, does not keep the others from it."""
    try:
        return await _heal(house, account, told)
    except Exception as error:
        log_failure(house, "dispute found by looking", error)
        return False


async def _heal(house: House, account: str, told: DisputeFacts) -> bool:
    try:
        of = await _payment_of(house, account, told)
        known = await dispute_of(house.db.primary, of.customer, account, told.dispute_ref)
        _require_fit(known, told)
    except Misfit:
        return False  # its event says the same, and people look at that
    if of.is_open or (known is not None and known.state.name == told.status.value):
        return False
    key = told_key(told.dispute_ref, known.state.seq if known else 0, told)
    await perform(house.db, settle_dispute, house.actor, of.customer, _command(of, told), key)
    await drain(house, of.customer)
    return True
