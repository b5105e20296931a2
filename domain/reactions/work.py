"""Due work: claims a row, performs the operation it stands for under a derived key, and counts what fails."""

from datetime import timedelta
from enum import Enum

from domain import dead_letter, due
from domain.corrections.tax_run import CORRECT_ITEM, LIST_RUN
from domain.customers.advance_clock import SetClock, clock_of, set_clock
from domain.due import ADVANCE, Due
from domain.dunning.case import GIVE_UP, NOTICE, PART, RETRY, SUSPEND
from domain.dunning.end_case import EndCase, give_up, suspend
from domain.dunning.notice import TellCustomer, tell_customer
from domain.dunning.overdue import InvoiceOverdue, invoice_overdue
from domain.dunning.parts import ChargePart, charge_part
from domain.dunning.retry_payment import RetryPayment, retry_payment
from domain.ids import ContractId, CustomerId, DunningCaseId, InvoiceId, RefundId, SubscriptionId
from domain.invoices.billing_terms import OVERDUE
from domain.invoices.contract import CONTRACT_END, CONTRACT_NOTICE
from domain.invoices.draft import FINALIZE
from domain.notices.notice import SEND_NOTICE
from domain.outbox import next_event
from domain.payments.begin_refund import SEND_REFUND
from domain.payments.decide_refund import ExpireRefundRequest, expire_refund_request
from domain.payments.dispute import ASK_DISPUTE
from domain.payments.end_contract import AnnounceContractEnd, EndContract, announce_contract_end, end_contract
from domain.payments.pay_invoice import SEND
from domain.payments.request_refund import EXPIRE_REFUND
from domain.perform import perform
from domain.points import reached
from domain.reactions import bulk, erasures, exports, method_work, notices
from domain.reactions.dispute_work import ask_dispute
from domain.reactions.due_operation import Handler, performs
from domain.reactions.events import drain
from domain.reactions.exceptions import given_up
from domain.reactions.house import TRIES, House, backoff, cause_of, log_failure
from domain.reactions.payment_work import send_payment, send_refund
from domain.reactions.sagas import about_given_up, look_in_time
from domain.reactions.tax_runs import correct_item, list_tax_run
from domain.refusals import Refused
from domain.sagas.saga import LOOK
from domain.subscriptions.cancel import EndSubscription, end_subscription
from domain.subscriptions.expire import ExpireSubscription, expire_subscription
from domain.subscriptions.lifecycle import END, EXPIRE, REMIND, RENEW, RESUME
from domain.subscriptions.pause import ResumeSubscription, resume_subscription
from domain.subscriptions.remind import RemindOfTrialEnd, remind_of_trial_end
from domain.subscriptions.renew import FinalizeInvoice, RenewSubscription, finalize_invoice, renew_subscription

STEPS = 500  # of a test clock in one go; a longer way is gone on with by the next run
# A provider is asked again this soon only while nothing is known yet; after an open answer it takes a minute or more.
IMMINENT = timedelta(seconds=10)
IMPATIENT = (SEND, SEND_REFUND, SEND_NOTICE)
LONG = timedelta(days=1)  # an event that waits for its next try is on its way too
CLOCK_PAUSE = timedelta(seconds=1)  # when a step on a test clock's way failed and waits for its next try


async def _advance(house: House, work: Due) -> None:
    """Goes the way of a test clock: to each due instant in turn, doing what is due there, and then to the target."""
    marks = house.db.marks
    for _ in range(STEPS):
        taken = await _step(house, work.customer)
        if taken is Step.LAST:
            return await due.discard(marks, work)
        if taken is Step.BLOCKED:
            return await due.postpone(marks, work, house.db.clock.now() + CLOCK_PAUSE)
    return await due.postpone(marks, work, house.db.clock.now())


class Step(Enum):
    """What came of one step of a test clock."""

    TAKEN = "taken"
    BLOCKED = "blocked"  # something that belongs to the present instant is under way or waits for its next try
    LAST = "last"  # the clock stands at its target, and nothing is due there any more


async def _step(house: House, customer: CustomerId) -> Step:
    await drain(house, customer)
    while notice := await notices.next_notice(house, customer):  # told before time goes on
        await do(house, notice)
    if not await _is_quiet(house, customer):
        return Step.BLOCKED
    head = await clock_of(house.db.primary, customer)
    if head is None or head.target is None:
        return Step.LAST
    step = await due.next_on_clock(house.db.primary, customer, head.target)
    to = max(head.at, step.due_at) if step else head.target
    if to > head.at:
        await perform(house.db, set_clock, house.actor, customer, SetClock(to), f"clock:{to.isoformat()}")
    elif step is None:
        return Step.LAST
    return Step.TAKEN if step is None or await do(house, step) else Step.BLOCKED


async def _is_quiet(house: House, customer: CustomerId) -> bool:
    """Whether nothing that belongs to the clock's present instant is still on its way, here or in another process."""
    now = house.db.clock.now()
    if await next_event(house.db.primary, customer, now + LONG) is not None:
        return False
    return not await due.is_imminent(house.db.primary, customer, IMPATIENT, now + IMMINENT)


HANDLERS: dict[str, Handler] = {
    SEND: send_payment,
    SEND_REFUND: send_refund,
    EXPIRE_REFUND: performs(RefundId, expire_refund_request, ExpireRefundRequest),
    ASK_DISPUTE: ask_dispute,
    RENEW: performs(SubscriptionId, renew_subscription, RenewSubscription),
    EXPIRE: performs(SubscriptionId, expire_subscription, ExpireSubscription),
    END: performs(SubscriptionId, end_subscription, EndSubscription),
    RESUME: performs(SubscriptionId, resume_subscription, ResumeSubscription),
    REMIND: performs(SubscriptionId, remind_of_trial_end, RemindOfTrialEnd),
    FINALIZE: performs(InvoiceId, finalize_invoice, FinalizeInvoice),
    RETRY: performs(DunningCaseId, retry_payment, RetryPayment),
    SUSPEND: performs(DunningCaseId, suspend, EndCase),
    GIVE_UP: performs(DunningCaseId, give_up, EndCase),
    NOTICE: performs(DunningCaseId, tell_customer, TellCustomer),
    PART: performs(DunningCaseId, charge_part, ChargePart),
    OVERDUE: performs(InvoiceId, invoice_overdue, InvoiceOverdue),
    CONTRACT_END: performs(ContractId, end_contract, EndContract),
    CONTRACT_NOTICE: performs(ContractId, announce_contract_end, AnnounceContractEnd),
    LIST_RUN: list_tax_run,
    CORRECT_ITEM: correct_item,
    SEND_NOTICE: notices.send,
    LOOK: look_in_time,
    **erasures.HANDLERS,
    **method_work.HANDLERS,
    **exports.HANDLERS,
    **bulk.HANDLERS,
    ADVANCE: _advance,
}


async def do(house: House, work: Due) -> bool:
    """Whether the work was done; False where somebody else has it, or it failed and waits. Then drains its events.

    Work of a kind that this code does not know is left to newer code that runs beside it.
    """
    if work.kind not in HANDLERS or not await due.claim(house.db.marks, work, house.db.clock.now()):
        return False
    reached("due.claimed")
    try:
        await HANDLERS[work.kind](house, work)
    except Exception as error:
        await failed(house, work, error)
        return False
    await drain(house, work.customer)
    return True


async def failed(house: House, work: Due, error: Exception) -> None:
    """Counts the failed try of work that was claimed; buries it after its last one."""
    error_id = log_failure(house, f"due {work.kind}", error)
    if work.attempts + 1 < TRIES or (isinstance(error, Refused) and error.retryable):
        await due.put_back(house.db.marks, work, house.db.clock.now() + backoff(min(work.attempts, TRIES)))
        return
    await dead_letter.bury(house.db, work, cause_of(error), error_id)
    await given_up(house, work, cause_of(error))
    await about_given_up(house, work, cause_of(error))
    await due.discard(house.db.marks, work)


async def do_now(house: House, customer: CustomerId) -> int:
    """Performs the customer's events and all its work that is due by wall time; returns how many pieces were done."""
    done = await drain(house, customer)
    while work := await due.next_on_wall(house.db.primary, customer, HANDLERS, house.db.clock.now()):
        if not await do(house, work):
            break
        done += 1
    return done
