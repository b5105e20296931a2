"""The scalars of the schema; each refuses what is not exactly its form with BAD_INPUT and a sentence of ours.

``scalar_map`` goes into StrawberryConfig. In types write ``Int64``, ``CurrencyCode``, ``IdempotencyKey``, ``GlobalId``,
``ConsistencyToken``, and plain ``datetime`` and ``date`` for DateTime and Date.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final, NewType

import strawberry
from graphql import GraphQLError, ValueNode
from graphql.language import IntValueNode, StringValueNode
from strawberry.schema.types.scalar import DEFAULT_SCALAR_REGISTRY
from strawberry.types.scalar import ScalarDefinition

from api.errors import Code, Fault
from domain.currencies import EXPONENTS

Int64 = NewType("Int64", int)
CurrencyCode = NewType("CurrencyCode", str)
IdempotencyKey = NewType("IdempotencyKey", str)
GlobalId = NewType("GlobalId", str)
"""GraphQL's ID: any text; reading it as an id of ours is what refuses it, with NOT_FOUND."""
ConsistencyToken = NewType("ConsistencyToken", str)

_INT64_MIN: Final = -(1 << 63)  # PostgreSQL's int8
_INT64_MAX: Final = (1 << 63) - 1  # the same
_CANONICAL_INT: Final = re.compile(r"0|-?[1-9][0-9]{0,18}")  # one spelling per number; 19 digits hold every Int64
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_DATE_TIME: Final = re.compile(  # RFC 3339, with at most the microseconds that PostgreSQL keeps
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2})"
)
_IDEMPOTENCY_KEY: Final = re.compile(r"[ -~]{1,255}")  # printable ASCII; 255 is what Stripe and others allow
_TOKEN: Final = re.compile(r"[A-Za-z0-9._~:/+=-]{1,128}")
_SURROGATE: Final = re.compile("[\ud800-\udfff]")


def _bad(sentence: str) -> Fault:
    return Fault(Code.BAD_INPUT, sentence)


def _parse_int64(value: object) -> int:
    number: int | None = None
    if isinstance(value, str) and _CANONICAL_INT.fullmatch(value):
        number = int(value)
    elif isinstance(value, int) and not isinstance(value, bool):
        number = value
    if number is None or not _INT64_MIN <= number <= _INT64_MAX:
        raise _bad("An Int64 is a whole number of 64 bits, best as a string of plain digits.")
    return number


def _print_int64(value: object) -> str:
    if not isinstance(value, int) or isinstance(value, bool) or not _INT64_MIN <= value <= _INT64_MAX:
        raise TypeError(f"not an Int64: {type(value).__name__}")
    return str(value)


def _parse_currency(value: object) -> str:
    if isinstance(value, str) and value in EXPONENTS:
        return value
    raise _bad("A CurrencyCode is an active ISO 4217 code in capitals, such as EUR.")


def _print_currency(value: object) -> str:
    code = str(value)
    if code not in EXPONENTS:
        raise TypeError(f"not a CurrencyCode: {type(value).__name__}")
    return code


_OFFSET: Final = -len("+00:00")
# The driver writes the first and the last instant that Python knows as infinities, which nobody can compare or print.
_NEVER: Final = (datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))


def _parse_date_time(value: object) -> datetime:
    if isinstance(value, str) and _DATE_TIME.fullmatch(value):
        try:
            instant = datetime.fromisoformat(value).astimezone(UTC)
        except (ValueError, OverflowError):  # no such day or hour; an offset beyond the year 1 or 9999
            pass
        else:
            if instant not in _NEVER:
                return instant
    raise _bad("A DateTime is RFC 3339 with an offset, such as 2026-03-31T18:00:00Z.")


def _print_date_time(value: object) -> str:
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise TypeError(f"not an instant: {type(value).__name__}")
    if value.tzinfo is not UTC:  # the database's are
        value = value.astimezone(UTC)
    return f"{value.isoformat()[:_OFFSET]}Z"


def _parse_date(value: object) -> date:
    if isinstance(value, str) and _DATE.fullmatch(value):
        try:
            return date.fromisoformat(value)
        except ValueError:  # no such day
            pass
    raise _bad("A Date is a day of the calendar, such as 2026-03-31.")


def _print_date(value: object) -> str:
    if not isinstance(value, date) or isinstance(value, datetime):
        raise TypeError(f"not a day: {type(value).__name__}")
    return value.isoformat()


def _matching(pattern: re.Pattern[str], sentence: str) -> Callable[[object], str]:
    def parse(value: object) -> str:
        if isinstance(value, str) and pattern.fullmatch(value):
            return value
        raise _bad(sentence)

    return parse


def _scalar(
    name: str,
    parse: Callable[[object], Any],
    description: str,
    serialize: Callable[[object], str] = str,
    url: str | None = None,
    accepts: tuple[type[ValueNode], ...] = (StringValueNode,),
) -> ScalarDefinition:
    def literal(node: ValueNode, _variables: object = None) -> Any:
        # Digits stay text: Python refuses to read very long ones, in its own words.
        text = getattr(node, "value", None) if isinstance(node, accepts) else None
        try:
            return parse(text)
        except Fault as fault:  # again, with its place in the document
            raise GraphQLError(fault.message, node, extensions=fault.extensions) from None

    return strawberry.scalar(
        name=name,
        description=description,
        specified_by_url=url,
        serialize=serialize,
        parse_value=parse,
        parse_literal=literal,
    )


scalar_map: Final[Mapping[object, ScalarDefinition]] = {
    Int64: _scalar(
        "Int64",
        _parse_int64,
        "A whole number of 64 bits. Sent as a string, because JSON numbers lose digits in JavaScript.",
        _print_int64,
        accepts=(StringValueNode, IntValueNode),
    ),
    CurrencyCode: _scalar(
        "CurrencyCode",
        _parse_currency,
        "An active ISO 4217 code, such as EUR.",
        _print_currency,
        "https://www.iso.org/iso-4217-currency-codes.html",
    ),
    datetime: _scalar(
        "DateTime",
        _parse_date_time,
        "An instant: RFC 3339, sent in UTC with Z; an offset is required in input.",
        _print_date_time,
        "https://www.rfc-editor.org/rfc/rfc3339",
    ),
    date: _scalar(
        "Date",
        _parse_date,
        "A day of the calendar in the time zone of the account, such as 2026-03-31.",
        _print_date,
        "https://www.rfc-editor.org/rfc/rfc3339#section-5.6",
    ),
    IdempotencyKey: _scalar(
        "IdempotencyKey",
        _matching(_IDEMPOTENCY_KEY, "An IdempotencyKey has 1 to 255 printable ASCII characters."),
        "Names one intent: 1 to 255 printable ASCII characters. Make it before the first try, keep it for all tries.",
    ),
    ConsistencyToken: _scalar(
        "ConsistencyToken",
        _matching(_TOKEN, "A ConsistencyToken is a text that a mutation has returned."),
        "What a mutation returns so that a later history query can ask for at least its state. Opaque.",
    ),
    GlobalId: DEFAULT_SCALAR_REGISTRY[strawberry.ID],  # Relay wants `id: ID!`, and graphql-core keeps that name
}


@dataclass(frozen=True, slots=True)
class Text:
    """The rule for a text that people type: ``min_length`` to ``max_length`` characters, no NUL, no lone surrogate."""

    max_length: int
    min_length: int = 1

    def __call__(self, value: str, field: str) -> str:
        """The value itself; BAD_INPUT, naming the field and never the value, if the rule is broken."""
        if not self.min_length <= len(value) <= self.max_length:
            raise _bad(f"{field} must have {self.min_length} to {self.max_length} characters.")
        if "\x00" in value or _SURROGATE.search(value):
            raise _bad(f"{field} holds a character that is not text.")
        return value
