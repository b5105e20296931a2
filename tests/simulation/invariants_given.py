"""Credit that nobody paid for, and money that came and went by hand: invariants 4, 11, 15, 18 and 33."""

from collections import Counter
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from tests.simulation.facts import Row
from tests.simulation.invariants_books import balances
from tests.simulation.look import Look

SERVICE = "service_credit"
REVERSED = "payments.reverse_offline"  # the only operation that takes back what staff recorded


def credit_given_has_its_note(look: Look) -> Iterator[str]:
    """11 and 18: credit that nobody paid for stands on one credit note over just that amount; where the note is void,
    nothing was given, and no note stands for anything else."""
    notes = {
        (row["customer_id"], row["posted_number"]): row for row in look.facts.rows["credit_note"]
        if row["kind"] == SERVICE
    }  # fmt: skip
    for row in look.facts.of("refund", means="credit"):
        if row["posted_number"] is None:
            if row["state"] not in ("awaiting_approval", "rejected", "canceled"):
                yield f"service credit {row['id']} is {row['state']}, and no credit note gave it"
            continue
        note = notes.pop((row["customer_id"], row["posted_number"]), None)
        gave = note and (note["state"], note["credited"], note["total"], note["currency"])
        given = {"succeeded": "issued", "failed": "void"}.get(row["state"])
        if gave != (given, row["amount"], row["amount"], row["currency"]):
            yield f"service credit {row['id']} of {row['amount']} is {row['state']}, its credit note is {gave}"
    yield from (f"{note['number_text']} is over a service credit that nobody gave" for note in notes.values())


def what_came_by_hand_is_outside(look: Look) -> Iterator[str]:
    """33: cash outside is what staff recorded and did not take back, less what it paid out or settled by hand."""
    outside: Counter[object] = Counter()
    kinds = {row["id"]: row["kind"] for row in look.facts.rows["payment"]}
    for row in look.facts.of("payment", kind="offline"):
        outside[row["customer_id"]] += row["captured"] - row["returned"]
    for row in look.facts.of("refund", state="succeeded"):
        by_hand = kinds[row["payment_id"]] == "offline" and row["means"] == "method"
        outside[row["customer_id"]] -= row["amount"] if by_hand or row["means"] == "outside" else 0
    for row in look.facts.rows["credit_note"]:  # whatever is void: the customer has it
        outside[row["customer_id"]] -= row["out_of_band"]
    for row in look.facts.of("ledger_transaction", cause="exception.recovered"):
        found = look.transfers(row["customer_id"], row["number"])
        outside[row["customer_id"]] += sum(part["amount"] for part in found)
    sums = balances(look)
    for head in look.facts.rows["customer_head"]:
        customer = head["customer_id"]
        stands = sum(amount for (of, kind, _), amount in sums.items() if (of, kind) == (customer, "cash_outside"))
        if stands != outside[customer]:
            yield f"{customer} has {stands} outside by the books, {outside[customer]} came by hand and did not go"


def what_is_owed_again_was_taken_back(look: Look) -> Iterator[str]:
    """4 and 15: an invoice is owed again with a payment of it that was taken back, whole, and its case begins again
    after one; a payment is taken back by its bank or, where staff recorded it, by staff; a refund with its note."""
    taken_back = _taken_back(look)
    for row in look.facts.rows["payment"]:
        if row["returned"] not in (0, row["captured"]) or bool(row["returned"]) != (row["id"] in taken_back["payment"]):
            yield f"of payment {row['id']} of {row['captured']} {row['returned']} were taken back"
    of = {row["id"]: row["invoice_id"] for row in look.facts.rows["payment"]}
    again = {(of[id], operation) for id, operation in taken_back["payment"].items()}
    for id, operation in taken_back["invoice"].items():
        if (id, operation) not in again:
            yield f"invoice {id} is owed again by {operation}, and nothing of it was taken back"
    reopened = look.facts.rows["dunning_case"] if taken_back["dunning"] else []
    for case in reopened:
        if case["id"] in taken_back["dunning"] and case["invoice_id"] not in {id for id, _ in again}:
            yield f"case {case['id']} began again, and nothing of its invoice was taken back"
    yield from _not_by_who_may(look, taken_back["payment"])
    yield from _without_its_note(look, taken_back["refund"])


def _taken_back(look: Look) -> dict[str, dict[UUID, Any]]:
    """What went back from where it had ended, by machine, and the operation that last took it there."""
    ends = {
        "payment": frozenset({"captured", "settling", "succeeded"}), "invoice": frozenset({"paid"}),
        "dunning": frozenset({"recovered", "stopped"}), "refund": frozenset({"succeeded"}),
    }  # fmt: skip
    found: dict[str, dict[UUID, Any]] = {machine: {} for machine in ends}
    for row in look.facts.rows["transition"]:
        later = {"captured": ("settling", "succeeded"), "settling": ("succeeded",)}.get(row["from_state"], ())
        if row["from_state"] in ends.get(row["machine"], ()) and row["to_state"] not in later:
            found[row["machine"]][row["entity_id"]] = row["operation_id"]
    return found


def _not_by_who_may(look: Look, taken_back: dict[UUID, Any]) -> Iterator[str]:
    names = look.operation_names()
    for id, operation in taken_back.items():
        row = look.facts.one("payment", id=id)
        if row["kind"] == "offline":
            if names.get(operation) != REVERSED:
                yield f"payment {id} that staff recorded was taken back by {names.get(operation)}"
        elif not any(charge.state == "returned" for charge in look.charges(row)):
            yield f"payment {id} was taken back by {names.get(operation)}, at the provider it stands"


def _without_its_note(look: Look, ended: dict[UUID, Any]) -> Iterator[str]:
    void: dict[object, Row] = {}
    for row in look.facts.of("transition", machine="credit_note", to_state="void") if ended else ():
        note = look.facts.one("credit_note", id=row["entity_id"])
        void[note["customer_id"], note["posted_number"], row["operation_id"]] = note
    for id, operation in ended.items():
        row = look.facts.one("refund", id=id)
        gone = void.get((row["customer_id"], row["posted_number"], operation))
        if row["means"] != "credit" or gone is None or gone["voided_number"] != row["settled_number"]:
            yield f"refund {id} by {row['means']} did not succeed after all, and its note is {gone}"


CHECKS = (credit_given_has_its_note, what_came_by_hand_is_outside, what_is_owed_again_was_taken_back)
