"""What credit came of invoices, what is left of the payments that it stands for, and what disputes have of these."""

from collections.abc import AsyncIterator, Mapping, Sequence

from domain.db import Primary
from domain.ids import CustomerId, InvoiceId, PaymentId
from domain.invoices.settle import BECAME_CREDIT
from domain.invoices.takeover import related, takeovers
from domain.ledger.account import Account
from domain.ledger.balance import credit_available, moved_by, numbers_of
from domain.money import Currency, Money, total
from domain.payments.book_dispute import WITHHELD, WON
from domain.payments.book_money import CAPTURED, RETURNED, SHORT, WITHDRAWN
from domain.payments.dispute import Dispute, disputes_of_payments
from domain.payments.disputed_credit import Claim, Pot
from domain.payments.payment import Payment, payments_of_invoices
from domain.payments.share import Shares, shares_of

MONEY = (CAPTURED, RETURNED, WITHDRAWN)  # causes of what is posted for a payment, but what it lacked
SERVICE_CREDIT = "service_credit"  # the kind of the credit notes that are issued for credit


async def related_invoices(db: Primary, customer: CustomerId, id: InvoiceId) -> list[InvoiceId]:
    """The invoice and all that it took over of or that took over of it; it alone where nobody disputes anything."""
    return related(id, await takeovers(db, customer)) if await _disputed(db, customer) else [id]


async def pots_of(
    db: Primary, customer: CustomerId, ids: Sequence[InvoiceId], posted: Mapping[InvoiceId, Sequence[int]] | None = None
) -> AsyncIterator[Pot]:
    """The money of the invoices and of all that took over of them or that they took over of, each once and together
    with what it is related to; none of it where no dispute has any. Each is read once the one before was done with, so
    that two never count the same credit.

    ``posted`` are the postings of credit notes that were issued just now, where a preview stores no note by which they
    could be found.
    """
    disputed = await _disputed(db, customer)
    if not disputed:
        return
    known, seen = await takeovers(db, customer), set[InvoiceId]()
    shares = await shares_of(db, customer, known)
    for id in ids:
        if id not in seen:
            invoices = related(id, known)
            seen.update(invoices)
            if disputed.intersection(invoices):
                yield await _pot(db, customer, invoices, shares, posted or {})


async def _disputed(db: Primary, customer: CustomerId) -> set[InvoiceId]:
    """The invoices of whose payments a bank has any; few customers ever dispute one."""
    rows = await db.fetch(
        """SELECT DISTINCT p.invoice_id FROM dispute d
             JOIN payment p ON p.shard_key = d.shard_key AND p.id = d.payment_id
            WHERE d.shard_key = $1 AND d.customer_id = $2 AND d.state <> 'won'""",
        customer.shard,
        customer.uuid,
    )
    return {InvoiceId(customer.shard, row["invoice_id"]) for row in rows}


async def _pot(
    db: Primary, customer: CustomerId, invoices: Sequence[InvoiceId], shares: Shares,
    posted: Mapping[InvoiceId, Sequence[int]],
) -> Pot:  # fmt: skip
    payments = await payments_of_invoices(db, customer, invoices)
    attempts = [each for some in payments.values() for each in some]
    found = await disputes_of_payments(db, customer, [each.id for each in attempts])
    nothing = Money.zero(attempts[0].amount.currency)
    served = {each.id: nothing for each in attempts} | await _served(db, customer, list(found))
    claims = {id: await _claims(db, customer, id, some, served[id]) for id, some in found.items()}
    given = await became_credit(db, customer, invoices)
    for newest in set(invoices).intersection(posted):
        more = await moved_by(db, customer, posted[newest], Account.CUSTOMER_CREDIT, nothing.currency)
        given[newest] = given.get(newest, nothing) + more
    pot = Pot(
        given={each: given.get(each, nothing) for each in invoices},
        payments={each: [one.id for one in some] for each, some in payments.items()},
        left={each.id: _left(each, found.get(each.id, ()), served[each.id]) for each in attempts},
        too_much={
            each.id: await _too_much(db, customer, each) if claims.get(each.id) else nothing for each in attempts
        },
        claims=claims,
        shares=shares,
        served=served,
        there=await credit_available(db, customer, nothing.currency),
        returned=frozenset(each.id for each in attempts if each.returned.minor),
    )
    gone = await _settled_outside(db, customer, invoices)
    for each in attempts:
        if each.returned.minor:  # what had been given back of it as well was other money
            gone[each.invoice] = gone.get(each.invoice, nothing) + each.refunds_reserved - served[each.id]
    pot.go(gone)
    return pot


async def _settled_outside(db: Primary, customer: CustomerId, ids: Sequence[InvoiceId]) -> dict[InvoiceId, Money]:
    """What credit notes of each invoice gave back outside of its payments, which the customer has, whatever is void
    since; no entry where none did."""
    rows = await db.fetch(
        """SELECT n.invoice_id, n.currency, sum(n.out_of_band)::bigint AS minor FROM credit_note n
            WHERE n.shard_key = $1 AND n.customer_id = $2 AND n.invoice_id = ANY ($3::uuid[]) AND n.out_of_band > 0
            GROUP BY n.invoice_id, n.currency""",
        customer.shard,
        customer.uuid,
        [id.uuid for id in ids],
    )
    return {
        InvoiceId(customer.shard, row["invoice_id"]): Money(row["minor"], Currency(row["currency"])) for row in rows
    }


def _left(of: Payment, disputes: Sequence[Dispute], served: Money) -> Money:
    """What of a payment neither went back nor is a bank's; what was given as credit for it did not go."""
    nothing = Money.zero(of.amount.currency)
    beyond = total((each.excess for each in disputes), nothing.currency)
    left = of.captured - of.refunds_reserved - of.disputes_reserved + served - min(served, beyond)
    return nothing if of.returned.minor else left


async def _served(db: Primary, customer: CustomerId, payments: Sequence[PaymentId]) -> dict[PaymentId, Money]:
    """How much of each payment was refunded as credit; no entry where nothing was."""
    rows = await db.fetch(
        """SELECT r.payment_id, r.currency, sum(r.amount)::bigint AS minor FROM refund r
            WHERE r.shard_key = $1 AND r.customer_id = $2 AND r.payment_id = ANY ($3::uuid[])
              AND r.means = 'credit' AND r.state = 'succeeded'
            GROUP BY r.payment_id, r.currency""",
        customer.shard,
        customer.uuid,
        [id.uuid for id in payments],
    )
    return {
        PaymentId(customer.shard, row["payment_id"]): Money(row["minor"], Currency(row["currency"])) for row in rows
    }


async def _claims(
    db: Primary, customer: CustomerId, paid: PaymentId, disputes: Sequence[Dispute], served: Money
) -> list[Claim]:
    """What of the customer's credit is withheld while the bank has that money, and what more may be: as much as it has
    of what was left of the payment, and of what had been refunded as credit.

    Where the payment was taken back as well, the credit that it lacked for that and that had been withheld is none any
    more.
    """
    found = list[Claim]()
    for of in disputes:
        if of.state.name == "won":
            continue
        numbers = await numbers_of(db, customer, (WITHHELD, WON), of.id.uuid)
        was = -await moved_by(db, customer, numbers, Account.CUSTOMER_CREDIT, of.amount.currency)
        beyond = min(of.excess, served)
        found.append(Claim(of.id, was, of.covered + beyond - was))
        served -= beyond
    if found:
        numbers = await numbers_of(db, customer, (SHORT,), paid.uuid)
        lacked = await moved_by(db, customer, numbers, Account.CUSTOMER_CREDIT, found[0].was.currency)
        for claim in found:
            part = min(claim.was, lacked)
            claim.was, lacked = claim.was - part, lacked - part
    return found


async def _too_much(db: Primary, customer: CustomerId, of: Payment) -> Money:
    """What of a disputed payment was more than was owed when it came; of one that was taken back nothing is credit."""
    if of.returned.minor:
        return Money.zero(of.amount.currency)
    numbers = await numbers_of(db, customer, (CAPTURED,), of.id.uuid)
    return await moved_by(db, customer, numbers, Account.CUSTOMER_CREDIT, of.amount.currency)


async def became_credit(db: Primary, customer: CustomerId, ids: Sequence[InvoiceId]) -> dict[InvoiceId, Money]:
    """What of each invoice's payments and credit notes became credit and was not refunded, whatever disputes took of it
    since; no entry where nothing ever did. What a payment lacked of it when it was taken back is none."""
    rows = await db.fetch(
        """WITH own AS (
               SELECT p.invoice_id, p.id FROM payment p
                WHERE p.shard_key = $1 AND p.customer_id = $2 AND p.invoice_id = ANY ($3::uuid[])),
           posted AS (
               SELECT o.invoice_id, t.number FROM own o
                 JOIN ledger_transaction t ON t.shard_key = $1 AND t.customer_id = $2 AND t.cause_id = o.id
                WHERE t.cause = ANY ($4::text[])
               UNION
               SELECT coalesce(r.of_invoice_id, o.invoice_id), r.posted_number FROM refund r
                 LEFT JOIN own o ON o.id = r.payment_id
                WHERE r.shard_key = $1 AND r.customer_id = $2 AND r.state <> 'failed' AND r.means <> 'credit'
                  AND coalesce(r.of_invoice_id, o.invoice_id) = ANY ($3::uuid[])
               UNION
               SELECT n.invoice_id, n.posted_number FROM credit_note n
                WHERE n.shard_key = $1 AND n.customer_id = $2 AND n.invoice_id = ANY ($3::uuid[])
                  AND n.state = 'issued' AND n.kind <> $6
               UNION
               SELECT t.cause_id, t.number FROM ledger_transaction t
                WHERE t.shard_key = $1 AND t.customer_id = $2 AND t.cause_id = ANY ($3::uuid[])
                  AND t.cause = ANY ($5::text[]))
           SELECT p.invoice_id, f.currency,
                  sum(CASE WHEN f.credit_kind = $7 THEN f.amount ELSE -f.amount END)::bigint AS minor
             FROM posted p
             JOIN ledger_transfer f ON f.shard_key = $1 AND f.customer_id = $2 AND f.number = p.number
            WHERE (f.credit_kind = $7) <> (f.debit_kind = $7)
            GROUP BY p.invoice_id, f.currency""",
        customer.shard,
        customer.uuid,
        [id.uuid for id in ids],
        list(MONEY),
        list(BECAME_CREDIT),
        SERVICE_CREDIT,
        Account.CUSTOMER_CREDIT.value,
    )
    return {
        InvoiceId(customer.shard, row["invoice_id"]): Money(row["minor"], Currency(row["currency"])) for row in rows
    }
