"""Stripe's webhooks against hostile headers and bodies, and the official client's own signature."""

import json
from datetime import UTC, datetime, timedelta

import pytest
import stripe

from domain.payments.gateway import BadSignature, EventKind, MalformedEvent
from domain.payments.gateways.stripe_events import read_event
from domain.payments.gateways.stripe_signature import TOLERANCE, sign, verify

SECRET, OTHER = "whsec_first", "whsec_second"
NOW = datetime(2027, 3, 1, 12, 0, tzinfo=UTC)
RAW = '{"id": "evt_1", "price": "10 €"}'.encode()


def header(secret: str = SECRET, at: datetime = NOW, raw: bytes = RAW) -> str:
    seconds = int(at.timestamp())
    return f"t={seconds},v1={sign(raw, seconds, secret)}"


@pytest.mark.row("C8")
def test_a_signature_of_the_official_client_is_believed_and_so_is_either_secret_while_it_is_rotated() -> None:
    seconds = int(NOW.timestamp())
    theirs = stripe.WebhookSignature.generate_signature_header(RAW.decode(), SECRET, timestamp=seconds)
    verify(RAW, {"Stripe-Signature": theirs}, [OTHER, SECRET], NOW)
    both = f"{header(OTHER)},v1={sign(RAW, seconds, SECRET)},v0=ignored"
    for secrets in ([SECRET], [OTHER], [SECRET, OTHER]):
        verify(RAW, {"stripe-signature": both}, secrets, NOW)
    verify(RAW, {"stripe-signature": header(at=NOW - TOLERANCE)}, [SECRET], NOW)


@pytest.mark.row("C8")
@pytest.mark.parametrize(
    "given",
    [
        "",
        "t=,v1=",
        header(OTHER),
        header(at=NOW - TOLERANCE - timedelta(seconds=1)),
        header(at=NOW + TOLERANCE + timedelta(seconds=1)),
        header(raw=RAW + b" "),
        header().replace("v1=", "v0="),
        header().replace("t=", "t=1,t="),
        header() + ",v1=\udcff" * 20,
        "t=" + "9" * 5000 + ",v1=00",
    ],
)
def test_a_forged_old_or_unreadable_signature_is_refused(given: str) -> None:
    with pytest.raises(BadSignature):
        verify(RAW, {"stripe-signature": given}, [SECRET, ""], NOW)


def envelope(kind: str, subject: object, **more: object) -> bytes:
    return json.dumps({"id": "evt_1", "type": kind, "created": 1803038400, "data": {"object": subject}} | more).encode()


def test_a_thin_event_and_kinds_without_a_word_of_ours_are_kept_and_mean_nothing() -> None:
    thin = {
        "id": "evt_1",
        "object": "v2.core.event",
        "type": "v1.billing.meter.error",
        "created": "2027-02-19T00:00:00Z",
    }
    charged = {"id": "ch_1", "amount": 1, "amount_captured": 1, "currency": "eur", "status": "succeeded", "created": 1}
    for raw in (json.dumps(thin).encode(), envelope("charge.succeeded", charged), envelope("plan.created", {})):
        assert read_event(raw).kind is EventKind.UNRECOGNIZED


@pytest.mark.parametrize(
    "raw",
    [
        b"[]",
        b"{" * 100_000,
        envelope("payment_intent.succeeded", {"id": "pi_1"}),
        envelope("refund.updated", {"id": "re_1", "status": "succeeded", "amount": 1, "currency": "xxx"}),
        envelope("plan.created", {}, created=10**18),
        envelope("plan.created", {}, created="yesterday"),
    ],
)
def test_an_event_that_cannot_be_read_is_malformed(raw: bytes) -> None:
    with pytest.raises(MalformedEvent):
        read_event(raw)
