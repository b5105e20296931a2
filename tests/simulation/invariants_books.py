"""The books: invariants 1 to 5 and 33. The numbers are those of the list that the house was designed by."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from tests.simulation.contradictions import charge_believed
from tests.simulation.facts import Row
from tests.simulation.look import TAKEN_PAYMENT, Look

DEBIT_NORMAL = frozenset({
    "receivable", "cash_clearing", "cash_outside", "write_offs", "returned_payments", "disputes", "dispute_losses",
    "dispute_fees",
})  # fmt: skip
CREDIT_NORMAL = frozenset({"revenue", "tax_payable", "customer_credit", "refunds_payable"})
WHOLE = (
    "ledger_transaction", "ledger_transfer", "audit_entry", "audit_body", "transition", "credit_note_line",
)  # fmt: skip
# Beside whole tables: the columns of a row that never change once it is written.
PARTS = {
    "invoice": (
        "customer_id", "subscription_id", "reason", "period_start", "period_end", "number", "number_text", "currency",
        "line_count", "total", "tax", "posted_number", "snapshot_sealed", "issued_at", "due_at", "collection",
        "purchase_order", "recorded_at",
    ),
    "invoice_line": (
        "customer_id", "line_count", "subscription_id", "kind", "description", "price_id", "quantity", "unit_amount",
        "starts_at", "ends_at", "currency", "amount", "discount", "tax", "tax_inclusive", "category",
        "credits_invoice_id", "credits_position", "derivation",
    ),
    "credit_note": (
        "customer_id", "invoice_id", "kind", "reason", "number", "number_text", "currency", "line_count", "subtotal",
        "tax", "total", "reduced", "refunded", "credited", "out_of_band", "posted_number", "snapshot_sealed",
        "issued_at", "recorded_at",
    ),
    "payment": ("customer_id", "invoice_id", "attempt_number", "currency", "amount", "method_id", "provider_key"),
    "refund": ("customer_id", "payment_id", "currency", "amount", "provider_key"),
    "refund_request": ("customer_id", "asked_by", "needs", "needed_for", "expires_at"),
    "dispute": ("customer_id", "payment_id", "provider_ref", "currency", "amount", "reason", "on_open", "recorded_at"),
    "receipt": (
        "customer_id", "legal_entity_id", "payment_id", "series", "number", "previous_number", "number_text",
        "issued_at", "recorded_at",
    ),
    "installment": ("customer_id", "amount", "due_at"),
    "operation_key": ("operation_id", "operation", "command_hash", "outcome", "keep_until"),
}  # fmt: skip


def postings_are_whole(look: Look) -> Iterator[str]:
    """1: every transaction has its transfers, each of more than nothing, between two accounts of one currency."""
    transfers: dict[Any, list[Row]] = {}
    for part in look.fresh("ledger_transfer"):
        transfers.setdefault((part["customer_id"], part["number"]), []).append(part)
    for row in look.fresh("ledger_transaction"):
        parts = transfers.pop((row["customer_id"], row["number"]), [])
        whole = sorted(part["position"] for part in parts) == list(range(1, row["transfer_count"] + 1))
        if not whole or any(part["amount"] <= 0 or part["debit_kind"] == part["credit_kind"] for part in parts):
            yield f"ledger transaction {row['number']} is not whole: {parts}"
    if transfers:
        yield f"transfers without a transaction: {list(transfers)}"


def balances(look: Look) -> Counter[tuple[object, str, str]]:
    """Every account's balance on its normal side, by customer, kind and currency, from the transfers alone."""
    return look.facts.made_of("ledger_transfer", "balances", _balances)


def _balances(rows: list[Row]) -> Counter[tuple[object, str, str]]:
    found: Counter[tuple[object, str, str]] = Counter()
    for row in rows:
        for side, sign in (("debit_kind", 1), ("credit_kind", -1)):
            normal = sign if row[side] in DEBIT_NORMAL else -sign
            found[row["customer_id"], row[side], row["currency"]] += normal * row["amount"]
    return found


def stored_balances_are_sums(look: Look) -> Iterator[str]:
    """3: each stored balance is the sum of its transfers and counts them through the last one."""
    sums, last = balances(look), look.facts.made_of("ledger_transfer", "last", _last_numbers)
    for row in look.facts.rows["account_balance"]:
        place = (row["customer_id"], row["kind"], row["currency"])
        if row["balance"] != sums[place] or row["balance"] < 0:
            yield f"{place} is stored as {row['balance']}, its transfers make {sums[place]}"
        through = last.get((row["customer_id"], row["kind"]), 0)
        if row["through_number"] != through:
            yield f"{place} counts through {row['through_number']}, not {through}"


def _last_numbers(rows: list[Row]) -> dict[tuple[object, str], int]:
    last: dict[tuple[object, str], int] = {}
    for row in rows:
        for side in ("debit_kind", "credit_kind"):
            place = (row["customer_id"], row[side])
            last[place] = max(row["number"], last.get(place, 0))
    return last


def ledgers_count_without_gaps(look: Look) -> Iterator[str]:
    """5: each customer's transactions count 1, 2, 3 up to the number in its head; so do the audit entries."""
    for table, counter in (("ledger_transaction", "ledger_number"), ("audit_entry", "audit_number")):
        numbers = look.facts.by(table, "customer_id")
        for head in look.facts.rows["customer_head"]:
            found = [row["number"] for row in numbers.get(head["customer_id"], [])]
            if found != list(range(1, head[counter] + 1)):
                yield f"{table} of {head['customer_id']} counts {found}, the head says {head[counter]}"


def facts_never_change(look: Look) -> Iterator[str]:
    """4 and 7: what was written once is there for ever, byte by byte; an issued invoice moves its status only."""
    look.memory.forgotten |= look.town.forgotten
    for change in look.changes:
        before, after, columns = change.before, change.after, PARTS.get(change.table)
        if before is None or not (columns or change.table in WHOLE):
            continue
        if after is None:
            if change.table == "operation_key" and before["keep_until"] and before["keep_until"] <= look.town.clock.at:
                look.memory.forgotten.add(before["operation_id"])
            else:
                yield f"{change.table}: {before} is gone"
        elif columns is None or any(before[name] != after[name] for name in columns):
            yield f"{change.table}: {before} is {after} now"


def reversals_mirror(look: Look) -> Iterator[str]:
    """4: a reversal takes back exactly its original, and nothing is reversed twice."""
    reversed_once = set()
    for row in look.facts.rows["ledger_transaction"]:
        if row["reverses_number"] is None:
            continue
        original = look.transfers(row["customer_id"], row["reverses_number"])
        mirror = look.transfers(row["customer_id"], row["number"])
        moved = Counter((part["debit_kind"], part["credit_kind"], part["amount"]) for part in original)
        if moved != Counter((part["credit_kind"], part["debit_kind"], part["amount"]) for part in mirror):
            yield f"transaction {row['number']} does not mirror {row['reverses_number']}"
        if (row["customer_id"], row["reverses_number"]) in reversed_once:
            yield f"{row['reverses_number']} is reversed twice"
        reversed_once.add((row["customer_id"], row["reverses_number"]))


def the_world_balances(look: Look) -> Iterator[str]:
    """2 and 33: per currency, cash + receivables + write-offs = revenue + credit + refunds under way."""
    sums: Counter[tuple[str, str]] = Counter()
    for (_, kind, currency), amount in balances(look).items():
        if kind not in DEBIT_NORMAL | CREDIT_NORMAL:
            yield f"{kind} is no account"
        sums[currency, "debit" if kind in DEBIT_NORMAL else "credit"] += amount
    for currency in {currency for currency, _ in sums}:
        if sums[currency, "debit"] != sums[currency, "credit"]:
            yield f"{currency}: {sums}"


def cash_is_at_the_provider(look: Look) -> Iterator[str]:
    """33: what the books call cash is what the provider took for the payments we know of, less what it gave back."""
    cash: Counter[str] = Counter()
    for (_, kind, currency), amount in balances(look).items():
        cash[currency] += amount if kind == "cash_clearing" else 0
    there: Counter[str] = Counter()
    for row in look.facts.rows["payment"]:
        if row["state"] in TAKEN_PAYMENT:
            there[row["currency"]] += sum(charge_believed(look, row))
        elif row["state"] in ("authorized", "unknown"):  # of a hold, as far as we know
            there[row["currency"]] += row["captured"]
    for row in look.facts.of("refund", state="succeeded"):
        given = look.books.repayment_by(reference=look.reference("refund", row["id"]))
        there[row["currency"]] -= given.money.minor if given and (given.turned or given.state == "succeeded") else 0
    for row in look.facts.rows["dispute"]:
        there[row["currency"]] -= look.books.contests[row["provider_ref"]].money.minor if row["state"] != "won" else 0
        there[row["currency"]] -= row["fee"]
    if +cash != +there or -cash != -there:
        yield f"cash in the books {dict(cash)}, at the provider {dict(there)}"


CHECKS = (
    stored_balances_are_sums,
    ledgers_count_without_gaps,
    reversals_mirror,
    the_world_balances,
    cash_is_at_the_provider,
)
