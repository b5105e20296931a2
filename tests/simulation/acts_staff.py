"""What staff do to documents: credit notes, invoices of their own, terms of payment, voids and replacements."""

from domain.actor import Grant
from domain.corrections.finalize_draft import FinalizeDraft, finalize_draft
from domain.corrections.void_invoice import VoidInvoice, void_invoice
from domain.ids import CreditNoteId, InvoiceId
from domain.invoices.billing_terms import SetBillingTerms, set_billing_terms
from domain.invoices.edit_draft import CreateInvoice, create_invoice
from domain.invoices.manual_line import ManualLine
from domain.money import Money
from domain.payments.issue_credit_note import IssueCreditNote, issue_credit_note
from domain.payments.still_open import NOT_CHARGED
from domain.payments.void_credit_note import VoidCreditNote, void_credit_note
from domain.refusals import RefusalCode as No
from tests.simulation.acts_customers import Act, prompt
from tests.simulation.facts import Row
from tests.simulation.replacements import given_back, gives_back_too_much
from tests.simulation.town import Patron, Town

NET_DAYS = (0, 0, 7, 30)  # mostly charged at once, so that on-account customers do not hide what cards do
MOST_REPLACED = 3  # replacements of replacements are as the first


def note(town: Town) -> Act | None:
    """Staff credits a part of an invoice, what is left of it, more than that, or nothing."""
    rows = town.facts.rows["invoice"]
    if not rows:
        return None
    row = town.chance.choice(rows)
    patron = town.patron_of(row["customer_id"])
    given = sum(each["total"] for each in town.facts.of("credit_note", invoice_id=row["id"], state="issued"))
    left = max(0, row["total"] - given)
    kind = town.chance.choice(("part", "part", "part", "rest", "above", "nothing"))
    amount = {"part": max(1, left // 3), "rest": left, "above": row["total"] + 1, "nothing": 0}[kind]
    way = town.chance.choice(("refund", "credit", "credit", "out_of_band"))
    town.note(f"{kind} of {row['number_text']} ({row['state']}) by {way}")
    command = _note_of(row, patron, amount, way)
    may = (
        No.EXCEEDS_INVOICED, No.EXCEEDS_CAPTURED, No.STATE_CONFLICT, No.PAYMENT_IN_PROGRESS, No.INVALID_AMOUNT,
        *([No.FORBIDDEN] if way == "refund" else []),  # beyond what a lead gives back alone
    )  # fmt: skip

    async def act() -> None:
        actor = town.staff(Grant.LEAD)
        await town.call("note", issue_credit_note, actor, patron.id, command, may=may)
        await prompt(town, patron)

    return act()


def _note_of(row: Row, patron: Patron, amount: int, way: str) -> IssueCreditNote:
    """What exceeds the amount owed goes one way."""
    excess = max(0, amount - row["due"] - row["written_off"])
    parts = {name: Money(excess if name == way else 0, patron.currency) for name in ("refund", "credit", "out_of_band")}
    id = InvoiceId(patron.id.shard, row["id"])
    return IssueCreditNote(id, "goodwill", "A goodwill of staff", (), Money(amount, patron.currency), **parts)


def take_note_back(town: Town) -> Act | None:
    """Staff voids a credit note that was a mistake."""
    rows = town.facts.of("credit_note", kind="goodwill")
    if not rows:
        return None
    row = town.chance.choice(rows)
    patron = town.patron_of(row["customer_id"])

    async def act() -> None:
        command = VoidCreditNote(CreditNoteId(patron.id.shard, row["id"]))
        may = (No.STATE_CONFLICT, No.INSUFFICIENT_BALANCE)
        await town.call("take back", void_credit_note, town.staff(Grant.LEAD), patron.id, command, may=may)
        await prompt(town, patron)

    return act()


def write(town: Town) -> Act | None:
    """Staff writes an invoice of its own, on the customer's terms or on others."""
    if not town.patrons:
        return None
    patron, chance = town.chance.choice(town.patrons), town.chance
    prices = [chance.choice((0, 99, 4_000, 1_000_001)) for _ in range(chance.randint(1, 3))]
    lines = tuple(
        ManualLine("Help", chance.randint(1, 3), Money(minor, patron.currency), tax_inclusive=chance.random() < 0.3)
        for minor in prices
    )
    command = CreateInvoice(lines, None, chance.choice((None, None, *NET_DAYS)))
    town.note(f"{prices} for {patron}")

    async def act() -> None:
        await town.call("write", create_invoice, town.staff(Grant.FINANCE), patron.id, command)

    return act()


def issue(town: Town) -> Act | None:
    """Staff issues a draft, its own or one of a renewal before its hour is over."""
    rows = town.facts.rows["invoice_draft"]
    if not rows:
        return None
    own = [row for row in rows if row["subscription_id"] is None]
    row = town.chance.choice(own if own and town.chance.random() < 0.8 else rows)
    patron = town.patron_of(row["customer_id"])

    too_much = gives_back_too_much(town.facts, row)
    may = [No.PAYMENT_METHOD_REQUIRED]
    if given_back(town.facts, row):
        may.append(No.INVALID_AMOUNT)  # its charges may have more discounts than they had

    async def act() -> None:
        command = FinalizeDraft(InvoiceId(patron.id.shard, row["id"]))
        await town.call(
            "issue", finalize_draft, town.staff(Grant.FINANCE), patron.id, command,
            may=may,
            must=No.EXCEEDS_INVOICED if too_much else None,
        )  # fmt: skip
        await prompt(town, patron)

    return act()


def agree(town: Town) -> Act | None:
    """Staff gives a customer time to pay, or takes it back."""
    if not town.patrons:
        return None
    patron, days = town.chance.choice(town.patrons), town.chance.choice(NET_DAYS)
    town.note(f"{days} days for {patron}")

    async def act() -> None:
        command = SetBillingTerms(days, None)
        await town.call("agree", set_billing_terms, town.staff(Grant.FINANCE), patron.id, command)

    return act()


def void(town: Town) -> Act | None:
    """Staff voids an invoice, mostly an open one, sometimes to put another one in its place."""
    rows = town.facts.rows["invoice"]
    open_ones = [row for row in rows if row["state"] == "open"]
    if not open_ones:
        return None
    row = town.chance.choice(open_ones if town.chance.random() < 0.9 else rows)
    patron = town.patron_of(row["customer_id"])
    replaced = sum(each["reason"].startswith("replacement:") for each in rows)
    replace = town.chance.random() < 0.4 and replaced < MOST_REPLACED
    town.note(f"{row['number_text']} ({row['state']}) {'for another' if replace else 'for good'}")

    async def act() -> None:
        command = VoidInvoice(InvoiceId(patron.id.shard, row["id"]), "It was wrong", replace)
        may = (No.STATE_CONFLICT, No.PAYMENT_IN_PROGRESS, *given_beyond(town, row))
        await town.call("void", void_invoice, town.staff(Grant.FINANCE), patron.id, command, may=may)
        await prompt(town, patron)

    return act()


def given_beyond(town: Town, row: Row) -> tuple[No, ...]:
    """Where a payment of it or of its adjustments was taken back, or had never come, more of an invoice may have been
    given back than is paid of it."""
    own = town.facts.of("payment", customer_id=row["customer_id"])
    gone = any(each["returned"] or each["failure_code"] == NOT_CHARGED for each in own)
    return (No.INSUFFICIENT_BALANCE,) if gone else ()
