"""Excess: credit that an invoice's money has become, by payments of too much or by credit notes.

It goes back before anything is taken off the invoice for that, and pays what is owed of it again.
"""

from collections.abc import Sequence

from domain.db import Primary, Tx
from domain.ids import CustomerId, InvoiceId
from domain.invoices.settle import BECAME_CREDIT
from domain.ledger.account import Account
from domain.ledger.balance import credit_available, moved_by, numbers_of
from domain.money import Currency, Money
from domain.payments.book_dispute import WITHHELD, WON
from domain.payments.book_money import CAPTURED, RETURNED, SHORT, WITHDRAWN
from domain.payments.dispute import Dispute
from domain.payments.doubt import lower_cases
from domain.payments.payment import payments_of
from domain.payments.refund import refunds_of_invoice

MONEY = (CAPTURED, RETURNED, WITHDRAWN, SHORT)  # causes of what is posted for a payment
KEPT_BACK = (WITHHELD, WON)  # and of what disputes took of credit
SERVICE_CREDIT = "service_credit"  # the kind of the credit notes that are issued for credit


async def excess_of(db: Primary, customer: CustomerId, id: InvoiceId, currency: Currency) -> Money:
    """What of an invoice's payments and credit notes became credit, was not refunded yet, and is still there.

    What staff gave as credit on purpose is no excess.
    """
    nothing = Money.zero(currency)
    left = (await _became_credit(db, customer, [id], KEPT_BACK)).get(id, nothing)
    return max(nothing, min(left, await credit_available(db, customer, currency)))


async def excess_of_invoices(db: Primary, customer: CustomerId, ids: Sequence[InvoiceId]) -> dict[InvoiceId, Money]:
    """The same of each of the customer's invoices that has any."""
    found = await _became_credit(db, customer, ids, KEPT_BACK)
    there = {each: await credit_available(db, customer, each) for each in {each.currency for each in found.values()}}
    return {id: min(each, there[each.currency]) for id, each in found.items() if each.minor > 0}


async def became_credit(tx: Tx, id: InvoiceId, currency: Currency, posted: Sequence[int] = ()) -> Money:
    """What of an invoice's payments and credit notes became credit, by them alone, and was not refunded.

    ``posted`` are the postings of credit notes that were issued just now: a preview stores no note by which they could
    be found.
    """
    known = (await _became_credit(tx, tx.customer, [id], ())).get(id, Money.zero(currency))
    if not (tx.preview and posted):
        return known
    return known + await moved_by(tx, tx.customer, posted, Account.CUSTOMER_CREDIT, currency)


async def _became_credit(
    db: Primary, customer: CustomerId, ids: Sequence[InvoiceId], of_disputes: Sequence[str]
) -> dict[InvoiceId, Money]:
    """By what was posted of each invoice's payments, refunds and notes, and for those causes of disputes."""
    rows = await db.fetch(
        """WITH own AS (
               SELECT p.invoice_id, p.id FROM payment p
                WHERE p.shard_key = $1 AND p.customer_id = $2 AND p.invoice_id = ANY ($3::uuid[])),
           posted AS (
               SELECT o.invoice_id, t.number FROM own o
                 JOIN ledger_transaction t ON t.shard_key = $1 AND t.customer_id = $2 AND t.cause_id = o.id
                WHERE t.cause = ANY ($4::text[])
               UNION
               SELECT d.invoice_id, t.number FROM (
                      SELECT o.invoice_id, x.id FROM own o
                        JOIN dispute x ON x.shard_key = $1 AND x.customer_id = $2 AND x.payment_id = o.id) d
                 JOIN ledger_transaction t ON t.shard_key = $1 AND t.customer_id = $2 AND t.cause_id = d.id
                WHERE t.cause = ANY ($5::text[])
               UNION
               SELECT coalesce(r.of_invoice_id, o.invoice_id), r.posted_number FROM refund r
                 LEFT JOIN own o ON o.id = r.payment_id
                WHERE r.shard_key = $1 AND r.customer_id = $2 AND r.state <> 'failed' AND r.means <> 'credit'
                  AND coalesce(r.of_invoice_id, o.invoice_id) = ANY ($3::uuid[])
               UNION
               SELECT n.invoice_id, n.posted_number FROM credit_note n
                WHERE n.shard_key = $1 AND n.customer_id = $2 AND n.invoice_id = ANY ($3::uuid[])
                  AND n.state = 'issued' AND n.kind <> $7
               UNION
               SELECT t.cause_id, t.number FROM ledger_transaction t
                WHERE t.shard_key = $1 AND t.customer_id = $2 AND t.cause_id = ANY ($3::uuid[])
                  AND t.cause = ANY ($6::text[]))
           SELECT p.invoice_id, f.currency,
                  sum(CASE WHEN f.credit_kind = $8 THEN f.amount ELSE -f.amount END)::bigint AS minor
             FROM posted p
             JOIN ledger_transfer f ON f.shard_key = $1 AND f.customer_id = $2 AND f.number = p.number
            WHERE (f.credit_kind = $8) <> (f.debit_kind = $8)
            GROUP BY p.invoice_id, f.currency""",
        customer.shard,
        customer.uuid,
        [id.uuid for id in ids],
        list(MONEY),
        list(of_disputes),
        list(BECAME_CREDIT),
        SERVICE_CREDIT,
        Account.CUSTOMER_CREDIT.value,
    )
    return {
        InvoiceId(customer.shard, row["invoice_id"]): Money(row["minor"], Currency(row["currency"])) for row in rows
    }


async def withheld(tx: Tx, of: Dispute) -> Money:
    """What the customer does not keep of its credit while the bank has that money."""
    numbers = await numbers_of(tx, tx.customer, KEPT_BACK, of.id.uuid)
    return -await moved_by(tx, tx.customer, numbers, Account.CUSTOMER_CREDIT, of.amount.currency)


async def take_excess(tx: Tx, id: InvoiceId, taken: Money, excess: Money) -> None:
    """What a refund takes of an invoice's excess waits for nobody's decision any more."""
    attempts = [each.id for each in await payments_of(tx, tx.customer, id)]
    refunds = await refunds_of_invoice(tx, tx.customer, id, attempts)
    subjects = [each.uuid for each in attempts] + [each.id.uuid for each in refunds]
    await lower_cases(tx, subjects, taken, excess - taken)
