"""One step of collecting: the default method, and in the same step its backups, each by an attempt of its own."""

from domain.customers.customer import Customer, customer
from domain.db import Primary, Tx
from domain.dunning.case import Case
from domain.dunning.recovery_policy import RecoveryPolicy
from domain.invoices.billing_terms import AUTOMATIC
from domain.invoices.invoice import Invoice
from domain.payments.installments import active_plan
from domain.payments.method import PaymentMethod
from domain.payments.pay_invoice import begin_payment
from domain.payments.payment import CaptureMode, Payment, payments_of
from domain.payments.still_open import still_open
from domain.payments.usable_methods import usable_methods


async def chargeable(db: Primary, of: Customer, rules: RecoveryPolicy) -> list[PaymentMethod]:
    """The methods that a step may charge now, in their order."""
    return await usable_methods(db, of.id, of.default_method, rules.stops, backups=rules.backups)


async def try_next(tx: Tx, unpaid: Invoice, of: Case | None, failed: Payment | None, rules: RecoveryPolicy) -> bool:
    """Whether the step goes on: the attempt was declined, and the next backup is charged now.

    Without a case the first charge is the step, where the tenant lets that have backups.
    """
    if failed is None or failed.state.name != "failed" or failed.returned.minor or unpaid.collection != AUTOMATIC:
        return False
    first = of.step_from if of else 1 if rules.backups_at_first else None
    if not rules.backups or first is None or failed.attempt_number < first:
        return False
    attempts = await payments_of(tx, tx.customer, unpaid.id)
    tried = {each.method for each in attempts if each.attempt_number >= first}
    owner = await customer(tx, tx.head.tenant, tx.customer)
    left = [method for method in await chargeable(tx, owner, rules) if method.id not in tried]
    if not left or len(tried) >= rules.methods_per_step:
        return False
    if not await still_open(tx, attempts):  # what is open decides, and comes here when it fails
        await begin_payment(tx, unpaid, left[0].id)
    return True


async def charge_rest(tx: Tx, unpaid: Invoice, let_go: Payment | None, rules: RecoveryPolicy) -> bool:
    """Whether the rest is collected anew: the attempt was let go since it would have taken more than is owed by now,
    as where a part came by hand. Nobody has failed then. A part of a plan is its plan's, and a hold its holder's.

    It is charged on the same method, or where that may not be charged any more, on a default one that came since."""
    if let_go is None or let_go.state.name != "voided" or let_go.capture_mode is CaptureMode.LATER:
        return False
    if unpaid.collection != AUTOMATIC or let_go.amount <= unpaid.due or await active_plan(tx, tx.customer, unpaid.id):
        return False
    owner, attempts = await customer(tx, tx.head.tenant, tx.customer), await payments_of(tx, tx.customer, unpaid.id)
    tried = {each.method for each in attempts} - {let_go.method}
    left = {method.id for method in await chargeable(tx, owner, rules)} - tried
    method = next((each for each in (let_go.method, owner.default_method) if each in left), None)
    if method is None:
        return False
    if not await still_open(tx, attempts):  # what is open decides
        await begin_payment(tx, unpaid, method)
    return True
