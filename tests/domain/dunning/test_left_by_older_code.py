"""Cases that an older release left wrong: a migration puts them before the code that knows what becomes of them."""

from datetime import timedelta

import asyncpg
import pytest

from domain.actor import Grant
from domain.dunning.case import cases
from domain.invoices.billing_terms import SetBillingTerms, set_billing_terms
from domain.payments.pay_invoice import PayInvoice, pay_invoice
from domain.payments.reverse_offline import ReverseOfflinePayment, reverse_offline
from domain.perform import perform
from domain.reactions.work import do_now
from migrations.files import read_files
from tests.domain.dunning.test_closed_invoices import in_dunning, stands
from tests.domain.invoices.bills import note
from tests.domain.payments.test_offline_payments import record
from tests.lives import attempts_at, buyer, by_finance, day, invoices_of, is_entitled, start, until, wrong_rows
from tests.world import Someone, World, fresh

NET = timedelta(days=30)  # to pay an invoice on account


async def repaired(owner_url: str, *before: tuple[str, *tuple[object, ...]]) -> None:
    """Runs the migration, on what these statements have made of the rows."""
    (repair,) = [file.sql for file in read_files() if file.name.endswith("_cases_looked_at_again")]
    connection = await asyncpg.connect(owner_url)
    try:
        for statement, *values in before:
            await connection.execute(statement, *values)
        await connection.execute(repair)
    finally:
        await connection.close()


async def test_an_old_invoice_that_is_owed_again_beside_a_stopped_case_is_collected(
    world: World, owner_url: str
) -> None:
    ada, case = await in_dunning(world)
    recorded = await record(world, ada, 400)
    await note(world, ada, case.invoice, 600)
    bounced = ReverseOfflinePayment(recorded.payment, "The cheque bounced.")
    await perform(world.house.db, reverse_offline, world.staff(Grant.FINANCE), ada.id, bounced, fresh("reverse"))
    # Older code heard of it, and did nothing.
    forgotten = "DELETE FROM outbox_event WHERE shard_key = $1 AND customer_id = $2"
    await repaired(owner_url, (forgotten, ada.id.shard, ada.id.uuid))
    await do_now(world.house, ada.id)
    assert (await stands(world, ada))[:2] == ("active", True)
    await until(world, ada, day(2, 1, 4))
    assert await stands(world, ada) == ("past_due", True, [("retrying", None)])
    await world.card(ada)
    assert [each.state.name for each in await invoices_of(world, ada)] == ["paid", "paid"]
    assert await wrong_rows(world, ada) == []


@pytest.mark.parametrize("days", [3, 20], ids=["while it has access", "once that is lost"])
async def test_an_old_case_that_began_before_its_invoice_on_account_was_due_begins_on_the_day(
    world: World, owner_url: str, days: int
) -> None:
    ada = await early(world, owner_url, days)
    assert await is_entitled(world, ada) == (days < 14)
    assert len(await cases(world.house.db.primary, ada.id)) == 1
    await repaired(owner_url)
    began = day(1, 31)
    await until(world, ada, began + timedelta(days=days, hours=1))
    assert await stands(world, ada) == ("active", True, [("stopped", None)])
    (first, *_) = await invoices_of(world, ada)
    await world.do(ada, pay_invoice, PayInvoice(first.id, None))
    assert [each.state.name for each in await attempts_at(world, ada, first.id)] == ["failed"]
    assert await stands(world, ada) == ("active", True, [("stopped", None)])
    await until(world, ada, began + NET)
    (case,) = [each for each in await cases(world.house.db.primary, ada.id) if each.invoice == first.id]
    assert (case.state.name, case.opened_at) == ("retrying", began + NET)
    await until(world, ada, began + NET + timedelta(days=13))
    assert await is_entitled(world, ada)
    assert await wrong_rows(world, ada) == []


async def early(world: World, owner_url: str, days: int) -> Someone:
    """A customer whose case began so many days ago, and 30 days before its invoice is due."""
    ada = await buyer(world, "tok_insufficient_funds")
    await by_finance(world, ada, set_billing_terms, SetBillingTerms(30, None))
    await start(world, ada)
    (first,) = await invoices_of(world, ada)
    await until(world, ada, day(1, 31) + timedelta(days=days))
    connection = await asyncpg.connect(owner_url)
    try:
        due = day(1, 31) + NET
        await connection.execute(
            "UPDATE invoice SET due_at = $3 WHERE shard_key = $1 AND id = $2", first.id.shard, first.id.uuid, due
        )
        await connection.execute(
            """INSERT INTO due_work (shard_key, customer_id, kind, subject, due_at, follows, clocked, attempts,
                   recorded_at) VALUES ($1, $2, 'invoice_overdue', $3, $4, 'business', true, 0, now())""",
            ada.id.shard, ada.id.uuid, first.id.uuid, due,
        )  # fmt: skip
    finally:
        await connection.close()
    return ada
