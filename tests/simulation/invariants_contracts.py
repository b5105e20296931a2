"""Contracts: invariant 9. At the end of a term exactly what was committed to and not billed is billed, once."""

from collections import Counter
from collections.abc import Iterator

from tests.simulation.facts import Row
from tests.simulation.history import History
from tests.simulation.look import Look


def terms_end_in_true_ups(look: Look) -> Iterator[str]:
    """9: the true-up is the commitment less what was billed for the plan in the term, before tax, and never below 0."""
    history = History.of(look)
    true_ups = Counter(row["customer_id"] for row in look.facts.of("invoice", reason="true_up"))
    for row in look.facts.rows["contract"]:
        ended = history.moved(row["id"], "ended")
        now = look.facts.now_of(row["customer_id"], look.town.clock.at)
        if not ended:
            if row["ends_at"] < now:
                yield f"the contract {row['id']} should have ended {row['ends_at']}, it is {now}"
            continue
        if ended.at < row["ends_at"]:
            yield f"the contract {row['id']} ended {ended.at}, before {row['ends_at']}"
        short = max(0, row["commitment"] - _billed(look, history, row, ended.number))
        lines = look.facts.of("invoice_line", invoice_id=row["true_up_invoice_id"]) if short else []
        if [line["amount"] for line in lines] != ([short] if short else []) or bool(short) != bool(
            row["true_up_invoice_id"]
        ):
            yield f"the contract {row['id']} is {short} short of {row['commitment']}, its true-up is {lines}"
        true_ups[row["customer_id"]] -= bool(short)
    if +true_ups or -true_ups:
        yield f"true-ups of no contract: {true_ups}"


def _billed(look: Look, history: History, of: Row, number: int) -> int:
    """Of charges for the plan that began in the term and were issued and not void then: what was left, before tax."""
    plan, billed = look.offer(of["price_id"]).plan, 0
    for line in history.charges():
        began, void = history.began(line["invoice_id"]), history.moved(line["invoice_id"], "void")
        mine = line["customer_id"] == of["customer_id"] and line["price_id"] is not None
        if not mine or look.offer(line["price_id"]).plan != plan or began.number >= number:
            continue
        if (void and void.number < number) or not of["starts_at"] <= line["starts_at"] < of["ends_at"]:
            continue
        amount, tax = history.given_before(line, number)
        billed += line["amount"] - amount - (line["tax"] - tax if line["tax_inclusive"] else 0)
    return billed


CHECKS = (terms_end_in_true_ups,)
