"""Finalizing: a draft becomes an issued invoice with a gapless number, posted, with the customer's credit applied."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain import due
from domain.catalog.coupon_use import use_up
from domain.catalog.redeem import Spent
from domain.db import Tx
from domain.ids import CouponRedemptionId, InvoiceId
from domain.invoices.billing_terms import AUTOMATIC, ON_ACCOUNT, OVERDUE, BillingTerms, billing_terms
from domain.invoices.draft import Draft, drop_draft, read_draft
from domain.invoices.given_back import give_back
from domain.invoices.insert import Issue, insert_discounts, insert_invoice, insert_lines, insert_taxes
from domain.invoices.invoice import INVOICE, emit_of
from domain.invoices.number import take_number
from domain.invoices.rate import Bill, Rated, rate
from domain.invoices.snapshot import seal_snapshot
from domain.invoices.taxing import keep_decision
from domain.ledger.account import Account
from domain.ledger.balance import credit_available
from domain.ledger.pairing import transfers_of
from domain.ledger.post import Cause, Transfer, post
from domain.money import Money
from domain.refusals import RefusalCode, Refused
from domain.tax.question import invoiced_no_more

PREVIEW = "PREVIEW"  # a preview takes no number


@dataclass(frozen=True, slots=True)
class Finalized:
    """An issued invoice: what it says, what credit paid of it, and what is still due; ``rated`` are its lines.

    One ``on_account`` is not charged at once: the customer pays it within its net days.
    """

    invoice: InvoiceId
    number: str
    total: Money
    credited: Money
    due: Money
    rated: Rated
    on_account: bool


async def finalize(
    tx: Tx, id: InvoiceId, due_at: datetime, carried: Sequence[CouponRedemptionId] = ()
) -> Finalized:  # fmt: skip
    """Issues the draft; NOT_FOUND where there is none, STATE_CONFLICT for one without lines, INVALID_AMOUNT where they
    sum to less than nothing, EXCEEDS_INVOICED where one gives back more than is left of a charge; STATE_CONFLICT also
    once the customer was erased.

    ``due_at`` is for invoices that are charged at once; one on account is due after its net days, and overdue then.
    ``carried`` are redemptions whose period was given back by a credit note and goes on with this invoice.
    """
    draft = await read_draft(tx, id.shard, tx.customer.uuid, id)
    if draft is None:
        raise Refused(RefusalCode.NOT_FOUND, "There is no such draft.", ("draftId",))
    rated = await rate_draft(tx, draft, carried)
    require_issuable(rated, erased=tx.head.erased)
    credit = await credit_available(tx, tx.customer, draft.currency)
    credited = min(credit, rated.total)
    terms = await _terms(tx, draft)
    number = PREVIEW
    if not tx.preview:
        number = await issue(tx, id, draft, rated, credited, terms, until_of(tx, terms, due_at))
    return Finalized(id, number, rated.total, credited, rated.total - credited, rated, terms.net_days > 0)


def require_issuable(rated: Rated, *, erased: bool) -> None:
    """STATE_CONFLICT for an erased customer and where there are no lines, INVALID_AMOUNT where they sum to less than
    nothing."""
    if erased:
        raise invoiced_no_more()
    if not rated.lines:
        raise Refused(RefusalCode.STATE_CONFLICT, "An invoice without lines is not issued.", ("draftId",))
    if rated.total.minor < 0:
        raise Refused(RefusalCode.INVALID_AMOUNT, "No invoice is issued for less than nothing.")


def until_of(tx: Tx, terms: BillingTerms, due_at: datetime) -> datetime:
    """Until when an invoice of now is to be paid; ``due_at`` is for one that is charged at once."""
    return tx.now + timedelta(days=terms.net_days) if terms.net_days else due_at


async def _terms(tx: Tx, draft: Draft) -> BillingTerms:
    """The customer's own, but for what the draft says itself."""
    own = await billing_terms(tx, tx.customer)
    days = own.net_days if draft.net_days is None else draft.net_days
    return BillingTerms(ON_ACCOUNT if days else AUTOMATIC, days, draft.purchase_order or own.purchase_order)


async def rate_draft(tx: Tx, draft: Draft, carried: Sequence[CouponRedemptionId] = ()) -> Rated:
    """The draft's lines as they would be issued now."""
    return await rate(tx, bill_of(tx, draft, carried=carried), draft.lines)


def bill_of(
    tx: Tx, draft: Draft, spent: Sequence[Spent] = (), carried: Sequence[CouponRedemptionId] = ()
) -> Bill:  # fmt: skip
    """What the draft is rated by now, after others that use up those periods of coupons, going on with these."""
    return Bill(
        tx.customer, tx.head.legal_entity, draft.subscription, tx.now, draft.currency, tx.vault, tuple(spent),
        tuple(carried),
    )  # fmt: skip


async def issue(
    tx: Tx, id: InvoiceId, draft: Draft, rated: Rated, credited: Money, terms: BillingTerms, due_at: datetime,
    sealed: bytes | None = None,
) -> str:  # fmt: skip
    """Issues rated lines under the next number, which comes back; ``sealed`` is whom it is made out to, if not to the
    customer of now."""
    posted = await _post(tx, id, rated, credited)
    state = await INVOICE.begin(tx, tx.customer, id.uuid, "finalize")
    tx.emit("invoice.finalized", invoice=id)
    if credited == rated.total:
        state = await INVOICE.move(tx, tx.customer, id.uuid, state, "pay")
        emit_of(tx, "invoice.paid", id, draft.subscription)
    elif terms.net_days:
        emit_of(tx, "invoice.on_account", id, draft.subscription)
        await due.schedule(tx, OVERDUE, id.uuid, due_at)
    sealed = sealed or await seal_snapshot(tx, credited)
    await use_up(tx, rated.used, draft.subscription, id)
    number = await take_number(tx, "invoice")
    issue = Issue(number, credited, posted, sealed, state, terms.collection, due_at, terms.purchase_order)
    await insert_invoice(tx, id, draft, rated, issue)
    await insert_lines(tx, id, draft, rated)
    await insert_taxes(tx, id, rated)
    await keep_decision(tx, id, rated.taxed)
    await insert_discounts(tx, id, rated)
    await give_back(tx, rated.given_back)
    await drop_draft(tx, id)
    return number.text


async def _post(tx: Tx, id: InvoiceId, rated: Rated, credited: Money) -> int | None:
    """The revenue is what is left before tax; the tax is owed on."""
    legs = ((Account.RECEIVABLE, rated.total), (Account.REVENUE, -rated.subtotal), (Account.TAX_PAYABLE, -rated.tax))
    transfers = transfers_of(legs)
    if credited.minor:
        transfers.append(Transfer(Account.CUSTOMER_CREDIT, Account.RECEIVABLE, credited))
    return await post(tx, Cause("invoice.finalized", id.uuid), transfers) if transfers else None
