"""Payments by the hundred against lost answers, lost and doubled events and dying workers: both books are equal."""

import os
from collections import Counter

import pytest
from pydantic import SecretStr

from domain.reconciliation.verify import verify_shard
from runtime.settings import Settings
from tests.simulation.both_books import by_customer, differences, left_over
from tests.simulation.many_payments import pay_many
from tests.webhook_desk import Desk, desk_of
from tests.world import World

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
    at_provider = by_customer(books)
    for who in crowd.people:
        assert await differences(world, who, at_provider.get(str(who.id), [])) == [], told
    for shard in {who.id.shard for who in crowd.people}:
        assert await verify_shard(world.house.db.primary, shard) == [], told
    assert await left_over(world, crowd.people, set(crowd.kept)) == Counter(), told
    print(told)
