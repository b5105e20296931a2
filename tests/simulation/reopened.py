"""What was paid and is owed again: an invoice before that, and the rounds of its case of dunning."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from tests.simulation.facts import Row
from tests.simulation.look import LIVING_CASE, Look


def state_at(look: Look, entity: UUID, number: int) -> str:
    """The state of an entity right before the operation of that audit number."""
    state = "new"
    for row in look.facts.of("transition", entity_id=entity):
        if look.audit_number(row["operation_id"]) < number:
            state = row["to_state"]
    return state


def was_taken_back(look: Look, invoice: UUID) -> bool:
    """Whether money that paid the invoice went back, or had never come."""
    paid = look.facts.of("payment", invoice_id=invoice)
    return any(look.facts.of("transition", entity_id=row["id"], event="return") for row in paid)


def given_back_by(look: Look, of: Row, first: Row) -> bool:
    """Whether staff had given a first invoice back whole when its subscription ended: what they do about that after it
    is their decision."""
    ended = look.facts.of("transition", entity_id=of["id"], to_state=of["state"])[-1]
    order = look.audit_number(ended["operation_id"])
    notes = look.facts.of("credit_note", invoice_id=first["id"])
    given = sum(row["total"] for row in notes if state_at(look, row["id"], order) == "issued")
    return bool(given == first["total"])


def rounds_of(look: Look, case: Row) -> list[tuple[int, datetime]]:
    """When a case began, and began anew: where in its customer's order, and at which time."""
    moves = look.facts.of("transition", entity_id=case["id"], to_state="retrying")
    return [(look.audit_number(row["operation_id"]), row["happened_at"]) for row in moves]


def is_over(look: Look, case: Row, move: Row) -> bool:
    """Whether the case began anew after the move: what it says of itself since is of another round."""
    later = look.facts.of("transition", entity_id=case["id"], to_state="retrying")
    return bool(later[-1]["seq"] > move["seq"])


def day_of(look: Look, case: Row, move: Row, day: datetime) -> datetime:
    """The day of the move in its own round, where ``day`` is that of the last; parts may have moved it there."""
    if not is_over(look, case, move):
        return day
    order = look.audit_number(move["operation_id"])
    _, began = max(each for each in rounds_of(look, case) if each[0] < order)
    split = look.facts.of("installment_plan", invoice_id=case["invoice_id"])
    return began if split else began + (day - case["opened_at"])


def in_rounds(began: Sequence[tuple[int, datetime]], made: Sequence[tuple[int, datetime]]) -> list[list[datetime]]:
    """When something was made in each round; a clock that stands has several of them at one instant."""
    starts = [order for order, _ in began]
    ends = [*starts[1:], max(order for order, _ in made) + 1]
    return [[at for order, at in made if start <= order < end] for start, end in zip(starts, ends, strict=True)]


def days_of(case: Row, began: datetime) -> list[datetime]:
    """The days of the retries of a round."""
    return [began + timedelta(days=day) for day in case["retry_days"]]


def off_timeline(look: Look, case: Row, retries: list[tuple[int, datetime]]) -> Iterator[str]:
    """The retries of a case that are not on the days of their round, or too many of it."""
    began = rounds_of(look, case)
    began[-1] = (began[-1][0], case["opened_at"])
    found = in_rounds(began, retries)
    if any(made != sorted(set(made)) for made in found) or sum(map(len, found)) != len(retries):
        yield f"case {case['id']} made retries at {retries}"
    ends = [order for order, _ in began[1:]]
    for (order, start), end, made in zip(began, [*ends, None], found, strict=True):
        days = days_of(case, start)
        if len(made) > len(days):
            yield f"case {case['id']} made retries at {made}"
        elif any(at < day for at, day in zip(made, days, strict=False)) and not _paydays_chosen(look, case, order, end):
            yield f"case {case['id']} made retries at {made}, the days are {days}"


def _paydays_chosen(look: Look, case: Row, order: int, end: int | None) -> bool:
    """Whether the customer chose the day of a retry in that round; the case itself counts those of its last one."""
    if end is None:
        return bool(case["paydays_chosen"])
    names = look.operation_names()
    own = [row for row in look.facts.of("audit_entry", customer_id=case["customer_id"]) if order < row["number"] < end]
    return any(names[row["operation_id"]] == "dunning.choose_payday" for row in own)


def nobody_forgets_what_is_owed(look: Look) -> Iterator[str]:
    """6, 23 and 35: what is still due of a living subscription is being collected, or held; also after a bank has taken
    back what had paid it."""
    ended = {row["id"] for row in look.facts.rows["subscription"] if row["ended_at"] is not None}
    held = {row["invoice_id"] for row in look.facts.of("payment", state="authorized")}
    living = {row["invoice_id"] for row in look.facts.rows["dunning_case"] if row["state"] in LIVING_CASE}
    for row in look.facts.of("invoice", state="open", collection="charge"):
        if row["subscription_id"] in ended or row["id"] in held | living or not row["due"]:
            continue
        cases = [case["state"] for case in look.facts.of("dunning_case", invoice_id=row["id"])]
        yield f"{row['number_text']} of {row['subscription_id']} is owed {row['due']}, and nobody asks for it: {cases}"
