"""A failed payment: of a pending change it discards the change, else it opens or advances the invoice's case."""

from dataclasses import dataclass, replace

from domain import due
from domain.actor import Grant
from domain.customers.customer import customer
from domain.db import Tx
from domain.dunning.begin_case import begin_case, reopen_case
from domain.dunning.case import (
    DUNNING,
    GIVE_UP,
    RETRY,
    SUSPEND,
    Case,
    case_of,
    living_cases,
    move,
    store_next_retry,
    store_step,
)
from domain.dunning.failed_change import DropFailedChange, drop_failed_change
from domain.dunning.next_retry import Calendar, next_retry
from domain.dunning.parts import heard_of_part
from domain.dunning.recovery_policy import RecoveryPolicy, recovery_policy
from domain.dunning.retry_rule import RetryStep, rule_of
from domain.dunning.step import charge_rest, chargeable, try_next
from domain.ids import DunningCaseId, InvoiceId, PaymentId, SubscriptionId
from domain.invoices.billing_terms import AUTOMATIC
from domain.invoices.invoice import Invoice, invoice
from domain.machine import State
from domain.operation import operation
from domain.payments.pay_invoice import begin_payment
from domain.payments.payment import Payment, payment, payments_of
from domain.payments.still_open import still_open
from domain.payments.under_way import is_being_paid
from domain.payments.usable_methods import barred_methods
from domain.subscriptions.change_plan import DiscardChange, discard_change
from domain.subscriptions.expire import wake_expiry
from domain.subscriptions.store import move_if_allowed
from domain.subscriptions.subscription import has_ended, subscription


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
    """Any path to a failed payment of an owed period ends here, so that a case is open whenever one is unpaid.

    A step whose method was declined goes on with the next backup; a part that was taken is no failure at all, nor is
    anything before the day on which an invoice on account is due, nor what was let go since less is owed: the rest is
    charged then. What waited for the attempt to end is woken.
    """
    unpaid = await invoice(tx, tx.customer, command.invoice)
    if unpaid.state.name != "open":
        return FailureHandled(None, None)
    failed = None if command.payment is None else await payment(tx, tx.customer, command.payment)
    over, rules = await has_ended(tx, tx.customer, unpaid.subscription), await recovery_policy(tx, tx.head.tenant)
    if not over and await charge_rest(tx, unpaid, failed, rules):
        return FailureHandled(None, None)
    at_once = unpaid.collection == AUTOMATIC  # on account, nothing waits for the payment
    if at_once and unpaid.subscription is not None and await _is_waited_for(tx, unpaid, unpaid.subscription):
        return FailureHandled(None, None)
    if over:
        return FailureHandled(None, None)  # what ended owes it still, and nobody collects it without being asked
    if command.payment is None and await is_being_paid(tx, unpaid):
        return FailureHandled(None, None)  # nothing has failed: what was begun since decides
    found = await _handled(tx, unpaid, failed, rules)
    await _wake(tx)
    await drop_failed_change.run(tx, DropFailedChange(unpaid.id))
    return found


async def _handled(tx: Tx, unpaid: Invoice, failed: Payment | None, rules: RecoveryPolicy) -> FailureHandled:
    found = await case_of(tx, tx.customer, unpaid.id)
    if not (found and found.is_living) and unpaid.collection != AUTOMATIC and tx.now < unpaid.due_at:
        return FailureHandled(None, None)  # nobody has to have paid it yet: its case is opened on the day
    if found and await heard_of_part(tx, found, unpaid, failed):
        return FailureHandled(found.id, found.state.name)
    found = await case_of(tx, tx.customer, unpaid.id) if found else None  # a plan that broke has moved its days
    if await try_next(tx, unpaid, found, failed, rules):
        return FailureHandled(found.id if found else None, found.state.name if found else None)
    if found:
        await store_step(tx, found, None)
    if found and DUNNING.allows(found.state.name, "reopen"):
        of = await reopen_case(tx, found)
    else:
        of = found or await begin_case(tx, unpaid)
    state = await advance(tx, of, failed, rules)
    await _try_untried(tx, unpaid, rules)
    return FailureHandled(of.id, state.name)


async def _is_waited_for(tx: Tx, unpaid: Invoice, id: SubscriptionId) -> bool:
    """Whether nothing was given for the invoice yet, so that nobody duns: a first one expires with its subscription,
    and a change that waits for its payment is dropped. One that a bank left unpaid after all is owed."""
    of = await subscription(tx, tx.customer, id)
    if unpaid.reason == "start":
        await wake_expiry(tx, of)
        return of.state.name == "incomplete"
    if of.pending_invoice != unpaid.id:
        return False
    if not await is_being_paid(tx, unpaid):
        await discard_change.run(tx, DiscardChange(id, unpaid.id))
    return True  # an attempt that was begun since decides


async def _try_untried(tx: Tx, unpaid: Invoice, rules: RecoveryPolicy) -> None:
    """A method that came while the failed attempt was open could not be charged at once then: it is now."""
    if unpaid.collection != AUTOMATIC:
        return  # nobody charges what the customer has to pay by itself
    method = (await customer(tx, tx.head.tenant, tx.customer)).default_method
    attempts = await payments_of(tx, tx.customer, unpaid.id)
    tried = {attempt.method for attempt in attempts} | await barred_methods(tx, tx.customer, rules.stops)
    if method is not None and method not in tried and not await still_open(tx, attempts):
        await begin_payment(tx, unpaid)


async def advance(tx: Tx, of: Case, failed: Payment | None, rules: RecoveryPolicy) -> State:
    """A failure waits for the next retry, on its day or where its code moves it; after a hard one there is a retry only
    where another method is left for it. Nothing moves the day of suspension."""
    if of.state.name != "retrying":
        return of.state
    hard, code = bool(failed and failed.failure_hard), failed.failure_code if failed else None
    rule = rule_of(rules.rules, code, hard=hard)
    owner = await customer(tx, tx.head.tenant, tx.customer)
    then = next_retry(of, rule, Calendar(owner.time_zone, rules.paydays), tx.now)
    if then is not None and (rule.step is not RetryStep.STOP or await chargeable(tx, owner, rules)):
        await store_next_retry(tx, of, then.at, then.done)
        return of.state
    await due.finish(tx, RETRY, of.id.uuid)
    state = await move(tx, of, "exhaust")
    await move_if_allowed(tx, of.subscription, "retries_exhausted")
    return replace(of, state=state).state


async def _wake(tx: Tx) -> None:
    """What a case put off while an attempt was open is looked at again, now that one has ended; where a retry is left,
    there is nothing to see before the attempt of that has ended."""
    woken = []
    for of in await living_cases(tx, tx.customer):
        if of.waiting_since is not None:
            continue
        if of.state.name in ("retrying", "grace") and of.suspend_at <= tx.now and of.next_retry_at is None:
            woken.append((SUSPEND, of.id.uuid))
        elif of.state.name == "suspended" and of.give_up_at <= tx.now:
            woken.append((GIVE_UP, of.id.uuid))
    await due.schedule_all(tx, woken, tx.now)
