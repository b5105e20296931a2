"""The Stripe-Signature header, against several valid secrets and a clock that is passed in.

Source: docs.stripe.com/webhooks, "Verify manually": ``t`` is the time in seconds, each ``v1`` the hex of HMAC-SHA256
over ``t.body`` keyed with the endpoint's secret; other schemes are ignored. The official client's own check reads the
wall clock and one secret, so it is not used.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from domain.payments.gateway import BadSignature

HEADER: Final = "stripe-signature"
TOLERANCE: Final = timedelta(minutes=5)  # Stripe's own default; beyond it a recorded delivery cannot be replayed
_SCHEME: Final = "v1"
_SIGNATURES_MAX: Final = 16  # a rotation signs with two; more only costs us comparing
_SECONDS: Final = re.compile(r"[0-9]{1,11}", re.ASCII)  # up to the year 5138; more digits overflow datetime


def sign(raw: bytes, seconds: int, secret: str) -> str:
    """The signature of a body that is sent at that second."""
    return hmac.new(secret.encode(), str(seconds).encode() + b"." + raw, hashlib.sha256).hexdigest()


def verify(raw: bytes, headers: Mapping[str, str], secrets: Sequence[str], now: datetime) -> None:
    """BadSignature for a body that none of the secrets signed at most TOLERANCE ago. Header names in any case.

    Every signature is compared with that of every secret, each in constant time.
    """
    header = next((value for name, value in headers.items() if name.lower() == HEADER), "")
    parts = [part.strip().partition("=") for part in header.split(",")]
    stamps = [value for name, _, value in parts if name == "t"]
    given = [value.encode(errors="replace") for name, _, value in parts if name == _SCHEME]
    if len(stamps) != 1 or not _SECONDS.fullmatch(stamps[0]) or not 0 < len(given) <= _SIGNATURES_MAX:
        raise BadSignature("the signature header is missing or unreadable")
    seconds = int(stamps[0])
    if abs(now - datetime.fromtimestamp(seconds, UTC)) > TOLERANCE:
        raise BadSignature("time stamp outside the tolerance")
    expected = [sign(raw, seconds, secret).encode() for secret in secrets if secret]
    if not sum(hmac.compare_digest(one, other) for one in expected for other in given):
        raise BadSignature("no signature matches")
