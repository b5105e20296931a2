"""What an operator sees of a sale, of a refused one and of its keys; and what it costs the database to show it."""

import asyncio

import pytest

from api.app import build_app
from domain import db
from domain.reactions.work import do_now
from runtime.settings import Settings
from tests.api_callers import START, Api, key, running
from tests.scraping import scrape

SCRAPERS = 5  # at once: monitoring of two places, a person, and two that came late
# Each statement of a look by what stands in it: what waits, how far the looks for lost events came, how far the primary
# and the replica are.
LOOKS = ("due_work", "event_look", "pg_current_wal_flush_lsn", "pg_last_wal_replay_lsn")


@pytest.mark.row("M3")
async def test_a_sale_a_refused_card_and_a_key_used_twice_are_told_apart(api: Api) -> None:
    rich, poor = await api.guest("tok_visa"), await api.guest("tok_insufficient_funds")
    given = {"priceId": str(api.world.prices["starter"]), "idempotencyKey": key()}
    before = await scrape(api.http)
    await rich.do(START, **given)
    await rich.do(START, **given)
    await poor.do(START, priceId=str(api.world.prices["starter"]))
    await do_now(api.world.house, poor.who.id)
    await api.http.get("/nobody/has/made/this")
    after = await scrape(api.http)

    def more(line: str) -> float:
        return after.value(line) - before.value(line)

    assert more("key_hits_total") == more("key_wait_seconds_count") == 1
    assert more('moves_total{machine="payment",to="captured"}') == 1
    assert more('moves_total{machine="payment",to="failed"}') == 1
    assert more('moves_total{machine="invoice",to="paid"}') == 1
    assert more('field_seconds_count{field="Mutation.startSubscription"}') == 3
    assert more('request_seconds_count{door="graphql",status="2xx"}') == 3
    assert more('request_seconds_count{door="other",status="4xx"}') == 1
    for name in ("due_work_age_seconds", "outbox_age_seconds", "inbox_age_seconds", "queue_jobs", "queue_age_seconds"):
        assert after.value(name) >= 0, name
    assert after.value("backlog_known") == 1
    assert rich.id not in after.text and poor.id not in after.text


@pytest.mark.row("M3")
async def test_however_many_scrape_at_once_the_servers_are_asked_once(process_settings: Settings) -> None:
    asked: list[str] = []

    def watch(sql: str, args: object, tx: object) -> None:
        asked.append(sql)

    slow = process_settings.model_copy(update={"metrics_seconds": 60.0})
    async with running(build_app(slow)) as http:
        db.observers.append(watch)
        try:
            pages = await asyncio.gather(*(scrape(http) for _ in range(SCRAPERS)))
        finally:
            db.observers.remove(watch)
    assert all(page.value("backlog_known") == 1 for page in pages)
    # The log of requests, which is written every second, may come in between.
    assert [sum(look in sql for sql in asked) for look in LOOKS] == [1] * len(LOOKS)
