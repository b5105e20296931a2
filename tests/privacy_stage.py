"""Erasures and legal holds for the tests of the door: good input, what is wrong with other input, what is refused."""

from datetime import timedelta
from typing import Any

from domain.perform import perform
from domain.privacy.ask_erasure import RequestErasure, request_erasure
from domain.privacy.data_export import AskExport, ask_export
from domain.privacy.erasure import erasure_of
from domain.reactions.work import do_now
from tests.api_callers import Api, Guest
from tests.lives import day, start, until
from tests.mishaps import later
from tests.world import World, fresh

PORTAL = ("requestErasure", "requestDataExport")
ADMINS = ("eraseCustomer", "decideErasure", "setLegalHold")
# For each mutation another input that would do as well.
OTHERWISE: dict[str, dict[str, Any]] = {
    "eraseCustomer": {"reason": "Another."},
    "decideErasure": {"reason": "Another."},
    "requestErasure": {"wanted": False},
    "requestDataExport": {"withEvents": False},
    "setLegalHold": {"reason": "Another."},
}


async def privacy_input(api: Api) -> dict[str, dict[str, Any]]:
    """For each mutation about privacy an input that would be performed."""
    leaving, asked, held = [await api.guest() for _ in range(3)]
    await api.world.do(asked.who, request_erasure, RequestErasure(True))
    return {
        "eraseCustomer": {"customerId": leaving.id, "reason": "Asked for by letter."},
        "decideErasure": {"customerId": asked.id, "approve": True, "reason": "Asked for by letter."},
        "requestErasure": {"wanted": True},
        "requestDataExport": {},
        "setLegalHold": {"customerId": held.id, "held": True, "reason": "A court asked."},
    }


async def not_erased(asked: Guest, api: Api) -> dict[str, str]:
    """Ids: of a customer that asked to be erased, has a subscription, and waits for an export."""
    await start(api.world, asked.who)
    await api.world.do(asked.who, request_erasure, RequestErasure(True))
    await perform(api.world.house.db, ask_export, asked.who.actor, asked.who.id, AskExport(True), fresh("ask"))
    return {"asked customer": asked.id}


async def leave_for_good(world: World) -> None:
    """A customer without documents, whose export is made and expires, and which is erased when its waiting time is
    over, and its key with it."""
    gus = await world.customer()
    await world.do(gus, ask_export, AskExport(True))
    await do_now(later(world.house, timedelta(days=8)), gus.id)
    await world.do(gus, request_erasure, RequestErasure(True))
    await until(world, gus, day(2, 1))
    found = await erasure_of(world.house.db.primary, gus.id)
    assert found is not None
    assert found.state.name == "key_destroyed"


# What is wrong in the input of mutations about privacy, the code, and the path that names the part.
WRONG: list[tuple[str, dict[str, Any], str, list[str]]] = [
    *((name, wrong, code, path) for name in ADMINS for wrong, code, path in (
        ({"customerId": "nonsense"}, "NOT_FOUND", ["customerId"]),
        ({"customerId": "customer_" + "0" * 32}, "NOT_FOUND", ["customerId"]),
        ({"reason": " "}, "INVALID_INPUT", ["reason"]),
        ({"reason": "x" * 501}, "INVALID_INPUT", ["reason"]))),
    ("requestErasure", {"wanted": False}, "NOT_FOUND", ["wanted"]),
    ("requestDataExport", {"customerId": "customer_" + "0" * 32}, "NOT_FOUND", ["customerId"]),
    ("requestDataExport", {"customerId": "nonsense"}, "NOT_FOUND", ["customerId"]),
]  # fmt: skip
