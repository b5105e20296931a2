"""What people decide about money that is not where it was thought to be, mostly as the provider has it."""

from domain.actor import Grant
from domain.ids import ExceptionCaseId
from domain.payments.claim_exception import ClaimException, claim_exception
from domain.payments.exception_case import Resolution
from domain.payments.resolve_exception import ResolveException, resolve_exception
from domain.refusals import RefusalCode as No
from tests.simulation.contradictions import CONTRADICTED, PAYMENT_CONTRADICTED, REFUND_CONTRADICTED
from tests.simulation.facts import Row
from tests.simulation.look import reference
from tests.simulation.provider_books import Charge, Repayment
from tests.simulation.town import Town

Decision = tuple[Resolution, str | None]
OTHERWISE = {"succeeded": "failed", "failed": "succeeded"}
WRONGLY = 0.2  # so often people decide otherwise than it is


def decided_late(town: Town, row: Row) -> Decision | None:
    """What is decided in towns where it is not always the same; None for what the provider is looked up about."""
    chance, seen = town.chance, f"{town.new_key()}-{town.tenant.tenant}"
    match row["kind"]:
        case "payment_loss":
            return chance.choice(((Resolution.ACCEPT_LOSS, None), (Resolution.RECOVERED, seen)))
        case "payment_excess":
            return chance.choice(((Resolution.KEEP_AS_CREDIT, None), (Resolution.GIVE_BACK, None)))
        case "refund_failed":
            ways = ((Resolution.RETRY_REFUND, None), (Resolution.KEEP_AS_CREDIT, None))
            return chance.choice((*ways, (Resolution.PAID_OUT_OF_BAND, seen)))
        case "refund_contradicted":
            given = _given(town, row)
            return _refunded(given, given.state if chance.random() >= WRONGLY else OTHERWISE[given.state])
        case "payment_contradicted":
            charge = _charge(town, row)
            return _charged(charge, taken=(charge.taken > 0) is (chance.random() >= WRONGLY))
        case "payment_unknown" | "payment_mismatch" if chance.random() < WRONGLY:
            return _mistaken(town, row)
    return None


def _mistaken(town: Town, case: Row) -> Decision | None:
    """The wrong decision where one can be taken: of what is there and no hold."""
    found = town.provider.books.charges_under(reference(town.shard, "payment", case["payment_id"]))
    if len(found) != 1 or found[0].held or found[0].state == "authorized" or town.provider.is_silent:
        return None
    return _charged(found[0], taken=not found[0].taken)


def _given(town: Town, case: Row) -> Repayment:
    found = town.provider.books.repayment_by(reference=reference(town.shard, "refund", case["refund_id"]))
    assert found is not None, "what ended twice was there"
    return found


def _refunded(given: Repayment, ends: str) -> Decision:
    return (Resolution.CONFIRM_REFUNDED, given.ref) if ends == "succeeded" else (Resolution.CONFIRM_NOT_REFUNDED, None)


def _charge(town: Town, case: Row) -> Charge:
    (found,) = town.provider.books.charges_under(reference(town.shard, "payment", case["payment_id"]))
    return found


def _charged(charge: Charge, *, taken: bool) -> Decision:
    return (Resolution.CONFIRM_CHARGED, charge.ref) if taken else (Resolution.CONFIRM_NOT_CHARGED, None)


def _rightly(town: Town, case: Row) -> Decision:
    if case["kind"] == REFUND_CONTRADICTED:
        given = _given(town, case)
        return _refunded(given, given.state)
    charge = _charge(town, case)
    return _charged(charge, taken=charge.taken > 0)


async def settle_contradictions(town: Town) -> bool:
    """Whether any stood that nobody had decided on: people look into each now, and decide rightly.

    That a payment was never charged cannot be decided where something was given back of it by another way.
    """
    decided = False
    for kind in CONTRADICTED:
        for row in [each for each in town.facts.of("exception_case", kind=kind) if each["state"] != "resolved"]:
            patron = town.patron_of(row["customer_id"])
            id, (resolution, seen) = ExceptionCaseId(patron.id.shard, row["id"]), _rightly(town, row)
            if row["state"] == "open":
                await town.call("look into", claim_exception, town.staff(), patron.id, ClaimException(id))
                await town.look()
            command = ResolveException(id, resolution, "The provider's own page says so", seen)
            may = [No.STATE_CONFLICT] if kind == PAYMENT_CONTRADICTED else []
            actor = town.staff(Grant.FINANCE, "tom")
            done = await town.call("resolve", resolve_exception, actor, patron.id, command, may=may)
            decided = decided or done is not None
            await town.look()
    return decided
