"""What may be done about an unpaid invoice now: one reading of the facts, for who offers it and for who does it."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from domain.customers.customer import Customer, customer
from domain.db import Primary
from domain.dunning.case import Case, case_of
from domain.dunning.recovery_policy import RecoveryPolicy, recovery_policy
from domain.dunning.step import chargeable
from domain.ids import CustomerId, InvoiceId, TenantId
from domain.invoices.billing_terms import AUTOMATIC
from domain.invoices.invoice import Invoice, invoice
from domain.money import Money, allocate
from domain.payments.grace_rule import rule_for, whereabouts
from domain.payments.installments import Plan, plans_of
from domain.payments.method import PaymentMethod
from domain.payments.own_tries import has_tries_left
from domain.payments.pay_invoice import under_way
from domain.payments.payment import Payment, payments_of
from domain.payments.still_open import still_open
from domain.period import local_date, noon
from domain.refusals import RefusalCode, Refused


@dataclass(frozen=True, slots=True)
class Standing:
    """A case with all that decides what its customer may do, as of a wall time; ``usable`` are the methods that may be
    charged."""

    case: Case
    invoice: Invoice
    attempts: list[Payment]
    owner: Customer
    rules: RecoveryPolicy
    usable: list[PaymentMethod]
    plans: list[Plan]
    tries_left: bool
    split_days: int
    wall: datetime
    open_attempt: Payment | None
    """The attempt that may still succeed."""

    @property
    def plan(self) -> Plan | None:
        """The plan of parts that holds."""
        return next((plan for plan in self.plans if plan.ended_at is None), None)

    def payday(self, day: date) -> datetime:
        """When a day that was chosen is: at its noon, and on the last one at the end of access at the latest."""
        return min(noon(day, self.owner.time_zone), self.case.suspend_at)


async def standing(db: Primary, tenant: TenantId, of: CustomerId, id: InvoiceId, wall: datetime) -> Standing:
    """NOT_FOUND for an invoice that is not the customer's, STATE_CONFLICT for one that is not being collected."""
    unpaid, found = await invoice(db, of, id), await case_of(db, of, id)
    if found is None or not found.is_living or unpaid.state.name != "open":
        raise Refused(RefusalCode.STATE_CONFLICT, "Nothing of this invoice is overdue.", ("invoiceId",))
    owner, rules = await customer(db, tenant, of), await recovery_policy(db, tenant)
    country, kind = await whereabouts(db, of)
    law = await rule_for(db, tenant, country, kind)
    attempts = await payments_of(db, of, id)
    return Standing(
        found, unpaid, attempts, owner, rules, await chargeable(db, owner, rules),
        await plans_of(db, of, id), await has_tries_left(db, of, id), max(rules.split_days, law.min_days if law else 0),
        wall, await still_open(db, attempts),
    )  # fmt: skip


def _require_free(of: Standing) -> None:
    """Charged by itself, with no attempt under way and a method to charge."""
    if of.invoice.collection != AUTOMATIC:
        message = "This invoice is paid on account; nothing is charged by itself."
        raise Refused(RefusalCode.STATE_CONFLICT, message, ("invoiceId",))
    if of.open_attempt is not None:
        raise under_way(of.open_attempt, of.wall)
    if not of.usable:
        raise Refused(RefusalCode.PAYMENT_METHOD_REQUIRED, "Add a payment method first.", ("invoiceId",))
    if of.plan is not None:
        raise Refused(RefusalCode.STATE_CONFLICT, "This invoice is paid in parts already.", ("invoiceId",))


def paydays(of: Standing, now: datetime) -> tuple[date, date]:
    """The first and the last day that may be chosen; STATE_CONFLICT where there is no retry to move or no choice left,
    PAYMENT_IN_PROGRESS, and PAYMENT_METHOD_REQUIRED."""
    _require_free(of)
    if not of.case.retries_left:
        raise Refused(RefusalCode.STATE_CONFLICT, "No retry is left that could be moved.", ("invoiceId",))
    if of.case.paydays_chosen >= of.rules.payday_choices:
        raise Refused(RefusalCode.STATE_CONFLICT, "The day was chosen already.", ("invoiceId",))
    zone = of.owner.time_zone
    first, last = local_date(now, zone), local_date(of.case.suspend_at, zone)
    if of.payday(first) <= now:
        first += timedelta(days=1)
    if first > last or of.case.suspend_at <= now:
        raise Refused(RefusalCode.STATE_CONFLICT, "Access ends before another day comes.", ("invoiceId",))
    return first, last


def shares(of: Standing, parts: int, days: int) -> list[Money]:
    """What each part comes to if it is split so now, the first at once, the others so many days apart.

    STATE_CONFLICT after the end of access and where no plan may be made any more; PAYMENT_IN_PROGRESS;
    PAYMENT_METHOD_REQUIRED; INVALID_INPUT for too many parts or days; INVALID_AMOUNT for parts that are too small.
    """
    _require_free(of)
    made = [plan for plan in of.plans if plan.made_at >= of.case.opened_at]
    if of.case.state.name == "suspended" or len(made) >= of.rules.split_plans or of.rules.split_parts <= 1:
        raise Refused(RefusalCode.STATE_CONFLICT, "This invoice cannot be split any more.", ("invoiceId",))
    if not 2 <= parts <= of.rules.split_parts:
        raise Refused(RefusalCode.INVALID_INPUT, f"It is split in 2 to {of.rules.split_parts} parts.", ("parts",))
    if days < 1 or (parts - 1) * days > of.split_days:
        message = f"The last part is due within {of.split_days} days."
        raise Refused(RefusalCode.INVALID_INPUT, message, ("intervalDays",))
    split = list(allocate(of.invoice.due, [1] * parts))
    if min(split) < of.rules.least_part(of.invoice.currency):
        raise Refused(RefusalCode.INVALID_AMOUNT, "The parts would be too small.", ("parts",))
    return split
