"""JSON in and out: msgspec, and the refusals that it leaves to us."""

import re
from typing import Final

import msgspec

MAX_NESTING: Final = 64  # our deepest input has 5 levels; graphql-core stops at 200
_STRINGS: Final = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"([ \t\r\n]*+:)?', re.DOTALL)
# In valid JSON a string followed by a colon is a key. Possessive, so that hostile bytes cost one pass.


class NotJson(ValueError):
    """The bytes are not one plain JSON value; the message is a sentence for the caller."""


def decode(raw: bytes | str) -> object:
    """The JSON value of UTF-8 bytes.

    Refused as NotJson: broken or overlong UTF-8, lone surrogates, NaN and infinities, numbers out of range, duplicate
    keys, NUL characters, more than MAX_NESTING levels.
    """
    try:
        data = raw.encode() if isinstance(raw, str) else raw
        value: object = msgspec.json.decode(data)
    except RecursionError:
        raise NotJson("The JSON is nested too deeply.") from None
    except ValueError:  # msgspec's errors and UnicodeError; their words are about a library, not about the request
        raise NotJson("The JSON is malformed, not UTF-8, or holds a number that is out of range.") from None
    written = sum(1 for colon in _STRINGS.findall(data) if colon)
    if written != _distinct_keys(value):
        raise NotJson("The JSON has a duplicate key.")
    return value


def encode(value: object) -> bytes:
    """UTF-8 JSON without spaces."""
    return msgspec.json.encode(value)


def _distinct_keys(value: object) -> int:
    """How many keys the value holds; refuses NUL and deep nesting on the way."""
    keys = 0
    level: list[object] = [value]
    for _ in range(MAX_NESTING + 1):
        below: list[object] = []
        for item in level:
            if isinstance(item, str):
                _refuse_nul(item)
            elif isinstance(item, list):
                below.extend(item)
            elif isinstance(item, dict):
                keys += len(item)
                below.extend(item)
                below.extend(item.values())
        if not below:
            return keys
        level = below
    raise NotJson("The JSON is nested too deeply.")


def _refuse_nul(text: str) -> None:
    if "\x00" in text:
        raise NotJson("The JSON holds a NUL character.")
