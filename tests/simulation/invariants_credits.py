"""What is given back: invariants 17 to 19 and 24, reckoned from the charge and all that was taken of it before."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from tests.simulation.calendar_model import share, units
from tests.simulation.facts import Row
from tests.simulation.history import Done, History
from tests.simulation.invariants_documents import ruler_of
from tests.simulation.look import Look
from tests.simulation.options import DISPUTED_FROM
from tests.simulation.replacements import first_of


def unused_of(look: Look, history: History, charge: Row, at: datetime, number: int) -> int:
    """What a charge is worth from an instant on: a share of its price, or of what a discount and notes left of it."""
    of, zone = look.facts.one("invoice", id=charge["invoice_id"]), ruler_of(look, charge)
    before, _ = history.given_before(charge, number)
    left = max(0, units(max(at, charge["starts_at"]), charge["ends_at"], zone))
    own = units(charge["starts_at"], charge["ends_at"], zone)
    if charge["discount"] or before:
        return share(charge["amount"] - before, left, own or 1)
    whole = units(of["period_start"], of["period_end"], zone)
    return share(look.offer(charge["price_id"]).minor * charge["quantity"], left, whole)


def credits_are_exact_shares(look: Look) -> Iterator[str]:
    """17 and 18: a change gives back exactly what the charge is still worth, never a share of today's price.

    What stands in the place of a void change gives back what that one gave back, whatever was given back since.
    """
    history, lines = History.of(look), {}
    for line in look.facts.rows["invoice_line"]:
        lines[line["invoice_id"], line["position"]] = line
    corrections = {row["adjustment_id"] for row in look.facts.rows["tax_correction"]}  # of tax alone
    for line in look.facts.of("invoice_line", kind="credit"):
        if line["invoice_id"] in corrections:
            continue
        charge = lines[line["credits_invoice_id"], line["credits_position"]]
        change = first_of(look.facts, look.facts.one("invoice", id=line["invoice_id"]))
        number = history.began(change["id"]).number
        expected = unused_of(look, history, charge, line["starts_at"], number)
        if -line["amount"] != expected or (line["price_id"], line["ends_at"]) != (
            charge["price_id"],
            charge["ends_at"],
        ):
            yield f"a credit of {line['amount']} from {line['starts_at']}, the charge is worth {expected}"


def tax_goes_back_by_share(look: Look) -> Iterator[str]:
    """19: what is given back takes its share of the tax with it, rounded to the nearest minor unit, none left over."""
    for place, events in History.of(look).given.items():
        line = look.facts.one("invoice_line", invoice_id=place[0], position=place[1])
        amount, tax = line["amount"], line["tax"]
        parts = max(1, len(look.facts.of("invoice_line_tax", invoice_id=place[0], position=place[1])))
        for each in events:
            if each.amount > 0 and amount and not (each.gross and line["tax_inclusive"]):
                bound = amount + tax if each.gross else amount
                if 2 * abs(each.tax * amount - tax * each.amount) > bound * parts:
                    yield f"{each} took tax {each.tax} of {tax} with {each.amount} of {amount}"
            amount, tax = amount - each.amount, tax - each.tax


def leaving_gives_back_by_policy(look: Look) -> Iterator[str]:
    """24: who ends at once gets back what is unused where policy or staff say so, once, and otherwise nothing."""
    history = History.of(look)
    notes = {history.began(row["id"]).id: row for row in look.facts.of("credit_note", kind="unused_time")}
    for customer in history.done.values():
        for each in customer:
            if each.name != "subscriptions.cancel":
                continue
            note, told = notes.pop(each.id, None), each.outcome.get("given_back")
            expected = _owed_to_who_left(look, history, each)
            stands = sum(row["amount"] for row in _lines_of(look, note)) if note else 0
            if expected != stands or (told["minor"] if told else 0) != (note["total"] if note else 0):
                yield f"{each} gave back {stands}, said {told}; the charge was worth {expected}"
            if note:
                yield from _not_where_it_should_go(look, each, note)
    changes = {"subscriptions.change_plan", "subscriptions.change_quantity"}
    yield from (f"{id} gave unused time back" for id in notes if history.by_id[id].name not in changes)


def is_given_back(total: int, notes: Iterable[Row]) -> bool:
    """Whether the notes leave nothing of a change that was paid too late. A cancellation before that was heard of gives
    back the unused time of its charge, what that had given back of an earlier one included: nothing is left of it."""
    given = sum(note["total"] for note in notes)
    kinds = {note["kind"] for note in notes}
    return given == total or (given > total and "unused_time" in kinds and "late_change" not in kinds)


def _lines_of(look: Look, note: Row) -> list[Row]:
    return look.facts.of("credit_note_line", credit_note_id=note["id"])


def _rule(look: Look, each: Done) -> str:
    if each.outcome["state"] != "canceled":
        return "none"
    return each.command["unused"] or str(look.town.options.policy.cancel_now.value)


def _owed_to_who_left(look: Look, history: History, each: Done) -> int:
    """What the running period's charge is worth at the end, where that is given back at all."""
    if _rule(look, each) == "none":
        return 0
    ends = datetime.fromisoformat(each.outcome["ends_at"])
    running = [
        line
        for line in history.charges()
        if look.reference("subscription", line["subscription_id"] or each.id) == each.outcome["subscription"]
        and line["starts_at"] <= ends < line["ends_at"] and _stood(look, history, line, each.number)
    ]  # fmt: skip
    if not running:
        return 0
    charge = max(running, key=lambda line: (line["starts_at"], history.began(line["invoice_id"]).number))
    period = _period_start(look, history, charge["subscription_id"], each)
    return unused_of(look, history, charge, ends, each.number) if charge["starts_at"] >= period else 0


def _stood(look: Look, history: History, line: Row, number: int) -> bool:
    void = history.moved(line["invoice_id"], "void")
    return history.began(line["invoice_id"]).number < number and (void is None or void.number > number)


def _period_start(look: Look, history: History, subscription: object, each: Done) -> datetime:
    """Where the period began that ran when the subscription ended: it never moves again."""
    start: datetime = look.facts.one("subscription", id=subscription)["period_start"]
    return start


def _not_where_it_should_go(look: Look, each: Done, note: Row) -> Iterator[str]:
    """What exceeds the amount owed is credit, or a refund as far as payments of the invoice reach."""
    rule = _rule(look, each)
    if rule == "credit" and note["refunded"]:
        yield f"{each} refunded {note['refunded']} where credit was due"
    # Where a refund needs another person, which is drawn for later seeds, nobody waits for that: it is credit.
    if rule == "refund" and note["credited"] and look.town.seed < DISPUTED_FROM:
        left = _refundable(look, note["invoice_id"], note["total"])
        if left > 0 and not any(row["state"] == "failed" for row in look.facts.rows["refund"]):
            yield f"{each} credited {note['credited']}, and {left} of what paid for it could have been refunded"


def _refundable(look: Look, invoice: object, most: int) -> int:
    """What is left of the payments of an invoice, and of those of older ones as far as it took over of them."""
    left = 0
    for row in look.facts.of("payment", invoice_id=invoice, kind="provider"):
        if row["captured"]:
            standing = [each for each in look.facts.of("refund", payment_id=row["id"]) if each["state"] != "failed"]
            left += row["captured"] - row["disputes_reserved"] - sum(each["amount"] for each in standing)
    for line in look.facts.of("invoice_line", invoice_id=invoice, kind="credit"):
        part = -line["amount"] - (0 if line["tax_inclusive"] else line["tax"]) - _gone_over(look, line)
        if part > 0:
            left += _refundable(look, line["credits_invoice_id"], part)
    return min(left, most)


def _gone_over(look: Look, line: Row) -> int:
    """What went back over a takeover: refunds of the newer invoice, or of one still newer, to what paid the older one,
    or one still older."""
    newer, older = {line["invoice_id"]}, {line["credits_invoice_id"]}
    credits = look.facts.of("invoice_line", kind="credit")
    for _ in credits:
        newer |= {each["invoice_id"] for each in credits if each["credits_invoice_id"] in newer}
        older |= {each["credits_invoice_id"] for each in credits if each["invoice_id"] in older}
    return sum(
        row["amount"] for row in look.facts.rows["refund"]
        if row["of_invoice_id"] in newer and row["state"] != "failed"
        and look.facts.one("payment", id=row["payment_id"])["invoice_id"] in older
    )  # fmt: skip


CHECKS = (credits_are_exact_shares, tax_goes_back_by_share, leaving_gives_back_by_policy)
