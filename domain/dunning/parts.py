"""Paying in parts: the case waits while its plan is kept; a part that fails breaks it, and the timeline goes on."""

from dataclasses import dataclass

from domain import due
from domain.actor import Grant
from domain.customers.customer import customer
from domain.db import Tx
from domain.dunning.case import GIVE_UP, NET, NOTICE, PART, RETRY, SUSPEND, Case, case
from domain.dunning.notice import schedule_notice
from domain.dunning.recovery_policy import recovery_policy
from domain.dunning.step import chargeable
from domain.ids import DunningCaseId, PaymentId, PaymentMethodId
from domain.invoices.invoice import Invoice, invoice
from domain.operation import operation
from domain.payments.installments import Plan, active_plan, charge, end_plan
from domain.payments.pay_invoice import PaymentBegun, begin_payment
from domain.payments.payment import TAKEN, Payment, payments_of


async def wait_for_plan(tx: Tx, of: Case) -> None:
    """Nothing happens on the case's timeline from now on, and access stays."""
    await tx.execute(
        """UPDATE dunning_case SET waiting_since = $4, step_from = NULL, retry_at = NULL
            WHERE shard_key = $1 AND customer_id = $2 AND id = $3""",
        tx.customer.shard,
        tx.customer.uuid,
        of.id.uuid,
        tx.now,
    )
    for kind in (RETRY, SUSPEND, GIVE_UP, NOTICE):
        await due.finish(tx, kind, of.id.uuid)


async def _go_on(tx: Tx, of: Case) -> None:
    """The timeline goes on where it stopped: each of its days comes later by the time that the case has waited."""
    assert of.waiting_since is not None, "a case whose plan holds waits"
    await tx.execute(
        """UPDATE dunning_case SET waiting_since = NULL, waited = waited + $4, suspend_at = suspend_at + $4,
                  give_up_at = give_up_at + $4, restrict_at = restrict_at + $4
            WHERE shard_key = $1 AND customer_id = $2 AND id = $3""",
        tx.customer.shard,
        tx.customer.uuid,
        of.id.uuid,
        tx.now - of.waiting_since,
    )
    later = await case(tx, tx.customer, of.id)
    if later.state.name != "suspended":
        await due.schedule(tx, SUSPEND, of.id.uuid, later.suspend_at)
    await due.schedule(tx, GIVE_UP, of.id.uuid, later.give_up_at)
    await schedule_notice(tx, later)


async def _break(tx: Tx, of: Case, plan: Plan) -> None:
    await end_plan(tx, plan, "break")
    await due.finish(tx, PART, of.id.uuid)
    await _go_on(tx, of)


async def heard_of_part(tx: Tx, of: Case, unpaid: Invoice, heard: Payment | None) -> bool:
    """Whether the invoice's plan holds after this news of a payment, so that dunning has nothing to do.

    A part that was taken makes the next one due; one that failed breaks the plan, as does a debt that is left after the
    last. What the customer pays beside the plan only lets a part go on that has waited for it.
    """
    plan = await active_plan(tx, tx.customer, unpaid.id)
    if plan is None or not of.is_living:
        return False
    if heard is not None and plan.part_of(heard.id) is not None and heard.state.name not in TAKEN:
        await _break(tx, of, plan)
        return False
    if plan.next_part is None:
        await _break(tx, of, plan)
        return False
    await due.schedule(tx, PART, of.id.uuid, max(plan.next_part.due_at, tx.now))
    return True


async def charge_next(tx: Tx, plan: Plan, unpaid: Invoice, method: PaymentMethodId) -> PaymentBegun:
    """Begins the attempt of the first part that has none, of which there is never a second."""
    part, amount = plan.still_to_pay(unpaid.due)[0]
    begun = await begin_payment(tx, unpaid, method, part=amount)
    await charge(tx, plan, part, begun.payment)
    return begun


@dataclass(frozen=True, slots=True)
class ChargePart:
    """A case whose invoice is paid in parts, of which one is due."""

    case: DunningCaseId


@dataclass(frozen=True, slots=True)
class PartCharged:
    """The attempt of the part, if one was begun."""

    payment: PaymentId | None


@operation("dunning.charge_part", allowed=frozenset({Grant.SYSTEM}), moves_money=True)
async def charge_part(tx: Tx, command: ChargePart) -> PartCharged:
    """Charges the next part on its day; waits while an attempt is open. Without a method to charge the plan breaks."""
    of = await case(tx, tx.customer, command.case)
    plan = await active_plan(tx, tx.customer, of.invoice)
    unpaid = await invoice(tx, tx.customer, of.invoice)
    await due.finish(tx, PART, of.id.uuid)
    if plan is None or plan.next_part is None or unpaid.state.name != "open":
        return PartCharged(None)  # what closes an invoice ends its plan
    if plan.next_part.due_at > tx.now:
        await due.schedule(tx, PART, of.id.uuid, plan.next_part.due_at)
        return PartCharged(None)
    if any(attempt.is_open for attempt in await payments_of(tx, tx.customer, unpaid.id)):
        await due.schedule(tx, PART, of.id.uuid, tx.now + NET)
        return PartCharged(None)
    owner = await customer(tx, tx.head.tenant, tx.customer)
    usable = await chargeable(tx, owner, await recovery_policy(tx, tx.head.tenant))
    if not usable:
        await _break(tx, of, plan)
        tx.emit("payment.missing", invoice=unpaid.id)
        return PartCharged(None)
    return PartCharged((await charge_next(tx, plan, unpaid, usable[0].id)).payment)
