"""Disputes and decisions of people: invariants 11, 12, 33 and 35, held against the provider's own books."""

from collections import Counter
from collections.abc import Iterator
from uuid import UUID

from tests.simulation.facts import Row
from tests.simulation.history import History
from tests.simulation.look import Look

UNDECIDED = ("open", "evidence_submitted")
ON_ITS_WAY = {"open": 0, "evidence_submitted": 1, "lost": 2, "won": 3}  # none goes back, and a loss may be won late


def disputes_are_the_providers(look: Look) -> Iterator[str]:
    """11 and 12: each dispute we know is one of the provider's, of its amount, its charge and a fee that it had; we are
    never ahead of it, and what it reserves of its payment is there."""
    reserved: Counter[UUID] = Counter()
    for row in look.facts.rows["dispute"]:
        contest = look.books.contests.get(row["provider_ref"])
        if contest is None:
            yield f"dispute {row['provider_ref']} is not the provider's"
            continue
        if (row["amount"], row["currency"]) != (contest.money.minor, str(contest.money.currency)):
            yield f"{contest.ref} is of {row['amount']} {row['currency']}, there of {contest.money}"
        if contest.charge.reference != look.reference("payment", row["payment_id"]):
            yield f"{contest.ref} is of another payment than {row['payment_id']}"
        if ON_ITS_WAY[row["state"]] > ON_ITS_WAY[contest.status.value] or row["fee"] not in contest.fees:
            yield f"{contest.ref} is {row['state']} for {row['fee']}, there {contest.status.value} for {contest.fees}"
        if not 0 <= row["covered"] <= row["amount"] or (row["state"] == "won" and row["covered"]):
            yield f"{contest.ref} of {row['amount']} covers {row['covered']}"
        reserved[row["payment_id"]] += row["covered"]
    for row in look.facts.rows["payment"]:
        if row["disputes_reserved"] != reserved[row["id"]]:
            yield f"payment {row['id']}: disputes cover {reserved[row['id']]}, reserved {row['disputes_reserved']}"


def disputes_are_in_the_books(look: Look) -> Iterator[str]:
    """33: of each dispute the provider has taken its money unless it was won, and what we call its loss is the rest."""
    posted: dict[tuple[UUID, str], int] = {}
    causes = {(row["customer_id"], row["number"]): row for row in look.facts.rows["ledger_transaction"]}
    for part in look.facts.rows["ledger_transfer"]:
        of = causes[part["customer_id"], part["number"]]
        if of["cause"].startswith("dispute."):
            for side, sign in (("debit_kind", 1), ("credit_kind", -1)):
                place = (of["cause_id"], part[side])
                posted[place] = posted.get(place, 0) + sign * part["amount"]
    for row in look.facts.rows["dispute"]:
        found = {kind: amount for (id, kind), amount in posted.items() if id == row["id"] and amount}
        taken = row["amount"] if row["state"] != "won" else 0
        kept = found.pop("customer_credit", 0)
        waits = row["covered"] if row["state"] in UNDECIDED else 0
        expected = {
            "cash_clearing": -taken - row["fee"], "disputes": waits, "dispute_losses": taken - waits - kept,
            "dispute_fees": row["fee"],
        }  # fmt: skip
        if found != {kind: amount for kind, amount in expected.items() if amount} or not 0 <= kept <= most_withheld(
            look, row
        ):
            yield f"dispute {row['id']} {row['state']} of {row['amount']}: {found} and {kept} of credit, not {expected}"


def most_withheld(look: Look, dispute: Row) -> int:
    """As much credit as the bank has of what was left of the payment, and of what of it had been refunded as credit."""
    back = look.facts.one("payment", id=dispute["payment_id"])["returned"] > 0
    stand = ("succeeded", "failed") if back else ("succeeded",)  # what was withheld stays then, though the note is void
    served = look.facts.of("refund", payment_id=dispute["payment_id"], means="credit")
    given: int = sum(row["amount"] for row in served if row["state"] in stand)
    return int(min(dispute["amount"], dispute["covered"] + given))


def nobody_has_more_back_than_he_paid(look: Look) -> Iterator[str]:
    """11: what the bank has given the customer back of a payment was not refunded, by all its disputes together."""
    for id, disputes in look.facts.by("dispute", "payment_id").items():
        of = look.facts.one("payment", id=id)
        covered = sum(row["covered"] for row in disputes if row["state"] != "won")
        if covered + of["refunds_reserved"] > of["captured"]:
            yield f"of {of['captured']} {covered} are disputed and {of['refunds_reserved']} refunded"


def disputes_agree_at_rest(look: Look) -> Iterator[str]:
    """12 and 35: all the provider's disputes are known, decided as there, at the fee of there."""
    there = {ref: (each.status.value, each.fees[-1]) for ref, each in look.books.contests.items()}
    here = {row["provider_ref"]: (row["state"], row["fee"]) for row in look.facts.rows["dispute"]}
    if there != here:
        yield f"disputes there {there}, here {here}"
    for row in look.facts.rows["dispute"]:
        of = look.facts.one("payment", id=row["payment_id"])
        left = of["captured"] - of["returned"] - of["refunds_reserved"] - of["disputes_reserved"]
        if row["state"] != "won" and row["covered"] < row["amount"] and left > 0:
            yield f"{row['provider_ref']} exceeds its payment by {row['amount'] - row['covered']}, {left} is left of it"
        if row["asked"]:
            yield f"{row['provider_ref']} still waits to be answered"


def two_people_gave_it_back(look: Look) -> Iterator[str]:
    """15: a refund that awaited approval was begun by the decision of another person than asked for it; one that was
    not decided in time was rejected by nobody."""
    history = History.of(look)
    for row in look.facts.rows["refund_request"]:
        asked, moves = history.began(row["refund_id"]), look.facts.of("transition", entity_id=row["refund_id"])
        for move in moves:
            if move["from_state"] == "awaiting_approval":
                yield from _not_by_another(look, row, asked.actor, history.by_id[move["operation_id"]].actor, move)


def _not_by_another(look: Look, row: Row, asker: str, decider: str, move: Row) -> Iterator[str]:
    decided = {"requested": "approve", "rejected": "reject", "canceled": "withdraw"}[move["to_state"]]
    if decided != row["decision"] or (decider == asker) != (decided == "withdraw"):
        yield f"refund {row['refund_id']} asked for by {asker} is {move['to_state']} by {decider}: {row['decision']}"
    if decided == "reject" and decider.startswith("system") and move["happened_at"] < row["expires_at"]:
        yield f"refund {row['refund_id']} was rejected at {move['happened_at']}, its time is {row['expires_at']}"


def parts_are_what_was_owed(look: Look) -> Iterator[str]:
    """10 and 20: the parts of a plan are equal and no more than the invoice; one plan of it holds at a time."""
    parts = look.facts.by("installment", "plan_id")
    living: Counter[UUID] = Counter()
    for row in look.facts.rows["installment_plan"]:
        living[row["invoice_id"]] += row["state"] == "active"
        invoice = look.facts.one("invoice", id=row["invoice_id"])
        amounts = [part["amount"] for part in parts[row["id"]]]
        if sum(amounts) > invoice["total"] or max(amounts) - min(amounts) > 1:
            yield f"{invoice['number_text']} of {invoice['total']} is split in {amounts}"
        if row["state"] == "active" and invoice["state"] != "open":
            yield f"{invoice['number_text']} is {invoice['state']} and is still paid in parts"
    yield from (f"invoice {id} has {times} plans" for id, times in living.items() if times > 1)


EACH_STEP = (disputes_are_the_providers, disputes_are_in_the_books, nobody_has_more_back_than_he_paid)
AT_REST = (disputes_agree_at_rest, two_people_gave_it_back, parts_are_what_was_owed)
