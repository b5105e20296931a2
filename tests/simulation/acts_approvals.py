"""Four eyes: refunds that another person decides on, and doubts about money that one looks into and another decides."""

from typing import Any

from domain.actor import Actor, Grant, is_same_person
from domain.ids import ExceptionCaseId, RefundId
from domain.operation import Operation
from domain.payments.claim_exception import ClaimException, claim_exception
from domain.payments.decide_refund import (
    ApproveRefund,
    CancelRefundRequest,
    RejectRefund,
    approve_refund,
    cancel_refund_request,
    reject_refund,
)
from domain.payments.exception_case import Resolution
from domain.payments.resolve_exception import ResolveException, resolve_exception
from domain.refusals import RefusalCode as No
from tests.simulation.acts_credits import BY_LINE
from tests.simulation.acts_customers import Act, prompt
from tests.simulation.decisions import decided_late
from tests.simulation.facts import Row
from tests.simulation.look import reference
from tests.simulation.options import RETURNED_FROM
from tests.simulation.provider_books import Charge
from tests.simulation.town import Patron, Town

SILENCE = (3, 12)  # days: the outcome of a payment is asked for during five, and then it is for staff


def judge(town: Town) -> Act | None:
    """Somebody approves or rejects a refund that awaits approval, or its asker takes it back."""
    rows = town.facts.of("refund", state="awaiting_approval")
    if not rows or town.chance.random() < 0.05:
        rows = town.facts.rows["refund"]
    if not rows:
        return None
    row, chance = town.chance.choice(rows), town.chance
    patron, asked = town.patron_of(row["customer_id"]), town.facts.of("refund_request", refund_id=row["id"])
    actor = town.staff(chance.choice((Grant.LEAD, Grant.LEAD, Grant.FINANCE)), chance.choice(("sue", "tom", "zoe")))
    what = chance.choice(("approve", "approve", "approve", "reject", "take back"))
    id = RefundId(patron.id.shard, row["id"])
    waits = row["state"] == "awaiting_approval"
    must = _must(actor, what, asked[0]) if asked and waits else No.STATE_CONFLICT
    if what == "approve" and town.facts.one("payment", id=row["payment_id"])["returned"]:
        must = must or No.STATE_CONFLICT
    town.note(f"{what} {row['amount']} {row['state']} of {patron} by {actor.scope.partition('@')[0]}")
    decisions: dict[str, tuple[Operation[Any, Any], object]] = {
        "approve": (approve_refund, ApproveRefund(id, "It is right")),
        "reject": (reject_refund, RejectRefund(id, "It is wrong")),
        "take back": (cancel_refund_request, CancelRefundRequest(id, "It was a mistake")),
    }
    operation, command = decisions[what]
    # What it would give back may have been given otherwise meanwhile.
    may = (No.EXCEEDS_INVOICED, No.EXCEEDS_CAPTURED) if what == "approve" else ()
    if row["reason"] == BY_LINE:  # lines that are worth another amount by now, or nothing any more
        may = (*may, No.STATE_CONFLICT, No.INVALID_AMOUNT)
    if what == "approve" and _was_taken_back(town, row):
        may = (*may, No.STATE_CONFLICT)

    async def act() -> None:
        await town.call(what, operation, actor, patron.id, command, may=may, must=must)
        await prompt(town, patron)

    return act()


def _was_taken_back(town: Town, refund: Row) -> bool:
    return bool(town.facts.one("payment", id=refund["payment_id"])["returned"])


def _must(actor: Actor, what: str, asked: Row) -> No | None:
    """Nobody decides on what he asked for, and nobody else takes it back; old payments are for finance."""
    own = is_same_person(asked["asked_by"], actor.scope)
    finance = asked["needs"] == "finance" and Grant.FINANCE not in actor.grants
    return No.FORBIDDEN if (not own if what == "take back" else own or finance) else None


def is_being_barred(town: Town, row: Row) -> bool:
    """Whether the provider is still to be told to take nothing of the payment."""
    return bool(town.facts.of("due_work", kind="send_payment", subject=row["id"]))


def silence(town: Town) -> Act | None:
    """The provider answers nothing for days, though it acts; its webhooks go on."""
    barred = [row for row in town.facts.of("payment", failure_code="not_charged") if is_being_barred(town, row)]
    if town.provider.is_silent or barred:  # a silence of many days while it is told of that ends as a dead letter
        return None
    days = town.chance.randint(*SILENCE)
    town.note(f"for {days} days")

    async def act() -> None:
        town.provider.fall_silent(days)

    return act()


def look_into(town: Town) -> Act | None:
    """A member of staff looks into a case."""
    found = _case(town, "open")
    if found is None:
        return None
    _, patron, id = found

    async def act() -> None:
        command = ClaimException(id)
        await town.call("look into", claim_exception, town.staff(), patron.id, command, may=[No.STATE_CONFLICT])

    return act()


def _case(town: Town, state: str) -> tuple[Row, Patron, ExceptionCaseId] | None:
    rows = town.facts.of("exception_case", state=state)
    if not rows:
        return None
    row = town.chance.choice(rows)
    patron = town.patron_of(row["customer_id"])
    town.note(f"{row['kind']} of {row['amount']} {patron}")
    return row, patron, ExceptionCaseId(patron.id.shard, row["id"])


def resolve(town: Town) -> Act | None:
    """Another one decides on it as the provider's own books have it now, which may be different a moment later."""
    found = _case(town, "claimed")
    if found is None:
        return None
    row, patron, id = found
    decided = _decision(town, row)
    if decided is None:
        return None
    resolution, seen = decided
    name = town.chance.choice(("tom", "tom", "tom", "sue"))
    must = No.FORBIDDEN if name == "sue" and resolution is not Resolution.QUERY_AGAIN else None
    town.note(f"{resolution.value} by {name}")

    async def act() -> None:
        command = ResolveException(id, resolution, "The provider's own page says so", seen)
        may = (No.STATE_CONFLICT, No.INSUFFICIENT_BALANCE, No.EXCEEDS_INVOICED, No.EXCEEDS_CAPTURED)
        actor = town.staff(Grant.FINANCE, name)
        await town.call("resolve", resolve_exception, actor, patron.id, command, may=may, must=must)
        await prompt(town, patron)

    return act()


def _decision(town: Town, row: Row) -> tuple[Resolution, str | None] | None:
    decided = decided_late(town, row) if town.seed >= RETURNED_FROM else None
    return decided or _truth(town, row)


def decide(town: Town) -> Act | None:
    """One looks into a case and another decides on it, all in one go."""
    rows = [row for row in town.facts.rows["exception_case"] if row["state"] != "resolved"]
    odd = [row for row in rows if not row["kind"].endswith("_unknown")]
    if not rows:
        return None
    row = town.chance.choice(odd if odd and town.chance.random() < 0.8 else rows)
    decided = _decision(town, row)
    if decided is None:
        return None
    patron, (resolution, seen) = town.patron_of(row["customer_id"]), decided
    id = ExceptionCaseId(patron.id.shard, row["id"])
    town.note(f"{row['kind']} of {row['amount']} {patron}; {resolution.value}")

    async def act() -> None:
        if row["state"] == "open":
            done = await town.call("look into", claim_exception, town.staff(), patron.id, ClaimException(id))
            if done is None:
                return  # nobody knows whether it was claimed
            await town.look()
        command = ResolveException(id, resolution, "The provider's own page says so", seen)
        may = (No.STATE_CONFLICT, No.INSUFFICIENT_BALANCE, No.EXCEEDS_INVOICED, No.EXCEEDS_CAPTURED)
        await town.call("resolve", resolve_exception, town.staff(Grant.FINANCE, "tom"), patron.id, command, may=may)
        await prompt(town, patron)

    return act()


def _truth(town: Town, row: Row) -> tuple[Resolution, str | None] | None:
    """What staff see at the provider; None for what needs nobody's decision here."""
    books, ask = town.provider.books, (Resolution.QUERY_AGAIN, None)
    match row["kind"]:
        case "payment_unknown" | "payment_mismatch":
            charges = books.charges_under(reference(town.shard, "payment", row["payment_id"]))
            if town.chance.random() < 0.2 or any(map(_is_held, charges)):
                return ask
            taken = [each.ref for each in charges if each.taken]
            if taken:
                return Resolution.CONFIRM_CHARGED, taken[0]
            if town.provider.is_silent:
                town.provider.fall_silent(town.chance.randint(0, 2))
            return Resolution.CONFIRM_NOT_CHARGED, None
        case "refund_unknown" | "refund_mismatch":
            given = books.repayment_by(reference=reference(town.shard, "refund", row["refund_id"]))
            if given is None or given.state == "failed":
                return Resolution.CONFIRM_NOT_REFUNDED, None
            return (Resolution.CONFIRM_REFUNDED, given.ref) if given.state == "succeeded" else ask
        case "payment_loss":
            return Resolution.ACCEPT_LOSS, None
        case "payment_excess" | "refund_failed":
            return Resolution.KEEP_AS_CREDIT, None
    return None


def _is_held(charge: Charge) -> bool:
    return charge.held > 0 or charge.state == "authorized"
