"""Collecting what was just issued: charged at once, or left to the customer until it is due."""

from domain.db import Tx
from domain.ids import PaymentId
from domain.invoices.billing_terms import AUTOMATIC, billing_terms
from domain.invoices.finalize import Finalized
from domain.invoices.invoice import invoice
from domain.payments.method import default_method
from domain.payments.pay_invoice import begin_payment
from domain.refusals import RefusalCode, Refused


async def require_means(tx: Tx) -> None:
    """PAYMENT_METHOD_REQUIRED for a customer that is charged at once and has no method."""
    if (await billing_terms(tx, tx.customer)).collection == AUTOMATIC:
        await default_method(tx, tx.customer)


async def collect(tx: Tx, issued: Finalized) -> PaymentId | None:
    """Begins to charge what is due, where it is charged at once; None for a preview, and where nothing is.

    Without a method that counts as a failed attempt: ``payment.missing`` is told.
    """
    if tx.preview or not issued.due.minor or issued.on_account:
        return None
    try:
        return (await begin_payment(tx, await invoice(tx, tx.customer, issued.invoice))).payment
    except Refused as refused:
        if refused.code is not RefusalCode.PAYMENT_METHOD_REQUIRED:
            raise
        tx.emit("payment.missing", invoice=issued.invoice)
        return None
