"""Credit that nobody paid for, and money that came and went by hand: invariants 4, 11, 15, 18 and 33."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from uuid import UUID

from tests.simulation.contradictions import was_revoked
from tests.simulation.facts import Row
from tests.simulation.history import History
from tests.simulation.invariants_books import balances
from tests.simulation.look import Look

SERVICE = "service_credit"
CREDIT = "customer_credit"
REVERSED = "payments.reverse_offline"  # the only operation that takes back what staff recorded
DECIDED = "payments.resolve_exception"  # by which people decide otherwise than was known before


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
    after one; a payment is taken back by its bank or, where staff recorded it, by staff; a refund with its note. What
    people had taken for sure, people decide otherwise."""
    taken_back, names = _taken_back(look), look.operation_names()
    for row in look.facts.rows["payment"]:
        by_bank = [each for id, each in taken_back["payment"] if id == row["id"] and names.get(each) != DECIDED]
        if row["returned"] not in (0, row["captured"]) or bool(row["returned"]) != bool(by_bank):
            yield f"of payment {row['id']} of {row['captured']} {row['returned']} were taken back"
    of = {row["id"]: row["invoice_id"] for row in look.facts.rows["payment"]}
    again = {(of[id], operation) for id, operation in taken_back["payment"]}
    for id, operation in taken_back["invoice"] - again:
        yield f"invoice {id} is owed again by {operation}, and nothing of it was taken back"
    for id, _ in taken_back["dunning"]:
        case = look.facts.one("dunning_case", id=id)
        if case["invoice_id"] not in {invoice for invoice, _ in again}:
            yield f"case {case['id']} began again, and nothing of its invoice was taken back"
    yield from _not_by_who_may(look, taken_back["payment"])
    yield from _without_its_note(look, taken_back["refund"])


def _taken_back(look: Look) -> dict[str, set[tuple[UUID, UUID]]]:
    """What went back from where it had ended, by machine, and the operations that took it there."""
    ends = {
        "payment": frozenset({"captured", "settling", "succeeded"}), "invoice": frozenset({"paid"}),
        "dunning": frozenset({"recovered", "stopped"}), "refund": frozenset({"succeeded"}),
    }  # fmt: skip
    found: dict[str, set[tuple[UUID, UUID]]] = {machine: set() for machine in ends}
    for row in look.facts.rows["transition"]:
        later = {"captured": ("settling", "succeeded"), "settling": ("succeeded",)}.get(row["from_state"], ())
        if row["from_state"] in ends.get(row["machine"], ()) and row["to_state"] not in later:
            found[row["machine"]].add((row["entity_id"], row["operation_id"]))
    return found


def _not_by_who_may(look: Look, taken_back: set[tuple[UUID, UUID]]) -> Iterator[str]:
    names = look.operation_names()
    for id, operation in taken_back:
        row = look.facts.one("payment", id=id)
        if row["kind"] == "offline":
            if names.get(operation) != REVERSED:
                yield f"payment {id} that staff recorded was taken back by {names.get(operation)}"
        elif names.get(operation) != DECIDED and not any(charge.state == "returned" for charge in look.charges(row)):
            yield f"payment {id} was taken back by {names.get(operation)}, at the provider it stands"


def _without_its_note(look: Look, ended: set[tuple[UUID, UUID]]) -> Iterator[str]:
    void: dict[object, Row] = {}
    for row in look.facts.of("transition", machine="credit_note", to_state="void") if ended else ():
        note = look.facts.one("credit_note", id=row["entity_id"])
        void[note["customer_id"], note["posted_number"], row["operation_id"]] = note
    for id, operation in ended:
        row = look.facts.one("refund", id=id)
        if row["means"] != "credit":
            if look.operation_names().get(operation) != DECIDED or not was_revoked(look, id):
                yield f"refund {id} did not succeed after all, and nobody decided so"
            continue
        gone = void.get((row["customer_id"], row["posted_number"], operation))
        if gone is None or gone["voided_number"] != row["settled_number"]:
            yield f"service credit {id} did not succeed after all, and its note is {gone}"


def nobody_owes_what_was_paid_too_much(look: Look) -> Iterator[str]:
    """10: where a payment was taken back and its invoice is owed since, no credit is left that the invoice's other
    payments had become beyond what they paid: it is used first, before anybody is asked to pay twice."""
    history = History.of(look)
    for move in look.facts.of("transition", machine="payment", event="return"):
        taken_back, after = look.facts.one("payment", id=move["entity_id"]), history.by_id[move["operation_id"]]
        states = [
            row["to_state"] for row in look.facts.of("transition", entity_id=taken_back["invoice_id"])
            if history.by_id[row["operation_id"]].number <= after.number
        ]  # fmt: skip
        if states[-1] not in ("open", "uncollectible"):
            continue
        own = look.facts.of("ledger_transaction", customer_id=taken_back["customer_id"])
        then = [row for row in own if history.by_id[row["operation_id"]].number <= after.number]
        credit = sum(_credited(look, row) for row in then)
        others = [row for row in look.facts.of("payment", invoice_id=taken_back["invoice_id"]) if row != taken_back]
        for row in others if credit > 0 else ():
            lies = min(credit, _excess_then(look, row, then))
            if lies > 0:
                yield f"invoice {row['invoice_id']} was owed again, and {lies} that {row['id']} had brought lay there"


def _excess_then(look: Look, of: Row, then: Sequence[Row]) -> int:
    """What a payment had become credit by those transactions and may still lie there: nothing that was ever given back,
    or asked to be, counts, nor anything that was ever disputed."""
    if look.facts.of("dispute", payment_id=of["id"]):
        return 0
    gone = {row["reverses_number"] for row in then}
    moves = [
        ((row["cause"], row["cause_id"]) == ("payment.captured", of["id"]) and row["number"] not in gone, moved)
        for row in sorted(then, key=lambda row: row["number"])
        if (moved := _credited(look, row))
    ]
    given: int = sum(row["amount"] for row in look.facts.of("refund", payment_id=of["id"]))
    return min(left_of_own(moves), sum(moved for is_own, moved in moves if is_own) - given)


def left_of_own(moves: Iterable[tuple[bool, int]]) -> int:
    """What may be left in the end of the own part of what moved a customer's credit: all else is taken to go first, and
    what comes after all of it has gone is other money."""
    left = stands = 0
    for is_own, moved in moves:
        stands += moved
        left = min(left + moved if is_own else left, stands)
    return left


def _credited(look: Look, row: Row) -> int:
    """By how much a transaction moved the customer's credit."""
    parts = look.transfers(row["customer_id"], row["number"])
    sides = ((part["credit_kind"] == CREDIT) - (part["debit_kind"] == CREDIT) for part in parts)
    moved: int = sum(part["amount"] * side for part, side in zip(parts, sides, strict=True))
    return moved


CHECKS = (credit_given_has_its_note, what_came_by_hand_is_outside, what_is_owed_again_was_taken_back)
AT_REST = (nobody_owes_what_was_paid_too_much,)
