"""Tax: invariants 19 and 33, and what revenue and tax the books owe to the documents."""

from collections import Counter
from collections.abc import Iterator
from fractions import Fraction

from tests.simulation.invariants_books import balances
from tests.simulation.look import Look

MILLION = 1_000_000


def taxes_add_up(look: Look) -> Iterator[str]:
    """19: components make the tax of their line, lines that of their invoice, and so do its totals by rate."""
    parts = look.facts.by("invoice_line_tax", "invoice_id", "position")
    totals = look.facts.by("invoice_tax", "invoice_id")
    lines = look.facts.by("invoice_line", "invoice_id")
    for row in look.facts.rows["invoice"]:
        for line in lines.get(row["id"], []):
            own = parts.get((row["id"], line["position"]), [])
            made = sum(part["amount"] for part in own if part["correction_id"] is None)
            if made != line["tax"]:
                yield f"line {line['position']} of {row['number_text']} has tax {line['tax']}, its parts make {made}"
        by_rate = sum(total["amount"] for total in totals.get(row["id"], []))
        by_line = sum(line["tax"] for line in lines.get(row["id"], []))
        if not row["tax"] == by_rate == by_line:
            yield f"{row['number_text']} has tax {row['tax']}, by rate {by_rate}, by line {by_line}"


def taxes_are_at_their_rate(look: Look) -> Iterator[str]:
    """19: of every charge the tax is its rate of what is taxable, less than a minor unit off."""
    charges = {
        (row["invoice_id"], row["position"]) for row in look.facts.rows["invoice_line"] if row["kind"] == "charge"
    }
    for part in look.facts.rows["invoice_line_tax"]:
        if (part["invoice_id"], part["position"]) not in charges:
            continue
        exact = Fraction(part["taxable"] * part["rate_ppm"], MILLION)
        if abs(part["amount"] - exact) >= 1 or (part["treatment"] != "standard" and part["amount"]):
            yield f"{part['treatment']} tax of {part['amount']} on {part['taxable']} at {part['rate_ppm']}"
        if not 0 <= part["given_back"] <= part["amount"]:
            yield f"tax of {part['amount']} of which {part['given_back']} was given back"


def what_is_given_back_whole_leaves_no_tax(look: Look) -> Iterator[str]:
    """19: parts that were given back of a charge sum to exactly its tax once all of it is given back."""
    parts = look.facts.by("invoice_line_tax", "invoice_id", "position")
    for line in look.facts.of("invoice_line", kind="charge"):
        if not line["amount"] or line["given_back"] != line["amount"]:
            continue
        for part in parts.get((line["invoice_id"], line["position"]), []):
            if part["given_back"] != part["amount"]:
                yield f"{line['amount']} was given back whole, of its tax {part['amount']} only {part['given_back']}"


def the_unregistered_charge_no_tax(look: Look) -> Iterator[str]:
    """19: the entity that is not registered anywhere charges none."""
    live = look.town.tenant.live.uuid
    for row in look.facts.of("invoice", legal_entity_id=live):
        if row["tax"]:
            yield f"{row['number_text']} of an unregistered entity has tax {row['tax']}"


def books_owe_what_documents_say(look: Look) -> Iterator[str]:
    """33: tax payable and revenue are those of the invoices that stand, less those of the credit notes."""
    sums = balances(look)
    owed: Counter[object] = Counter()
    earned: Counter[object] = Counter()
    for row in look.facts.rows["invoice"]:
        if row["state"] != "void":
            owed[row["customer_id"]] += row["tax"]
            earned[row["customer_id"]] += row["total"] - row["tax"]
    for row in look.facts.of("credit_note", state="issued"):
        owed[row["customer_id"]] -= row["tax"]
        earned[row["customer_id"]] -= row["total"] - row["tax"]
    for head in look.facts.rows["customer_head"]:
        customer = head["customer_id"]
        for account, expected in (("tax_payable", owed[customer]), ("revenue", earned[customer])):
            stands = sum(amount for (of, kind, _), amount in sums.items() if (of, kind) == (customer, account))
            if stands != expected:
                yield f"{account} of {customer} is {stands}, its documents make {expected}"


CHECKS = (
    taxes_add_up,
    taxes_are_at_their_rate,
    what_is_given_back_whole_leaves_no_tax,
    the_unregistered_charge_no_tax,
    books_owe_what_documents_say,
)
