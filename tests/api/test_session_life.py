"""How long a session lasts, and how its tokens are renewed: once, however many requests come at that moment."""

import asyncio
import hashlib
from datetime import timedelta

import asyncpg
import pytest

from api.app import build_app
from api.sign_in.sessions import LEASE, RENEWAL_SECONDS
from domain.tenants.session import IDLE, LONGEST
from runtime.settings import Settings
from tests.api_callers import Api, running
from tests.ports import free_port
from tests.web_kit import ME, Acme, Browser

NO_TIME = timedelta(0)
AN_HOUR = timedelta(hours=1)  # how long tokens of the dev provider last
A_SECOND = timedelta(seconds=1)


async def age(
    owner_url: str, browser: Browser, *, unused: timedelta = NO_TIME, old: timedelta = NO_TIME,
    tokens: timedelta = NO_TIME, reopened: bool = False, surface: str = "portal",
) -> None:  # fmt: skip
    """Makes the browser's session look as if so much time had gone by for one part of it."""
    shard, _, secret = browser.jar[f"quittance-{surface}"].partition(".")
    owner = await asyncpg.connect(owner_url)
    try:
        done = await owner.execute(
            """UPDATE web_session SET idle_until = idle_until - $3::interval, began_at = began_at - $4::interval,
                   ends_at = ends_at - $4::interval,
                   fresh_until = fresh_until - $5::interval,
                   ended_at = CASE WHEN $6 THEN NULL ELSE ended_at END
                WHERE shard_key = $1 AND secret_hash = $2""",
            int(shard, 16), hashlib.sha256(secret.encode()).hexdigest(), unused, old, tokens, reopened,
        )  # fmt: skip
        assert done == "UPDATE 1"
    finally:
        await owner.close()


@pytest.mark.parametrize(
    ("unused", "old"), [(IDLE, NO_TIME), (LONGEST["portal"], LONGEST["portal"])], ids=["idle", "as long as any"]
)
async def test_a_session_that_is_over_opens_nothing(
    acme: Acme, owner_url: str, unused: timedelta, old: timedelta
) -> None:
    browser = await acme.signed_in("portal", "customer")
    await age(owner_url, browser, unused=unused, old=old)
    assert (await browser.ask(ME)).status_code == 401
    assert (await browser.who())["signedIn"] is False


async def test_a_session_that_is_used_goes_on_and_looking_at_it_is_no_use(acme: Acme, owner_url: str) -> None:
    browser = await acme.signed_in("portal", "customer")
    await age(owner_url, browser, unused=IDLE / 2)
    before = (await browser.who())["idleUntil"]
    assert (await browser.who())["idleUntil"] == before
    await browser.data(ME)
    assert (await browser.who())["idleUntil"] > before


async def test_many_requests_at_once_renew_the_tokens_once(acme: Acme, owner_url: str) -> None:
    browser = await acme.signed_in("portal", "customer")
    for tokens in (AN_HOUR - 20 * A_SECOND, AN_HOUR + A_SECOND):  # still good, and over already
        await age(owner_url, browser, tokens=tokens)
        answers = await asyncio.gather(*(browser.ask(ME) for _ in range(6)))
        # The refresh token counts once at the provider: a second renewal would have ended the session.
        assert [answer.status_code for answer in answers] == [200] * 6
    assert (await browser.who())["signedIn"] is True


async def test_a_session_that_the_provider_ended_is_over_when_its_tokens_are_to_be_renewed(
    acme: Acme, owner_url: str
) -> None:
    browser = await acme.signed_in("portal", "customer")
    kept = dict(browser.jar)
    farewell = await browser.log_out("portal")
    browser.jar = kept
    await age(owner_url, browser, reopened=True)
    assert (await browser.ask(ME)).status_code == 200
    await acme.api.mint.get(farewell)
    await age(owner_url, browser, tokens=AN_HOUR - 20 * A_SECOND)
    assert (await browser.ask(ME)).status_code == 401


def test_nobody_shows_the_provider_a_refresh_token_that_another_has_shown_it_and_waits_for() -> None:
    assert LEASE.total_seconds() > RENEWAL_SECONDS


async def test_while_the_provider_is_away_a_session_whose_tokens_are_over_is_not_over_itself(
    acme: Acme, owner_url: str, process_settings: Settings
) -> None:
    browser = await acme.signed_in("portal", "customer")
    await browser.sign_in("staff", "support")
    for surface in ("portal", "staff"):
        await age(owner_url, browser, tokens=AN_HOUR + A_SECOND, surface=surface)
    owner = await asyncpg.connect(owner_url)
    moved = "UPDATE web_door SET issuer = $2 WHERE issuer = $1"
    nowhere = f"http://127.0.0.1:{free_port()}"
    try:
        await owner.execute(
            """INSERT INTO token_issuer (issuer, audience, tenant_id, surface, jwks_uri, algorithms)
               SELECT $2, audience, tenant_id, surface, jwks_uri, algorithms FROM token_issuer WHERE issuer = $1""",
            acme.api.issuer, nowhere,
        )  # fmt: skip
        await owner.execute(moved, acme.api.issuer, nowhere)
        async with running(build_app(process_settings)) as http:  # which knows nothing of the provider yet
            browser.api = Api(http, acme.api.world, acme.api.issuer, acme.api.mint)
            answers = await asyncio.gather(
                browser.ask(ME),
                browser.send("GET", "/session/portal"),
                browser.send("POST", "/acting", {}, x_quittance_csrf="staff"),
                browser.send("GET", "/documents/invoices/invoice_zzz.pdf"),
            )
        secrets = [cookie.partition(".")[2] for cookie in browser.jar.values()]
        hashes = [hashlib.sha256(secret.encode()).hexdigest() for secret in secrets]
        good = "SELECT count(*) FROM web_session WHERE secret_hash = ANY ($1) AND ended_at IS NULL"
        assert await owner.fetchval(good, hashes) == 2
    finally:
        await owner.execute(moved, nowhere, acme.api.issuer)
        await owner.execute("DELETE FROM token_issuer WHERE issuer = $1", nowhere)
        await owner.close()
    assert [answer.status_code for answer in answers] == [503] * 4
