"""Trying again: on the days of the timeline, and at once where the customer brings another payment method."""

from dataclasses import dataclass

from domain import due
from domain.actor import Grant
from domain.customers.customer import Customer, customer
from domain.db import Tx
from domain.dunning.case import NET, RETRY, SUSPEND, Case, case, living_cases, move
from domain.dunning.recovery_policy import RecoveryPolicy, recovery_policy
from domain.dunning.step import chargeable
from domain.dunning.stop_case import StopCases, stop_cases
from domain.ids import DunningCaseId, PaymentId, PaymentMethodId
from domain.invoices.billing_terms import AUTOMATIC
from domain.invoices.invoice import invoice
from domain.operation import operation
from domain.payments.method import methods_in_order
from domain.payments.own_tries import has_tries_left, use_try
from domain.payments.pay_invoice import begin_payment
from domain.payments.payment import payments_of
from domain.payments.still_open import still_open
from domain.payments.usable_methods import barred_methods
from domain.subscriptions.store import move_if_allowed
from domain.subscriptions.subscription import has_ended


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

    A method that was declined for good is not charged again: where no other is left, no retry is left either. Backups
    follow in the same step, as the default one is declined.
    """
    of = await case(tx, tx.customer, command.case)
    if of.state.name != "retrying" or of.waiting_since is not None:
        await due.finish(tx, RETRY, of.id.uuid)
        return RetryBegun(())
    if of.subscription is not None and await has_ended(tx, tx.customer, of.subscription):
        await stop_cases.run(tx, StopCases(of.subscription))
        return RetryBegun(())
    rules, owner = await recovery_policy(tx, tx.head.tenant), await customer(tx, tx.head.tenant, tx.customer)
    usable, unpaid = await chargeable(tx, owner, rules), await invoice(tx, tx.customer, of.invoice)
    if not usable and await _has_method(tx, owner, rules) and unpaid.collection == AUTOMATIC:
        await _exhaust(tx, of)
        return RetryBegun(())
    attempts = await payments_of(tx, tx.customer, of.invoice)
    if await still_open(tx, attempts):
        await due.schedule(tx, RETRY, of.id.uuid, tx.now + NET)
        return RetryBegun(())
    payment = await _begin(tx, of, usable[0].id if usable else None)
    await tx.execute(
        """UPDATE dunning_case SET retries_done = retries_done + 1, retry_at = NULL, step_from = $4
            WHERE shard_key = $1 AND customer_id = $2 AND id = $3""",
        tx.customer.shard,
        tx.customer.uuid,
        of.id.uuid,
        len(attempts) + 1 if payment and rules.backups else None,
    )
    await due.finish(tx, RETRY, of.id.uuid)
    return RetryBegun((payment,) if payment else ())


async def _has_method(tx: Tx, owner: Customer, rules: RecoveryPolicy) -> bool:
    """Whether there is one at all that a step could have charged."""
    if rules.backups:
        return bool(await methods_in_order(tx, tx.customer))
    return owner.default_method is not None


async def _exhaust(tx: Tx, of: Case) -> None:
    """No retry is left: whatever method there is was declined for good."""
    await due.finish(tx, RETRY, of.id.uuid)
    await move(tx, of, "exhaust")
    await move_if_allowed(tx, of.subscription, "retries_exhausted")
    if of.suspend_at <= tx.now:
        await due.schedule(tx, SUSPEND, of.id.uuid, tx.now)


async def _begin(tx: Tx, of: Case, method: PaymentMethodId | None) -> PaymentId | None:
    unpaid = await invoice(tx, tx.customer, of.invoice)
    if unpaid.state.name != "open":
        return None
    if unpaid.collection != AUTOMATIC:
        tx.emit("dunning.reminded", case=of.id, invoice=unpaid.id)
        tx.emit("payment.missing", invoice=unpaid.id)
        return None
    if method is None:
        tx.emit("payment.missing", invoice=unpaid.id)
        return None
    return (await begin_payment(tx, unpaid, method)).payment


@dataclass(frozen=True, slots=True)
class MethodAdded:
    """The customer has a new default method; the event that said so."""

    event: int


@operation("dunning.method_added", allowed=frozenset({Grant.SYSTEM}), moves_money=True)
async def method_added(tx: Tx, command: MethodAdded) -> RetryBegun:
    """Charges every open case at once on the new default method, unless that was declined for good or an attempt of it
    may still succeed.

    A method that was tried for the case before is one of the customer's own tries, and is charged while one is left.
    """
    begun = []
    method = (await customer(tx, tx.head.tenant, tx.customer)).default_method
    if method in await barred_methods(tx, tx.customer, (await recovery_policy(tx, tx.head.tenant)).stops):
        return RetryBegun(())
    for of in await living_cases(tx, tx.customer):
        if method is None or await has_ended(tx, tx.customer, of.subscription):
            continue
        unpaid, attempts = await invoice(tx, tx.customer, of.invoice), await payments_of(tx, tx.customer, of.invoice)
        if unpaid.collection != AUTOMATIC or unpaid.state.name != "open" or of.waiting_since is not None:
            continue
        if await still_open(tx, attempts):
            continue
        if any(attempt.method == method for attempt in attempts):
            if not await has_tries_left(tx, tx.customer, of.invoice):
                continue
            await use_try(tx, of.invoice)
        begun.append((await begin_payment(tx, unpaid, method)).payment)
    return RetryBegun(tuple(begun))
