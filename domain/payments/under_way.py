"""Whether what an invoice charges may still be paid, so that it cannot be taken back yet."""

from domain.db import Tx
from domain.ids import InvoiceId
from domain.invoices.invoice import Invoice
from domain.invoices.tax_correction import tax_corrections_of
from domain.payments.payment import payments_of
from domain.payments.still_open import still_open
from domain.refusals import RefusalCode, Refused


async def with_adjustments(tx: Tx, of: Invoice) -> list[InvoiceId]:
    """The invoice, and those that ask for more tax of it."""
    corrections = (await tax_corrections_of(tx, tx.customer, [of.id])).get(of.id, ())
    return [of.id, *(each.adjustment for each in corrections if each.adjustment)]


async def is_being_paid(tx: Tx, of: Invoice) -> bool:
    """Whether a payment of the invoice may still succeed, or of an adjustment of its tax: those are void with it."""
    for id in await with_adjustments(tx, of):
        if await still_open(tx, await payments_of(tx, tx.customer, id)):
            return True
    return False


async def refuse_while_being_paid(tx: Tx, of: Invoice) -> None:
    """PAYMENT_IN_PROGRESS while it is."""
    if await is_being_paid(tx, of):
        message = "A payment of this invoice is under way; its outcome will be known first."
        raise Refused(RefusalCode.PAYMENT_IN_PROGRESS, message, ("invoiceId",))
