"""Exceptions for the tests of the door: good input, what is wrong with other input, and what is refused."""

from typing import Any

from domain import dead_letter
from domain.actor import Grant
from domain.ids import DeadLetterId, PaymentId
from domain.outbox import Event
from domain.payments.claim_exception import ClaimException
from domain.payments.exception_case import ExceptionCase
from tests.api_callers import Api, Guest
from tests.exception_kit import failed_refunds, tried
from tests.saga_kit import stuck_purchase
from tests.world import World

SUPPORTS = ("claimException", "resumeSaga")
FINANCES = ("releaseException", "replayDeadLetter", "resolveException")
LETTER = "letter_" + "0" * 32
NOBODY = "case_" + "0" * 32
OF_CASES = ("claimException", "releaseException", "resolveException")
# For each mutation another input that would do as well.
OTHERWISE: dict[str, dict[str, Any]] = {
    "claimException": {"exceptionId": NOBODY},
    "releaseException": {"exceptionId": NOBODY},
    "replayDeadLetter": {"reason": "Another."},
    "resolveException": {"reason": "Another."},
    "resumeSaga": {"reason": "Another."},
}


async def exceptions_of(api: Api, *amounts: int) -> tuple[Guest, list[ExceptionCase]]:
    """A customer with refunds that failed, and the case of each."""
    guest, bought = await api.subscriber()
    payment = PaymentId.parse(bought["invoice"]["payments"][0]["id"])
    return guest, await failed_refunds(api.world, guest.who, payment, amounts)


async def claimed(world: World, guest: Guest, case: ExceptionCase) -> None:
    """Sue looks into it."""
    assert await tried(world, guest.who, ClaimException(case.id), world.staff(Grant.SUPPORT)) == "done"


async def letter_of(api: Api, guest: Guest) -> str:
    """An event of the customer that was given up, of which nothing follows any more."""
    db = api.world.house.db
    await dead_letter.bury(db, Event(guest.who.id, 1, "method.removed", {}, 4, clocked=False), "KeyError", "0" * 16)
    letters = await dead_letter.open_letters(db.primary, guest.who.id.shard, 1000)
    return next(str(letter.id) for letter in letters if letter.customer == guest.who.id)


async def replayed_letter(api: Api, guest: Guest) -> str:
    """A letter of the customer that was replayed already."""
    db, id = api.world.house.db, await letter_of(api, guest)
    letter = await dead_letter.find(db.primary, DeadLetterId.parse(id))
    assert letter
    await dead_letter.mark_replayed(db.marks, letter, db.clock.now())
    return id


async def exception_input(api: Api) -> dict[str, dict[str, Any]]:
    """For each mutation about exceptions an input that would be performed."""
    guest, (free, taken, decided) = await exceptions_of(api, 100, 200, 300)
    for case in (taken, decided):
        await claimed(api.world, guest, case)
    of = {"customerId": guest.id}
    stuck = await stuck_purchase(api.world, (buyer := await api.guest("tok_insufficient_funds")).who)
    return {
        "claimException": {**of, "exceptionId": str(free.id)},
        "releaseException": {**of, "exceptionId": str(taken.id)},
        "replayDeadLetter": {**of, "deadLetterId": await letter_of(api, guest), "reason": "It was mended."},
        "resolveException": {**of, "exceptionId": str(decided.id), "resolution": "KEEP_AS_CREDIT", "reason": "Kept."},
        "resumeSaga": {"customerId": buyer.id, "sagaId": str(stuck), "reason": "It was mended."},
    }


# What is wrong in the input of mutations about exceptions, the code, and the path that names the part.
WRONG: list[tuple[str, dict[str, Any], str, list[str]]] = [
    *((name, {"exceptionId": id}, "NOT_FOUND", ["exceptionId"])
      for name in OF_CASES for id in ("nonsense", NOBODY)),
    *(("replayDeadLetter", {"deadLetterId": id}, "NOT_FOUND", ["deadLetterId"]) for id in ("nonsense", LETTER)),
    *(("replayDeadLetter", {"reason": reason}, "INVALID_INPUT", ["reason"]) for reason in ("", " ", "x" * 501)),
    *(("resumeSaga", {"sagaId": id}, "NOT_FOUND", ["sagaId"]) for id in ("nonsense", NOBODY, "saga_" + "0" * 32)),
    *(("resumeSaga", {"reason": reason}, "INVALID_INPUT", ["reason"]) for reason in ("", " ", "x" * 501)),
    *((name, {"customerId": "nonsense"}, "NOT_FOUND", ["customerId"]) for name in (*SUPPORTS, *FINANCES)),
    *(("resolveException", {"reason": reason}, "INVALID_INPUT", ["reason"]) for reason in ("", " ", "x" * 501)),
    *(("resolveException", {"resolution": name, "reference": "x"}, "INVALID_INPUT", ["resolution"])
      for name in ("CONFIRM_CHARGED", "SETTLED")),
    ("resolveException", {"reference": "x"}, "INVALID_INPUT", ["reference"]),
    *(("resolveException", {"resolution": "PAID_OUT_OF_BAND", "reference": text}, "INVALID_INPUT", ["reference"])
      for text in (None, "", " x", "x" * 141)),
]  # fmt: skip
