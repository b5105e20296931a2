"""Runs over many for the tests of the door and of work: good input, and what is wrong with other input."""

from typing import Any

from domain.actor import Grant
from domain.bulk.action import BulkAction, Settings
from domain.bulk.run import Order, StartBulkRun, start_bulk_run
from domain.ids import BulkRunId, PlanId
from domain.money import Money
from domain.perform import perform
from domain.reactions.work import do_now
from tests.api_callers import Api
from tests.lives import buy, buyer, invoices_of, publish
from tests.world import EUR, World, fresh

FINANCES = ("startBulkRun", "steerBulkRun")
NOBODY = "subscription_" + "0" * 32
OTHER = {"action": "PAUSE", "subjectIds": [NOBODY], "reason": "R."}
# For each of these mutations another input that would do as well.
OTHERWISE: dict[str, dict[str, Any]] = {"startBulkRun": {"order": OTHER}, "steerBulkRun": {"steering": "STOP"}}
# What is wrong in the input, the code, and the path that names the part.
WRONG: list[tuple[str, dict[str, Any], str, list[str]]] = [
    ("startBulkRun", {"order": OTHER}, "NOT_FOUND", ["order", "subjectIds"]),
    ("startBulkRun", {"order": OTHER | {"subjectIds": []}}, "INVALID_INPUT", ["order", "planId"]),
    ("startBulkRun", {"order": OTHER | {"subjectIds": ["nonsense"]}}, "NOT_FOUND", ["order", "subjectIds"]),
    (
        "startBulkRun",
        {"order": OTHER | {"subjectIds": [], "planId": "plan_" + "0" * 26}},
        "NOT_FOUND",
        ["order", "planId"],
    ),
    ("startBulkRun", {"order": OTHER | {"reason": "x" * 501}}, "INVALID_INPUT", ["order", "reason"]),
    ("startBulkRun", {"order": OTHER | {"action": "CANCEL", "subjectIds": []}}, "INVALID_INPUT", ["order", "timing"]),
    ("steerBulkRun", {"runId": "nonsense"}, "NOT_FOUND", ["runId"]),
    ("steerBulkRun", {"runId": "bulkrun_" + "0" * 32}, "NOT_FOUND", ["runId"]),
    ("steerBulkRun", {"steering": "RESUME"}, "STATE_CONFLICT", ["runId"]),
]


async def _plan(world: World) -> PlanId:
    """A plan of its own, of which somebody has a subscription."""
    price = await publish(world, Money(500, EUR))
    await buy(world, await buyer(world), price)
    return PlanId(await world.house.db.primary.fetchval("SELECT plan_id FROM price WHERE id = $1", price.uuid))


async def run_over_plan(world: World) -> BulkRunId:
    """A run that pauses the subscriptions of a plan, not yet worked at."""
    order = Order(BulkAction.PAUSE, Settings(), await _plan(world), (), "A test.")
    admin, home = world.staff(Grant.ADMIN), world.tenant.live_house
    return (await perform(world.house.db, start_bulk_run, admin, home, StartBulkRun(order), fresh("run"))).outcome.run


async def run_over_many(world: World) -> None:
    """A run over somebody's subscription, from its start to its end."""
    price = await publish(world, Money(500, EUR))
    of = await buyer(world)
    named = (await buy(world, of, price)).subscription
    order = Order(BulkAction.PAUSE, Settings(), None, (str(named),), "A test.")
    admin, home = world.staff(Grant.ADMIN), world.tenant.live_house
    await perform(world.house.db, start_bulk_run, admin, home, StartBulkRun(order), fresh("run"))
    for customer in (home, of.id):
        await do_now(world.house, customer)


async def bulk_input(api: Api) -> dict[str, dict[str, Any]]:
    """For each mutation about runs an input that would be performed."""
    of = await buyer(api.world)
    await buy(api.world, of, await publish(api.world, Money(500, EUR)))
    named = [str(each.id) for each in await invoices_of(api.world, of)]
    order = {"action": "VOID_INVOICE", "subjectIds": named, "reason": "A test."}
    running = await run_over_plan(api.world)
    return {"startBulkRun": {"order": order}, "steerBulkRun": {"runId": str(running), "steering": "PAUSE"}}
