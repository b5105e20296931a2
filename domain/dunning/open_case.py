"""A failed payment: of a pending change it discards the change, else it opens or advances the invoice's case."""

from dataclasses import dataclass, replace
from datetime import timedelta

from domain import due
from domain.actor import Grant
from domain.customers.customer import customer
from domain.db import Tx
from domain.dunning.begin_case import begin_case, reopen_case
from domain.dunning.case import RETRY, Case, case_of, move
from domain.ids import DunningCaseId, InvoiceId, PaymentId, SubscriptionId
from domain.invoices.billing_terms import AUTOMATIC
from domain.invoices.invoice import Invoice, invoice
from domain.machine import State
from domain.operation import operation
from domain.payments.dispute import disputed_methods
from domain.payments.pay_invoice import begin_payment
from domain.payments.payment import payment, payments_of
from domain.subscriptions.change_plan import DiscardChange, discard_change
from domain.subscriptions.store import move_if_allowed
from domain.subscriptions.subscription import has_ended, subscription

REST = timedelta(days=1)  # issuers count tries a day: retries that were missed are not made up for in one go


@dataclass(frozen=True, slots=True)
class PaymentFailed:
    """An attempt that failed for good or took less than is due, or (without one) an invoice to try nothing on."""

    invoice: InvoiceId
    payment: PaymentId | None


@dataclass(frozen=True, slots=True)
class FailureHandled:
    """The case of the invoice and its state, if it has one."""

    case: DunningCaseId | None
    state: str | None


@operation("dunning.payment_failed", allowed=frozenset({Grant.SYSTEM}), moves_money=True)
async def payment_failed(tx: Tx, command: PaymentFailed) -> FailureHandled:
    """Any path to a failed payment of an owed period ends here, so that a case is open whenever one is unpaid."""
    unpaid = await invoice(tx, tx.customer, command.invoice)
    if unpaid.state.name != "open":
        return FailureHandled(None, None)
    at_once = unpaid.collection == AUTOMATIC  # on account, nothing waits for the payment
    if at_once and unpaid.subscription is not None and await _is_waited_for(tx, unpaid, unpaid.subscription):
        return FailureHandled(None, None)
    if await has_ended(tx, tx.customer, unpaid.subscription):
        return FailureHandled(None, None)  # what ended owes it still, and nobody collects it without being asked
    hard = command.payment is not None and (await payment(tx, tx.customer, command.payment)).failure_hard
    found = await case_of(tx, tx.customer, unpaid.id)
    if found and found.state.name == "recovered":
        of = await reopen_case(tx, found)
    else:
        of = found or await begin_case(tx, unpaid)
    state = await advance(tx, of, hard=hard)
    await _try_untried(tx, unpaid)
    return FailureHandled(of.id, state.name)


async def _is_waited_for(tx: Tx, unpaid: Invoice, id: SubscriptionId) -> bool:
    """Whether nothing was given for the invoice yet, so that nobody duns: a first one expires with its subscription,
    and a change that waits for its payment is dropped. One that a bank left unpaid after all is owed."""
    of = await subscription(tx, tx.customer, id)
    if unpaid.reason == "start":
        return of.state.name == "incomplete"
    if of.pending_invoice != unpaid.id:
        return False
    if not any(attempt.is_open for attempt in await payments_of(tx, tx.customer, unpaid.id)):
        await discard_change.run(tx, DiscardChange(id, unpaid.id))
    return True  # an attempt that was begun since decides


async def _try_untried(tx: Tx, unpaid: Invoice) -> None:
    """A method that came while the failed attempt was open could not be charged at once then: it is now."""
    if unpaid.collection != AUTOMATIC:
        return  # nobody charges what the customer has to pay by itself
    method = (await customer(tx, tx.head.tenant, tx.customer)).default_method
    attempts = await payments_of(tx, tx.customer, unpaid.id)
    tried = {attempt.method for attempt in attempts}
    if method is None or method in tried or any(attempt.is_open for attempt in attempts):
        return
    if method not in await disputed_methods(tx, tx.customer):
        await begin_payment(tx, unpaid)


async def advance(tx: Tx, of: Case, *, hard: bool) -> State:
    """A soft failure waits for the next retry; a hard one drops them all. Neither moves the day of suspension."""
    if of.state.name != "retrying":
        return of.state
    if not hard and of.next_retry_at is not None:
        missed = of.next_retry_at <= tx.now
        await due.schedule(tx, RETRY, of.id.uuid, tx.now + REST if missed else of.next_retry_at)
        return of.state
    await due.finish(tx, RETRY, of.id.uuid)
    state = await move(tx, of, "exhaust")
    await move_if_allowed(tx, of.subscription, "retries_exhausted")
    return replace(of, state=state).state
