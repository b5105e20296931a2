"""Drafts of staff that are not issued as they stand, and what is wrong in the input of those who write them."""

from typing import Any

from domain.corrections.void_invoice import VoidInvoice, void_invoice
from domain.ids import InvoiceId
from domain.invoices.billing_terms import SetBillingTerms, set_billing_terms
from domain.invoices.edit_draft import RemoveInvoiceLine, remove_invoice_line
from domain.subscriptions.change_plan import ChangePlan, change_plan
from tests.api_callers import Guest
from tests.bad_input_stage import amount
from tests.domain.invoices.bills import note
from tests.lives import by_finance, start
from tests.world import Someone, World


async def to_replace_a_change(world: World, of: Someone) -> tuple[InvoiceId, InvoiceId]:
    """The first invoice of a customer with a card, of 10.00 EUR, and the draft in the place of the one of a change on
    account, which is void: it gives those 10.00 back and charges 20.00."""
    begun = await start(world, of)
    await by_finance(world, of, set_billing_terms, SetBillingTerms(30, None))
    changed = (await world.do(of, change_plan, ChangePlan(begun.subscription, world.prices["team"]))).outcome
    assert changed.invoice
    done = await by_finance(world, of, void_invoice, VoidInvoice(changed.invoice, "Wrong.", replace=True))
    assert done.replacement
    return begun.invoice, done.replacement


async def refused_drafts(world: World, twice: Guest, alone: Guest) -> dict[str, str]:
    """One gives back what a credit note has given back meanwhile, the other gives back and charges nothing."""
    first, again = await to_replace_a_change(world, twice.who)
    await note(world, twice.who, first, 1000, credit=1000)
    _, credit = await to_replace_a_change(world, alone.who)
    await by_finance(world, alone.who, remove_invoice_line, RemoveInvoiceLine(credit, 2))
    return {"given back again": str(again), "credit alone": str(credit)}


MOST = 10**15  # the largest amount; ten times what the lines of an invoice come to
# What is wrong in the input of mutations about drafts, the code, and the path that names the part.
WRONG: list[tuple[str, dict[str, Any], str, list[str]]] = [
    ("createInvoice", {"netDays": 121}, "INVALID_INPUT", ["netDays"]),
    ("createInvoice", {"netDays": -1}, "INVALID_INPUT", ["netDays"]),
    ("createInvoice", {"purchaseOrder": "x" * 101}, "INVALID_INPUT", ["purchaseOrder"]),
    ("createInvoice", {"customerId": "customer_" + "0" * 32}, "NOT_FOUND", ["customerId"]),
    *(
        (name, {part: [line] if part == "lines" else line}, code, [part, *of_line])
        for name, part in (("createInvoice", "lines"), ("addInvoiceLine", "line"), ("editInvoiceLine", "line"))
        for wrong, code, *of_line in (
            ({"description": " "}, "INVALID_INPUT", "description"),
            ({"description": "x" * 201}, "INVALID_INPUT", "description"),
            ({"quantity": 0}, "INVALID_INPUT", "quantity"),
            ({"quantity": 1_000_001}, "INVALID_INPUT", "quantity"),
            ({"unitAmount": amount(-1)}, "INVALID_AMOUNT", "unitAmount"),
            ({"unitAmount": amount(MOST + 1)}, "INVALID_AMOUNT", "unitAmount"),
            ({"unitAmount": amount(MOST), "quantity": 2}, "INVALID_AMOUNT", "unitAmount"),
            ({"unitAmount": amount(MOST)}, "INVALID_AMOUNT"),
            ({"unitAmount": {"minorUnits": "1", "currency": "JPY"}}, "CURRENCY_MISMATCH", "unitAmount"),
            ({"taxCategory": ""}, "INVALID_INPUT", "taxCategory"),
            ({"taxCategory": "B a d"}, "INVALID_INPUT", "taxCategory"),
        )
        for line in [{"description": "Work", "unitAmount": amount(500), **wrong}]
    ),
    *(
        (name, {"draftId": "invoice_" + "0" * 32}, "NOT_FOUND", ["draftId"])
        for name in ("addInvoiceLine", "editInvoiceLine", "removeInvoiceLine", "deleteInvoiceDraft", "finalizeInvoice")
    ),
    ("editInvoiceLine", {"position": 3}, "NOT_FOUND", ["position"]),
    ("removeInvoiceLine", {"position": 0}, "NOT_FOUND", ["position"]),
    ("deleteInvoiceDraft", {"draftId": "nonsense"}, "NOT_FOUND", ["draftId"]),
]  # fmt: skip
