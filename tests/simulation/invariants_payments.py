"""Money that moves: invariants 10, 11, 16 and 18, held against the provider's own books."""

from collections import Counter
from collections.abc import Iterator

from tests.simulation.contradictions import charge_believed
from tests.simulation.facts import Row
from tests.simulation.invariants_books import balances
from tests.simulation.look import OPEN_PAYMENT, TAKEN_PAYMENT, Look
from tests.simulation.reopened import was_taken_back

OF_VOID = "payment.returned_of_void"  # the cause of taking the credit that a void invoice's payment had become
CASH = frozenset({"cash_clearing", "cash_outside"})  # where money of a payment comes in


WITHDRAWN, RETURNED = "payment.withdrawn", "payment.returned"  # causes of reversals: it never came, or went back


def parts_of(look: Look, payment: object, *undone: str) -> Counter[str]:
    """What the money of a captured payment was used for, by the credited account of its own postings, without those
    that were ``undone`` for one of these causes."""
    row = look.facts.one("payment", id=payment)
    used: Counter[str] = Counter()
    if row["posted_number"] is not None:
        gone = {
            each["reverses_number"] for cause in undone
            for each in look.facts.of("ledger_transaction", cause=cause, cause_id=payment)
        }  # fmt: skip
        for posted in look.facts.of("ledger_transaction", cause="payment.captured", cause_id=payment):
            for part in look.transfers(row["customer_id"], posted["number"]) if posted["number"] not in gone else ():
                used[part["credit_kind"]] += part["amount"]
                if part["debit_kind"] not in CASH:  # of its excess, which paid the invoice since
                    used[part["debit_kind"]] -= part["amount"]
    return used


def standing_parts(look: Look, payment: object) -> Counter[str]:
    """What the money of a payment is used for that nobody has taken back."""
    return parts_of(look, payment, WITHDRAWN, RETURNED)


def captures_are_used_up(look: Look) -> Iterator[str]:
    """10: every captured amount is posted whole; what an invoice calls paid was captured for it; the rest is credit."""
    paid: Counter[object] = Counter()
    for row in look.facts.rows["payment"]:
        used = parts_of(look, row["id"], WITHDRAWN)
        if sum(used.values()) != row["captured"]:
            yield f"payment {row['id']} captured {row['captured']}, posted is {dict(used)}"
        stands = standing_parts(look, row["id"])
        if sum(stands.values()) != row["captured"] - row["returned"]:
            yield f"payment {row['id']} keeps {row['captured'] - row['returned']}, posted is {dict(stands)}"
        paid[row["invoice_id"]] += stands["receivable"] + stands["write_offs"]
    for row in look.facts.rows["ledger_transaction"]:
        # A part was paid before it was voided: that became credit, and is none any more where it was taken back.
        sign = {"invoice.paid_back": -1, OF_VOID: 1}.get(row["cause"], 0)
        if sign:
            parts = look.transfers(row["customer_id"], row["number"])
            owed = (part for part in parts if "receivable" in (part["debit_kind"], part["credit_kind"]))
            paid[row["cause_id"]] += sign * sum(part["amount"] for part in owed)
    for row in look.facts.rows["invoice"]:
        if row["paid"] != paid[row["id"]]:
            yield f"{row['number_text']} says paid {row['paid']}, captured for it {paid[row['id']]}"


def one_attempt_at_a_time(look: Look) -> Iterator[str]:
    """10 and 16: one open attempt an invoice; while it is open, its invoice is not closed in any other way."""
    attempts = look.facts.by("payment", "invoice_id")
    for row in look.facts.rows["invoice"]:
        open_ones = [each for each in attempts.get(row["id"], []) if each["state"] in OPEN_PAYMENT]
        if len(open_ones) > 1:
            yield f"{row['number_text']} has {len(open_ones)} open attempts"
        if open_ones and row["state"] in ("void", "uncollectible"):
            yield f"{row['number_text']} is {row['state']} while an attempt is {open_ones[0]['state']}"


def nobody_pays_twice(look: Look) -> Iterator[str]:
    """10 and 12: the provider took for an invoice what it asks for at most, but for charges it had called declined, and
    what banks have taken back; of an invoice that is owed again what it had taken may be used up, or given back."""
    taken: Counter[object] = Counter()
    for row in look.facts.rows["payment"]:
        taken[row["invoice_id"]] += sum(charge.kept for charge in look.charges(row) if not charge.revived)
        if was_taken_back(look, row["invoice_id"]):
            taken[row["invoice_id"]] -= standing_parts(look, row["id"])["customer_credit"]
    for id, amount in taken.items():
        invoice = look.facts.one("invoice", id=id)
        if amount > invoice["total"]:
            yield f"invoice {invoice['number_text']} of {invoice['total']} was charged {amount}"


def holds_add_up(look: Look) -> Iterator[str]:
    """10: what was taken, can be taken and was let go is what was held; nothing is held that the provider let go."""
    for row in look.facts.rows["payment"]:
        parts = row["captured"] + row["capturable"] + row["released"]
        if row["authorized"] is not None and parts != row["authorized"]:
            yield f"payment {row['id']} holds {row['authorized']}, its parts are {parts}"
        for charge in look.charges(row):
            if row["state"] == "authorized" and row["captured"] > charge.taken:
                yield f"payment {row['id']} says {row['captured']} taken, the provider took {charge.taken}"


def is_being_barred(look: Look, row: Row) -> bool:
    """Whether the provider is still to be told to take nothing of what staff took for not charged."""
    work = look.facts.of("due_work", kind="send_payment", subject=row["id"])
    return bool(row["failure_code"] == "not_charged" and work)


HAD = frozenset({"captured", "returned"})  # charges of which money came; nobody may have been told that it went again


def failed_means_nothing_taken(look: Look) -> Iterator[str]:
    """16: no payment is failed or voided while the provider has the money, and none is taken that it has not."""
    for row in look.facts.rows["payment"]:
        captured = [charge for charge in look.charges(row) if charge.state == "captured"]
        had = [charge.taken for charge in look.charges(row) if charge.state in HAD]
        if is_being_barred(look, row):
            continue  # it was not taken when staff decided so, and no other attempt begins before the provider is told
        if row["state"] not in OPEN_PAYMENT | TAKEN_PAYMENT and any(not charge.revived for charge in captured):
            yield f"payment {row['id']} is {row['state']}, the provider took {captured[0].taken}"
        if (
            row["state"] in TAKEN_PAYMENT
            and row["kind"] == "provider"
            and (had or charge_believed(look, row)) != [row["captured"]]
        ):
            yield f"payment {row['id']} is {row['state']} of {row['captured']}, at the provider {captured}"
        back = [charge.back for charge in look.charges(row) if charge.back]
        if row["returned"] and row["kind"] == "provider" and back != [row["returned"]]:
            yield f"of payment {row['id']} {row['returned']} were taken back, at the provider {back}"


def nothing_is_sent_under_a_forgotten_key(look: Look) -> Iterator[str]:
    """10 and 11: a request that may have arrived is not sent again once the provider could take it for a new one."""
    yield from (f"{key} was sent again after its time" for key in look.books.asked_late)


UNDONE = ("failed", "rejected", "canceled")  # refunds of which nothing was given back, or will be


def refunds_are_covered(look: Look) -> Iterator[str]:
    """11: refunds that did not fail never exceed what was captured, here and at the provider, and are reserved."""
    refunds = look.facts.by("refund", "payment_id")
    for row in look.facts.rows["payment"]:
        standing = [each for each in refunds.get(row["id"], []) if each["state"] not in UNDONE]
        amount = sum(each["amount"] - each["beyond"] for each in standing)
        if not amount == row["refunds_reserved"] <= row["captured"] - row["disputes_reserved"]:
            yield f"payment {row['id']}: refunds {amount}, reserved {row['refunds_reserved']} of {row['captured']}"
        if any(each["currency"] != row["currency"] for each in standing):
            yield f"a refund of {row['id']} is in another currency"
    for row in look.facts.rows["refund"]:
        given = look.books.repayment_by(reference=look.reference("refund", row["id"]))
        if row["state"] == "failed" and given and given.state == "succeeded" and not given.turned:
            yield f"refund {row['id']} is failed, the provider gave it back"


def credit_was_paid_for(look: Look) -> Iterator[str]:
    """18: a customer's credit is what it paid in excess or got by credit notes, less what was refunded and used up."""
    sums = balances(look)
    for head in look.facts.rows["customer_head"]:
        customer = head["customer_id"]
        left = sum(
            standing_parts(look, row["id"])["customer_credit"] for row in look.facts.of("payment", customer_id=customer)
        )
        for row in look.facts.of("ledger_transaction", customer_id=customer):
            if row["cause"] in MADE_CREDIT:
                left += _to_credit(look, row)
        left -= withheld(look, customer)
        for row in look.facts.of("credit_note", customer_id=customer, state="issued"):
            left += row["refunded"] + row["credited"]
        for row in look.facts.of("refund", customer_id=customer):
            stands = row["state"] not in (*UNDONE, "awaiting_approval")
            left -= row["amount"] if stands and row["means"] != "credit" else 0  # a service credit takes nothing away
        left -= sum(row["credited"] for row in look.facts.of("invoice", customer_id=customer))
        credit = sum(amount for (of, kind, _), amount in sums.items() if (of, kind) == (customer, "customer_credit"))
        if credit != left:
            yield f"{customer} has {credit} in credit, {left} of what it paid is left"


def receipts_stand_with_their_money(look: Look) -> Iterator[str]:
    """12: money that came has one receipt, which is withdrawn where a bank took the money back, or it never came."""
    receipts = look.facts.by("receipt", "payment_id")
    for row in look.facts.rows["payment"]:
        found = [each["withdrawn_at"] is None for each in receipts.get(row["id"], [])]
        came = row["captured"] > 0 and row["state"] not in OPEN_PAYMENT
        there = row["captured"] > row["returned"]
        if (found != [there]) if came else any(found):
            yield f"payment {row['id']} is {row['state']} of {row['captured']}, {row['returned']} went back: {found}"


# Causes of postings, beside documents, by which a customer has more credit or less.
MADE_CREDIT = frozenset({"invoice.paid_back", OF_VOID, "payment.return_short", "refund.short"})


def _to_credit(look: Look, row: Row) -> int:
    parts = look.transfers(row["customer_id"], row["number"])
    return sum(
        part["amount"] * ((part["credit_kind"] == "customer_credit") - (part["debit_kind"] == "customer_credit"))
        for part in parts
    )


def losses_are_lacking_credit(look: Look) -> Iterator[str]:
    """18 and 33: what went back and had been used up as credit is a loss that people know of, to the minor unit, but
    for what came in again."""
    sums, known = balances(look), Counter[object]()
    for row in look.facts.of("exception_case", kind="payment_loss"):
        known[row["customer_id"]] += row["amount"] if row["resolution"] not in ("recovered", "settled") else 0
    for head in look.facts.rows["customer_head"]:
        of = head["customer_id"]
        lost = sum(amount for (whose, kind, _), amount in sums.items() if (whose, kind) == (of, "returned_payments"))
        if lost != known[of]:
            yield f"{of} has cost {lost} by the books, and people know of {known[of]}"


def withheld(look: Look, customer: object) -> int:
    """Credit that was taken of a customer since banks had taken back what it stood for, as far as it stands."""
    taken = 0
    for row in look.facts.of("ledger_transaction", customer_id=customer):
        if row["cause"] in ("dispute.withheld", "dispute.won"):
            for part in look.transfers(row["customer_id"], row["number"]):
                sides = (part["debit_kind"] == "customer_credit") - (part["credit_kind"] == "customer_credit")
                taken += sides * part["amount"]
    return taken


CHECKS = (
    captures_are_used_up,
    one_attempt_at_a_time,
    nobody_pays_twice,
    holds_add_up,
    failed_means_nothing_taken,
    refunds_are_covered,
    credit_was_paid_for,
    losses_are_lacking_credit,
    receipts_stand_with_their_money,
)
