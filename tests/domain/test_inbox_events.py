"""What one provider event may do: only what it proves about a payment or refund of ours, and once."""

import asyncio
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from domain.inbox import LEASE
from domain.ledger.balance import balance
from domain.money import Money
from domain.payments.gateway import EventKind
from domain.payments.payment import Payment, payment
from domain.payments.refund import Refund, refunds_of
from domain.payments.settle_payment import News
from domain.perform import perform
from domain.reactions.house import TRIES
from domain.reactions.provider_events import HANDLERS, apply
from domain.reactions.replay import replay_event
from domain.reactions.work import do_now
from domain.refusals import Refused
from domain.subscriptions.start import StartSubscription, start_subscription
from tests.lives import buyer, give_back, invoices_of, start, tell, wrong_rows
from tests.mishaps import Death, death_at, later
from tests.webhook_desk import Desk, Event, key_of, made_up
from tests.world import EUR, Someone, World, fresh


async def charged(world: World, token: str = "tok_visa") -> tuple[Someone, Payment]:
    """A customer with one payment."""
    ada = await buyer(world, token)
    begun = await start(world, ada)
    assert begun.payment is not None
    return ada, await payment(world.house.db.primary, ada.id, begun.payment)


async def now_of(world: World, known: Payment) -> Payment:
    return await payment(world.house.db.primary, known.customer, known.id)


def about(known: Payment, **changed: Any) -> dict[str, Any]:
    """The provider's object of a payment, as an event carries it."""
    return {
        "id": known.provider_ref,
        "reference": str(known.id),
        "metadata": {"payment": str(known.id), "customer": str(known.customer)},
        "amount_minor": known.amount.minor,
        "captured_minor": known.amount.minor,
        **changed,
    }


@pytest.mark.row("B5")
async def test_an_event_confirms_a_capture_and_takes_its_query_away(world: World, desk: Desk) -> None:
    ada, known = await charged(world)
    assert known.state.name == "captured"
    (event,) = await desk.events_of(known.provider_ref)
    assert await desk.take(event) == "applied"
    assert (await now_of(world, known)).state.name == "succeeded"
    assert await do_now(later(world.house, timedelta(hours=2)), ada.id) == 0


async def test_an_event_that_overtakes_the_answer_settles_the_payment_once(world: World, desk: Desk) -> None:
    ada = await buyer(world)
    command = StartSubscription(world.prices["starter"], 1)
    begun = await perform(world.house.db, start_subscription, ada.actor, ada.id, command, fresh("key"))
    with death_at("attempt.answered"), pytest.raises(Death):
        await do_now(world.house, ada.id)
    (charge,) = (await desk.books(ada))["payments"]
    (event,) = await desk.events_of(charge["id"])
    assert await desk.take(event) == "applied"
    assert begun.outcome.payment is not None
    known = await payment(world.house.db.primary, ada.id, begun.outcome.payment)
    assert (known.state.name, known.provider_ref) == ("succeeded", charge["id"])
    await do_now(later(world.house, timedelta(minutes=2)), ada.id)
    assert len((await desk.books(ada))["payments"]) == 1
    assert await wrong_rows(world, ada) == []


@pytest.mark.row("B3")
async def test_an_event_goes_on_with_a_payment_that_waited_for_its_customer(world: World, desk: Desk) -> None:
    ada, known = await charged(world, "tok_3ds")
    assert known.action_url is not None
    (first,) = await desk.events_of(known.provider_ref)
    assert await desk.take(first) == "applied"
    await desk.come(known.action_url, "fail")
    assert await desk.take((await desk.events_of(known.provider_ref))[1]) == "applied"
    assert (await now_of(world, known)).failure_code == "authentication_failed"
    assert [one.state.name for one in await invoices_of(world, ada)] == ["open"]


async def test_authentic_events_with_forged_ids_move_nobodys_payment(world: World, desk: Desk) -> None:
    ada, victim = await charged(world, "tok_bank_held")
    mallory, own = await charged(world, "tok_visa")
    forged = [
        about(victim, id=own.provider_ref),  # Mallory's charge, in Ada's name
        about(victim, metadata={"payment": str(own.id), "customer": str(ada.id)}),
        about(victim, metadata={"payment": str(victim.id), "customer": str(mallory.id)}),
        about(victim, metadata={}),
        about(victim, reference=str(own.id)),
        about(victim, reference="nonsense"),
        about(victim, reference="payment_\u0000"),
    ]
    for of_object in forged:
        event = made_up(**of_object)
        assert await desk.take(event) == "dead", of_object
        kept = await desk.kept(event)
        assert kept is not None
        assert kept.cause
        assert kept.error_id
    assert await now_of(world, victim) == victim
    assert (await balance(world.house.db.primary, ada.id, EUR)).receivable.minor == 1000


async def test_an_event_about_another_amount_is_not_believed(world: World, desk: Desk) -> None:
    _, known = await charged(world, "tok_bank_held")
    await desk.take((await desk.events_of(known.provider_ref))[0])
    assert await desk.take(made_up(sequence=2, **about(known, captured_minor=1))) == "applied"
    assert (await now_of(world, known)).state.name == "processing", "asked, the provider knew of no capture"


@pytest.mark.parametrize(("news", "state"), [(News.DECLINED, "failed"), (News.VOIDED, "voided")])
async def test_a_late_success_is_recorded_because_the_money_was_taken(
    world: World, desk: Desk, news: News, state: str
) -> None:
    ada, known = await charged(world, "tok_bank_held")
    assert await tell(world, ada, known.id, news) == state
    await desk.admin(f"settle/{known.provider_ref}")
    for event in await desk.events_of(known.provider_ref):
        await desk.take(event)
    assert (await now_of(world, known)).state.name == "succeeded"
    assert [one.state.name for one in await invoices_of(world, ada)] == ["paid"]
    assert await wrong_rows(world, ada) == []


async def test_a_late_success_of_another_amount_is_left_to_people(world: World, desk: Desk) -> None:
    ada, known = await charged(world, "tok_bank_held")
    await tell(world, ada, known.id, News.DECLINED)
    event = made_up(**about(known, captured_minor=400))
    assert await desk.take(event) == "dead"
    assert (await now_of(world, known)).state.name == "failed"


@pytest.mark.row("F7")
async def test_no_event_takes_a_success_back(world: World, desk: Desk) -> None:
    _, known = await charged(world)
    await desk.take((await desk.events_of(known.provider_ref))[0])
    for sequence, kind in enumerate(("processing", "requires_action", "failed", "canceled"), start=2):
        failure = {"code": "stolen_card"} if kind == "failed" else None
        event = made_up(f"payment.{kind}", sequence=sequence, **about(known, failure=failure))
        assert await desk.take(event) == "stale"
    assert (await now_of(world, known)).state.name == "succeeded"


async def refunded(world: World, desk: Desk, token: str) -> tuple[Someone, Payment, Refund]:
    """A customer that gets 3.00 back."""
    ada, known = await charged(world, token)
    await desk.hold(ada)
    await give_back(world, ada, known.id, Money(300, EUR))
    (refund,) = await refunds_of(world.house.db.primary, ada.id, known.id)
    return ada, known, refund


@pytest.mark.row("J4")
async def test_a_refund_becomes_final_by_its_event(world: World, desk: Desk) -> None:
    ada, known, refund = await refunded(world, desk, "tok_refund_pending")
    assert refund.state.name == "pending"
    await desk.admin(f"settle/{refund.provider_ref}")
    (event,) = await desk.events_of(refund.provider_ref)
    assert await desk.take(event) == "applied"
    (after,) = await refunds_of(world.house.db.primary, ada.id, known.id)
    assert after.state.name == "succeeded"
    assert await wrong_rows(world, ada) == []


async def test_an_event_of_another_charge_does_not_settle_a_refund(world: World, desk: Desk) -> None:
    ada, known, refund = await refunded(world, desk, "tok_refund_pending")
    of_object = {
        "id": refund.provider_ref, "payment": known.provider_ref, "reference": str(refund.id), "amount_minor": 300,
        "metadata": {"payment": str(known.id), "customer": str(ada.id)},
    }  # fmt: skip
    for forged in ({"payment": "payment_other"}, {"id": "refund_other"}, {"reference": str(known.id)}):
        assert await desk.take(made_up("refund.succeeded", {**of_object, **forged})) == "dead"
    (after,) = await refunds_of(world.house.db.primary, ada.id, known.id)
    assert after == refund


async def test_a_refund_that_is_taken_back_after_its_success_is_shown_to_people(world: World, desk: Desk) -> None:
    _, _, refund = await refunded(world, desk, "tok_refund_reversed")
    assert refund.state.name == "succeeded"
    await desk.admin(f"settle/{refund.provider_ref}", outcome="account_closed")
    succeeded, failed = await desk.events_of(refund.provider_ref)
    assert [await desk.take(event) for event in (succeeded, failed)] == ["applied", "dead"]
    kept = await desk.kept(failed)
    assert kept is not None
    assert kept.cause == "a refund that succeeded has failed later"


@pytest.mark.row("C12")
async def test_every_kind_of_event_has_a_handler_and_meaningless_ones_are_dropped(desk: Desk) -> None:
    assert set(HANDLERS) == set(EventKind) - {EventKind.UNRECOGNIZED}
    assert await desk.take(made_up("customer.birthday")) == "stale"


@pytest.mark.row("F7")
async def test_an_event_that_two_workers_take_at_once_has_one_effect(world: World, desk: Desk) -> None:
    ada, known = await charged(world)
    (event,) = await desk.events_of(known.provider_ref)
    await desk.deliver(event)
    states = await asyncio.gather(*(apply(world.house, key_of(event)) for _ in range(8)))
    assert sorted(states, key=str) == [None] * 7 + ["applied"]
    assert await operations_under(world, ada, event) == 1


async def operations_under(world: World, of: Someone, event: Event) -> int:
    """How many operations were performed under the event's own key."""
    found: int = await world.house.db.primary.fetchval(
        "SELECT count(*) FROM operation_key WHERE shard_key = $1 AND customer_id = $2 AND key = $3",
        of.id.shard, of.id.uuid, f"event:{key_of(event)}",
    )  # fmt: skip
    return found


@pytest.mark.row("C14")
@pytest.mark.parametrize("point", ["inbox.applied", "perform.committed", "perform.recorded"])
async def test_an_event_whose_worker_died_is_finished_by_another_within_the_lease(
    world: World, desk: Desk, point: str
) -> None:
    ada, known = await charged(world)
    (event,) = await desk.events_of(known.provider_ref)
    await desk.deliver(event)
    with death_at(point), pytest.raises(Death):
        await apply(world.house, key_of(event))
    assert await desk.state(event) == "received"
    assert await apply(world.house, key_of(event)) is None, "the dead worker's lease still runs"
    assert await apply(later(world.house, LEASE), key_of(event)) == "applied"
    assert (await now_of(world, known)).state.name == "succeeded"
    assert await operations_under(world, ada, event) == 1
    assert await wrong_rows(world, ada) == []


@pytest.mark.row("L5")
@pytest.mark.row("C9")
async def test_an_event_that_fails_five_times_is_dead_and_can_be_replayed_once_it_is_healed(
    world: World, desk: Desk, owner_url: str
) -> None:
    _, known = await charged(world)
    (event,) = await desk.events_of(known.provider_ref)
    await desk.deliver(event)
    raw = await without_its_body(owner_url, key_of(event))
    for hours in range(TRIES):
        await apply(later(world.house, timedelta(hours=hours)), key_of(event))
    dead = await desk.kept(event)
    assert dead is not None
    assert (dead.state, dead.attempts, dead.cause) == ("dead", TRIES, "AssertionError")
    assert dead.error_id
    _, also = await charged(world)
    (next_event,) = await desk.events_of(also.provider_ref)
    assert await desk.take(next_event) == "applied", "the others go on"
    await with_its_body(owner_url, key_of(event), raw)
    assert await replay_event(world.house, dead) == "applied"
    assert (await now_of(world, known)).state.name == "succeeded"
    with pytest.raises(Refused, match="STATE_CONFLICT"):
        await replay_event(world.house, (await desk.kept(event)) or dead)


async def without_its_body(owner_url: str, key: str) -> Any:
    """Takes the raw body of an event away, which no program of ours could do."""
    owner = await asyncpg.connect(owner_url)
    row = await owner.fetchrow("DELETE FROM webhook_body WHERE event_key = $1 RETURNING *", key)
    await owner.close()
    return row


async def with_its_body(owner_url: str, key: str, row: Any) -> None:
    """Puts it back."""
    owner = await asyncpg.connect(owner_url)
    await owner.execute("INSERT INTO webhook_body VALUES ($1, $2, $3, $4)", *row)
    await owner.close()
