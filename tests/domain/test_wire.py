"""The wire codec: what is decoded equals what was encoded, and nothing else is taken for it."""

from dataclasses import MISSING, Field, dataclass, fields, is_dataclass
from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum
from functools import cache
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints
from uuid import UUID

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

import domain.reactions.work  # imports every area, and so every operation
from domain.ids import CustomerId, EntityId, InvoiceId, PlanId
from domain.money import Currency, Money
from domain.operation import OPERATIONS
from domain.payments.method import StoreMethod
from domain.wire import added, canonical, digest, from_json, learned, personal, to_json

assert domain.reactions.work.__name__


class Colour(StrEnum):
    RED = "red"


@dataclass(frozen=True)
class Inner:
    at: datetime
    amount: Money | None


@dataclass(frozen=True)
class Outer:
    text: str
    count: int
    flag: bool
    colour: Colour
    customer: CustomerId
    plan: PlanId | None
    inner: tuple[Inner, ...]
    secret: str = personal()


uuids = some.uuids()
moneys = some.builds(Money, some.integers(-(10**15), 10**15), some.sampled_from([Currency("EUR"), Currency("JPY")]))
inners = some.builds(Inner, some.datetimes(timezones=some.just(UTC)), some.none() | moneys)
outers = some.builds(
    Outer,
    text=some.text(),
    count=some.integers(),
    flag=some.booleans(),
    colour=some.just(Colour.RED),
    customer=some.builds(CustomerId, some.integers(0, 2**31 - 1), uuids),
    plan=some.none() | some.builds(PlanId, uuids),
    inner=some.lists(inners, max_size=3).map(tuple),
    secret=some.text(),
)


@given(outers)
def test_what_is_decoded_equals_what_was_encoded(value: Outer) -> None:
    assert from_json(Outer, msgspec.json.decode(canonical(to_json(value)))) == value


@given(outers, outers)
def test_two_commands_have_one_digest_exactly_when_they_are_equal(one: Outer, other: Outer) -> None:
    assert (digest("op", one) == digest("op", other)) == (one == other)
    assert digest("op", one) != digest("another", one)


def test_what_was_learnt_on_the_way_is_no_part_of_the_intent() -> None:
    def stored(reference: str, token: str = "tok") -> StoreMethod:
        return StoreMethod("sandbox/main", token, reference, "card", "visa", "4242")

    assert digest("op", stored("method_1")) == digest("op", stored("method_2"))
    assert digest("op", stored("method_1")) != digest("op", stored("method_1", token="other"))


def test_a_field_that_was_added_changes_nothing_for_a_caller_who_does_not_know_it() -> None:
    @dataclass(frozen=True)
    class Before:
        name: str

    @dataclass(frozen=True)
    class After:
        name: str
        colour: str = added("red")

    assert digest("op", Before("x")) == digest("op", After("x")) == digest("op", After("x", "red"))
    assert digest("op", After("x")) != digest("op", After("x", "blue"))
    assert from_json(After, {"name": "x"}) == After("x")


def test_the_same_instant_in_another_zone_is_the_same_command() -> None:
    here = datetime(2027, 1, 1, tzinfo=UTC)
    there = here.astimezone(timezone(timedelta(hours=5)))
    assert digest("op", Inner(here, None)) == digest("op", Inner(there, None))


def test_personal_fields_are_redacted_where_that_is_asked_for() -> None:
    value = Outer("t", 1, True, Colour.RED, CustomerId(1, UUID(int=1)), None, (), "somebody's name")
    assert "somebody's name" in canonical(to_json(value)).decode()
    assert "somebody's name" not in canonical(to_json(value, redact=True)).decode()


@pytest.mark.parametrize(
    ("kind", "value"),
    [(int, "1"), (int, True), (bool, 1), (str, 1), (Inner, {"at": "2027-01-01T00:00:00+00:00"}), (Inner, {"x": 1}),
     (datetime, 5), (Money, {"minor": "1", "currency": "EUR"}), (Colour, "blue")],
)  # fmt: skip
def test_json_of_another_shape_is_not_taken(kind: Any, value: Any) -> None:
    with pytest.raises((TypeError, ValueError, KeyError)):
        from_json(kind, value)


def test_floats_and_naive_instants_have_no_place_on_the_wire() -> None:
    for value in (1.5, datetime(2027, 1, 1)):  # noqa: DTZ001 - naive is the point
        with pytest.raises(TypeError):
            to_json(value)


for kind in EntityId.__subclasses__():
    some.register_type_strategy(kind, some.builds(kind, some.integers(0, 2**31 - 1), uuids))
some.register_type_strategy(Money, moneys)
some.register_type_strategy(datetime, some.datetimes(timezones=some.just(UTC)))
some.register_type_strategy(Currency, some.sampled_from([Currency("EUR"), Currency("JPY")]))


REGISTERED = (EntityId, Money, Currency)


@cache
def values(kind: Any) -> some.SearchStrategy[Any]:
    """Values of that type as Hypothesis draws them, but for tuples: none, one or two of what they hold, which may be
    tuples in turn. A simulation's outcome holds bills, these lines, and these taxes: five of each would be thousands.
    """
    inner = get_args(kind)
    if get_origin(kind) is tuple and inner[1:] == (...,):
        return some.lists(values(inner[0]), max_size=2).map(tuple)
    if get_origin(kind) in (Union, UnionType):
        return some.one_of([values(each) for each in inner])
    if not isinstance(kind, type) or not is_dataclass(kind) or issubclass(kind, REGISTERED):
        return some.from_type(kind)
    hints = get_type_hints(kind)
    return some.builds(kind, **{each.name: part(each, hints[each.name]) for each in fields(kind) if each.init})


def part(of: Field[Any], kind: Any) -> some.SearchStrategy[Any]:
    """What a field may hold; what it holds by default among it."""
    if of.default is not MISSING:
        return some.just(of.default) | values(kind)
    return values(kind)


@pytest.mark.parametrize("name", sorted(OPERATIONS))
# Each operation has two types; the codec itself is tried at length above.
@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.data_too_large, HealthCheck.too_slow])
@given(some.data())
def test_every_operation_s_command_and_outcome_can_travel(name: str, data: some.DataObject) -> None:
    kinds: tuple[Any, ...] = (OPERATIONS[name].command, OPERATIONS[name].outcome)
    for kind in kinds:
        value = data.draw(values(kind))
        assert from_json(kind, msgspec.json.decode(canonical(to_json(value)))) == value


@given(some.integers(0, 2**31 - 1), uuids)
def test_an_id_has_one_spelling(shard: int, uuid: UUID) -> None:
    id = InvoiceId(shard, uuid)
    assert InvoiceId.parse(str(id)) == id
    for wrong in (str(id).upper(), str(id) + "0", str(id)[:-1], str(id).replace("invoice", "payment"), f" {id}"):
        with pytest.raises(Exception, match="NOT_FOUND"):
            InvoiceId.parse(wrong)


def test_what_was_learned_is_no_part_of_what_is_asked() -> None:
    @dataclass(frozen=True, slots=True)
    class Always:
        name: str
        brand: str = learned()

    assert digest("ask", Always("a", "x")) == digest("ask", Always("a", "y")) != digest("ask", Always("b", "x"))


def test_a_field_that_was_asked_for_once_and_is_learned_now_finds_the_keys_of_before() -> None:
    @dataclass(frozen=True, slots=True)
    class Before:
        name: str
        place: str | None

    @dataclass(frozen=True, slots=True)
    class After:
        name: str
        place: str | None = learned(None)

    assert digest("ask", Before("a", None)) == digest("ask", After("a", "here")) == digest("ask", After("a", "there"))
