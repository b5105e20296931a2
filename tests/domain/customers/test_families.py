"""A customer has at most one parent, of its own kind; no family stands under itself, however many change it at once."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from domain.customers.family import ancestors, child_of, children, height_of, parent_of
from domain.refusals import RefusalCode, Refused
from tests.families import put_under
from tests.lives import wrong_rows
from tests.world import USD, Someone, World, fresh, make_world


async def some(world: World, count: int) -> list[Someone]:
    """Customers."""
    return [await world.customer() for _ in range(count)]


async def refusal(world: World, child: Someone, parent: Someone | None) -> RefusalCode:
    """Why it is refused; nothing is written."""
    before = await parent_of(world.house.db.primary, child.id)
    with pytest.raises(Refused) as refused:
        await put_under(world, child, parent)
    assert await parent_of(world.house.db.primary, child.id) == before
    return refused.value.code


async def insist(world: World, child: Someone, parent: Someone) -> None:
    """Asks under one key while it is told to try again: many who wait for each other may give way more than once."""
    key = fresh("family")
    while True:
        try:
            await put_under(world, child, parent, key)
            return
        except Refused as refused:
            if not refused.retryable:
                raise


@pytest.mark.row("Y10")
async def test_a_child_is_found_from_both_sides_and_only_as_long_as_it_is_one(world: World) -> None:
    db, (ada, firm, other) = world.house.db.primary, await some(world, 3)
    await put_under(world, ada, firm)
    assert (await parent_of(db, ada.id), await children(db, firm.id)) == (firm.id, [ada.id])
    await put_under(world, ada, other)
    assert (await children(db, firm.id), await children(db, other.id)) == ([], [ada.id])
    for former in (firm, ada):
        with pytest.raises(Refused) as refused:
            await child_of(db, world.tenant.tenant, former.id, ada.id)
        assert refused.value.code is RefusalCode.NOT_FOUND
    assert (await child_of(db, world.tenant.tenant, other.id, ada.id)).id == ada.id
    await put_under(world, ada, None)
    await put_under(world, ada, firm)
    assert (await parent_of(db, ada.id), await children(db, other.id)) == (firm.id, [])
    assert [await wrong_rows(world, each) for each in (ada, firm, other)] == [[], [], []]


async def test_what_is_asked_twice_under_one_key_is_done_once(world: World) -> None:
    (ada, firm), key = await some(world, 2), fresh("family")
    await put_under(world, ada, firm, key)
    await put_under(world, ada, firm, key)
    assert await children(world.house.db.primary, firm.id) == [ada.id]
    assert await refusal(world, ada, firm) is RefusalCode.STATE_CONFLICT


@pytest.mark.row("Y10")
async def test_a_family_has_three_levels_and_never_stands_under_itself(world: World) -> None:
    group, firm, site, late = await some(world, 4)
    await put_under(world, site, firm)
    await put_under(world, firm, group)
    assert await refusal(world, late, site) is RefusalCode.STATE_CONFLICT
    assert await refusal(world, group, late) is RefusalCode.STATE_CONFLICT
    for above, below in ((group, group), (group, firm), (group, site), (firm, site)):
        assert await refusal(world, above, below) is RefusalCode.STATE_CONFLICT
    assert await refusal(world, late, None) is RefusalCode.STATE_CONFLICT
    assert await ancestors(world.house.db.primary, site.id) == [firm.id, group.id]


async def test_who_is_of_another_currency_entity_or_tenant_is_no_parent(world: World) -> None:
    ada, dollars, live = await world.customer(), await world.customer(currency=USD), await world.customer(clock_at=None)
    elsewhere = await (await make_world(world.house)).customer()
    assert await refusal(world, ada, dollars) is RefusalCode.CURRENCY_MISMATCH
    assert await refusal(world, ada, live) is RefusalCode.STATE_CONFLICT
    assert await refusal(world, ada, elsewhere) is RefusalCode.NOT_FOUND


@pytest.mark.row("Y10")
@pytest.mark.parametrize("count", [2, 3, 5])
async def test_of_those_who_close_a_ring_at_once_one_is_refused_and_no_chain_is_too_long(
    world: World, count: int
) -> None:
    ring = await some(world, count)
    pairs = zip(ring, [*ring[1:], ring[0]], strict=True)
    answers = await asyncio.gather(*(insist(world, *pair) for pair in pairs), return_exceptions=True)
    refused = [each for each in answers if isinstance(each, Refused)]
    assert {each.code for each in refused} == {RefusalCode.STATE_CONFLICT}
    assert len(refused) < count
    db = world.house.db.primary
    assert max([len(await ancestors(db, each.id)) + await height_of(db, each.id) for each in ring]) <= 2
    assert [await wrong_rows(world, each) for each in ring] == [[]] * count


@pytest.fixture
async def owner(owner_url: str) -> AsyncIterator[asyncpg.Connection]:
    """Who may change any row that no key forbids."""
    connection = await asyncpg.connect(owner_url)
    yield connection
    await connection.close()


TAMPERED = [
    ("DELETE FROM customer_child WHERE customer_id = $1", "customer_parent"),
    ("UPDATE customer_child SET until_at = since_at WHERE customer_id = $1", "customer_parent"),
    ("DELETE FROM customer_parent WHERE parent_id = $1", "customer_child"),
]


@pytest.mark.row("Y10")
@pytest.mark.parametrize(("sql", "relation"), TAMPERED)
async def test_verification_names_a_relation_that_stands_on_one_side_only(
    house_world: World, owner: asyncpg.Connection, sql: str, relation: str
) -> None:
    world = house_world
    ada, firm = await some(world, 2)
    await put_under(world, ada, firm)
    await owner.execute(sql, firm.id.uuid)
    found = await wrong_rows(world, ada) + await wrong_rows(world, firm)
    assert {(each.check, each.relation) for each in found} == {("families_hold", relation)} or {
        each.relation for each in found
    } == {"customer_parent", "customer_child"}


@pytest.mark.row("Y10")
async def test_verification_finds_a_ring_that_somebody_wrote_past_the_operations(
    house_world: World, owner: asyncpg.Connection
) -> None:
    ada, firm = await some(house_world, 2)
    await put_under(house_world, ada, firm)
    await owner.execute(
        """INSERT INTO customer_parent (shard_key, customer_id, seq, parent_shard_key, parent_id, since_at, recorded_at)
           SELECT parent_shard_key, parent_id, 1, shard_key, customer_id, since_at, recorded_at FROM customer_parent
            WHERE customer_id = $1""",
        ada.id.uuid,
    )
    await owner.execute(
        """INSERT INTO customer_child (shard_key, customer_id, child_id, child_shard_key, seq, since_at, recorded_at)
           SELECT child_shard_key, child_id, customer_id, shard_key, 1, since_at, recorded_at FROM customer_child
            WHERE customer_id = $1""",
        firm.id.uuid,
    )
    assert {each.check for each in await wrong_rows(house_world, ada)} == {"families_hold"}


@pytest.fixture
async def house_world(world: World) -> World:
    """A tenant of its own, whose rows no other test verifies."""
    return await make_world(world.house)
