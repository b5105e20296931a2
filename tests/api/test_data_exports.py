"""Everything about a customer as a file: whole, of nobody else, sealed, fetched by a signed link, gone after a week."""

import hashlib
import json
from contextlib import suppress
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from domain.actor import Grant
from domain.perform import perform
from domain.privacy.ask_erasure import RequestErasure, request_erasure
from domain.privacy.data_export import MOST_KEPT, PATIENCE, AskExport, ask_export, data_exports, download_text
from domain.privacy.export_file import Around, content_of
from domain.privacy.export_table import ROWS
from domain.reactions.work import do_now
from migrations.personal import PERSONAL
from tests.api_callers import Api, Guest
from tests.bad_input_stage import mutation
from tests.erasure_kit import STAFF_NAME, erased, found_in, known, lived
from tests.lives import day, until
from tests.mishaps import Death, death_at, later
from tests.world import Someone, fresh

ASK = mutation("requestDataExport")
EXPORTS = "dataExports { state records size sha256 downloads downloadPath }"
OWN = f"{{ viewer {{ customer {{ {EXPORTS} }} }} }}"
BY_STAFF = f"query ($id: ID!) {{ staff {{ customer(id: $id) {{ {EXPORTS} }} }} }}"
ACTIVITY = "{ viewer { customer { activity(first: 9) { edges { node { kind by } } } } } }"
SOME_DAY = day(6, 1)
# The key is no data of anybody; the directory names the customer as its own row does; of the file itself there is none.
APART = {"sealing_key", "customer_directory", "data_export_file"}


async def make(api: Api, who: Someone) -> str:
    """What a worker does about the newest export, and where it can be fetched then."""
    house = api.world.house
    for minutes in range(0, 40, 2):  # a replica on a busy machine is looked for again
        await do_now(later(house, timedelta(minutes=minutes)), who.id)
        newest = (await data_exports(house.db.primary, who.id))[0]
        if newest.state.name != "asked":
            break
    assert newest.state.name == "ready"
    return f"/exports/{download_text(house.db.vault, newest, house.db.clock.now())}.jsonl"


async def fetched(api: Api, path: str) -> str:
    """The file, without any sign-in."""
    answer = await api.http.get(path)
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "private, no-store")
    assert answer.headers["Content-Type"] == "application/x-ndjson"
    return answer.text


@pytest.mark.row("Y7")
async def test_an_export_holds_everything_of_its_customer_and_nothing_of_another(api: Api, owner_url: str) -> None:
    owner, db = await asyncpg.connect(owner_url), api.world.house.db
    try:
        us, them = [await known(api.world) for _ in range(2)]
        invoices = [await lived(api.world, owner, each) for each in (us, them)]
        await perform(db, ask_export, us.who.actor, us.who.id, AskExport(True), fresh("ask"))
        text = await fetched(api, await make(api, us.who))
        assert "data_export_file" not in await found_in(owner, us.canary)
        async with db.history(await db.token()) as history:
            looks = [await content_of(history.replica, db.vault, us.who.id, Around((), ()), SOME_DAY, rows)
                     for rows in (1, 2, ROWS)]  # fmt: skip
        assert len(set(looks)) == 1, "a table is as long, however many of its rows are read at a time"
    finally:
        await owner.close()
    told = [json.loads(line) for line in text.splitlines()]
    assert {name.partition(".")[0] for name in PERSONAL} - {each["table"] for each in told} - APART == set()
    assert str(us.who.id) in text and str(them.who.id) not in text and them.canary not in text
    by_table = {each["table"]: json.dumps(each) for each in told}
    for table in ("customer", "billing_person", "tax_exemption", "payment_method", "payment", "evidence_file",
                  "invoice", "webhook_body"):  # fmt: skip
        assert us.canary in by_table[table], table
    documents = [each["address"] for each in told if each["table"] == "document"]
    assert f"/documents/invoices/{invoices[0]}.pdf" in documents and len(documents) >= 3
    assert '"acting"' in json.dumps([each for each in told if each["table"] == "web_session"])
    for secret in (STAFF_NAME, "refresh ", "eyJ", "secret_hash", "token_hash", "wrapped", "hash"):
        assert secret not in text, secret


@pytest.mark.row("Y7")
async def test_a_customer_and_leads_ask_for_an_export_and_have_it_for_a_week(api: Api) -> None:
    guest, _ = await api.subscriber()
    lead, support = await api.staff(Grant.LEAD), await api.staff()
    assert (await support.refusal(ASK, customerId=guest.id))["code"] == "FORBIDDEN"
    assert (await (await api.acting(guest, Grant.LEAD)).refusal(ASK))["code"] == "FORBIDDEN"
    await guest.do(ASK)
    again = await lead.refusal(ASK, customerId=guest.id)
    path = await make(api, guest.who)
    assert again["code"] in ("ALREADY_EXISTS",)
    text = await fetched(api, path)
    assert await fetched(api, path) == text
    (own,) = (await guest.data(OWN))["viewer"]["customer"]["dataExports"]
    assert (own["state"], own["downloads"], own["records"]) == ("READY", 2, len(text.splitlines()))
    assert (own["size"], own["sha256"]) == (str(len(text.encode())), hashlib.sha256(text.encode()).hexdigest())
    for caller, has in ((lead, True), (support, False)):
        (seen,) = (await caller.data(BY_STAFF, id=guest.id))["staff"]["customer"]["dataExports"]
        assert (seen["downloadPath"] is not None) is has
    assert await fetched(api, own["downloadPath"]) == text
    asked = fresh("fetching")
    await api.http.get(path, headers={"X-Request-Id": asked})
    assert asked in await requests_in_trail(api, guest.who)
    middle = len(path) // 2
    wrong = [path[:middle] + ("A" if path[middle] != "A" else "B") + path[middle + 1 :], "/exports/x.jsonl",
             "/exports/x.y.jsonl"]  # fmt: skip
    assert {(await api.http.get(each)).status_code for each in wrong} == {404}
    told = [each["node"] for each in (await guest.data(ACTIVITY))["viewer"]["customer"]["activity"]["edges"]]
    assert {"kind": "DATA_EXPORT_ASKED", "by": "USER"} in told
    await kept_for_a_time(api, guest, path)


async def kept_for_a_time(api: Api, guest: Guest, path: str) -> None:
    """A bounded number of files, each for a week; erasing takes them at once."""
    house = api.world.house
    for _ in range(MOST_KEPT - 1):
        await guest.do(ASK)
        await make(api, guest.who)
    assert (await guest.refusal(ASK))["code"] == "ALREADY_EXISTS"
    await do_now(later(house, timedelta(days=7, minutes=1)), guest.who.id)
    assert (await api.http.get(path)).status_code == 410
    assert await files_of(api, guest.who) == 0
    await nothing_left_of_a_dead_worker(api)
    other = await api.guest()
    await other.do(ASK)
    last = await make(api, other.who)
    assert await files_of(api, other.who) == 1
    await api.world.do(other.who, request_erasure, RequestErasure(True))
    await until(api.world, other.who, day(2, 1))
    assert await files_of(api, other.who) == 0
    assert (await api.http.get(last)).status_code == 410


async def nothing_left_of_a_dead_worker(api: Api) -> None:
    """Who dies with the file written has handed in nothing; it goes with the request that gave way to another."""
    house, guest = api.world.house, await api.guest()
    await guest.do(ASK)
    for minutes in range(0, 40, 2):
        with death_at("perform.recorded"), suppress(Death):
            await do_now(later(house, timedelta(minutes=minutes)), guest.who.id)
        if await files_of(api, guest.who):
            break
    assert await files_of(api, guest.who) == 1
    patient = later(house, PATIENCE + timedelta(minutes=1))
    await perform(patient.db, ask_export, guest.who.actor, guest.who.id, AskExport(False), fresh("ask"))
    assert await files_of(api, guest.who) == 0


async def requests_in_trail(api: Api, who: Someone) -> list[str]:
    """The ids of the requests that its operations came from."""
    rows = await api.world.house.db.primary.fetch(
        "SELECT body ->> 'request_id' AS id FROM audit_body WHERE shard_key = $1 AND customer_id = $2",
        who.id.shard, who.id.uuid,
    )  # fmt: skip
    return [row["id"] for row in rows]


async def files_of(api: Api, who: Someone) -> Any:
    """How many sealed files there are of the customer."""
    return await api.world.house.db.primary.fetchval(
        "SELECT count(*) FROM data_export_file WHERE shard_key = $1 AND customer_id = $2", who.id.shard, who.id.uuid
    )


async def test_no_export_is_made_of_who_was_erased(api: Api) -> None:
    guest, lead = await api.guest(), await api.staff(Grant.LEAD)
    await erased(api.world, guest.who)
    refusal = await lead.refusal(ASK, customerId=guest.id)
    assert (refusal["code"], refusal["path"]) == ("STATE_CONFLICT", [])
    assert (await lead.data(BY_STAFF, id=guest.id))["staff"]["customer"]["dataExports"] == []
