"""Signed opaque cursors: the sort key of a row, valid for one connection of one owner."""

import binascii
import hmac
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from typing import Final, TypeVar

import msgspec

from api.errors import Code, Fault

_MAC_BYTES: Final = 16  # 128 bits of SHA-256: nobody guesses one, and a cursor stays short
_TEXT: Final = re.compile(r"[A-Za-z0-9_-]{22,512}")  # 22 characters hold the MAC alone; sort keys are a time and an id
_KEY_BYTES_MIN: Final = 32  # as long as the hash: RFC 2104 advises against less

K = TypeVar("K")


class Cursors:
    """Makes and opens cursors; the first key signs, the others still open what they signed before a rotation."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        if not keys or any(len(key) < _KEY_BYTES_MIN for key in keys):
            raise ValueError(f"cursors need keys of at least {_KEY_BYTES_MIN} bytes")
        self._keys = tuple(keys)

    def seal(self, connection: str, owner: str, key: object) -> str:
        """The cursor of a row by its sort key (a tuple of numbers, strings, instants or days)."""
        payload = msgspec.json.encode(key)
        return _to_text(_mac(self._keys[0], connection, owner, payload) + payload)

    def open(self, connection: str, owner: str, cursor: str, shape: type[K]) -> K:
        """The sort key in a cursor of this connection and owner; BAD_INPUT for any other text."""
        raw = _from_text(cursor)
        mac, payload = raw[:_MAC_BYTES], raw[_MAC_BYTES:]
        if not any(hmac.compare_digest(mac, _mac(key, connection, owner, payload)) for key in self._keys):
            raise _foreign()
        try:
            return msgspec.json.decode(payload, type=shape)
        except msgspec.DecodeError:  # an older release sorted this connection by something else
            raise _foreign() from None


def _mac(key: bytes, connection: str, owner: str, payload: bytes) -> bytes:
    scope = msgspec.json.encode([connection, owner])  # JSON keeps the two apart whatever they hold
    return hmac.digest(key, scope + payload, "sha256")[:_MAC_BYTES]


def _to_text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).decode().rstrip("=")


def _from_text(cursor: str) -> bytes:
    if not _TEXT.fullmatch(cursor):
        raise _foreign()
    try:
        raw = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    except binascii.Error:
        raise _foreign() from None
    if _to_text(raw) != cursor:  # base64 has several spellings of the same bytes
        raise _foreign()
    return raw


def _foreign() -> Fault:
    return Fault(Code.BAD_INPUT, "after is not a cursor of this list.")
