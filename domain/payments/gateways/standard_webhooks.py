"""Signatures by the Standard Webhooks scheme, against several valid secrets and a clock that is passed in."""

import hmac
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from standardwebhooks import Webhook

from domain.payments.gateway import BadSignature

TOLERANCE: Final = timedelta(minutes=5)  # the scheme's own figure; beyond it a recorded delivery cannot be replayed
ID_HEADER: Final = "webhook-id"  # the message that was signed, as the scheme names it
_SIGNATURES_MAX: Final = 16  # a rotation signs with two; more only costs us hashing
_SECONDS: Final = re.compile(r"[0-9]{1,11}", re.ASCII)  # up to the year 5138; more digits overflow datetime


def verify(raw: bytes, headers: Mapping[str, str], secrets: Sequence[str], now: datetime) -> str:
    """Return the message id of a body that any of the secrets signed no more than TOLERANCE ago; else BadSignature.

    Every signature is compared with that of every secret, each in constant time. Header names in any case.
    """
    lower = {name.lower(): value for name, value in headers.items()}
    message_id, stamp = lower.get(ID_HEADER, ""), lower.get("webhook-timestamp", "")
    signatures = lower.get("webhook-signature", "").split(" ")
    readable = message_id.isascii() and _SECONDS.fullmatch(stamp) and len(signatures) <= _SIGNATURES_MAX
    if not message_id or not readable:
        raise BadSignature("signature headers are missing or unreadable")
    sent_at = datetime.fromtimestamp(int(stamp), UTC)
    if abs(now - sent_at) > TOLERANCE:
        raise BadSignature("time stamp outside the tolerance")
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        raise BadSignature("the body is not UTF-8") from error
    # The library's own verify() reads the wall clock itself and raises ValueError for a header without a comma.
    expected = [Webhook(secret).sign(message_id, sent_at, text).encode() for secret in secrets]
    given = [signature.encode(errors="replace") for signature in signatures]
    if not sum(hmac.compare_digest(one, other) for one in expected for other in given):
        raise BadSignature("no signature matches")
    return message_id
