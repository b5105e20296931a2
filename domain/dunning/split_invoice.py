"""The customer splits an overdue invoice: the first part is charged at once, the others on their days."""

from dataclasses import dataclass
from datetime import timedelta

from domain.actor import Grant
from domain.db import Tx
from domain.dunning.choose_payday import CHOOSERS
from domain.dunning.parts import charge_next, wait_for_plan
from domain.dunning.standing import shares, standing
from domain.ids import InstallmentPlanId, InvoiceId, PaymentId
from domain.operation import operation
from domain.payments.installments import active_plan, agree
from domain.portal_function import PortalFunction


@dataclass(frozen=True, slots=True)
class SplitInvoice:
    """An overdue invoice, in how many parts it is paid, and how many days lie between two of them."""

    invoice: InvoiceId
    parts: int
    days: int


@dataclass(frozen=True, slots=True)
class InvoiceSplit:
    """The plan that holds now, and the attempt of its first part."""

    plan: InstallmentPlanId
    invoice: InvoiceId
    payment: PaymentId


@operation(
    "dunning.split_invoice",
    allowed=CHOOSERS | frozenset({Grant.FINANCE}),
    moves_money=True,
    function=PortalFunction.ARRANGE_PAYMENT,
    begins=True,
)
async def split_invoice(tx: Tx, command: SplitInvoice) -> InvoiceSplit:
    """See ``shares`` for its refusals. While the plan is kept access stays and its case waits."""
    of = await standing(tx, tx.head.tenant, tx.customer, command.invoice, tx.recorded_at)
    amounts = shares(of, command.parts, command.days)
    due_at = [tx.now + timedelta(days=command.days * place) for place in range(len(amounts))]
    id = await agree(tx, command.invoice, len(of.plans) + 1, list(zip(amounts, due_at, strict=True)))
    await wait_for_plan(tx, of.case)
    plan = await active_plan(tx, tx.customer, command.invoice)
    assert plan is not None, "it was agreed on in this transaction"
    begun = await charge_next(tx, of.case, plan, of.invoice, of.usable[0].id)
    tx.emit("installments.agreed", plan=id, invoice=command.invoice)
    return InvoiceSplit(id, command.invoice, begun.payment)
