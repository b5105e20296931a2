"""Performing a provider's answer or event: the payment moves, money that was taken is posted, a receipt is issued."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from domain import due
from domain.actor import Grant
from domain.db import Tx
from domain.ids import InvoiceId, PaymentId, ReceiptId
from domain.money import Money
from domain.operation import operation
from domain.payments.book_dispute import cover_excess
from domain.payments.book_money import Hold, book_money, confirm, let_go_unless_owed, remembered, take_whole
from domain.payments.doubt import settle_cases
from domain.payments.end_unsent import end_unsent
from domain.payments.pay_invoice import SEND
from domain.payments.payment import OFFLINE, OPEN, PAYMENT, Ask, Payment, payment
from domain.payments.provider_reference import Thing, claim_reference
from domain.payments.receipt import issue_receipt, renew_receipt, withdraw_receipt
from domain.payments.store_payment import store_payment
from domain.payments.take_back import take_back
from domain.payments.withhold import withhold
from domain.refusals import RefusalCode, Refused
from domain.wire import added, learned

NO_REASON = "returned"  # for a bank that gives none; the payment keeps some word for it


class News(StrEnum):
    """What is known of a charge."""

    CAPTURED = "captured"
    AUTHORIZED = "authorized"
    DECLINED = "declined"
    ACTION_REQUIRED = "action_required"
    PROCESSING = "processing"
    UNKNOWN = "unknown"
    VOIDED = "voided"
    EXPIRED = "expired"
    RETURNED = "returned"


@dataclass(frozen=True, slots=True)
class SettlePayment:
    """One piece of news about a payment; ``confirmed`` says that it came from the provider unasked or on a query.

    ``captured`` is what was taken (or returned) in all so far, ``capturable`` what of a hold can still be taken;
    ``code`` of a hold says why what was asked of it was refused. ``until`` is when a hold runs out, when a bank is
    expected to decide, or until when it may take a debit back.
    """

    payment: PaymentId
    news: News
    provider_ref: str | None
    captured: Money | None
    code: str | None
    hard: bool
    action_url: str | None = learned(None)
    confirmed: bool = field(kw_only=True)
    authorized: Money | None = added(None)
    capturable: Money | None = added(None)
    until: datetime | None = added(None)


@dataclass(frozen=True, slots=True)
class PaymentSettled:
    """Where the payment stands now, and the receipt where all of it was taken by this."""

    payment: PaymentId
    invoice: InvoiceId
    state: str
    receipt: ReceiptId | None


@operation("payments.settle", allowed=frozenset({Grant.SYSTEM}), moves_money=True)
async def settle_payment(tx: Tx, command: SettlePayment) -> PaymentSettled:
    """Applies the news if it moves the payment forward; stale or repeated news changes nothing.

    CURRENCY_MISMATCH for money in another currency than was asked for; ALREADY_EXISTS where the provider calls another
    payment so, whoever's it is.
    """
    before = await payment(tx, tx.customer, command.payment)
    for told in (command.captured, command.authorized, command.capturable):
        if told is not None and told.currency != before.amount.currency:
            raise Refused(RefusalCode.CURRENCY_MISMATCH, f"The payment is in {before.amount.currency}.", ("captured",))
    after = before if before.kind == OFFLINE else await _heard(tx, before, command)
    if after.provider_ref is not None and after.provider_ref != before.provider_ref:
        await claim_reference(tx, Thing.PAYMENT, before.provider_account, after.provider_ref, before.id.uuid)
    if after != before:
        await store_payment(tx, after)
    received = _is_received(after) and not _is_received(before)
    write = issue_receipt if before.is_open else renew_receipt
    receipt = await write(tx, before.id) if received else None
    if after.returned > before.returned:
        await withdraw_receipt(tx, before.id)
    if after.captured > before.captured:
        await cover_excess(tx, before.id)  # of what came late, disputed before we had heard of it
    if after.captured > before.captured or after.returned > before.returned:
        await withhold(tx, before.invoice)  # it stands for credit that is withheld, or for none any more
    doubted = before.queries or before.asks or before.state.name == "unknown"  # an ask lets questions count anew
    if doubted and after.state.name not in OPEN | {before.state.name, "captured"}:
        await settle_cases(tx, before.id.uuid)
    if after.state.name not in OPEN | {"captured", "settling"}:  # those are asked about again
        await due.finish(tx, SEND, before.id.uuid)
    return PaymentSettled(before.id, before.invoice, after.state.name, receipt)


def _is_received(of: Payment) -> bool:
    """Whether money came of it, and no more can: that has a receipt, whatever becomes of it."""
    return of.captured.minor > 0 and not of.is_open


async def _heard(tx: Tx, before: Payment, command: SettlePayment) -> Payment:
    match command.news:
        case News.CAPTURED | News.AUTHORIZED:
            return await _money(tx, before, command)
        case News.VOIDED | News.EXPIRED:
            return await _let_go(tx, before, command)
        case News.RETURNED:
            return await _returned(tx, before, command)
    return await _other_news(tx, before, command)


async def _money(tx: Tx, before: Payment, command: SettlePayment) -> Payment:
    if before.returned.minor:
        return before
    nothing = Money.zero(before.amount.currency)
    whole = before.amount if command.news is News.CAPTURED else nothing
    captured = whole if command.captured is None else command.captured
    left = command.capturable or nothing
    told = Hold(max(command.authorized or nothing, captured + left), captured, left)
    heard = await book_money(tx, _known_as(before, command), told)
    if heard.state.name == "authorized":
        heard = replace(heard, expires_at=command.until or heard.expires_at)
        return await _refused(tx, heard) if command.code else heard
    if command.news is News.CAPTURED and captured == heard.captured and left == heard.capturable:
        returnable = None if command.authorized else command.until  # of a hold it said when that ran out
        heard = replace(heard, returnable_until=returnable or heard.returnable_until)
        return await confirm(tx, heard) if command.confirmed else heard
    return heard


async def _refused(tx: Tx, held: Payment) -> Payment:
    """The hold stands, but a capture that was asked of it was refused: it may be asked anew, where anything is owed."""
    if held.asked is None or held.asked.what is Ask.VOID:
        return held
    tx.emit("payment.capture_refused", payment=held.id, invoice=held.invoice)
    return await let_go_unless_owed(tx, replace(held, asked=None))


async def _let_go(tx: Tx, before: Payment, command: SettlePayment) -> Payment:
    """Nothing more will be taken: what was taken of a hold stays, and without any the payment is over."""
    if not before.is_open:
        return before
    known = remembered(_known_as(before, command), command.authorized)
    nothing = Money.zero(before.amount.currency)
    released = known.released + known.capturable
    let_go = replace(known, capturable=nothing, released=released, asked=None, expires_at=None)
    if before.captured.minor:
        taken = await take_whole(tx, let_go)
        return await confirm(tx, taken) if command.confirmed else taken
    code = before.asked.code if before.asked else None
    event = "expire" if command.news is News.EXPIRED else "fail" if code else "void"
    state = await PAYMENT.move(tx, tx.customer, before.id.uuid, before.state, event)
    tx.emit("payment.failed", payment=before.id, invoice=before.invoice)
    return replace(let_go, state=state, failure_code=code if event == "fail" else None, failure_hard=False)


async def _returned(tx: Tx, before: Payment, command: SettlePayment) -> Payment:
    """The bank took it back: news of that proves that it had been taken, heard of or not."""
    if before.returned.minor:
        return before
    taken = before
    if before.is_open or before.captured.minor == 0:
        whole = before.amount if command.captured is None else command.captured
        taken = await book_money(
            tx, _known_as(before, command), Hold(whole, whole, Money.zero(whole.currency))
        )  # fmt: skip
    await end_unsent(tx, taken)
    return await take_back(tx, taken, command.code or NO_REASON, hard=command.hard)


_EVENTS = {
    News.DECLINED: "fail",
    News.ACTION_REQUIRED: "require_action",
    News.PROCESSING: "process",
    News.UNKNOWN: "lose",
}


async def _other_news(tx: Tx, before: Payment, command: SettlePayment) -> Payment:
    if not before.is_open or before.captured.minor:
        return before
    heard, event = _known_as(before, command), _EVENTS[command.news]
    if command.news is News.PROCESSING:
        heard = replace(heard, expected_at=command.until or heard.expected_at)
    idle = before.state.name == "authorized" and before.asked is None  # nobody waits for an answer about it
    if idle or not PAYMENT.allows(before.state.name, event):
        return heard
    state = await PAYMENT.move(tx, tx.customer, before.id.uuid, before.state, event)
    if event == "require_action":
        return await _waiting(tx, replace(heard, state=state))
    if event != "fail":
        return replace(heard, state=state)
    tx.emit("payment.failed", payment=before.id, invoice=before.invoice)
    nothing = Money.zero(before.amount.currency)
    return replace(
        heard, state=state, failure_code=command.code, failure_hard=command.hard, capturable=nothing,
        released=heard.released + heard.capturable, asked=None, expires_at=None,
    )  # fmt: skip


async def _waiting(tx: Tx, of: Payment) -> Payment:
    """Its customer is asked to come, unless less is owed by now than the charge would take: then nothing is taken."""
    stands = await let_go_unless_owed(tx, of)
    if stands.asked is None:
        tx.emit("payment.action_required", payment=of.id, invoice=of.invoice)
    return stands


def _known_as(before: Payment, command: SettlePayment) -> Payment:
    return replace(
        before,
        provider_ref=command.provider_ref or before.provider_ref,
        action_url=command.action_url or before.action_url,
    )
