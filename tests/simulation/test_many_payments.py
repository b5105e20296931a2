"""Payments by the hundred against lost answers, lost and doubled events and dying workers: both books are equal."""

import os
from collections import Counter
from typing import Any

import pytest
from pydantic import SecretStr

from domain.inbox import find
from domain.ledger.balance import balance
from domain.payments.payment import OPEN
from domain.payments.refund import IN_FLIGHT, refunds_of_payments
from domain.reconciliation.verify import verify_shard
from runtime.settings import Settings
from tests.lives import invoices_of
from tests.simulation.many_payments import Crowd, pay_many, payments_of_all
from tests.webhook_desk import Desk, desk_of
from tests.world import EUR, Someone, World

PAYMENTS = int(os.environ.get("PAYMENTS", "60"))  # `make payments` makes ten thousand; a few belong to every test run
SEED = int(os.environ.get("FIRST", "1"))


@pytest.mark.row("C14")
@pytest.mark.row("J1")
async def test_many_payments_end_definite_with_equal_books_and_nobody_charged_twice(
    world: World, process_settings: Settings
) -> None:
    away = process_settings.model_copy(update={"redis_url": SecretStr("redis://127.0.0.1:9/0")})  # it is not needed
    async with desk_of(world.house, away) as desk:
        await books_are_equal_after_many_payments(world, desk)


async def books_are_equal_after_many_payments(world: World, desk: Desk) -> None:
    """Makes the payments and compares; says what befell them."""
    crowd = await pay_many(world, desk, SEED, PAYMENTS)
    told = f"seed {SEED}: {dict(crowd.counted)}"
    books = (await desk.provider.get("/admin/books")).json()
    at_provider: dict[str, list[Any]] = {}
    for kind in ("payments", "refunds"):
        for each in books[kind]:
            at_provider.setdefault(each["metadata"].get("customer", ""), []).append(each)
    for who in crowd.people:
        assert await differences(crowd, who, at_provider.get(str(who.id), [])) == [], told
    for shard in {who.id.shard for who in crowd.people}:
        assert await verify_shard(world.house.db.primary, shard) == [], told
    assert await left_over(crowd) == Counter(), told
    print(told)


async def differences(crowd: Crowd, who: Someone, there: list[Any]) -> list[str]:
    """What of a customer's money is not the same here and at the provider, or not definite, or taken twice."""
    db = crowd.world.house.db.primary
    payments, invoices = await payments_of_all(crowd.world, who), await invoices_of(crowd.world, who)
    refunds = [each for found in (await refunds_of_payments(db, who.id, [one.id for one in payments])).values()
               for each in found]  # fmt: skip
    taken = {each["reference"]: each["captured_minor"] for each in there if each.get("captured_minor")}
    given = {each["reference"]: each["amount_minor"] for each in there
             if "captured_minor" not in each and each["status"] == "succeeded"}  # fmt: skip
    found = [f"{each.id} is {each.state.name}" for each in payments if each.state.name in OPEN | {"captured"}]
    found += [f"{each.id} is {each.state.name}" for each in refunds if each.state.name in IN_FLIGHT]
    if sum(1 for each in there if each.get("captured_minor")) != len(taken):
        found.append("the provider took one payment twice")
    if {str(each.id): each.captured.minor for each in payments if each.captured.minor} != taken:
        found.append("other money was taken than we know")
    if {str(each.id): each.amount.minor for each in refunds if each.state.name == "succeeded"} != given:
        found.append("other money was given back than we know")
    times = Counter(each.invoice for each in payments if each.captured.minor)
    found += [f"{id} was paid {count} times" for id, count in times.items() if count > 1]
    owed = await balance(db, who.id, EUR)
    if (owed.receivable.minor, owed.credit.minor) != (sum(each.due.minor for each in invoices), 0):
        found.append("the balance is not what is due")
    return found


async def left_over(crowd: Crowd) -> Counter[str]:
    """Work that nobody can end, and events that wait, of these customers."""
    db, left = crowd.world.house.db.primary, Counter[str]()
    for who in crowd.people:
        owner = (who.id.shard, who.id.uuid)
        left["letters"] += await db.fetchval(
            "SELECT count(*) FROM dead_letter WHERE shard_key = $1 AND customer_id = $2", *owner
        )
        left["calls"] += await db.fetchval(
            """SELECT count(*) FROM due_work WHERE shard_key = $1 AND customer_id = $2
                  AND kind IN ('send_payment', 'send_refund')""",
            *owner,
        )
    events = [await find(db, key) for key in set(crowd.kept)]
    left.update(each.state if each else "lost" for each in events)
    return +Counter({what: count for what, count in left.items() if what not in ("applied", "stale")})
