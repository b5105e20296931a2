"""Runs over many: told first, done once each whatever dies and however many work at it, paused, stopped, bounded."""

import asyncio
from typing import Any

import pytest

from domain import due
from domain.actor import Grant
from domain.bulk import run as runs
from domain.bulk.action import BulkAction, Settings
from domain.bulk.run import DO_BULK, LIST_BULK, AdvanceBulkRun, advance_bulk_run
from domain.due import LEASE
from domain.ids import BulkRunId, NoticeId, PlanId
from domain.invoices.manual_line import ManualLine
from domain.money import Money
from domain.perform import perform
from domain.reactions.bulk import do_one_item
from domain.reactions.house import House
from domain.reactions.work import do_now
from domain.subscriptions.retention_answer import retention_answers
from tests.api.test_portal_features import own as own_tenant
from tests.api_callers import START, Api, Caller, Guest, key
from tests.bad_input_stage import PUBLISH_COUPON, coupon_of, mutation
from tests.domain.invoices.bills import draft
from tests.lives import invoices_of, publish, wrong_rows
from tests.mishaps import Death, death_at, later
from tests.notice_kit import post_office
from tests.portal_stage import plan_of
from tests.world import EUR, fresh

own = own_tenant  # a tenant of the test's own

RUN = """{ id state listed waiting done refused skipped finished startedBy totals { minorUnits }
    items { subjectId customerId result refusal amount { minorUnits } } }"""
BEGIN = f"""mutation ($input: StartBulkRunInput!) {{ startBulkRun(input: $input) {{
    run {RUN} operation {{ replayed }} errors {{ ... on UserError {{ code path }} }} }} }}"""
STEER = f"""mutation ($input: SteerBulkRunInput!) {{ steerBulkRun(input: $input) {{
    run {RUN} errors {{ ... on UserError {{ code path }} }} }} }}"""
LOOK = f"query ($id: ID!) {{ staff {{ bulkRun(id: $id) {RUN} bulkRuns {{ id }} }} }}"
PREVIEW = """query ($order: BulkOrderInput!, $after: ID) { staff { bulkPreview(order: $order, after: $after) {
    trials { subjectId amount { minorUnits } refusal { __typename ... on UserError { code } } }
    wouldBeDone wouldBeRefused totals { minorUnits } next } } }"""
WHY = "The product ends."


async def state_of(house: House, of: Guest) -> list[str]:
    """The states that the customer's subscription has been in."""
    rows = await house.db.primary.fetch(
        """SELECT t.to_state FROM transition t WHERE t.shard_key = $1 AND t.machine = 'subscription'
              AND t.entity_id IN (SELECT id FROM subscription WHERE shard_key = $1 AND customer_id = $2)
            ORDER BY t.seq""",
        of.who.id.shard, of.who.id.uuid,
    )  # fmt: skip
    return [row["to_state"] for row in rows]


@pytest.mark.row("Y11")
async def test_a_run_does_to_each_once_whatever_dies_and_however_many_work_at_it(own: Api) -> None:
    price, admin = await publish(own.world, Money(900, EUR)), await own.staff(Grant.ADMIN)
    guests = [await own.guest("tok_visa") for _ in range(4)]
    ids = [(await each.do(START, priceId=str(price)))["subscription"]["id"] for each in guests]
    await guests[3].do(mutation("cancelSubscription"), subscriptionId=ids[3])
    plan = str(await plan_of(own.world, price))
    await admin.do(mutation("setRetentionOffer"), planId=plan, pauseDays=30)
    order = {"action": "CANCEL", "planId": plan, "timing": "PERIOD_END", "reason": WHY}
    told = (await admin.data(PREVIEW, order=order))["staff"]["bulkPreview"]
    assert (told["wouldBeDone"], told["wouldBeRefused"], told["totals"], told["next"]) == (3, 1, [], None)
    by_id = {each["subjectId"]: each["refusal"] for each in told["trials"]}
    assert by_id == {**dict.fromkeys(ids[:3]), ids[3]: {"__typename": "ConflictError", "code": "STATE_CONFLICT"}}
    assert [(await state_of(own.world.house, each))[-1] for each in guests[:3]] == ["active"] * 3
    used = key()
    begun, again = [await admin.do(BEGIN, order=order, idempotencyKey=used) for _ in range(2)]
    assert again["operation"]["replayed"] and begun["run"]["id"] == again["run"]["id"]
    await die_on_the_way(own, guests)
    run = (await admin.data(LOOK, id=begun["run"]["id"]))["staff"]["bulkRun"]
    assert [run[each] for each in ("listed", "waiting", "done", "refused", "skipped", "finished")] == [
        4, 0, 3, 1, 0, True
    ]  # fmt: skip
    assert {each["subjectId"]: (each["result"], each["refusal"]) for each in run["items"]} == {
        **dict.fromkeys(ids[:3], ("DONE", None)), ids[3]: ("REFUSED", "STATE_CONFLICT")
    }  # fmt: skip
    for each in guests:
        assert await state_of(own.world.house, each) == ["incomplete", "active", "pending_cancellation"]
        assert await wrong_rows(own.world, each.who) == []
        assert await retention_answers(own.world.house.db.primary, each.who.id) == []  # a run asks nobody to stay


async def die_on_the_way(own: Api, guests: list[Guest]) -> None:
    """Who lists dies after the first customer's part; who does an item dies before its commit, and after it; and two
    workers at once do another."""
    house, home = own.world.house, own.world.tenant.live_house
    late = later(house, LEASE * 2)
    with death_at("perform.committed"), pytest.raises(Death):
        await do_now(house, home)
    await do_now(late, home)
    for guest, point in zip(guests, ("perform.recorded", "perform.committed"), strict=False):
        with death_at(point), pytest.raises(Death):
            await do_now(late, guest.who.id)
    rows = await house.db.primary.fetch(
        "SELECT subject FROM due_work WHERE shard_key = $1 AND customer_id = $2 AND kind = $3",
        guests[2].who.id.shard, guests[2].who.id.uuid, DO_BULK,
    )  # fmt: skip
    work = await due.find(house.db.primary, guests[2].who.id, DO_BULK, rows[0]["subject"])
    assert work is not None
    await asyncio.gather(*(do_one_item(each, work) for each in (house, late, house)), return_exceptions=True)
    for guest in guests:
        await do_now(later(house, LEASE * 4), guest.who.id)
    assert await due.find(house.db.primary, home, LIST_BULK, rows[0]["subject"]) is None


@pytest.mark.row("Y11")
async def test_a_run_over_what_is_named_is_paused_gone_on_with_and_stopped(own: Api, elsewhere: Api) -> None:
    finance, admin = await own.staff(Grant.FINANCE), await own.staff(Grant.ADMIN)
    guests = [await own.guest("tok_insufficient_funds") for _ in range(2)]
    for each in guests:
        await each.do(START, priceId=str(own.world.prices["starter"]))
    owed = [(await invoices_of(own.world, each.who))[0] for each in guests]
    payer = await own.guest("tok_visa")
    paid = (await payer.do(START, priceId=str(own.world.prices["starter"])))["invoice"]["id"]
    coupon = (await admin.do(PUBLISH_COUPON, **coupon_of(fresh("bulk")) | {"scope": "SUBSCRIPTION"}))["coupon"]["code"]
    named = [str(each.id) for each in owed]
    voiding = {"action": "VOID_INVOICE", "subjectIds": [*named, paid], "reason": WHY}
    told = (await finance.data(PREVIEW, order=voiding))["staff"]["bulkPreview"]
    assert (told["wouldBeDone"], told["wouldBeRefused"]) == (0, 3)  # a subscription waits for its first invoice
    plan = str(await plan_of(own.world, own.world.prices["starter"]))
    order = {"action": "APPLY_COUPON", "planId": plan, "couponCode": coupon, "reason": WHY}
    run = (await admin.do(BEGIN, order=order))["run"]["id"]
    home, customers = own.world.tenant.live_house, [each.who.id for each in (*guests, payer)]
    await finance.do(STEER, runId=run, steering="PAUSE")
    await do_now(own.world.house, home)
    assert await seen(finance, run) == ("PAUSED", 0, 0, 0, False)
    # Finance redeems no coupon for one, so neither for many; it may stop what runs.
    assert (await finance.refusal(STEER, runId=run, steering="RESUME"))["code"] == "FORBIDDEN"
    await admin.do(STEER, runId=run, steering="RESUME")
    await do_now(own.world.house, home)
    late = AdvanceBulkRun(BulkRunId.parse(run), 3, None, None)  # by a worker that began this piece before the pause
    await perform(own.world.house.db, advance_bulk_run, own.world.house.actor, home, late, fresh("late"))
    await do_now(own.world.house, customers[0])
    assert await seen(finance, run) == ("RUNNING", 3, 1, 0, False)
    await finance.do(STEER, runId=run, steering="PAUSE")
    await do_now(own.world.house, customers[1])
    assert await seen(finance, run) == ("PAUSED", 3, 1, 0, False)
    await finance.do(STEER, runId=run, steering="STOP")
    for customer in customers:
        await do_now(later(own.world.house, LEASE * 4), customer)
    assert await seen(finance, run) == ("STOPPED", 3, 1, 2, True)
    again = await finance.refusal(STEER, runId=run, steering="RESUME")
    assert again == {"code": "STATE_CONFLICT", "path": ["runId"]}
    _, theirs = await elsewhere.subscriber()
    await what_cannot_be_meant(own, admin, plan, [named[0], theirs["subscription"]["id"]])


async def seen(finance: Caller, run: str) -> tuple[Any, ...]:
    """State, how many were listed, done and skipped, and whether it has finished."""
    found = (await finance.data(LOOK, id=run))["staff"]["bulkRun"]
    return tuple(found[each] for each in ("state", "listed", "done", "skipped", "finished"))


async def what_cannot_be_meant(own: Api, admin: Caller, plan: str, other_things: list[str]) -> None:
    """An order without anything, with too much, or about what is not the tenant's; and who may not do it to one."""
    good = {"action": "CANCEL", "planId": plan, "timing": "NOW", "reason": WHY}
    wrong: list[tuple[dict[str, Any], str, list[str]]] = [
        ({"planId": None}, "INVALID_INPUT", ["order", "planId"]),
        ({"subjectIds": ["subscription_" + "0" * 32]}, "NOT_FOUND", ["order", "subjectIds"]),
        *(({"planId": None, "subjectIds": [each]}, "NOT_FOUND", ["order", "subjectIds"]) for each in other_things),
        ({"timing": None}, "INVALID_INPUT", ["order", "timing"]),
        ({"couponCode": "X"}, "INVALID_INPUT", ["order", "couponCode"]),
        ({"action": "VOID_INVOICE", "timing": None}, "INVALID_INPUT", ["order", "planId"]),
        ({"planId": None, "subjectIds": ["nonsense"]}, "NOT_FOUND", ["order", "subjectIds"]),
        ({"reason": " "}, "INVALID_INPUT", ["order", "reason"]),
    ]
    for given, code, path in wrong:
        assert await admin.refusal(BEGIN, order={**good, **given}) == {"code": code, "path": path}, given
    order = runs.Order(BulkAction.PAUSE, Settings(), PlanId.parse(plan), (), WHY)
    actor, home = own.world.staff(Grant.ADMIN), own.world.tenant.live_house
    for _ in range(runs.MOST_RUNS):
        command = runs.StartBulkRun(order)
        await perform(own.world.house.db, runs.start_bulk_run, actor, home, command, fresh("run"))
    assert (await admin.refusal(BEGIN, order=good))["code"] == "ALREADY_EXISTS"
    for role in (Grant.LEAD, Grant.FINANCE):  # finance cancels no subscription
        other = await own.staff(role)
        assert (await other.error(PREVIEW, order=good))["extensions"]["code"] == "FORBIDDEN"
        assert (await other.refusal(BEGIN, order=good))["code"] == "FORBIDDEN"


@pytest.mark.row("Y11")
async def test_drafts_are_issued_and_invoices_voided_and_notices_sent_again_by_runs_of_their_own_tenant(
    own: Api, elsewhere: Api
) -> None:
    finance, home = await own.staff(Grant.FINANCE), own.world.tenant.live_house
    strangers = await elsewhere.staff(Grant.FINANCE)
    async with post_office(own.world) as office:
        billed = [await own.guest("tok_visa") for _ in range(2)]
        drafts = [str(await draft(own.world, each.who, ManualLine("Work", 1, Money(600, EUR)), net_days=30))
                  for each in billed]  # fmt: skip

        async def done(action: str, named: list[str]) -> tuple[Any, ...]:
            order = {"action": action, "subjectIds": named, "reason": WHY}
            unknown = {"code": "NOT_FOUND", "path": ["order", "subjectIds"]}
            assert await strangers.refusal(BEGIN, order=order) == unknown
            told = (await finance.data(PREVIEW, order=order))["staff"]["bulkPreview"]
            begun = await finance.do(BEGIN, order=order)
            for customer in (home, *(each.who.id for each in billed)):
                await do_now(office.world.house, customer)
            found = (await finance.data(LOOK, id=begun["run"]["id"]))["staff"]["bulkRun"]
            assert (found["done"], found["totals"], found["finished"]) == (told["wouldBeDone"], told["totals"], True)
            return found["done"], found["refused"], *(each["minorUnits"] for each in found["totals"])

        assert await done("ISSUE_DRAFT", drafts) == (2, 0, "1200")
        issued = [(await invoices_of(own.world, each.who))[0] for each in billed]
        notices = [str(NoticeId(each.who.id.shard, (await office.rows(each.who))[0]["id"])) for each in billed]
        assert await done("RESEND_NOTICE", notices) == (2, 0)
        assert [mail.subject.split(" ")[0] for mail in office.mails()] == ["Invoice"] * 4
        assert await done("VOID_INVOICE", [str(each.id) for each in issued]) == (2, 0, "1200")
        assert await done("VOID_INVOICE", [str(each.id) for each in issued]) == (0, 2)
