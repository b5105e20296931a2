"""Collecting what was just issued: charged at once, or left to the customer until it is due."""

from domain.actor import Grant
from domain.db import Tx
from domain.ids import PaymentId, PaymentMethodId
from domain.invoices.billing_terms import AUTOMATIC, billing_terms
from domain.invoices.finalize import Finalized
from domain.invoices.invoice import invoice
from domain.payments.dispute import disputed_methods
from domain.payments.method import default_method, methods_in_order
from domain.payments.pay_invoice import begin_payment, unasked_method
from domain.payments.usable_methods import declined_for_good
from domain.refusals import RefusalCode, Refused


async def require_means(tx: Tx) -> None:
    """PAYMENT_METHOD_REQUIRED for a customer that is charged at once and has no method."""
    if (await billing_terms(tx, tx.customer)).collection == AUTOMATIC:
        await default_method(tx, tx.customer)


async def _to_charge(tx: Tx) -> PaymentMethodId:
    """The method of the first charge. Where nobody of the customer asks, one that was declined for good is left alone:
    its first backup takes its place where the tenant lets the first charge have backups, else that is up to the case.
    """
    first = (await unasked_method(tx)).id
    if Grant.PORTAL in tx.actor.grants:
        return first
    row = await tx.fetchrow(
        """SELECT backups AND backups_at_first AS has_backups,
                  ARRAY(SELECT r.code FROM unnest(rule_codes, rule_steps) AS r (code, step) WHERE r.step = 'stop')
                      AS stops
             FROM recovery_policy WHERE tenant_id = $1""",
        tx.head.tenant.uuid,
    )
    dead = await declined_for_good(tx, tx.customer, row["stops"] if row else [])
    if first not in dead:
        return first
    if row and row["has_backups"]:
        barred = dead | await disputed_methods(tx, tx.customer)
        for method in await methods_in_order(tx, tx.customer):
            if method.id not in barred:
                return method.id
    raise Refused(RefusalCode.PAYMENT_METHOD_REQUIRED, "The payment method was declined for good: add another one.")


async def collect(tx: Tx, issued: Finalized) -> PaymentId | None:
    """Begins to charge what is due, where it is charged at once; None for a preview, and where nothing is.

    Without a method that may be charged that counts as a failed attempt: ``payment.missing`` is told.
    """
    if tx.preview or not issued.due.minor or issued.on_account:
        return None
    try:
        return (await begin_payment(tx, await invoice(tx, tx.customer, issued.invoice), await _to_charge(tx))).payment
    except Refused as refused:
        if refused.code is not RefusalCode.PAYMENT_METHOD_REQUIRED:
            raise
        tx.emit("payment.missing", invoice=issued.invoice)
        return None
