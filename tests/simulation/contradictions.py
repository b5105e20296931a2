"""Where the provider says otherwise than it did, or than people decided: what the house is to believe then."""

from collections.abc import Iterator
from uuid import UUID

from domain.payments.gateway import EventKind
from tests.simulation.facts import Row
from tests.simulation.look import Look
from tests.simulation.provider_books import Charge, Repayment

REFUND_CONTRADICTED, PAYMENT_CONTRADICTED = "refund_contradicted", "payment_contradicted"
CONTRADICTED = (REFUND_CONTRADICTED, PAYMENT_CONTRADICTED)
NOTHING_TAKEN = frozenset({EventKind.CHARGE_DECLINED, EventKind.CHARGE_VOIDED, EventKind.CHARGE_EXPIRED})


def refund_believed(look: Look, refund: UUID | None, given: Repayment) -> str:
    """How a refund at the provider has ended as far as the house is to know: as people last decided, where they had to,
    else as it has."""
    decided = _decided(look, refund, "confirm_refunded", "confirm_not_refunded") if given.turned and refund else None
    if decided is None:
        return given.state
    return "succeeded" if decided == "confirm_refunded" else "failed"


def charge_believed(look: Look, payment: Row) -> list[int]:
    """What was taken for a payment of a provider, charge by charge, as far as the house is to know: what people
    confirmed, where nothing was, stands until they decide otherwise."""
    taken = [charge.taken for charge in look.charges(payment) if charge.taken]
    return taken or ([payment["captured"]] if payment["captured"] and was_confirmed(look, payment["id"]) else [])


def was_confirmed(look: Look, payment: UUID) -> bool:
    """Whether people last decided that it was charged."""
    return _decided(look, payment, "confirm_charged", "confirm_not_charged") == "confirm_charged"


def confirmed_by_people(look: Look) -> Iterator[tuple[str, int, str]]:
    """What people took for charged, and nothing was: it stands in the books until they know better."""
    for row in look.facts.of("payment", kind="provider"):
        if not any(charge.taken for charge in look.charges(row)):
            for amount in charge_believed(look, row):
                yield look.reference("payment", row["id"]), amount, row["currency"]


def _decided(look: Look, subject: UUID, *resolutions: str) -> str | None:
    rows = [row for row in look.facts.of("exception_case", subject=subject) if row["resolution"] in resolutions]
    last = max(rows, key=lambda row: row["resolved_at"], default=None)
    return None if last is None else str(last["resolution"])


def is_contradiction(look: Look, event_id: str) -> bool:
    """Whether an event of the provider is one for people: a refund has ended once more, and otherwise, or nothing was
    taken of what people had taken for charged."""
    event = next(each for each in look.books.events if each.event_id == event_id)
    given = look.books.repayments.get(event.object_ref or "")
    if given is not None:
        return given.turned and event.sequence > 1
    charge = look.books.charges.get(event.object_ref or "")
    return charge is not None and event.kind in NOTHING_TAKEN and _was_ever_confirmed(look, charge)


def _was_ever_confirmed(look: Look, charge: Charge) -> bool:
    confirmed = look.facts.of("exception_case", resolution="confirm_charged")
    return any(look.reference("payment", row["payment_id"]) == charge.reference for row in confirmed)


def is_real(look: Look, kind: str, subject: UUID) -> bool:
    """Whether the provider has said otherwise than before, or than people had decided."""
    if kind == PAYMENT_CONTRADICTED:
        return bool(look.facts.of("exception_case", subject=subject, resolution="confirm_charged"))
    given = look.books.repayment_by(reference=look.reference("refund", subject))
    return given is not None and given.turned


def was_revoked(look: Look, refund: UUID) -> bool:
    """Whether the provider said that a refund had failed after it had succeeded, and people decided that it had."""
    return is_real(look, REFUND_CONTRADICTED, refund) and bool(
        look.facts.of("exception_case", refund_id=refund, resolution="confirm_not_refunded")
    )
