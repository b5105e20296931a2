"""The desk's dead letters: found in pages, done again by finance once mended, once, and by nobody else's staff."""

from datetime import timedelta
from typing import Any

import pytest

from domain.actor import Grant
from domain.perform import perform
from domain.reactions.house import TRIES
from domain.reactions.work import do_now
from domain.subscriptions.start import StartSubscription, start_subscription
from domain.subscriptions.subscription import subscriptions
from tests.api_callers import Api, Caller, Guest, key
from tests.lives import wrong_rows
from tests.mishaps import later, with_a_mistake
from tests.webhook_desk import Desk
from tests.world import fresh

LIST = """query ($first: Int!, $after: ID) { staff { deadLetters(first: $first, after: $after) {
    id customerId kind cause replayedAt } } }"""
AGAIN = """mutation ($input: ReplayDeadLetterInput!) { replayDeadLetter(input: $input) {
    deadLetter { id kind replayedAt } operation { replayed status } errors { ... on UserError { code path } } } }"""


async def pages(by: Caller, of: Guest) -> list[dict[str, Any]]:
    """The customer's letters, of all those that the desk shows one by one."""
    found: list[dict[str, Any]] = []
    while page := (await by.data(LIST, first=1, after=found[-1]["id"] if found else None))["staff"]["deadLetters"]:
        found += page
    return [each for each in found if each["customerId"] == of.id]


@pytest.mark.row("L5")
async def test_given_up_work_is_done_again_from_the_desk_and_once(elsewhere: Api, api: Api, desk: Desk) -> None:
    guest, world = await elsewhere.guest("tok_visa"), elsewhere.world
    command = StartSubscription(world.prices["starter"], 1)
    await perform(world.house.db, start_subscription, guest.who.actor, guest.who.id, command, fresh("key"))
    for hours in range(2 * TRIES):
        await do_now(later(with_a_mistake(world.house), timedelta(hours=hours)), guest.who.id)
    finance, reason = await elsewhere.staff(Grant.FINANCE), "The mistake is mended."
    letters = await pages(finance, guest)
    assert {(each["kind"], each["cause"]) for each in letters} == {
        ("payment.begun", "KeyError"), ("send_payment", "KeyError"),
    }  # fmt: skip
    event, work = sorted(letters, key=lambda each: str(each["kind"]))
    of = {"customerId": guest.id, "reason": reason}
    strange = await (await api.staff(Grant.FINANCE)).refusal(AGAIN, **of, deadLetterId=event["id"])
    other = await finance.refusal(AGAIN, **of | {"customerId": (await elsewhere.guest()).id}, deadLetterId=event["id"])
    assert (strange["code"], other["code"]) == ("NOT_FOUND", "NOT_FOUND")
    once = key()
    for replayed in (False, True):
        done = await finance.do(AGAIN, **of, deadLetterId=event["id"], idempotencyKey=once)
        assert done["operation"] == {"replayed": replayed, "status": "DONE"}
        assert done["deadLetter"]["replayedAt"]
    assert (await subscriptions(world.house.db.primary, guest.who.id))[0].state.name == "active"
    assert (await finance.refusal(AGAIN, **of, deadLetterId=event["id"]))["code"] == "STATE_CONFLICT"
    await finance.do(AGAIN, **of, deadLetterId=work["id"])
    await do_now(world.house, guest.who.id)
    assert [payment["captured_minor"] for payment in (await desk.books(guest.who))["payments"]] == [1000]
    assert await pages(finance, guest) == []
    assert await wrong_rows(world, guest.who) == []
