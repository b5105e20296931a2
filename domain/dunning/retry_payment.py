"""Trying again: on the days of the timeline, and at once where the customer brings another payment method."""

from dataclasses import dataclass
from datetime import timedelta

from domain import due
from domain.actor import Grant
from domain.customers.customer import customer
from domain.db import Tx
from domain.dunning.case import RETRY, Case, case, cases
from domain.dunning.open_case import advance
from domain.dunning.stop_case import StopCases, stop_cases
from domain.ids import DunningCaseId, PaymentId
from domain.invoices.billing_terms import AUTOMATIC
from domain.invoices.invoice import invoice
from domain.operation import operation
from domain.payments.pay_invoice import begin_payment
from domain.payments.payment import payments_of
from domain.refusals import RefusalCode, Refused
from domain.subscriptions.subscription import has_ended

WAIT = timedelta(hours=6)  # an attempt whose outcome is open blocks a retry; its own queries settle it meanwhile


@dataclass(frozen=True, slots=True)
class RetryPayment:
    """A case whose next retry is due."""

    case: DunningCaseId


@dataclass(frozen=True, slots=True)
class RetryBegun:
    """The attempts that were begun."""

    payments: tuple[PaymentId, ...]


@operation("dunning.retry_payment", allowed=frozenset({Grant.SYSTEM}), moves_money=True)
async def retry_payment(tx: Tx, command: RetryPayment) -> RetryBegun:
    """Begins the retry; one that cannot even begin for want of a method counts as failed.

    A method that was declined for good is not charged again: no retry is left then.
    """
    of = await case(tx, tx.customer, command.case)
    if of.state.name != "retrying":
        await due.finish(tx, RETRY, of.id.uuid)
        return RetryBegun(())
    if of.subscription is not None and await has_ended(tx, tx.customer, of.subscription):
        await stop_cases.run(tx, StopCases(of.subscription))
        return RetryBegun(())
    if await _is_barred(tx, of):
        await advance(tx, of, hard=True)
        return RetryBegun(())
    try:
        payment = await _begin(tx, of)
    except Refused as refused:
        if refused.code is not RefusalCode.PAYMENT_IN_PROGRESS:
            raise
        await due.schedule(tx, RETRY, of.id.uuid, tx.now + WAIT)
        return RetryBegun(())
    await tx.execute(
        """UPDATE dunning_case SET retries_done = retries_done + 1
            WHERE shard_key = $1 AND customer_id = $2 AND id = $3""",
        tx.customer.shard,
        tx.customer.uuid,
        of.id.uuid,
    )
    await due.finish(tx, RETRY, of.id.uuid)
    return RetryBegun((payment,) if payment else ())


async def _is_barred(tx: Tx, of: Case) -> bool:
    """Whether the method that would be charged was declined for good here; the event that says so may be on its way."""
    attempts = await payments_of(tx, tx.customer, of.invoice)
    barred = {attempt.method for attempt in attempts if attempt.failure_hard}
    return (await customer(tx, tx.head.tenant, tx.customer)).default_method in barred


async def _begin(tx: Tx, of: Case) -> PaymentId | None:
    unpaid = await invoice(tx, tx.customer, of.invoice)
    if unpaid.state.name != "open":
        return None
    if unpaid.collection != AUTOMATIC:
        tx.emit("dunning.reminded", case=of.id, invoice=unpaid.id)
        tx.emit("payment.missing", invoice=unpaid.id)
        return None
    try:
        return (await begin_payment(tx, unpaid)).payment
    except Refused as refused:
        if refused.code is not RefusalCode.PAYMENT_METHOD_REQUIRED:
            raise
        tx.emit("payment.missing", invoice=unpaid.id)
        return None


@dataclass(frozen=True, slots=True)
class MethodAdded:
    """The customer has a new default method; the event that said so."""

    event: int


@operation("dunning.method_added", allowed=frozenset({Grant.SYSTEM}), moves_money=True)
async def method_added(tx: Tx, command: MethodAdded) -> RetryBegun:
    """Charges every open case at once on the new method, unless it was declined for good there or an attempt of it may
    still succeed."""
    begun = []
    for of in await cases(tx, tx.customer):
        if not of.is_living or await has_ended(tx, tx.customer, of.subscription):
            continue
        if (await invoice(tx, tx.customer, of.invoice)).collection != AUTOMATIC or await _is_barred(tx, of):
            continue
        try:
            payment = await _begin(tx, of)
        except Refused as refused:
            if refused.code is not RefusalCode.PAYMENT_IN_PROGRESS:
                raise
            continue
        begun.extend([payment] if payment else [])
    return RetryBegun(tuple(begun))
