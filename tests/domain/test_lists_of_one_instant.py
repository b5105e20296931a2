"""Lists are read page by page by an instant and an id: of rows that share their instant none is left out or told twice.

Each list gets three rows of one instant, written so where a test's rows would have their own, and is read one by one.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from domain.actor import Grant
from domain.bulk.action import BulkAction, Settings
from domain.bulk.run import Order, StartBulkRun, start_bulk_run
from domain.database import Database
from domain.db import Replica
from domain.dead_letter import bury, open_letters
from domain.due import Due
from domain.fanout.bulk import BulkItem, bulk_items, page_of
from domain.fanout.disputes import Wanted as WantedDisputes
from domain.fanout.disputes import disputes_in_queue
from domain.fanout.erasures import standing_holds, waiting_erasures
from domain.fanout.exception_cases import Wanted, exception_cases
from domain.fanout.payouts import payouts_waiting
from domain.fanout.refund_requests import waiting_refunds
from domain.fanout.sagas import sagas_in
from domain.fanout.webhook_deliveries import deliveries_of
from domain.invoices.credit_note import credit_note_history
from domain.invoices.manual_line import ManualLine
from domain.money import Money
from domain.notices.kind import Kind
from domain.notices.notice import notice_history
from domain.notices.queue_notice import QueueNotice, queue_notice
from domain.outbox import Event
from domain.payments import exception_case
from domain.payments.history import payment_history
from domain.payments.open_exception import OpenException, open_exception
from domain.payments.payout import PayoutAccount
from domain.payments.request_refund import RequestRefund, request_refund
from domain.perform import perform
from domain.privacy.ask_erasure import RequestErasure, request_erasure
from domain.privacy.export_file import Around, content_of, unpacked
from domain.privacy.export_table import ROWS
from domain.privacy.legal_hold import SetLegalHold, set_legal_hold
from domain.reactions.house import House
from domain.reactions.work import do_now
from domain.webhooks.publish import publish
from domain.webhooks.register_endpoint import RegisterWebhookEndpoint, register_webhook_endpoint
from tests.dispute_kit import disputed
from tests.domain.invoices.bills import draft, issue, note
from tests.domain.payments.test_offline_payments import owing, record
from tests.exception_kit import decided
from tests.lives import buy, buyer, by_house, caught_up, start
from tests.lives import publish as new_price
from tests.portal_stage import plan_of
from tests.refund_kit import asked, done, paid
from tests.webhook_desk import Desk
from tests.world import EUR, NEW_YEAR, World, fresh, make_world

THEN = datetime(2027, 1, 5, tzinfo=UTC)
Place = tuple[datetime, UUID]


@dataclass
class List:
    """How one list is read: at most so many rows after a place, and what the place of a row is."""

    read: Callable[[Database, Replica, int, Any], Awaitable[Sequence[Any]]]
    table: str
    instant: str = "recorded_at"
    place: Callable[[Any], Any] = field(default=lambda row: (row.recorded_at, row.id.uuid))


async def notices(world: World, desk: Desk) -> List:
    ada = await buyer(world)
    about = (await start(world, ada)).invoice
    for cause in (1001, 1002, 1003):
        command = QueueNotice(cause, Kind.INVOICE_ISSUED, about.uuid, about, None)
        await by_house(world, ada, queue_notice, command, follow=False)
    return List(lambda _, replica, most, after: notice_history(replica, ada.id, most, after), "notice")


async def credit_notes(world: World, desk: Desk) -> List:
    ada = await buyer(world)
    billed = (await start(world, ada)).invoice
    for minor in (100, 200, 300):
        await note(world, ada, billed, minor, credit=minor)
    return List(
        lambda _, replica, most, after: credit_note_history(replica, ada.id, most, after), "credit_note", "issued_at",
        lambda row: (row.issued_at, row.id.uuid),
    )  # fmt: skip


async def payments(world: World, desk: Desk) -> List:
    ada = await buyer(world)
    for code in ("starter", "team", "yearly"):
        await start(world, ada, code)
    return List(
        lambda _, replica, most, after: payment_history(replica, ada.id, most, after), "payment", "happened_at",
        lambda row: (row.happened_at, row.id.uuid),
    )  # fmt: skip


async def deliveries(world: World, desk: Desk) -> List:
    ada, tenant = await world.customer(), world.tenant.tenant
    command = RegisterWebhookEndpoint(("invoice.paid",), True, True, "http://127.0.0.1:9/")
    db, home = world.house.db, world.tenant.live_house
    await perform(db, register_webhook_endpoint, world.staff(Grant.ADMIN), home, command, fresh("register"))
    for number in (101, 102, 103):
        assert await publish(db, Event(ada.id, number, "invoice.paid", {}, 0, True)) == 1
    return List(
        lambda _, replica, most, after: deliveries_of(replica, tenant, None, None, most, after), "webhook_delivery"
    )


async def erasures(world: World, desk: Desk) -> List:
    for _ in range(3):
        await world.do(await world.customer(), request_erasure, RequestErasure(True))
    return List(lambda db, _, most, after: waiting_erasures(db.primary, world.tenant.tenant, most, after), "erasure")


async def holds(world: World, desk: Desk) -> List:
    for _ in range(3):
        id, lead = (await world.customer()).id, world.staff(Grant.LEAD)
        await perform(world.house.db, set_legal_hold, lead, id, SetLegalHold(True, "A court asked."), fresh("hold"))
    return List(
        lambda db, _, most, after: standing_holds(db.primary, world.tenant.tenant, most, after), "legal_hold",
        place=lambda row: (row.set_at, row.id.uuid),
    )  # fmt: skip


async def doubted(world: World, *, over: bool) -> List:
    """Three payments of which the provider speaks otherwise than we know, looked into and decided on, or not yet."""
    for _ in range(3):
        ada = await buyer(world)
        begun = await start(world, ada)
        assert begun.payment
        kind = exception_case.Kind.PAYMENT_EXCESS
        doubt = OpenException(kind, begun.payment, None, "more was taken than was owed", Money(100, EUR))
        await by_house(world, ada, open_exception, doubt)
        if over:
            _, said = await decided(world, ada, exception_case.Resolution.KEEP_AS_CREDIT)
            assert said == "done"
    wanted = Wanted(state="resolved" if over else None)
    return List(
        lambda db, _, most, after: exception_cases(db.primary, world.tenant.tenant, wanted, most, after),
        "exception_case",
    )


async def doubts(world: World, desk: Desk) -> List:
    return await doubted(world, over=False)


async def doubts_that_are_over(world: World, desk: Desk) -> List:
    return await doubted(world, over=True)


async def payouts(world: World, desk: Desk) -> List:
    ada = await owing(world)
    came = await record(world, ada)
    for minor in (100, 200, 300):
        account = PayoutAccount("DE89370400440532013000", "Ada Lovelace")
        command = RequestRefund(came.payment, Money(minor, EUR), "It did not work.", payout=account)
        await done(world, ada, world.staff(Grant.LEAD), request_refund, command)
    return List(
        lambda db, _, most, after: payouts_waiting(db.primary, db.vault, world.tenant.tenant, most, after),
        "refund_payout", place=lambda row: (row.recorded_at, row.refund.uuid),
    )  # fmt: skip


async def requests(world: World, desk: Desk) -> List:
    for _ in range(3):
        await asked(world, *await paid(world))
    return List(
        lambda db, _, most, after: waiting_refunds(db.primary, world.tenant.tenant, most, after), "refund_request",
        place=lambda row: (row.asked.asked_at, row.refund.id.uuid),
    )  # fmt: skip


async def sagas(world: World, desk: Desk) -> List:
    for _ in range(3):
        await start(world, await buyer(world))
    state = "completed"
    return List(lambda db, _, most, after: sagas_in(db.primary, world.tenant.tenant, state, None, most, after), "saga")


async def disputes(world: World, desk: Desk) -> List:
    for _ in range(3):
        await (await disputed(world, desk)).told()
    return List(
        lambda db, _, most, after: disputes_in_queue(db.primary, world.tenant.tenant, WantedDisputes(), most, after),
        "dispute", "due_at", lambda row: (row.due_at, row.id.uuid),
    )  # fmt: skip


async def letters(world: World, desk: Desk) -> List:
    ada = await world.customer()
    for kind in ("one", "two", "three"):
        await bury(world.house.db, Due(ada.id, kind, ada.id.uuid, NEW_YEAR, 4, True, NEW_YEAR), "ValueError", "e1")
    return List(
        lambda db, _, most, after: open_letters(db.primary, ada.id.shard, most, after), "dead_letter",
        place=lambda row: row,
    )  # fmt: skip


LISTS = (notices, credit_notes, payments, deliveries, erasures, holds, doubts, doubts_that_are_over, payouts, requests,
         sagas, disputes, letters)  # fmt: skip


@pytest.mark.parametrize("made", LISTS, ids=lambda made: made.__name__)
async def test_rows_of_one_instant_are_all_told_once_whatever_the_page(
    house: House, desk: Desk, owner_url: str, made: Callable[[World, Desk], Awaitable[List]]
) -> None:
    world = await make_world(house)
    of = await made(world, desk)
    owner = await asyncpg.connect(owner_url)
    shard = world.tenant.live_house.shard
    await owner.execute(f"UPDATE {of.table} SET {of.instant} = $2 WHERE shard_key = $1", shard, THEN)  # noqa: S608 - our own names
    await owner.close()
    async with house.db.history(await caught_up(world)) as history:
        whole = await of.read(house.db, history.replica, 10, None)
        one_by_one: list[Any] = []
        while page := await of.read(house.db, history.replica, 1, of.place(one_by_one[-1]) if one_by_one else None):
            one_by_one += page
            assert len(one_by_one) <= len(whole)
    assert one_by_one == list(whole)
    assert len(whole) == 3


async def test_a_run_over_a_plan_lists_all_its_subscriptions_whatever_the_page(house: House) -> None:
    world = await make_world(house)  # all under one shard key
    price, db = await new_price(world, Money(900, EUR)), world.house.db.primary
    begun = [await buy(world, await buyer(world), price) for _ in range(3)]
    order = Order(BulkAction.PAUSE, Settings(), await plan_of(world, price), (), "The product ends.")
    found: list[UUID] = []
    page = await page_of(db, world.tenant.tenant, order, None, 1)
    while page.last is not None:
        found += [each.id for each in page.subjects]
        assert len(found) <= len(begun)
        page = await page_of(db, world.tenant.tenant, order, page.last, 1)
    assert (page.subjects, found) == ((), sorted(each.subscription.uuid for each in begun))


async def test_the_items_of_a_run_are_all_told_once_whatever_the_page(house: House) -> None:
    world = await make_world(house)
    price = await new_price(world, Money(900, EUR))
    for _ in range(3):
        await buy(world, await buyer(world), price)
    order = Order(BulkAction.PAUSE, Settings(), await plan_of(world, price), (), "The product ends.")
    home, admin = world.tenant.live_house, world.staff(Grant.ADMIN)
    run = (await perform(house.db, start_bulk_run, admin, home, StartBulkRun(order), fresh("run"))).outcome.run
    await do_now(house, home)
    whole = await bulk_items(house.db.primary, run, None, 10)
    found: list[BulkItem] = []
    while page := await bulk_items(house.db.primary, run, _after(found), 1):
        found += page
        assert len(found) <= len(whole)
    assert (found, len(whole)) == (whole, 3)


def _after(found: list[BulkItem]) -> tuple[int, UUID] | None:
    return (found[-1].subject.customer.shard, found[-1].place) if found else None


async def test_an_export_has_every_line_of_an_invoice_whatever_the_page(world: World) -> None:
    ada, db = await buyer(world), world.house.db
    lines = [ManualLine(f"Work {number}", 1, Money(1000, EUR)) for number in range(3)]
    for _ in range(2):
        await issue(world, ada, await draft(world, ada, *lines))
    async with db.history(await caught_up(world)) as history:
        whole, by_one = [
            await content_of(history.replica, db.vault, ada.id, Around((), ()), THEN, rows) for rows in (ROWS, 1)
        ]
    assert (by_one.records, by_one.sha256) == (whole.records, whole.sha256)
    told = b"".join(unpacked(whole.packed)).splitlines()
    assert len([line for line in told if b'"table":"invoice_line"' in line]) == 6
