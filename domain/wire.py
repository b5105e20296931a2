"""Frozen dataclass <-> JSON, exact both ways: what is decoded equals what was encoded, type by type.

Commands are hashed and outcomes are stored in this form. Fields declared with ``personal()`` never reach an audit body.
"""

import dataclasses
import hashlib
import types
import typing
from datetime import UTC, date, datetime
from enum import Enum
from functools import cache
from typing import Any, TypeVar, cast
from uuid import UUID

import msgspec

from domain.ids import EntityId, ReferenceId
from domain.money import Currency, Money

T = TypeVar("T")
Json = None | bool | int | str | list["Json"] | dict[str, "Json"]

_PERSONAL, _LEARNED, _ADDED = "personal", "learned", "added"
_REDACTED = "[personal]"
PERSONAL = {_PERSONAL: True}
"""As metadata of a field: what ``personal()`` says, for one that others without a default follow."""


def personal() -> Any:
    """A dataclass field that holds personal data: hashed and used, but shown redacted in the audit trail."""
    return dataclasses.field(metadata={_PERSONAL: True})


def holds_personal(value: object) -> bool:
    """Whether the dataclass is of a kind with a field of personal data, or holds one that is; what could stand in it
    and does not, such as an account that is None, is nothing."""
    if isinstance(value, tuple):
        return any(holds_personal(each) for each in value)
    if not dataclasses.is_dataclass(value):
        return False
    fields = dataclasses.fields(value)
    return any(each.metadata.get(_PERSONAL) or holds_personal(getattr(value, each.name)) for each in fields)


def learned(default: Any = dataclasses.MISSING, *, personal: bool = False) -> Any:
    """A dataclass field that we learnt on the caller's behalf: stored, but no part of what the caller asked for.

    A retry under the same key may have learnt something else; it is still the same intent. A field that was once part
    of it takes a default, and is hashed as that: so a key of before that was stored without the fact is found again.
    """
    return dataclasses.field(default=default, metadata={_LEARNED: True, _PERSONAL: personal})


def learned_since() -> Any:
    """As ``learned``, for a field that callers did not know at first: None where nobody told it. No part of a hash."""
    return dataclasses.field(default_factory=lambda: None, metadata={_LEARNED: True})


def added(default: T) -> T:
    """A dataclass field that callers did not know at first: while it has its default it is no part of what is asked.

    So a command that was sent before the field was there hashes as it did, and its retry finds it.
    """
    return dataclasses.field(default=default, metadata={_ADDED: True})


def to_json(value: object, *, redact: bool = False) -> Json:
    """The JSON value of a frozen dataclass or one of its parts; TypeError for a type the codec does not know."""
    if value is None or isinstance(value, bool | int) or type(value) is str:
        return value
    if isinstance(value, Enum):
        return cast(Json, value.value)
    if isinstance(value, Currency | EntityId | ReferenceId | UUID):
        return str(value)
    if isinstance(value, Money):
        return {"minor": value.minor, "currency": str(value.currency)}
    if isinstance(value, datetime):
        return _instant_text(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, tuple):
        return [to_json(item, redact=redact) for item in value]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return _fields_json(value, redact)
    raise TypeError(f"the wire codec does not know {type(value).__name__}")


def _fields_json(value: Any, redact: bool) -> dict[str, Json]:
    return {
        field.name: _REDACTED
        if redact and field.metadata.get(_PERSONAL)
        else to_json(getattr(value, field.name), redact=redact)
        for field in dataclasses.fields(value)
    }


def _instant_text(value: datetime) -> str:
    if value.tzinfo is None:
        raise TypeError("an instant needs a time zone")
    return value.astimezone(UTC).isoformat()


def is_storable(value: Json) -> bool:
    """Whether PostgreSQL can store it: no text with a lone surrogate or a NUL, no number beyond an int8."""
    if isinstance(value, int):
        return -(2**63) <= value < 2**63
    if isinstance(value, str):
        try:
            return b"\x00" not in value.encode()
        except UnicodeEncodeError:
            return False
    if isinstance(value, dict):
        return all(is_storable(item) for item in value.values())
    return all(is_storable(item) for item in value) if isinstance(value, list) else True


def canonical(value: Json) -> bytes:
    """The one byte form of a JSON value: sorted keys, no spaces, UTF-8."""
    return msgspec.json.encode(value, order="sorted")


def digest(name: str, value: object) -> bytes:
    """SHA-256 over an operation's name and the canonical form of what its command asks for."""
    asked = to_json(value)
    if isinstance(asked, dict):
        for field in dataclasses.fields(cast(Any, value)):
            if _is_left_out(field, value):
                del asked[field.name]
            elif field.metadata.get(_LEARNED):
                asked[field.name] = to_json(field.default)
    return hashlib.sha256(name.encode() + b"\x00" + canonical(asked)).digest()


def _is_left_out(field: "dataclasses.Field[Any]", value: object) -> bool:
    as_before = bool(field.metadata.get(_ADDED)) and getattr(value, field.name) == field.default
    return as_before or bool(field.metadata.get(_LEARNED) and field.default is dataclasses.MISSING)


@cache
def _hints(kind: type) -> dict[str, Any]:
    return typing.get_type_hints(kind)


def from_json(kind: type[T], value: Json) -> T:
    """The value of the given type; TypeError or ValueError where the JSON does not fit it."""
    return cast(T, _decode(kind, value))


def _decode(kind: Any, value: Any) -> Any:
    origin = typing.get_origin(kind)
    if origin in (typing.Union, types.UnionType):
        return _decode_optional(typing.get_args(kind), value)
    if origin is tuple:
        return tuple(_decode(typing.get_args(kind)[0], item) for item in value)
    if kind in (str, int, bool, type(None)):
        if type(value) is not kind:
            raise TypeError(f"{value!r} is not {kind}")
        return value
    return _decode_named(kind, value)


def _decode_optional(kinds: tuple[Any, ...], value: Any) -> Any:
    some = [kind for kind in kinds if kind is not type(None)]
    if len(some) != 1 or len(some) == len(kinds):
        raise TypeError("the only union on the wire is T | None")
    return None if value is None else _decode(some[0], value)


def _decode_named(kind: Any, value: Any) -> Any:
    if issubclass(kind, Money):
        return Money(value["minor"], Currency(value["currency"]))
    if issubclass(kind, EntityId | ReferenceId):
        return kind.parse(value)
    if issubclass(kind, Enum | UUID | Currency):
        return kind(value)
    if issubclass(kind, datetime | date):
        return kind.fromisoformat(value)
    if dataclasses.is_dataclass(kind):
        hints, made = _hints(cast(type, kind)), cast(Any, kind)
        return made(**{name: _decode(hints[name], item) for name, item in value.items()})
    raise TypeError(f"the wire codec does not know {kind}")
