"""Webhook signatures against hostile headers and the reference implementation."""

from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks import Webhook

from domain.payments.gateway import BadSignature
from domain.payments.gateways.standard_webhooks import TOLERANCE, verify

OLD = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
NEW = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
NOW = datetime(2027, 3, 1, 12, 0, tzinfo=UTC)
RAW = '{"id": "event_1", "price": "10 €"}'.encode()


def headers(
    secret: str = OLD, sent_at: datetime = NOW, raw: bytes = RAW, message_id: str = "event_1"
) -> dict[str, str]:
    """What an honest sender puts on the body."""
    return {
        "Webhook-Id": "event_1",
        "Webhook-Timestamp": str(int(sent_at.timestamp())),
        "Webhook-Signature": Webhook(secret).sign("event_1", sent_at, RAW.decode()),
    }


def test_an_event_of_the_reference_implementation_is_believed() -> None:
    assert verify(RAW, headers(), [OLD], NOW) == "event_1"


@pytest.mark.row("C8")
def test_while_a_secret_is_rotated_both_are_valid_on_either_side() -> None:
    assert verify(RAW, headers(OLD), [NEW, OLD], NOW) == "event_1"
    both = headers(NEW)
    both["Webhook-Signature"] = f"{headers(OLD)['Webhook-Signature']} {both['Webhook-Signature']}"
    assert verify(RAW, both, [NEW], NOW) == "event_1"
    assert verify(RAW, both, [OLD], NOW) == "event_1"


@pytest.mark.row("C8")
@pytest.mark.parametrize("age", [TOLERANCE, -TOLERANCE])
def test_the_time_stamp_may_be_five_minutes_off_and_not_a_second_more(age: timedelta) -> None:
    assert verify(RAW, headers(sent_at=NOW - age), [OLD], NOW) == "event_1"
    beyond = age + timedelta(seconds=1 if age > timedelta() else -1)
    with pytest.raises(BadSignature):
        verify(RAW, headers(sent_at=NOW - beyond), [OLD], NOW)


@pytest.mark.row("C8")
@pytest.mark.parametrize(
    "changed",
    [
        {"Webhook-Id": "event_2"},
        {"Webhook-Id": ""},
        {"Webhook-Id": "\udcff"},
        {"Webhook-Timestamp": str(int(NOW.timestamp()) - 1)},
        {"Webhook-Timestamp": ""},
        {"Webhook-Timestamp": "now"},
        {"Webhook-Timestamp": "1e400"},
        {"Webhook-Timestamp": "9" * 5000},
        {"Webhook-Timestamp": "-1"},
        {"Webhook-Timestamp": "١٢٣"},
        {"Webhook-Signature": ""},
        {"Webhook-Signature": "v1"},
        {"Webhook-Signature": "v1,"},
        {"Webhook-Signature": "v1,äöü\udcff"},
        {"Webhook-Signature": "v1," + "A" * 44},
        {"Webhook-Signature": "v1a," + headers()["Webhook-Signature"].removeprefix("v1,")},
        {"Webhook-Signature": " ".join(["v1,x"] * 16 + [headers()["Webhook-Signature"]])},
    ],
)
def test_a_changed_header_is_refused_and_never_an_error(changed: dict[str, str]) -> None:
    with pytest.raises(BadSignature):
        verify(RAW, headers() | changed, [OLD], NOW)


@pytest.mark.row("C8")
@pytest.mark.parametrize("raw", [b"", RAW + b"\n", RAW.replace(b": ", b":"), RAW[:-1] + b"\xff", b"\x00" + RAW])
def test_a_changed_body_is_refused_even_when_its_meaning_is_the_same(raw: bytes) -> None:
    with pytest.raises(BadSignature):
        verify(raw, headers(), [OLD], NOW)


def test_without_a_secret_nothing_is_believed() -> None:
    with pytest.raises(BadSignature):
        verify(RAW, headers(), [], NOW)
