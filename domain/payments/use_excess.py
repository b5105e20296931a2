"""Credit that an invoice's own payments became beyond what they paid: it pays the invoice where that is owed again."""

from domain.db import Tx
from domain.ids import InvoiceId, PaymentId
from domain.invoices.invoice import invoice
from domain.invoices.settle import apply_capture
from domain.ledger.account import Account
from domain.ledger.balance import moved_by
from domain.ledger.post import Cause, post
from domain.money import total
from domain.payments.book_money import CAPTURED, let_go_of_others
from domain.payments.excess import excess_of, take_excess
from domain.payments.payment import Payment, payments_of
from domain.payments.refund import refunds_of_payments


async def use_excess(tx: Tx, id: InvoiceId, *, but: PaymentId | None = None) -> None:
    """What its payments, ``but`` one that is being taken back, brought in excess and is still credit pays what is owed
    of the invoice, before anybody is asked to pay twice.

    It is posted as those payments' own money, so that it goes with them where they are taken back too. What is refunded
    or disputed of them is not used; what somebody has only asked for is.
    """
    owing, attempts = await invoice(tx, tx.customer, id), await payments_of(tx, tx.customer, id)
    if owing.due.minor + owing.written_off.minor == 0 or not attempts:
        return
    excess = await excess_of(tx, tx.customer, id, owing.currency)
    refunds = await refunds_of_payments(tx, tx.customer, [each.id for each in attempts])
    for each in attempts:
        if each.id == but or each.returned.minor:
            continue
        brought = await moved_by(tx, tx.customer, await standing(tx, each), Account.CUSTOMER_CREDIT, excess.currency)
        asked = (one.amount for one in refunds.get(each.id, ()) if one.state.name == "awaiting_approval")
        kept = total(asked, excess.currency) + each.captured - each.refunds_reserved - each.disputes_reserved
        part = min(brought, kept, excess, owing.due + owing.written_off)
        if part.minor > 0:
            applied = await apply_capture(tx, owing, part)
            await post(tx, Cause(CAPTURED, each.id.uuid), applied.transfers(Account.CUSTOMER_CREDIT))
            await take_excess(tx, id, part, excess)
            owing, excess = await invoice(tx, tx.customer, id), excess - part
    await let_go_of_others(tx, attempts)


async def standing(tx: Tx, of: Payment) -> list[int]:
    """The transactions that booked its money and still stand, the newest first: what was used of its excess since is
    reversed before that."""
    rows = await tx.fetch(
        """SELECT t.number FROM ledger_transaction t
            WHERE t.shard_key = $1 AND t.customer_id = $2 AND t.cause = $3 AND t.cause_id = $4
              AND NOT EXISTS (SELECT FROM ledger_transaction r
                               WHERE r.shard_key = $1 AND r.customer_id = $2 AND r.reverses_number = t.number)
            ORDER BY t.number DESC""",
        tx.customer.shard,
        tx.customer.uuid,
        CAPTURED,
        of.id.uuid,
    )
    return [row["number"] for row in rows]
