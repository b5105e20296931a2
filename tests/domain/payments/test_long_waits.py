"""What takes its time at banks: it is asked about for as long as it takes, and is no exception and no failure."""

from datetime import timedelta

from domain import points
from domain.money import Money
from domain.payments.refund import refunds_of
from domain.reactions.house import TRIES
from domain.reactions.provider_events import apply
from domain.reactions.work import do_now
from tests.dispute_kit import disputed
from tests.domain.payments.conftest import SideDoor
from tests.domain.payments.test_refunds import paid, states
from tests.domain.test_inbox_events import refunded
from tests.exception_kit import waiting
from tests.lives import give_back, wrong_rows
from tests.mishaps import later
from tests.webhook_desk import Desk, key_of
from tests.world import EUR, World

DAY = timedelta(days=1, minutes=1)


async def test_a_refund_that_a_bank_takes_two_weeks_for_is_asked_about_until_it_is_there(
    world: World, desk: Desk
) -> None:
    ada, id = await paid(world, "tok_refund_pending")
    await desk.hold(ada)
    await give_back(world, ada, id, Money(400, EUR))
    for days in range(1, 14):
        await do_now(later(world.house, days * DAY), ada.id)
    assert (await states(world, ada, id), await waiting(world, ada)) == (["pending"], [])
    (given,) = await refunds_of(world.house.db.primary, ada.id, id)
    await desk.admin(f"settle/{given.provider_ref}")
    await do_now(later(world.house, 14 * DAY), ada.id)
    assert (await states(world, ada, id), await wrong_rows(world, ada)) == (["succeeded"], [])


async def test_a_dispute_is_asked_about_on_after_every_outage_of_its_life(
    world: World, desk: Desk, provider: SideDoor
) -> None:
    of = await disputed(world, desk)
    await of.told()
    passed = DAY
    for _ in range(2):
        await provider.behave(world, of.who, operations=["query"], fault="error_before")
        for _ in range(11):
            await do_now(later(world.house, passed), of.who.id)
            passed += DAY
        assert (await of.known()).queries >= 9
        await provider.behave(world, of.who, operations=["query"])
        await do_now(later(world.house, passed), of.who.id)
        passed += DAY
        assert (await of.known()).queries == 0
    await desk.admin(f"disputes/{of.ref}/close", outcome="won")
    await do_now(later(world.house, passed), of.who.id)
    assert (await of.known()).state.name == "won"


def _fail(point: str) -> None:
    if point == "perform.recorded":
        raise LookupError("a row that is nowhere")


async def test_an_event_whose_case_cannot_be_opened_is_dead_after_some_tries(world: World, desk: Desk) -> None:
    _, _, given = await refunded(world, desk, "tok_refund_reversed")
    await desk.admin(f"settle/{given.provider_ref}", outcome="account_closed")
    succeeded, failed = await desk.events_of(given.provider_ref)
    assert await desk.take(succeeded) == "applied"
    await desk.deliver(failed)
    points.on_reached.append(_fail)
    try:
        states = [await apply(later(world.house, tried * DAY), key_of(failed)) for tried in range(TRIES)]
    finally:
        points.on_reached.remove(_fail)
    assert states == ["received"] * (TRIES - 1) + ["dead"]
