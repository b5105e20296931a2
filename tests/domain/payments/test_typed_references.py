"""References of the provider that staff type: none is taken for two payments."""

import asyncpg
import pytest

from domain.payments.exception_case import Resolution
from domain.payments.settle_payment import News
from tests.domain.payments.conftest import SideDoor
from tests.exception_kit import claim, lost, newest, resolve, waiting
from tests.lives import attempts_at, invoices_of, tell, wrong_rows
from tests.world import World, fresh

CHARGED = Resolution.CONFIRM_CHARGED


@pytest.mark.row("B8")
async def test_a_reference_that_another_payment_has_is_not_taken_for_this_one(world: World, provider: SideDoor) -> None:
    ada, _ = await lost(world, provider)
    first = (await attempts_at(world, ada, (await invoices_of(world, ada))[0].id))[0]
    assert first.provider_ref is not None
    (case,) = await waiting(world, ada)
    assert await claim(world, ada, case.id) == "done"
    assert await resolve(world, ada, case.id, CHARGED, first.provider_ref) == "INVALID_INPUT"
    seen = fresh("payment")
    assert await resolve(world, ada, case.id, CHARGED, seen) == "done"
    eve, _ = await lost(world, provider)
    (other,) = await waiting(world, eve)
    assert await claim(world, eve, other.id) == "done"
    assert await resolve(world, eve, other.id, CHARGED, seen) == "INVALID_INPUT"
    assert ((await newest(world, ada)).provider_ref, (await newest(world, eve)).state.name) == (seen, "unknown")
    assert await wrong_rows(world, ada) == []


async def test_a_reference_of_another_account_is_another_name(world: World, provider: SideDoor, owner_url: str) -> None:
    """Two accounts at one provider may call two payments alike, also where these stand beside each other."""
    ada, _ = await lost(world, provider)
    first = (await attempts_at(world, ada, (await invoices_of(world, ada))[0].id))[0]
    await tell(world, ada, first.id, News.CAPTURED)  # so that nobody asks the second account for it
    owner = await asyncpg.connect(owner_url)
    for table in ("payment", "provider_reference"):
        sql = f"UPDATE {table} SET provider_account = 'sandbox/second' WHERE provider_ref = $1"  # noqa: S608 - our own names
        assert await owner.execute(sql, first.provider_ref) == "UPDATE 1"
    await owner.close()
    (case,) = await waiting(world, ada)
    assert await claim(world, ada, case.id) == "done"
    assert await resolve(world, ada, case.id, CHARGED, first.provider_ref) == "done"
    assert (await newest(world, ada)).provider_ref == first.provider_ref
