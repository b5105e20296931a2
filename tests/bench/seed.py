"""A shop with a past: customers with balances, fifty invoices each and a subscription that is years behind.

Written in bulk, keys unchecked, since 150,000 lines through operations would take an hour; ``verify`` afterwards shows
that what was written is what the product would have written.
"""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import asyncpg

from domain.audit import GENESIS
from domain.ids import CustomerId
from domain.tenants.access import login_key
from tests.world import World

INVOICES, LINES = 50, 3  # one page of a history, and what an invoice of a small business usually says
SINCE = datetime(2000, 1, 1, tzinfo=UTC)  # decades of months to renew: no run comes to their end
FIRST = UUID("01900000-0000-7000-8000-000000000000")  # of version 7; its last bits count shard keys and customers
NEVER = datetime(2100, 1, 1, tzinfo=UTC)  # until when work is hidden from the product's workers
_SQL = Path(__file__).with_name("seed.sql")


@dataclass(frozen=True, slots=True)
class Shop:
    """A seeded tenant: its customers are ``customer(0)`` to ``customer(count - 1)``, their logins ``subject(n)``."""

    world: World
    shard: int
    count: int
    issuer: str

    def customer(self, place: int) -> CustomerId:
        """The customer at that place."""
        return CustomerId(self.shard, UUID(int=FIRST.int + (self.shard << 32) + place))

    def subject(self, place: int) -> str:
        """Its user's name in tokens."""
        return f"user-{place}"


async def seed(
    superuser_dsn: str, world: World, count: int, issuer: str, *, hidden: bool = False, invoices: int = INVOICES
) -> Shop:
    """Fills the world with so many live customers; hidden work is leased for ever and left to who knows of it.

    Without invoices there are no subscriptions either.
    """
    shop = Shop(world, world.tenant.live_house.shard, count, issuer)
    connection = await asyncpg.connect(superuser_dsn)
    try:
        async with connection.transaction():
            await connection.execute("SET LOCAL session_replication_role = replica")
            await _name(connection, shop, invoices, NEVER if hidden else None)
            await connection.execute(_SQL.read_text())
    finally:
        await connection.close()
    return shop


async def _name(connection: asyncpg.Connection, shop: Shop, invoices: int, lease_until: datetime | None) -> None:
    """The two temporary tables that the file reads: the shop, and its customers with their users."""
    tenant, price = shop.world.tenant, shop.world.prices["starter"]
    await connection.execute(
        """CREATE TEMP TABLE shop ON COMMIT DROP AS
           SELECT $1::int AS shard, $2::uuid AS tenant, $3::uuid AS entity, $4::uuid AS price,
                  (SELECT plan_id FROM price WHERE id = $4) AS plan, $5::timestamptz AS since, $6::bytea AS genesis,
                  $7::int AS invoices, $8::int AS lines, $9::timestamptz AS lease_until""",
        shop.shard, tenant.tenant.uuid, tenant.live.uuid, price.uuid, SINCE, GENESIS, invoices, LINES, lease_until,
    )  # fmt: skip
    places = range(shop.count)
    ids = [shop.customer(place).uuid for place in places]
    users = [UUID(bytes=hashlib.sha256(id.bytes).digest()[:16], version=4) for id in ids]
    await connection.execute(
        """CREATE TEMP TABLE seeded ON COMMIT DROP AS
           SELECT * FROM unnest($1::int[], $2::uuid[], $3::text[], $4::uuid[]) AS s (place, id, login, user_id)""",
        list(places), ids, [login_key(shop.issuer, shop.subject(place)) for place in places], users,
    )  # fmt: skip


async def analyze(superuser_dsn: str) -> None:
    """Statistics of every table that holds rows.

    A table that was analyzed while it was empty is planned as if it stayed so; an unknown one is planned well enough.
    """
    connection = await asyncpg.connect(superuser_dsn)
    try:
        tables = await connection.fetch(
            """SELECT relname AS name FROM pg_class
                WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace AND NOT relispartition"""
        )
        for table in tables:  # utility statements take no parameters; the names are ours
            if await connection.fetchval(f"SELECT EXISTS (SELECT FROM {table['name']})"):  # noqa: S608 - our own names
                await connection.execute(f"ANALYZE {table['name']}")
    finally:
        await connection.close()
