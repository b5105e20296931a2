"""What an operation leaves behind for those who ask later: who did what, and states that stand apart."""

from datetime import UTC, datetime
from hashlib import sha256

import msgspec
import pytest

from domain.customers.advance_clock import AdvanceClock, advance_clock
from domain.ids import InvoiceId
from domain.invoices.invoice import invoice
from domain.ledger.balance import balance
from domain.payments.payment import payments_of
from domain.perform import perform
from domain.subscriptions.start import StartSubscription, start_subscription
from domain.subscriptions.subscription import subscriptions
from tests.lives import start
from tests.webhook_desk import Desk
from tests.world import EUR, World, fresh


@pytest.mark.row("A2")
async def test_an_unpaid_invoice_a_failed_payment_and_open_access_stand_side_by_side(world: World) -> None:
    ada = await world.customer()
    await world.card(ada)
    await world.do(ada, start_subscription, StartSubscription(world.prices["starter"], 1))
    await world.card(ada, "tok_insufficient_funds")
    await world.do(ada, advance_clock, AdvanceClock(datetime(2027, 2, 2, tzinfo=UTC)))
    db = world.house.db.primary
    (bought,) = await subscriptions(db, ada.id)
    row = await db.fetchrow(
        "SELECT id FROM invoice WHERE shard_key = $1 AND customer_id = $2 AND reason = 'renewal'",
        ada.id.shard,
        ada.id.uuid,
    )
    assert row is not None
    unpaid = await invoice(db, ada.id, InvoiceId(ada.id.shard, row["id"]))
    (attempt,) = await payments_of(db, ada.id, unpaid.id)
    assert (unpaid.state.name, attempt.state.name) == ("open", "failed")
    assert (bought.state.name, bought.is_entitled_at(world.house.db.clock.now())) == ("past_due", True)
    assert (await balance(db, ada.id, EUR)).receivable.minor == 1000


@pytest.mark.row("F8")
async def test_the_same_intent_has_the_same_key_at_the_provider(world: World, desk: Desk) -> None:
    ada = await world.customer()
    await world.card(ada)
    started = await start(world, ada)
    (paid,) = await payments_of(world.house.db.primary, ada.id, started.invoice)
    intent = f"{world.tenant.tenant}|{started.invoice}|1"
    assert paid.provider_key == sha256(intent.encode()).hexdigest()
    known = (await desk.provider.get("/v1/payments", params={"key": paid.provider_key})).json()["payments"]
    assert [each["id"] for each in known] == [paid.provider_ref]


@pytest.mark.row("A6")
async def test_every_change_of_state_and_every_posting_names_the_audited_operation_that_caused_it(world: World) -> None:
    ada = await world.customer()
    await world.card(ada)
    await world.do(ada, start_subscription, StartSubscription(world.prices["starter"], 1))
    await world.card(ada, "tok_stolen_card")
    await world.do(ada, advance_clock, AdvanceClock(datetime(2027, 3, 15, tzinfo=UTC)))
    rows = await world.house.db.primary.fetch(
        """WITH changed AS (
               SELECT machine || ' ' || event AS what, operation_id FROM transition
                WHERE shard_key = $1 AND customer_id = $2
               UNION ALL
               SELECT 'posting ' || cause, operation_id FROM ledger_transaction
                WHERE shard_key = $1 AND customer_id = $2)
           SELECT c.what, b.body ->> 'operation' AS cause, b.body ->> 'actor' AS actor
             FROM changed c
             LEFT JOIN audit_entry e ON e.shard_key = $1 AND e.customer_id = $2 AND e.operation_id = c.operation_id
             LEFT JOIN audit_body b ON b.shard_key = $1 AND b.customer_id = $2 AND b.number = e.number""",
        ada.id.shard,
        ada.id.uuid,
    )
    causes = {row["what"]: (row["cause"], row["actor"]) for row in rows}
    assert len(rows) > 10
    assert all(row["cause"] and row["actor"] for row in rows), causes
    assert causes["subscription start"] == ("subscriptions.start", "portal")
    assert causes["subscription suspend"] == ("dunning.suspend", "system")
    assert causes["posting payment.captured"] == ("payments.settle", "system")


@pytest.mark.row("K1")
async def test_an_audit_entry_names_actor_action_target_change_time_and_request(world: World) -> None:
    ada = await world.customer()
    await world.card(ada)
    command = StartSubscription(world.prices["starter"], 1)
    done = await perform(world.house.db, start_subscription, ada.actor, ada.id, command, fresh("key"))
    row = await world.house.db.primary.fetchrow(
        """SELECT b.body, e.recorded_at, k.recorded_at AS key_at
             FROM audit_entry e
             JOIN audit_body b ON b.shard_key = e.shard_key AND b.customer_id = e.customer_id AND b.number = e.number
             JOIN operation_key k ON k.shard_key = e.shard_key AND k.customer_id = e.customer_id
                                 AND k.operation_id = e.operation_id
            WHERE e.shard_key = $1 AND e.customer_id = $2 AND e.operation_id = $3""",
        ada.id.shard,
        ada.id.uuid,
        done.operation.uuid,
    )
    assert row is not None
    body = msgspec.json.decode(row["body"])
    assert (body["actor"], body["subject"], body["request_id"]) == ("portal", ada.actor.subject, ada.actor.request_id)
    assert body["operation"] == "subscriptions.start"
    assert body["command"] == {"price": str(command.price), "quantity": 1, "trial": True, "coupon": None}
    assert body["outcome"]["subscription"] == str(done.outcome.subscription)
    assert {(change["machine"], change["before"], change["after"]) for change in body["changes"]} == {
        ("subscription", "new", "incomplete"),
        ("invoice", "new", "open"),
        ("payment", "new", "processing"),
        ("saga", "new", "running"),
    }
    assert row["recorded_at"] == row["key_at"]
