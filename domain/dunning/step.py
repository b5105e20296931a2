"""One step of collecting: the default method, and in the same step its backups, each by an attempt of its own."""

from domain.customers.customer import Customer, customer
from domain.db import Primary, Tx
from domain.dunning.case import Case
from domain.dunning.recovery_policy import RecoveryPolicy
from domain.invoices.billing_terms import AUTOMATIC
from domain.invoices.invoice import Invoice
from domain.payments.method import PaymentMethod
from domain.payments.pay_invoice import begin_payment
from domain.payments.payment import Payment, payments_of
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
