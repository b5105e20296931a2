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
from domain.payments.installments import Plan, active_plan, charge, end_plan, leave_open
from domain.payments.pay_invoice import PaymentBegun, begin_payment
from domain.payments.payment import TAKEN, Payment, payments_of
from domain.payments.still_open import still_open


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
    last. One that was not sent since less is owed by now is charged anew. What the customer pays beside the plan only
    lets a part go on that has waited for it.
    """
    plan = await active_plan(tx, tx.customer, unpaid.id)
    if plan is None or not of.is_living:
        return False
    if heard is not None and (part := plan.part_of(heard.id)) is not None and heard.state.name not in TAKEN:
        if heard.state.name != "voided" or heard.amount <= unpaid.due:
            await _break(tx, of, plan)
            return False
        await leave_open(tx, plan, part)
        await due.schedule(tx, PART, of.id.uuid, tx.now)
        return True
    if plan.next_part is None:
        await _break(tx, of, plan)
        return False
    await due.schedule(tx, PART, of.id.uuid, max(plan.next_part.due_at, tx.now))
    return True


async def charge_next(tx: Tx, of: Case, plan: Plan, unpaid: Invoice, method: PaymentMethodId) -> PaymentBegun:
    """Begins the attempt of the first part that has none. Its end makes the next part due; should nobody hear of that,
    the plan is looked at all the same."""
    part, amount = plan.still_to_pay(unpaid.due)[0]
    begun = await begin_payment(tx, unpaid, method, part=amount)
    await charge(tx, plan, part, begun.payment)
    await due.schedule(tx, PART, of.id.uuid, tx.now + NET)
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
    """Charges the next part on its day; waits while an attempt is open. The plan breaks without a method to charge, and
    where a part has failed or none is left and nobody heard of it."""
    of = await case(tx, tx.customer, command.case)
    plan = await active_plan(tx, tx.customer, of.invoice)
    unpaid = await invoice(tx, tx.customer, of.invoice)
    await due.finish(tx, PART, of.id.uuid)
    if plan is None or unpaid.state.name != "open":
        return PartCharged(None)  # what closes an invoice ends its plan
    attempts = await payments_of(tx, tx.customer, unpaid.id)
    if await still_open(tx, attempts):
        await due.schedule(tx, PART, of.id.uuid, tx.now + NET)
        return PartCharged(None)
    newest = next((each for each in reversed(attempts) if plan.part_of(each.id)), None)
    await heard_of_part(tx, of, unpaid, newest)
    plan = await active_plan(tx, tx.customer, of.invoice)
    if plan is not None and plan.next_part is not None and plan.next_part.due_at > tx.now:
        return PartCharged(None)
    owner = await customer(tx, tx.head.tenant, tx.customer)
    usable = await chargeable(tx, owner, await recovery_policy(tx, tx.head.tenant))
    if plan is not None and usable:
        return PartCharged((await charge_next(tx, of, plan, unpaid, usable[0].id)).payment)
    if plan is not None:
        await _break(tx, of, plan)
    tx.emit("payment.missing", invoice=unpaid.id)
    return PartCharged(None)
