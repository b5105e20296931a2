"""Issued invoices for tests of what becomes of them, and what staff does with them."""

from typing import Any

from domain.actor import Grant
from domain.corrections.finalize_draft import DraftFinalized, FinalizeDraft, finalize_draft
from domain.db import Primary
from domain.ids import CustomerId, InvoiceId
from domain.invoices.credit_note import CreditNote, credit_notes_of
from domain.invoices.edit_draft import CreateInvoice, create_invoice
from domain.invoices.invoice import Invoice, invoice
from domain.invoices.manual_line import ManualLine
from domain.ledger.account import DEBIT_NORMAL, Account
from domain.ledger.balance import balance
from domain.money import Money
from domain.payments.issue_credit_note import CreditNoteIssued, IssueCreditNote, issue_credit_note
from domain.payments.note_parts import NoteLine
from domain.perform import perform
from domain.reactions.work import do_now
from tests.lives import by_finance
from tests.world import EUR, Someone, World, fresh

NOTHING = Money(0, EUR)


def eur(minor: int) -> Money:
    """An amount in cents."""
    return Money(minor, EUR)


SETUP = ManualLine("Set-up", 2, eur(5000))


async def draft(world: World, of: Someone, *lines: ManualLine, **terms: Any) -> InvoiceId:
    """A draft of these lines."""
    command = CreateInvoice(lines, terms.get("purchase_order"), terms.get("net_days"))
    return (await by_finance(world, of, create_invoice, command)).draft


async def issue(world: World, of: Someone, id: InvoiceId) -> DraftFinalized:
    """The draft is issued."""
    return await by_finance(world, of, finalize_draft, FinalizeDraft(id))


async def drafted(world: World, of: Someone) -> InvoiceId | None:
    """The customer's draft, if there is one."""
    found = await world.house.db.primary.fetchval(
        "SELECT id FROM invoice_draft WHERE shard_key = $1 AND customer_id = $2", of.id.shard, of.id.uuid
    )
    return InvoiceId(of.id.shard, found) if found else None


async def note(
    world: World, of: Someone, billed: InvoiceId, amount: int | None = None, *, lines: tuple[NoteLine, ...] = (),
    refund: int = 0, credit: int = 0, out_of_band: int = 0, role: Grant = Grant.FINANCE, key: str | None = None,
    kind: str = "goodwill", reason: str = "The service was down.",
) -> CreditNoteIssued:  # fmt: skip
    """A credit note of staff, and all that follows from it."""
    command = IssueCreditNote(
        billed, kind, reason, lines, None if amount is None else eur(amount), eur(refund), eur(credit),
        eur(out_of_band),
    )  # fmt: skip
    done = await perform(world.house.db, issue_credit_note, world.staff(role), of.id, command, key or fresh("note"))
    await do_now(world.house, of.id)
    return done.outcome


async def now(world: World, of: Someone, id: InvoiceId) -> Invoice:
    """The invoice as it stands."""
    return await invoice(world.house.db.primary, of.id, id)


async def notes(world: World, of: Someone, id: InvoiceId) -> list[CreditNote]:
    """The credit notes of an invoice, oldest first."""
    return (await credit_notes_of(world.house.db.primary, of.id, [id])).get(id, [])


async def credit(world: World, of: Someone) -> int:
    """What the customer has in credit."""
    return (await balance(world.house.db.primary, of.id, EUR)).credit.minor


async def owed_and_credit(world: World, of: Someone) -> tuple[int, int]:
    """What the customer owes, and what it has in credit."""
    found = await balance(world.house.db.primary, of.id, EUR)
    return found.receivable.minor, found.credit.minor


async def on(db: Primary, customer: CustomerId, account: Account) -> int:
    """What stands on an account, on its normal side, from the transfers alone."""
    debits: int = await db.fetchval(
        """SELECT coalesce(sum(CASE WHEN debit_kind = $3 THEN amount WHEN credit_kind = $3 THEN -amount ELSE 0 END), 0)
             FROM ledger_transfer WHERE shard_key = $1 AND customer_id = $2""",
        customer.shard,
        customer.uuid,
        account.value,
    )
    return int(debits) if account in DEBIT_NORMAL else -int(debits)
