"""Where a login is listed is remembered; whether it still counts is not."""

import asyncio

import asyncpg

from api.auth.directory import Directory
from domain.tenants.access import find_login, login_key
from tests.statements import statements_seen
from tests.world import World, make_world

ISSUER = "test-issuer"


async def test_a_login_that_left_its_user_is_refused_and_found_at_the_next_one_at_once(
    world: World, owner_url: str
) -> None:
    db, tenant = world.house.db, world.tenant.tenant
    directory = Directory(db, lambda: 0.0)
    ada, bob = await world.customer(), await world.customer()
    found = await directory.find(tenant, ISSUER, ada.subject)
    assert found is not None and found.login.customer == found.customer.id == ada.id
    other = await find_login(db.primary, tenant, ISSUER, bob.subject)
    assert other is not None
    owner = await asyncpg.connect(owner_url)
    try:
        await owner.execute("UPDATE customer_user SET active = false WHERE customer_id = $1", ada.id.uuid)
        assert await directory.find(tenant, ISSUER, ada.subject) is None
        await owner.execute(
            "UPDATE login_directory SET shard_key = $2, customer_id = $3, user_id = $4 WHERE login_key = $1",
            login_key(ISSUER, ada.subject), bob.id.shard, bob.id.uuid, other.user.uuid,
        )  # fmt: skip
        for _ in range(2):
            again = await directory.find(tenant, ISSUER, ada.subject)
            assert again is not None and again.login == other
    finally:
        await owner.close()


async def test_logins_that_are_new_at_once_are_looked_up_by_one_statement_each_in_its_place(world: World) -> None:
    db, tenant = world.house.db, world.tenant.tenant
    directory = Directory(db)
    ada, bob = await world.customer(), await world.customer()
    subjects = [ada.subject, "nobody", bob.subject, ada.subject]
    with statements_seen() as statements:
        found = await asyncio.gather(*(directory.find(tenant, ISSUER, subject) for subject in subjects))
    assert [each and each.customer.id for each in found] == [ada.id, None, bob.id, ada.id]
    assert sum("FROM login_directory" in sql for sql in statements) == 1


async def test_a_login_of_two_tenants_is_at_each_that_tenants_own_when_both_ask_at_once(world: World) -> None:
    other, directory = await make_world(world.house), Directory(world.house.db)
    ada, bob = await world.customer(), await world.customer()
    twin = await other.customer(subject=ada.subject)
    asked = [(other, ada), (world, ada), (other, bob), (world, bob)]
    found = await asyncio.gather(*(directory.find(at.tenant.tenant, ISSUER, of.subject) for at, of in asked))
    assert [each and each.customer.id for each in found] == [twin.id, ada.id, None, bob.id]
