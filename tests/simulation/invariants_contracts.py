"""Contracts: invariant 9. At the end of a term exactly what was committed to and not billed is billed, once."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime

from tests.simulation.facts import Row
from tests.simulation.history import Done, History
from tests.simulation.look import Look

NEVER = 1 << 62  # the number of an operation that is still to come


def terms_end_in_true_ups(look: Look) -> Iterator[str]:
    """9: the true-up is the commitment less what was billed for the plan in the term, before tax, and never below 0;
    no period that began in the term is billed beside it."""
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
        left = row["commitment"] - _billed(look, history, row, ended.number)
        least, most = (max(0, left - drafted) for drafted in reversed(_drafted(look, history, row, ended.number)))
        true_up = row["true_up_invoice_id"]
        amounts = [line["amount"] for line in look.facts.of("invoice_line", invoice_id=true_up)] if true_up else []
        if not least <= sum(amounts) <= most or len(amounts) != bool(sum(amounts)):
            yield f"the contract {row['id']} is {least} to {most} short, its true-up is {amounts}"
        true_ups[row["customer_id"]] -= bool(true_up)
        for each in history.done[row["customer_id"]]:
            late = each.number > ended.number and each.name == "subscriptions.renew"
            if late and any(_drafts(look, history, row, each)):
                yield f"{each.outcome} was billed when the contract {row['id']} had ended with its true-up {amounts}"
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


def _drafted(look: Look, history: History, of: Row, number: int) -> tuple[int, int]:
    """What was drafted for the plan then and is no invoice yet, at least and at most, as far as rows can tell later:
    coupons and the tax that a price holds are settled when a draft is issued, and some drafts are dropped."""
    low = high = 0
    issued = {
        look.reference("invoice", row["id"]): history.began(row["id"]).number for row in look.facts.rows["invoice"]
    }
    issued |= {look.reference("invoice", row["id"]): NEVER for row in look.facts.rows["invoice_draft"]}
    reducible = bool(look.facts.of("coupon_redemption", customer_id=of["customer_id"]))
    for each in history.done[of["customer_id"]]:
        if each.number < number:
            for draft, amount, inclusive in _drafts(look, history, of, each):
                if issued.get(draft, NEVER) > number:
                    high += max(amount, 0)
                    low += amount if amount < 0 or (draft in issued and not (reducible or inclusive)) else 0
    return low, high


def _drafts(look: Look, history: History, of: Row, each: Done) -> Iterator[tuple[str, int, bool]]:
    """What an operation drafted for the plan and time of the term: the draft, the listed amount of a line, and whether
    it holds its tax."""
    plan = look.offer(of["price_id"]).plan
    if each.name == "subscriptions.renew" and each.outcome["draft"]:
        terms, begins = _terms(look, history, of, each), datetime.fromisoformat(each.outcome["period_start"])
        offer = look.offer(terms["price_id"])
        if offer.plan == plan and of["starts_at"] <= begins < of["ends_at"]:
            yield each.outcome["draft"], offer.minor * terms["quantity"], offer.inclusive
    if each.name == "invoices.void" and each.outcome["replacement"]:
        void = each.command["invoice"]
        for line in look.facts.of("invoice_line", customer_id=of["customer_id"]):
            mine = line["price_id"] and look.offer(line["price_id"]).plan == plan
            in_time = line["kind"] == "credit" or of["starts_at"] <= line["starts_at"] < of["ends_at"]
            if mine and in_time and look.reference("invoice", line["invoice_id"]) == void:
                yield each.outcome["replacement"], line["amount"] + line["discount"], line["tax_inclusive"]


def _terms(look: Look, history: History, of: Row, each: Done) -> Row:
    """The terms that a renewal was on."""
    found = [
        row for row in look.facts.of("subscription_terms", customer_id=of["customer_id"])
        if look.reference("subscription", row["subscription_id"]) == each.outcome["subscription"]
        and history.by_id[row["operation_id"]].number <= each.number
    ]  # fmt: skip
    return max(found, key=lambda row: row["seq"])


CHECKS = (terms_end_in_true_ups,)
