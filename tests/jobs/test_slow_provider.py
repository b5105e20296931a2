"""A provider that hangs: it holds a few calls, while everything that needs no answer of it goes on."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from domain.ids import uuid7
from domain.money import Money
from domain.payments.gateway import Captured, ChargeRequest, MethodFacts, Unavailable
from domain.payments.gateways.bulkhead import Bulkhead
from domain.reactions.house import House
from jobs.process import PROVIDER_CALLS
from jobs.worker import MAX_JOBS
from tests.jobs_kit import Ground, WorkerProcess, comes_true, ready, start_worker
from tests.webhook_desk import Desk, made_up
from tests.world import ACCOUNT, EUR, fresh

HANGS_MS = 30_000
"""Beyond the ten seconds after which a call is given up: however slow the machine, no answer comes meanwhile."""


async def test_work_that_needs_no_provider_goes_on_while_the_provider_hangs(
    empty_ground: Ground, workers: list[WorkerProcess], tmp_path: Path
) -> None:
    ground = empty_ground
    many = MAX_JOBS + PROVIDER_CALLS  # more than a worker has hands
    hanging = [await ground.bought(operations=["charge"], delay_ms=HANGS_MS) for _ in range(many)]
    workers.append(await ready(await start_worker(ground, tmp_path / "log")))

    async def calls_hang() -> bool:
        return await ground.calls_under_way() >= PROVIDER_CALLS

    await comes_true(calls_hang, "as many calls as there are places")
    event = made_up()
    await ground.desk.deliver(event)

    async def is_taken() -> bool:
        return await ground.desk.state(event) != "received"

    await comes_true(is_taken, "work that needs no provider")
    states = {(await ground.payment_of(ada, begun)).state.name for ada, begun in hanging}
    assert states <= {"processing", "unknown"}, "the provider hangs, so nothing is known of any of them yet"


async def a_charge(house: House) -> ChargeRequest:
    """What charges a card of nobody's once."""
    gateway = house.gateway(ACCOUNT)
    facts = await gateway.add_method(f"tok_visa#{fresh('card')}", "customer")
    assert isinstance(facts, MethodFacts)
    reference = str(uuid7(house.db.clock.now(), house.db.entropy(10)))
    return ChargeRequest(fresh("key"), reference, Money(1000, EUR), facts.method_ref, {"customer": reference})


async def test_a_call_without_a_place_is_never_made_and_says_so(house: House, desk: Desk) -> None:
    first, second = await a_charge(house), await a_charge(house)
    await desk.admin("behaviour", method=first.method_ref, operations=["charge"], reply_delay_ms=2_000)
    one_place = Bulkhead(house.gateway(ACCOUNT), 1)
    answers = await asyncio.gather(one_place.charge(first), one_place.charge(second))
    assert isinstance(answers[0], Captured)
    assert isinstance(answers[1], Unavailable)
    found = await desk.provider.get("/v1/payments", params={"reference": second.reference})
    assert found.json()["payments"] == []
    assert isinstance(await one_place.charge(second), Captured), "the place is free again"


async def test_a_call_that_fails_gives_its_place_back(house: House) -> None:
    request = await a_charge(house)
    one_place = Bulkhead(house.gateway(ACCOUNT), 1)
    broken = replace(request, metadata=cast(Any, {"a": object()}))
    with pytest.raises(TypeError):
        await one_place.charge(broken)
    assert isinstance(await one_place.charge(request), Captured)
