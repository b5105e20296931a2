"""One posting for a random customer in a transaction of its own: by the product's code, by its driver, and by pgbench.

pgbench runs what the product was seen to send: its statements are recorded once and given back with pgbench's
variables in place of what differs from posting to posting. The driver alone sends the same from this process.
"""

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

import asyncpg

from domain.actor import system
from domain.audit import GENESIS
from domain.database import Database
from domain.db import Head, Tx, observers, write_transaction
from domain.ids import CustomerId, LegalEntityId, OperationId, TenantId, uuid7
from domain.ledger.account import Account
from domain.ledger.post import Cause, Transfer, post
from domain.money import Currency, Money
from domain.perform import LOCK_MS
from runtime.house import open_house
from runtime.settings import Settings
from tests.bench.clients import clients_for
from tests.bench.pgbench import Pgbench, literal
from tests.bench.samples import Counted
from tests.bench.seed import FIRST, Shop

TOP_UP = (Transfer(Account.CASH_CLEARING, Account.CUSTOMER_CREDIT, Money(100, Currency("EUR"))),)
ACTOR = system("bench")
WHOSE, WHICH = 1, 4  # among the arguments of the statement that posts: the customer, and the posting's number


@dataclass(frozen=True, slots=True)
class Sent:
    """A statement as the product was seen to send it."""

    sql: str
    args: Sequence[object]


async def post_once(db: Database, customer: CustomerId) -> None:
    """Locks the head, posts and stores the head's number: a customer's credit is topped up."""
    now = db.clock.now()
    operation = OperationId(customer.shard, uuid7(now, db.entropy(10)))
    async with write_transaction(db.pool, LOCK_MS, keep=True) as connection:
        tx = Tx(connection, customer, operation, ACTOR, now, db.entropy, db.vault, False)
        row = await tx.fetchrow(
            """SELECT tenant_id, legal_entity_id, kind, ledger_number, audit_number, audit_hash, event_number, clock_at
                 FROM customer_head WHERE shard_key = $1 AND customer_id = $2 FOR UPDATE""",
            customer.shard,
            customer.uuid,
        )
        assert row is not None
        tenant, entity = TenantId(row["tenant_id"]), LegalEntityId(row["legal_entity_id"])
        tx.hold(Head(tenant, entity, row["kind"], row["ledger_number"], 0, GENESIS, 0, None))
        number = await post(tx, Cause("bench", operation.uuid), TOP_UP)
        await tx.execute(
            "UPDATE customer_head SET ledger_number = $3 WHERE shard_key = $1 AND customer_id = $2",
            customer.shard,
            customer.uuid,
            number,
        )


async def by_product(settings: Settings, shops: Sequence[Shop], clients: int, seconds: float) -> Counted:
    """Postings by so many tasks of this process at once, each on a connection that has posted before."""
    chance = Random(secrets.randbits(32))

    async with open_house(settings.model_copy(update={"database_pool": clients}), "quittance-bench-post") as house:

        async def one() -> bool:
            shop = chance.choice(shops)
            await post_once(house.db, shop.customer(chance.randrange(shop.count)))
            return True

        await clients_for(one, clients, 0)
        return await clients_for(one, clients, seconds)


async def by_driver(settings: Settings, shop: Shop, clients: int, seconds: float) -> Counted:
    """The same statements by so many tasks of this process, each with a connection, and none of the product's code."""
    chance, dsn = Random(secrets.randbits(32)), settings.database_url.get_secret_value()
    async with open_house(settings.model_copy(update={"database_pool": 1}), "quittance-bench-post") as house:
        head, posting, update = await _seen(house.db, shop)
    free = [await asyncpg.connect(dsn, server_settings={"jit": "off"}) for _ in range(clients)]

    async def one() -> bool:
        connection, customer = free.pop(), shop.customer(chance.randrange(shop.count)).uuid
        await connection.execute(f"BEGIN; SET LOCAL lock_timeout = {LOCK_MS}")
        row = await connection.fetchrow(head.sql, shop.shard, customer)
        assert row is not None
        args = list(posting.args)
        args[WHOSE], args[WHICH] = customer, row["ledger_number"] + 1
        await connection.fetchval(posting.sql, *args)
        await connection.execute(update.sql, shop.shard, customer, args[WHICH])
        await connection.execute("COMMIT")
        free.append(connection)
        return True

    try:
        await clients_for(one, clients, 0)
        return await clients_for(one, clients, seconds)
    finally:
        for connection in free:
            await connection.close()


async def script(db: Database, shop: Shop) -> str:
    """The product's statements of one posting as a pgbench script."""
    head, posting, update = await _seen(db, shop)
    number = update.args[2]
    return "\n".join(
        (
            f"\\set place random(0, {shop.count - 1})",
            "BEGIN;",
            f"{_filled(head, shop, number)} \\gset",
            f"{_filled(posting, shop, number)};",
            f"{_filled(update, shop, number)};",
            "COMMIT;",
        )
    )


async def _seen(db: Database, shop: Shop) -> tuple[Sent, Sent, Sent]:
    """What is sent for a posting of the first customer: the head is locked, posted, and the head stored."""
    seen: list[Sent] = []

    def observe(sql: str, args: Sequence[object], tx: object | None) -> None:
        seen.append(Sent(sql, args))

    observers.append(observe)
    try:
        await post_once(db, shop.customer(0))
    finally:
        observers.remove(observe)
    head, posting, update = seen
    assert posting.args[WHOSE] == update.args[1] and posting.args[WHICH] is update.args[2]
    return head, posting, update


async def by_pgbench(pgbench: Pgbench, text: str, clients: int, seconds: float) -> Counted:
    """The same statements by so many of pgbench's clients."""
    return await pgbench.run(text, clients, seconds)


def customer_expression(shop: Shop) -> str:
    """The customer at pgbench's variable ``place``."""
    offset = (FIRST.int & 0xFFFFFFFFFFFF) + (shop.shard << 32)
    return f"('{str(FIRST)[:24]}' || lpad(to_hex({offset} + :place), 12, '0'))::uuid"


def _filled(sent: Sent, shop: Shop, number: object) -> str:
    def fill(match: re.Match[str]) -> str:
        value = sent.args[int(match[1]) - 1]
        if value == shop.customer(0).uuid:
            return customer_expression(shop)
        return "(:ledger_number + 1)" if value is number else literal(value)

    return re.sub(r"\$(\d+)", fill, sent.sql)
