"""A provider's events in any order, doubled, late or lost: the books depend on what happened, not on what arrived."""

import itertools
import random
from datetime import timedelta
from typing import Any

import pytest

from domain.inbox import find
from domain.ledger.balance import balance
from domain.payments.attempt import QUERY_AFTER
from domain.payments.book_money import CONFIRM_AFTER
from domain.payments.payment import Payment, payment
from domain.reactions.provider_events import GAP_PATIENCE, apply
from domain.reactions.work import do_now
from domain.subscriptions.start import SubscriptionStarted
from tests.lives import attempts_at, buyer, invoices_of, start, wrong_rows
from tests.mishaps import later
from tests.webhook_desk import Desk, Event, key_of
from tests.world import EUR, Someone, World

DONE = {"applied", "stale"}


async def paying(world: World, token: str) -> tuple[Someone, SubscriptionStarted]:
    """A customer whose first payment is under way as the token says."""
    ada = await buyer(world, token)
    return ada, await start(world, ada)


async def charge_of(world: World, of: Someone, begun: SubscriptionStarted) -> Payment:
    assert begun.payment is not None
    return await payment(world.house.db.primary, of.id, begun.payment)


async def authenticated(world: World, desk: Desk) -> tuple[Someone, SubscriptionStarted, list[Event]]:
    """A customer that has just passed 3-D Secure, which we do not know yet, and both events of its payment."""
    ada, begun = await paying(world, "tok_3ds")
    charge = await charge_of(world, ada, begun)
    assert charge.state.name == "requires_action"
    await desk.come(charge.action_url)
    return ada, begun, await desk.events_of(charge.provider_ref)


async def books_of(world: World, of: Someone) -> Any:
    """What the house says of a customer's money: invoices, payments, balance; and that verification finds no fault."""
    invoices = await invoices_of(world, of)
    tries = [each for one in invoices for each in await attempts_at(world, of, one.id)]
    owed = await balance(world.house.db.primary, of.id, EUR)
    assert await wrong_rows(world, of) == []
    return (
        [(one.state.name, one.total.minor, one.due.minor) for one in invoices],
        [(each.state.name, each.captured.minor, each.failure_code) for each in tries],
        (owed.receivable.minor, owed.credit.minor),
    )


async def test_an_event_that_was_waited_for_wakes_the_next_of_its_own_object(world: World, desk: Desk) -> None:
    pairs = [(await authenticated(world, desk))[2] for _ in range(2)]
    assert [await desk.take(late) for _, late in pairs] == ["waiting"] * 2
    for done, (early, _) in enumerate(pairs, 1):
        assert await desk.take(early) in DONE
        found = [await find(world.house.db.primary, key_of(late)) for _, late in pairs]
        assert [each.state if each else None for each in found] == ["applied"] * done + ["waiting"] * (2 - done)


# Every order of two events, once and with either of them doubled.
ORDERS = sorted({order for many in ((0, 1), (0, 0, 1), (0, 1, 1)) for order in itertools.permutations(many)})


@pytest.mark.row("L2")
@pytest.mark.row("F7")
@pytest.mark.parametrize("order", ORDERS, ids=str)
async def test_a_payment_ends_the_same_in_whatever_order_its_events_come(
    world: World, desk: Desk, order: tuple[int, ...]
) -> None:
    ada, _, events = await authenticated(world, desk)
    for place in order:
        await desk.take(events[place])
    assert {await desk.state(event) for event in events} <= DONE
    assert await books_of(world, ada) == ([("paid", 1000, 0)], [("succeeded", 1000, None)], (0, 0))


async def several_payments(world: World, desk: Desk) -> tuple[Someone, list[Event]]:
    """A customer with three payments that end in three ways after we last heard of them, and all their events."""
    ada = await world.customer()
    events: list[Event] = []
    for code, token in (("starter", "tok_3ds"), ("team", "tok_bank_held"), ("yearly", "tok_bank_held")):
        await world.card(ada, token)
        charge = await charge_of(world, ada, await start(world, ada, code))
        if token == "tok_3ds":
            await desk.come(charge.action_url)
        else:
            outcome = "succeeded" if code == "team" else "account_closed"
            await desk.admin(f"settle/{charge.provider_ref}", outcome=outcome)
        events += await desk.events_of(charge.provider_ref)
    return ada, events


@pytest.mark.row("L2")
@pytest.mark.parametrize("seed", range(8))
async def test_a_shuffled_and_doubled_heap_of_events_ends_in_the_same_books(
    world: World, desk: Desk, seed: int
) -> None:
    ada, events = await several_payments(world, desk)
    assert len(events) == 6
    heap = events + random.Random(seed).sample(events, 3)
    random.Random(seed).shuffle(heap)
    for event in heap:
        await desk.take(event)
    await do_now(world.house, ada.id)
    assert {await desk.state(event) for event in events} <= DONE
    invoices, tries, owed = await books_of(world, ada)
    assert invoices == [("paid", 1000, 0), ("paid", 2000, 0), ("open", 20000, 20000)]
    assert tries == [("succeeded", 1000, None), ("succeeded", 2000, None), ("failed", 0, "account_closed")]
    assert owed == (20000, 0)


@pytest.mark.row("L2")
async def test_an_event_whose_predecessor_is_lost_waits_a_while_and_then_the_provider_is_asked(
    world: World, desk: Desk
) -> None:
    ada, begun, (first, second) = await authenticated(world, desk)
    assert await desk.take(second) == "waiting"
    assert (await charge_of(world, ada, begun)).state.name == "requires_action"
    meanwhile, after = later(world.house, GAP_PATIENCE / 2), later(world.house, GAP_PATIENCE)
    assert await apply(meanwhile, key_of(second)) == "waiting"
    assert await apply(after, key_of(second)) == "applied"
    assert (await charge_of(world, ada, begun)).state.name == "succeeded"
    assert await desk.take(first) == "stale"
    assert (await books_of(world, ada))[0] == [("paid", 1000, 0)]


async def test_an_event_that_waits_is_taken_at_once_when_its_predecessor_comes(world: World, desk: Desk) -> None:
    _, _, (first, second) = await authenticated(world, desk)
    assert await desk.take(second) == "waiting"
    assert await desk.take(first) == "applied"
    assert await desk.state(second) == "applied"


@pytest.mark.row("F7")
async def test_an_event_that_a_later_one_has_overtaken_moves_nothing_back(world: World, desk: Desk) -> None:
    ada, begun = await paying(world, "tok_3ds")
    known = await charge_of(world, ada, begun)
    (real,) = await desk.events_of(known.provider_ref)
    second, first = {**real, "sequence": 2}, {**real, "id": f"{real['id']}x", "type": "payment.processing"}
    await desk.take(second)
    assert await apply(later(world.house, GAP_PATIENCE), key_of(second)) == "applied"
    assert await desk.take(first) == "stale"
    assert (await charge_of(world, ada, begun)).state.name == "requires_action"


async def test_an_event_in_doubt_waits_for_a_provider_that_does_not_answer(world: World, desk: Desk) -> None:
    ada, begun, (_, second) = await authenticated(world, desk)
    method = (await desk.books(ada))["payments"][0]["method"]
    await desk.deliver(second)
    await desk.admin("behaviour", method=method, operations=["query"], fault="unavailable")
    after = later(world.house, GAP_PATIENCE)
    assert await apply(after, key_of(second)) == "waiting"
    assert (await charge_of(world, ada, begun)).state.name == "requires_action"
    await desk.admin("behaviour", method=method)
    assert await apply(later(world.house, 3 * GAP_PATIENCE), key_of(second)) == "applied"
    assert (await charge_of(world, ada, begun)).state.name == "succeeded"


async def test_two_events_that_claim_the_same_place_are_settled_by_the_provider(world: World, desk: Desk) -> None:
    ada, begun, (first, second) = await authenticated(world, desk)
    failed = {**second, "id": f"{second['id']}x", "type": "payment.failed"}
    failed["object"] = {**second["object"], "status": "failed", "failure": {"code": "stolen_card"}}
    await desk.take({**first, "id": f"{first['id']}y"})
    await desk.take(first)
    assert (await charge_of(world, ada, begun)).state.name == "succeeded", "asked, the provider knew of the success"
    await desk.take(failed)
    await desk.take(second)
    assert (await books_of(world, ada))[1] == [("succeeded", 1000, None)]


@pytest.mark.row("C14")
async def test_a_lost_webhook_is_made_up_for_by_a_query(world: World, desk: Desk) -> None:
    ada, begun = await paying(world, "tok_visa")
    assert (await charge_of(world, ada, begun)).state.name == "captured"
    await do_now(later(world.house, CONFIRM_AFTER - timedelta(minutes=1)), ada.id)
    assert (await charge_of(world, ada, begun)).state.name == "captured"
    await do_now(later(world.house, CONFIRM_AFTER), ada.id)
    assert (await charge_of(world, ada, begun)).state.name == "succeeded"
    assert len((await desk.books(ada))["payments"]) == 1


@pytest.mark.row("B5")
async def test_a_bank_that_decides_without_telling_is_asked(world: World, desk: Desk) -> None:
    ada, begun = await paying(world, "tok_bank_held")
    charge = await charge_of(world, ada, begun)
    assert charge.state.name == "processing"
    await desk.admin(f"settle/{charge.provider_ref}")
    await do_now(later(world.house, QUERY_AFTER[0]), ada.id)
    assert (await charge_of(world, ada, begun)).state.name == "succeeded"
