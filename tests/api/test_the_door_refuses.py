"""What every mutation refuses alike: callers it is not for, a key that is at work, a busy customer, a lost database."""

import asyncio
import json
from base64 import urlsafe_b64decode
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import replace

import asyncpg
import httpx2
import pytest

from domain import points
from domain.actor import staff
from domain.reactions.house import House
from runtime.settings import Settings
from tests.api_callers import Api, Caller, Guest, key
from tests.bad_input_stage import Stage, mutation, stage_for
from tests.foreign_kit import SHARED, foreign_inputs, has_customer, lists_of, pool_of, reads_differ, takes_ids
from tests.foreign_kit import answers as foreign_answers
from tests.member_stage import RIGHTS
from tests.member_stage import ROLES as MEMBER_ROLES
from tests.role_kit import GRAPH, MAY, ROLES, knocking, mutation_cells
from tests.role_table import MUTATIONS, cells, differing
from tests.world import make_world

# Where the fields of a type are asked.
PLACES = {"Query": "%s", "Customer": "viewer { customer { %s } }", "Staff": "staff { %s }"}
AT_ONCE = 6  # calls; fewer than there are connections
LOOK_SECONDS = 0.02

pytestmark = pytest.mark.usefixtures("full_buckets")


@pytest.fixture(scope="module")
async def api(api: Api, house: House) -> Api:
    """A tenant of one shard key: where customers have several, that alone tells whose most ids are."""
    world = await make_world(house)
    await world.trust(api.issuer)
    return replace(api, world=world)


@pytest.fixture(scope="module")
async def stage(api: Api, owner_url: str) -> AsyncIterator[Stage]:
    """Good input for every mutation."""
    async with stage_for(api, owner_url) as made:
        yield made


@pytest.fixture
async def owner(owner_url: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection whose transaction is rolled back in the end."""
    connection = await asyncpg.connect(owner_url)
    transaction = connection.transaction()
    await transaction.start()
    yield connection
    await transaction.rollback()
    await connection.close()


@asynccontextmanager
async def impatient(url: str) -> AsyncIterator[None]:
    """The server ends every wait for a lock, as it does itself after some seconds."""
    server = await asyncpg.connect(url)
    over = asyncio.Event()
    ended: list[asyncpg.Record] = []

    async def end_waits() -> None:
        while not over.is_set():
            # Each once: a second end would meet whatever that connection does next.
            ended.extend(
                await server.fetch(
                    """SELECT pid, xact_start, pg_cancel_backend(pid) FROM pg_stat_activity a
                        WHERE datname = current_database() AND wait_event_type = 'Lock'
                          AND NOT EXISTS (SELECT FROM unnest($1::int[], $2::timestamptz[]) AS e (pid, began)
                                           WHERE e.pid = a.pid AND e.began = a.xact_start)""",
                    [each["pid"] for each in ended],
                    [each["xact_start"] for each in ended],
                )
            )
            with suppress(TimeoutError):  # who asks without a pause takes the processor from who is to wait
                await asyncio.wait_for(over.wait(), LOOK_SECONDS)

    ending = asyncio.ensure_future(end_waits())
    try:
        yield
    finally:
        over.set()
        await ending
        await server.close()


def scope_of(stage: Stage, caller: Caller) -> str:
    """In which the caller's keys are its own."""
    if isinstance(caller, Guest):
        return caller.who.actor.scope
    claims = json.loads(urlsafe_b64decode(caller.token.split(".")[1] + "=="))
    of = stage.guest.who
    assert of.actor.tenant is not None
    return staff(of.actor.tenant, of.id, claims["iss"], claims["sub"], frozenset(), "request").scope


@contextmanager
def no_server(point: str) -> Iterator[None]:
    """Every connection is lost at that point."""

    def lose(reached: str) -> None:
        if reached == point:
            raise asyncpg.ConnectionDoesNotExistError("the server is gone")

    points.on_reached.append(lose)
    try:
        yield
    finally:
        points.on_reached.remove(lose)


async def answers(stage: Stage, used: str | None = None) -> dict[str, tuple[str, str, bool]]:
    """How each mutation refuses good input: the kind, the code, and whether to try again; nothing is written."""
    before, found, few = await stage.prints.now(), {}, asyncio.Semaphore(AT_ONCE)

    async def ask(name: str) -> None:
        async with few:
            given = {**stage.good[name], "idempotencyKey": used or key()}
            refused = await stage.caller(name).refusal(mutation(name), **given)
        found[name] = (refused["__typename"], refused["code"], refused["retryable"])

    await asyncio.gather(*map(ask, stage.good))
    assert await stage.prints.now() == before
    return found


@pytest.mark.row("F4")
async def test_a_key_that_is_at_work_is_told_to_come_again(
    stage: Stage, owner: asyncpg.Connection, database_url: str
) -> None:
    used = key()
    for caller in (stage.guest, stage.support, stage.admin, stage.finance):
        await owner.execute(  # what any first call with this key has written before its commit
            """INSERT INTO operation_key (shard_key, customer_id, actor_scope, key, operation_id, operation,
                   command_hash, recorded_at)
               SELECT shard_key, customer_id, $1, $2, gen_random_uuid(), 'first', '', now() FROM customer_head
                WHERE tenant_id = (SELECT tenant_id FROM customer_head WHERE customer_id = $3)""",
            scope_of(stage, caller), used, stage.guest.who.id.uuid,
        )  # fmt: skip
    expected = dict.fromkeys(stage.good, ("TryAgainError", "IN_PROGRESS", True))
    async with impatient(database_url):
        assert await answers(stage, used) == expected


@pytest.mark.row("H8")
async def test_a_customer_that_another_operation_holds_is_busy(
    stage: Stage, owner: asyncpg.Connection, database_url: str
) -> None:
    await owner.execute(
        """SELECT customer_id FROM customer_head
            WHERE tenant_id = (SELECT tenant_id FROM customer_head WHERE customer_id = $1) FOR UPDATE""",
        stage.guest.who.id.uuid,
    )
    async with impatient(database_url):
        assert await answers(stage) == dict.fromkeys(stage.good, ("TryAgainError", "BUSY", True))


async def test_a_database_that_is_lost_again_and_again_is_unavailable(stage: Stage) -> None:
    with no_server("perform.locked"):
        assert await answers(stage) == dict.fromkeys(stage.good, ("TryAgainError", "UNAVAILABLE", True))


async def test_a_mutation_of_somebody_else_s_is_forbidden_and_so_is_all_to_who_acts_for_a_customer(
    api: Api, stage: Stage
) -> None:
    acting = await api.acting(stage.guest)
    guests = [stage.guest, *[await api.guest() for _ in range(3)]]  # one alone has not the points for all of them
    before, found = await stage.prints.now(), {}
    for place, (name, good) in enumerate(stage.good.items()):
        other = acting if isinstance(stage.caller(name), Guest) else guests[place % len(guests)]
        refused = await other.refusal(mutation(name), **good)
        found[name] = (refused["__typename"], refused["code"], refused["retryable"])
    expected = dict.fromkeys(stage.good, ("ForbiddenError", "FORBIDDEN", False))
    # Portal users call these too, and meet nobody but themselves there.
    assert found == expected | dict.fromkeys(("splitInvoice", "choosePayday"), ("NotFoundError", "NOT_FOUND", False))
    assert await stage.prints.now() == before


async def test_each_role_may_what_the_table_says_and_no_cell_is_missing(
    api: Api, stage: Stage, process_settings: Settings, minting: httpx2.AsyncClient
) -> None:
    async with knocking(api, stage.guest, process_settings, minting) as knocker:
        before = await stage.prints.now()
        found = [await mutation_cells(knocker, stage.guest, stage.good, role) for role in ROLES]
    rows = {name: "".join(column[name] for column in found) for name in stage.good}
    assert differing(rows, MUTATIONS) == {}
    assert set(stage.good) == set(GRAPH.mutation_type.fields if GRAPH.mutation_type else ())
    assert await stage.prints.now() == before


async def test_each_member_of_an_account_may_what_its_role_gives_and_no_cell_is_missing(
    api: Api, stage: Stage, process_settings: Settings, minting: httpx2.AsyncClient
) -> None:
    owned = {name: stage.good[name] for name, row in cells(MUTATIONS).items() if row[0] == MAY}
    found = dict.fromkeys(owned, "")
    async with knocking(api, stage.guest, process_settings, minting) as knocker:
        before = await stage.prints.now()
        for role in MEMBER_ROLES:
            knocker.actors["portal"] = replace(stage.guest.who.actor, member=role)
            for name, cell in (await mutation_cells(knocker, stage.guest, owned, "portal")).items():
                found[name] += cell
    assert differing(found, RIGHTS) == {}
    assert await stage.prints.now() == before


async def test_no_id_of_somebody_else_is_told_from_one_of_nothing(
    api: Api, elsewhere: Api, stage: Stage, process_settings: Settings, minting: httpx2.AsyncClient
) -> None:
    pool, owner, row = {**pool_of(stage.good), "customerId": stage.guest.id}, stage.guest.id, cells(MUTATIONS)
    beside, afar = await api.guest(), await elsewhere.guest()
    async with (
        knocking(api, beside, process_settings, minting) as near,
        knocking(elsewhere, afar, process_settings, minting) as far,
    ):
        before = await stage.prints.now()
        for knocker, role in ((near, "portal"), (far, "portal"), (far, "partner"), (far, "admin")):
            tried = foreign_inputs(stage.good, role, owner, same_tenant=knocker is near, cells=row)
            assert len(tried) > 5, role
            said = await foreign_answers(knocker, role, tried)
            assert [name for name, codes in said.items() if codes != ["NOT_FOUND"]] == [], role
            own = pool if knocker is far else {name: id for name, id in pool.items() if name not in SHARED}
            for kind, around in (
                ("query", "%s"),
                ("customer", "viewer { customer { %s } }"),
                ("staff", "staff { %s }"),
            ):
                assert await reads_differ(knocker, role, kind.capitalize(), around, own) == [], (role, kind)
        assert await stage.prints.now() == before


async def test_staff_who_name_the_wrong_customer_reach_nothing_of_another(
    api: Api, stage: Stage, process_settings: Settings, minting: httpx2.AsyncClient
) -> None:
    beside, row = await api.guest(), cells(MUTATIONS)
    of_customers = {name: given for name, given in stage.good.items() if has_customer(name)}
    tried = foreign_inputs(of_customers, "admin", beside.id, same_tenant=True, cells=row)
    others = SHARED | {"customerId", "parentCustomerId"}
    tried = {name: given for name, given in tried.items() if takes_ids(name, given) - others}
    assert len(tried) > 20
    async with knocking(api, beside, process_settings, minting) as knocker:
        before = await stage.prints.now()
        said = await foreign_answers(knocker, "admin", tried)
        assert [name for name, codes in said.items() if codes != ["NOT_FOUND"]] == []
        assert await stage.prints.now() == before


async def test_no_list_of_a_tenant_or_a_customer_shows_or_counts_what_is_another_s(
    api: Api, stage: Stage, process_settings: Settings, minting: httpx2.AsyncClient, house: House
) -> None:
    new = await make_world(house)
    await new.trust(api.issuer)
    strange = replace(api, world=new)
    beside, afar = await api.guest(), await strange.guest()
    given = {
        "first": "100", "legalEntity": '"ACMETEST"', "state": "STUCK",
        "since": '"2020-01-01T00:00:00Z"', "until": '"2030-01-01T00:00:00Z"',
    }  # fmt: skip
    async with (
        knocking(api, stage.guest, process_settings, minting) as own,
        knocking(api, beside, process_settings, minting) as near,
        knocking(strange, afar, process_settings, minting) as far,
    ):
        for stranger, role, owner, around in (
            (far, "admin", "Staff", "staff { %s }"),
            (near, "portal", "Customer", "viewer { customer { %s } }"),
        ):
            ours, theirs = [await lists_of(each, role, owner, around, given) for each in (own, stranger)]
            assert {name for name, shown in ours.items() if shown & theirs[name]} == set(), role
            assert sum(map(bool, ours.values())) > 8, "too few lists hold anything to be believed"
