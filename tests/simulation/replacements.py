"""Drafts that stand in the place of a void invoice: what they give back, and whether as much is left."""

from collections import Counter
from uuid import UUID

from tests.simulation.facts import Facts, Row

REPLACEMENT = "replacement:"  # how the reason of such a draft begins, which ends with the number of the void invoice


def first_of(facts: Facts, invoice: Row) -> Row:
    """The invoice that was issued first of those that stand in each other's place; itself where it is in nobody's."""
    return first_of(facts, _void(facts, invoice)) if invoice["reason"].startswith(REPLACEMENT) else invoice


def given_back(facts: Facts, draft: Row) -> Counter[tuple[UUID, int]]:
    """What issuing the draft would give back of each charge, as its line counts; staff edits no draft here, so its
    lines are those of the invoice that it replaces."""
    asked: Counter[tuple[UUID, int]] = Counter()
    if draft["reason"].startswith(REPLACEMENT):
        for line in facts.of("invoice_line", invoice_id=_void(facts, draft)["id"]):
            if line["credits_invoice_id"] is not None:
                asked[line["credits_invoice_id"], line["credits_position"]] -= line["amount"]
    return asked


def gives_back_too_much(facts: Facts, draft: Row) -> bool:
    """Whether a charge has less left than the draft would give back of it, such as after a credit note."""
    for (invoice, position), amount in given_back(facts, draft).items():
        charge = facts.one("invoice_line", invoice_id=invoice, position=position)
        if amount > charge["amount"] - charge["given_back"]:
            return True
    return False


def _void(facts: Facts, of: Row) -> Row:
    """The invoice in whose place a draft or an invoice stands."""
    number = of["reason"].removeprefix(REPLACEMENT)
    return facts.one("invoice", customer_id=of["customer_id"], number_text=number)
