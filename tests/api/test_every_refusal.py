"""Every refusal that a mutation can answer is answered over HTTP, and a refused call leaves the database as it was."""

from collections.abc import AsyncIterator

import asyncpg
import httpx2
import pytest

from domain.reactions.house import House
from domain.webhooks.register_endpoint import MAX_ENDPOINTS
from runtime.settings import Settings
from tests.api_callers import Api, Guest
from tests.bad_input_stage import mutation
from tests.catalog_stage import retired
from tests.dispute_stage import decided
from tests.document_stage import refused_documents
from tests.draft_stage import refused_drafts
from tests.exception_stage import replayed_letter
from tests.families import deep_in_debt
from tests.notice_stage import waiting_notice
from tests.privacy_stage import not_erased
from tests.refusal_stage import Players, stage_of_closed_books, stage_of_refusals
from tests.refusal_table import CASES, CLOSED, Case
from tests.saga_kit import newest
from tests.webhook_stage import refusing_webhooks
from tests.whole_database import Fingerprints, fingerprints
from tests.world import USD, make_world


@pytest.fixture(scope="module")
async def owner(owner_url: str) -> AsyncIterator[asyncpg.Connection]:
    """The database as the role that owns it."""
    connection = await asyncpg.connect(owner_url)
    yield connection
    await connection.close()


@pytest.fixture(scope="module")
async def prints(owner: asyncpg.Connection) -> Fingerprints:
    """Fingerprints of the whole database."""
    return await fingerprints(owner)


@pytest.fixture(scope="module")
async def players(api: Api, owner: asyncpg.Connection, prints: Fingerprints) -> Players:
    """One stage for all cases: they leave nothing behind."""
    made = await stage_of_refusals(api, owner)
    made.ids |= await deep_in_debt(made.world, (await made.guest("blocked", "tok_visa")).who)
    made.ids |= await refusing_webhooks(made.callers["admin"])
    made.ids |= await retired(made.callers["admin"])
    made.ids |= await decided(api)
    made.ids |= await not_erased(await made.guest("asked", "tok_visa"), api)
    made.ids |= await refused_documents(api, owner)
    made.ids |= await refused_drafts(made.world, *[await made.guest(name, "tok_visa") for name in ("twice", "alone")])
    owner_of_all = made.callers["owner"]
    assert isinstance(owner_of_all, Guest)
    made.ids |= await waiting_notice(api, owner_of_all)
    made.ids["replayed letter"] = await replayed_letter(api, owner_of_all)
    made.ids["ended saga"] = str((await newest(made.world, owner_of_all.who)).id)
    made.ids["dollars customer"] = (await api.guest(currency=USD)).id
    prints.last = None  # whoever looked before saw none of this
    return made


@pytest.fixture
async def books(
    process_settings: Settings, http: httpx2.AsyncClient, house: House, minting: httpx2.AsyncClient,
    owner: asyncpg.Connection,
) -> Players:  # fmt: skip
    """A tenant whose books are closed."""
    world = await make_world(house)
    await world.trust(process_settings.oidc_issuer)
    made = await stage_of_closed_books(Api(http, world, process_settings.oidc_issuer, minting), owner)
    made.ids |= await refusing_webhooks(made.callers["admin"], beside=MAX_ENDPOINTS - 1)
    return made


async def refused(players: Players, case: Case) -> str:
    """The code of the refusal, which says in a sentence what is wrong."""
    given = players.given(case.given)
    error = await players.callers[case.caller].refusal(mutation(case.mutation), **given)
    assert error["message"].endswith(".")
    return str(error["code"])


@pytest.mark.row("A3")
@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.mutation}-{case.code}")
async def test_a_mutation_answers_with_its_refusal_and_writes_nothing(
    players: Players, prints: Fingerprints, case: Case
) -> None:
    before = await prints.before()
    assert await refused(players, case) == case.code
    assert await prints.now() == before


@pytest.mark.row("H6")
async def test_nothing_is_posted_into_a_closed_month_by_any_mutation(books: Players, prints: Fingerprints) -> None:
    before = await prints.now()
    answers = {case.mutation: await refused(books, case) for case in CLOSED}
    assert answers == {case.mutation: case.code for case in CLOSED}
    assert await prints.now() == before
