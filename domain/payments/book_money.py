"""Money of a payment that arrives: what was held or taken so far, as totals, so that the order of news is nothing."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from domain import due
from domain.db import Tx
from domain.ids import PaymentId
from domain.invoices.billing_terms import AUTOMATIC
from domain.invoices.invoice import invoice
from domain.invoices.settle import apply_capture
from domain.ledger.post import Cause, post
from domain.money import Money
from domain.payments.doubt import Doubt, open_case
from domain.payments.exception_case import Kind
from domain.payments.outlook import RETURN_LOOK
from domain.payments.pay_invoice import SEND
from domain.payments.payment import OPEN, PAYMENT, TAKEN, Ask, Asked, CaptureMode, Payment, payments_of
from domain.payments.policy import PartialAuthorization, payment_policy
from domain.payments.store_payment import ask_of, store_payment

CONFIRM_AFTER = timedelta(hours=1)  # a webhook later than this is taken for lost and the provider is asked
CAPTURED = "payment.captured"  # the cause of every posting of money that a payment brought
# Causes of taking such postings back, and of keeping apart what was used up of the credit that they had made.
RETURNED, WITHDRAWN, SHORT = "payment.returned", "payment.withdrawn", "payment.return_short"
REFUND_SHORT = "refund.short"  # the same of the credit that a refund gives back which succeeded after all
EXCESS = "More was taken than was owed; it is credit."
PART = "partially_authorized"  # why a payment has failed of which less was held than was asked


@dataclass(frozen=True, slots=True)
class Hold:
    """What of a payment is held in all, was taken so far, and can still be taken."""

    authorized: Money
    captured: Money
    capturable: Money


async def book_money(tx: Tx, before: Payment, told: Hold) -> Payment:
    """The payment after it is known how much was held and taken; news that is older than what is known changes nothing.

    What was taken since is posted once; the last of it moves the payment to captured. A hold of less than was asked is
    let go, or taken as the tenant's policy says.
    """
    if before.returned.minor:
        return before
    if _is_old(before, told):
        return before if before.is_open else remembered(before, told.authorized)
    taken = told.captured - before.captured
    posted = await _post(tx, before, taken) if taken.minor else None
    left = told.capturable if before.is_open else Money.zero(taken.currency)
    after = replace(
        before,
        authorized=told.authorized,
        captured=told.captured,
        capturable=left,
        released=told.authorized - told.captured - left,
        posted_number=before.posted_number or posted,
        asked=_still_asked(before, told.captured, left),
    )
    return await _moved(tx, before, after)


def remembered(of: Payment, authorized: Money | None) -> Payment:
    """The payment with what was once held of it, told only after that had been let go or while it is."""
    if of.authorized is not None or authorized is None or authorized.minor == 0:
        return of
    return replace(of, authorized=authorized, released=authorized - of.captured)


def _is_old(before: Payment, told: Hold) -> bool:
    if before.is_open:
        same = told.captured == before.captured
        return told.captured < before.captured or (
            same and before.state.name == "authorized" and told.capturable >= before.capturable
        )
    return told.captured <= before.captured


def _still_asked(before: Payment, captured: Money, left: Money) -> Asked | None:
    """What was asked and is not there yet."""
    asked = before.asked
    if asked is None or left.minor == 0:
        return None
    return None if asked.total is not None and captured >= asked.total else asked


async def _post(tx: Tx, before: Payment, taken: Money) -> int:
    applied = await apply_capture(tx, await invoice(tx, tx.customer, before.invoice), taken)
    if applied.excess.minor:
        await open_case(tx, Doubt(Kind.PAYMENT_EXCESS, before, applied.excess, EXCESS))
    posted = await post(tx, Cause(CAPTURED, before.id.uuid), applied.transfers())
    await let_go_of_others(tx, await payments_of(tx, tx.customer, before.invoice), but=before.id)
    return posted


async def _moved(tx: Tx, before: Payment, after: Payment) -> Payment:
    name = before.state.name
    if name in TAKEN:
        return after
    if after.capturable.minor == 0:
        return await take_whole(tx, after)
    if after.captured > before.captured:
        tx.emit("payment.part_captured", payment=before.id, invoice=before.invoice)
    if name == "authorized":
        return await let_go_unless_owed(tx, after) if after.asked is None else after
    after = replace(after, state=await PAYMENT.move(tx, tx.customer, before.id.uuid, before.state, "authorize"))
    tx.emit("payment.authorized", payment=before.id, invoice=before.invoice)
    return await _judged(tx, after) if after.asked is None else after


async def _judged(tx: Tx, held: Payment) -> Payment:
    """Less than was asked is no payment, unless the tenant takes it for a part of one, as far as that is owed."""
    assert held.authorized is not None, "what is held has an amount"
    stands = await let_go_unless_owed(tx, held)
    if stands.asked is not None or held.authorized >= held.amount or held.captured.minor:
        return stands
    rules = await payment_policy(tx, tx.head.tenant)
    if rules.partial_authorization is PartialAuthorization.VOID:
        return await ask_of(tx, held, Asked(Ask.VOID, None, False, PART, None))
    owed = (await invoice(tx, tx.customer, held.invoice)).due
    return await ask_of(tx, held, Asked(Ask.CAPTURE, min(held.authorized, owed), True, None, None))


async def let_go_unless_owed(tx: Tx, of: Payment) -> Payment:
    """Nobody's money is held or taken beyond what is owed of the invoice, as where all or a part came by hand.

    A hold can be taken in part, so that it stands while anything is owed; a charge takes its whole amount.
    """
    owed = (await invoice(tx, tx.customer, of.invoice)).due
    in_part = of.state.name == "authorized" or of.capture_mode is CaptureMode.LATER
    if owed.minor and (in_part or owed >= of.amount):
        return of
    return await ask_of(tx, of, Asked(Ask.VOID, None, False, None, None))


async def let_go_of_others(tx: Tx, attempts: Sequence[Payment], *, but: PaymentId | None = None) -> None:
    """An attempt that nobody has taken yet is not taken any more where it would take more than is still owed."""
    for each in attempts:
        if each.id != but and each.state.name in ("authorized", "requires_action") and each.asked is None:
            stands = await let_go_unless_owed(tx, each)
            if stands.asked is not None:
                await store_payment(tx, stands)


async def take_whole(tx: Tx, of: Payment) -> Payment:
    """The payment, of which nothing can be taken any more beside what was; it stays due until that is confirmed."""
    event = "capture" if of.state.name in OPEN else "capture_late"
    state = await PAYMENT.move(tx, tx.customer, of.id.uuid, of.state, event)
    tx.emit("payment.captured", payment=of.id, invoice=of.invoice)
    billed = await invoice(tx, tx.customer, of.invoice)
    if billed.state.name == "open" and billed.collection == AUTOMATIC:
        tx.emit("payment.short", payment=of.id, invoice=of.invoice)
    # Until the provider itself has confirmed it, the row stays due: a lost webhook is made up for by a query.
    await due.schedule(tx, SEND, of.id.uuid, tx.recorded_at + CONFIRM_AFTER, follows="wall")
    return replace(of, state=state, failure_code=None, failure_hard=False, expires_at=None)


async def confirm(tx: Tx, of: Payment) -> Payment:
    """The provider itself has said that it was taken: for good, or as long as the customer's bank leaves it there."""
    until = of.returnable_until
    is_sure = until is None or until <= tx.recorded_at
    event = "settle" if of.state.name == "captured" and not is_sure else "confirm"
    if not PAYMENT.allows(of.state.name, event) or (of.state.name == "settling" and not is_sure):
        return of
    state = await PAYMENT.move(tx, tx.customer, of.id.uuid, of.state, event)
    if event == "settle" and until is not None:
        await due.schedule(tx, SEND, of.id.uuid, min(until, tx.recorded_at + RETURN_LOOK), follows="wall")
    return replace(of, state=state)
