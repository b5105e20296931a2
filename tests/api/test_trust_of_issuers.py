"""The rows of trust as the verifier sees them: read once a minute, whether there is one or not."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import asyncpg
import pytest

from api.audience import Audience
from api.auth.refused import Unauthenticated
from api.auth.verify import Verifier
from api.trust import KEPT_MAX, KEPT_SECONDS, IssuersInDatabase
from domain.db import observers
from tests.api.auth.conftest import Stage
from tests.world import World, fresh


@dataclass
class Minutes:
    """Seconds that pass when the test says so."""

    now: float = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def reads() -> Iterator[list[str]]:
    """The statements about issuers while the test runs."""
    seen: list[str] = []

    def look(sql: str, _args: Sequence[object], _tx: object | None) -> None:
        if "token_issuer" in sql and "SELECT" in sql:
            seen.append(sql)

    observers.append(look)
    yield seen
    observers.remove(look)


async def test_a_row_says_whose_tokens_open_which_door(world: World) -> None:
    issuer = fresh("https://issuer")
    await world.trust(issuer)
    found = await IssuersInDatabase(world.house.db.primary).find(issuer, world.audience("staff"))
    assert found
    assert (found.tenant, found.kind, found.jwks_uri) == (world.tenant.tenant, Audience.STAFF, f"{issuer}/jwks")


async def test_an_issuer_that_is_trusted_later_is_believed_a_minute_later(world: World, reads: list[str]) -> None:
    clock, issuer = Minutes(), fresh("https://issuer")
    rows = IssuersInDatabase(world.house.db.primary, clock)
    asked = (issuer, world.audience("portal"))
    assert await rows.find(*asked) is None
    await world.trust(issuer)
    clock.now += KEPT_SECONDS - 1
    assert await rows.find(*asked) is None
    assert len(reads) == 1
    clock.now += 1
    assert await rows.find(*asked) is not None
    assert len(reads) == 2


async def test_however_many_ask_at_once_a_row_is_read_once(world: World, reads: list[str]) -> None:
    clock, issuer = Minutes(), fresh("https://issuer")
    await world.trust(issuer)
    rows = IssuersInDatabase(world.house.db.primary, clock)
    for number in (1, 2):
        found = await asyncio.gather(*(rows.find(issuer, world.audience("portal")) for _ in range(50)))
        assert found == [found[0]] * 50 and found[0] is not None
        assert len(reads) == number
        clock.now += KEPT_SECONDS


async def test_a_trust_that_is_withdrawn_ends_within_a_minute_also_for_a_token_that_was_seen(
    world: World, owner_url: str
) -> None:
    """What is remembered of an issuer and what is remembered of its token do not add up to two minutes."""
    stage, issuer = Stage(), fresh("https://issuer")
    await world.trust(issuer)
    rows = IssuersInDatabase(world.house.db.primary, stage.hands.monotonic)
    verifier = Verifier(rows, stage.cache, stage.hands, stage.hands.monotonic)
    token = stage.token(iss=issuer, aud=world.audience("portal"))
    assert await rows.find(issuer, world.audience("portal")) is not None
    stage.hands.pass_by(KEPT_SECONDS - 1)
    assert (await verifier.verify(token)).tenant == world.tenant.tenant
    owner = await asyncpg.connect(owner_url)
    await owner.execute("DELETE FROM token_issuer WHERE issuer = $1", issuer)
    await owner.close()
    assert (await verifier.verify(token)).tenant == world.tenant.tenant
    stage.hands.pass_by(1)
    with pytest.raises(Unauthenticated):
        await verifier.verify(token)


async def test_callers_cannot_make_the_memory_grow_without_end(world: World, reads: list[str]) -> None:
    rows = IssuersInDatabase(world.house.db.primary, Minutes())
    for number in range(KEPT_MAX + 1):
        assert await rows.find(f"https://forged-{number}.test", "quittance:acme:portal") is None
    assert len(rows._kept) == 1
    assert len(reads) == KEPT_MAX + 1
