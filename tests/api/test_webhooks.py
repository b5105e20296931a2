"""The webhook door: what is signed is kept once, what is not is refused, and nothing is done with it there."""

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from domain.inbox import InboxEvent, find, raw_of
from domain.reactions.house import House
from domain.reactions.provider_events import apply
from runtime.house import open_house
from runtime.settings import Settings
from tests.mishaps import Death, death_at
from tests.server_gate import gate_before
from tests.webhook_desk import Desk, desk_of, encoded, key_of, made_up
from tests.world import ACCOUNT, fresh

Tamper = Callable[[Desk, bytes, str], tuple[bytes, dict[str, str]]]

OTHER_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@pytest.mark.row("C9")
@pytest.mark.row("C11")
async def test_a_signed_event_is_kept_as_it_came_and_nothing_is_done_with_it_yet(desk: Desk) -> None:
    event = made_up()
    answer = await desk.deliver(event)
    assert (answer.status_code, answer.json()) == (200, {"duplicate": False})
    kept = await desk.kept(event)
    assert kept is not None
    assert (kept.kind, kept.object_ref, kept.sequence) == ("charge_captured", event["object"]["id"], 1)
    assert (kept.state, kept.attempts) == ("received", 0)
    headers, raw = await raw_of(desk.house.db.primary, kept)
    assert raw == encoded(event)
    assert headers["webhook-id"] == event["id"]


@pytest.mark.row("C10")
async def test_an_event_that_comes_many_times_at_once_is_kept_once(desk: Desk) -> None:
    event = made_up()
    answers = await asyncio.gather(*(desk.deliver(event) for _ in range(8)))
    assert {answer.status_code for answer in answers} == {200}
    assert sorted(answer.json()["duplicate"] for answer in answers) == [False] + [True] * 7
    assert await desk.state(event) == "received"


@pytest.mark.row("C8")
async def test_an_event_signed_with_the_secret_before_the_rotation_is_kept_until_it_is_over(
    house: House, process_settings: Settings
) -> None:
    both = f"{OTHER_SECRET},{process_settings.webhook_secret.get_secret_value()}"
    rotating = process_settings.model_copy(update={"webhook_secret": type(process_settings.webhook_secret)(both)})
    async with desk_of(house, rotating) as desk:
        for secret in rotating.webhook_secrets("sandbox"):
            raw = encoded(event := made_up())
            assert (await desk.post(raw, desk.signed(raw, event["id"], secret=secret))).status_code == 200
    rotated = process_settings.model_copy(
        update={"webhook_secret": type(process_settings.webhook_secret)(OTHER_SECRET)}
    )
    async with desk_of(house, rotated) as desk:
        for secret, status in zip(rotating.webhook_secrets("sandbox"), (200, 401), strict=True):
            raw = encoded(event := made_up())
            assert (await desk.post(raw, desk.signed(raw, event["id"], secret=secret))).status_code == status


def nothing(desk: Desk, raw: bytes, id: str) -> tuple[bytes, dict[str, str]]:
    return raw, {}


def another_secret(desk: Desk, raw: bytes, id: str) -> tuple[bytes, dict[str, str]]:
    return raw, desk.signed(raw, id, secret=OTHER_SECRET)


def too_old(desk: Desk, raw: bytes, id: str) -> tuple[bytes, dict[str, str]]:
    return raw, desk.signed(raw, id, datetime.now(UTC) - timedelta(minutes=6))


def from_the_future(desk: Desk, raw: bytes, id: str) -> tuple[bytes, dict[str, str]]:
    return raw, desk.signed(raw, id, datetime.now(UTC) + timedelta(minutes=6))


def replayed_under_a_new_time(desk: Desk, raw: bytes, id: str) -> tuple[bytes, dict[str, str]]:
    old = desk.signed(raw, id, datetime.now(UTC) - timedelta(minutes=6))
    return raw, {**old, "webhook-timestamp": str(int(datetime.now(UTC).timestamp()))}


def replayed_under_a_new_id(desk: Desk, raw: bytes, id: str) -> tuple[bytes, dict[str, str]]:
    return raw, {**desk.signed(raw, id), "webhook-id": fresh("event")}


def written_anew(desk: Desk, raw: bytes, id: str) -> tuple[bytes, dict[str, str]]:
    return raw.replace(b": ", b":"), desk.signed(raw, id)


def with_another_amount(desk: Desk, raw: bytes, id: str) -> tuple[bytes, dict[str, str]]:
    return raw.replace(b"1000", b"1"), desk.signed(raw, id)


@pytest.mark.row("C8")
@pytest.mark.parametrize(
    "tamper",
    [
        nothing, another_secret, too_old, from_the_future, replayed_under_a_new_time, replayed_under_a_new_id,
        written_anew, with_another_amount,
    ],
    ids=lambda tamper: tamper.__name__,
)  # fmt: skip
async def test_what_the_provider_did_not_sign_just_now_is_refused_logged_and_not_kept(
    desk: Desk, caplog: pytest.LogCaptureFixture, tamper: Tamper
) -> None:
    event = made_up()
    raw, headers = tamper(desk, encoded(event), event["id"])
    with caplog.at_level(logging.WARNING, "quittance.webhooks"):
        answer = await desk.post(raw, headers)
    assert (answer.status_code, answer.json()) == (401, {"error": "The signature does not hold."})
    assert [record.message for record in caplog.records] == ["webhook refused"]
    assert await desk.kept(event) is None


@pytest.mark.parametrize("path", ["/webhooks/sandbox/other", "/webhooks/stripe/main", "/webhooks/sandbox%2Fmain/x"])
async def test_an_endpoint_that_is_not_ours_is_not_found_however_well_signed(desk: Desk, path: str) -> None:
    raw = encoded(event := made_up())
    assert (await desk.post(raw, desk.signed(raw, event["id"]), path)).status_code == 404
    assert await desk.kept(event) is None


async def test_a_webhook_is_posted_and_nothing_else(desk: Desk) -> None:
    assert (await desk.http.get(f"/webhooks/{ACCOUNT}")).status_code == 405


async def test_a_body_longer_than_any_event_is_refused(desk: Desk) -> None:
    raw = encoded(event := made_up(padding="x" * 300_000))
    assert (await desk.post(raw, desk.signed(raw, event["id"]))).status_code == 413
    assert await desk.kept(event) is None


@pytest.mark.parametrize(
    "changed",
    [
        {"id": "event with spaces"},
        {"id": "e" * 201},
        {"sequence": 0},
        {"sequence": 2**63},
        {"created_at": "yesterday"},
        {"object": {"id": "payment_1\u0000"}},
        {"object": "nothing"},
    ],
    ids=str,
)
async def test_a_signed_body_that_is_no_event_as_agreed_is_refused(desk: Desk, changed: dict[str, object]) -> None:
    event = made_up()
    inner = changed.get("object")
    event |= changed if not isinstance(inner, dict) else {"object": {**event["object"], **inner}}
    answer = await desk.deliver(event)
    assert (answer.status_code, answer.json()) == (422, {"error": "This is not an event as agreed."})
    assert await desk.kept(event) is None


HOSTILE = {
    "a number of 5,000 digits": (b'"sequence": 1', b'"sequence": ' + b"7" * 5000),
    "an amount of 5,000 digits": (b'"amount_minor": 1000', b'"amount_minor": ' + b"7" * 5000),
    "a lone surrogate": (b'"reference-', b'"\\ud800reference-'),
    "a NUL": (b'"reference-', b'"\\u0000reference-'),
    "a fraction": (b'"amount_minor": 1000', b'"amount_minor": 10.5'),
    "a negative amount": (b'"amount_minor": 1000', b'"amount_minor": -1000'),
}


@pytest.mark.parametrize("what", HOSTILE)
async def test_a_signed_body_with_a_hostile_value_is_refused_or_moves_nothing(desk: Desk, what: str) -> None:
    event = made_up()
    raw = encoded(event).replace(*HOSTILE[what])
    assert raw != encoded(event)
    headers = desk.signed(raw, event["id"])
    answer = await desk.post(raw, headers)
    if answer.status_code == 200:  # authentic, and so kept as it came; then it is for people
        assert await apply(desk.house, key_of(event)) == "dead"
        return
    assert (answer.status_code, answer.json()) == (422, {"error": "This is not an event as agreed."})
    assert await desk.kept(event) is None


async def test_a_redis_that_is_away_does_not_fail_a_webhook(house: House, process_settings: Settings) -> None:
    nowhere = type(process_settings.redis_url)("redis://127.0.0.1:9/0")
    async with desk_of(house, process_settings.model_copy(update={"redis_url": nowhere})) as desk:
        event = made_up()
        assert (await desk.deliver(event)).status_code == 200
        assert await desk.state(event) == "received"


async def test_a_webhook_that_cannot_be_kept_is_asked_for_again(
    house: House, process_settings: Settings, database_url: str
) -> None:
    async with gate_before(database_url) as (gate, url):
        behind = process_settings.model_copy(update={"database_url": type(process_settings.database_url)(url)})
        async with open_house(behind, "quittance-test-gate") as cut_off, desk_of(cut_off, behind) as desk:
            event = made_up()
            await gate.shut()
            refused = await desk.deliver(event)
            assert (refused.status_code, refused.headers["retry-after"]) == (503, "5")
            await gate.open()
            assert (await desk.deliver(event)).json() == {"duplicate": False}


@pytest.mark.row("C14")
async def test_a_process_that_dies_before_its_answer_has_kept_the_event(desk: Desk) -> None:
    event = made_up()
    with death_at("inbox.stored"), pytest.raises(Death):
        await desk.deliver(event)
    assert isinstance(await find(desk.house.db.primary, key_of(event)), InboxEvent)
    assert (await desk.deliver(event)).json() == {"duplicate": True}
