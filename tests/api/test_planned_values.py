"""Whatever a resolver returns, planned execution ends as graphql-core does: data, errors and their order."""

import asyncio
from collections import Counter
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from enum import Enum
from random import Random
from typing import Annotated, Any

import pytest
import strawberry
from strawberry.dataloader import DataLoader
from strawberry.schema.config import StrawberryConfig
from structlog.testing import capture_logs

from api.audience import DEVELOPMENT, Audience
from api.documents import PREPARED, Prepared, UsePrepared, prepare
from api.errors import Code, Fault, PortalSchema
from api.execution.schema import PlannedSchema
from api.limits import TRUSTED
from api.scalars import CurrencyCode, Int64, scalar_map
from tests.left_over import nothing_left_over
from tests.null_rules import NOTED, Noted, NothingRises, Rules
from tests.random_documents import Writer

DOCUMENTS = 60


@strawberry.enum
class Mood(Enum):
    GOOD = "good"
    BAD = "bad"


@strawberry.interface
class Named:
    name: str


@dataclass
class Late:
    """A value that has to be awaited; unlike a coroutine it may be thrown away."""

    value: Any

    def __await__(self) -> Generator[Any, None, Any]:
        yield from asyncio.sleep(0).__await__()
        return self.value


def odd(random: Random, good: Any) -> Any:
    """Mostly what is expected, else what no resolver should return."""
    draw = random.random()
    if draw < 0.75:
        return good
    return random.choice(
        [None, Late(good), Late(None), Fault(Code.NOT_FOUND, "It is away."), ValueError("secret"), 7, "text", [good]]
    )


@strawberry.type
class Coin:
    minor: Int64
    currency: CurrencyCode
    maybe: Int64 | None
    mood: Mood
    moods: list[Mood | None]
    flag: bool | None
    texts: list[str]

    @classmethod
    def made(cls, random: Random) -> "Coin":
        given: dict[str, Any] = {
            "minor": 2**40, "currency": "EUR", "maybe": 5, "mood": Mood.GOOD, "moods": [Mood.BAD, None], "flag": True,
            "texts": ["a", "b"],
        }  # fmt: skip
        return cls(**{name: odd(random, value) if random.random() < 0.3 else value for name, value in given.items()})


@strawberry.type
class Leaf(Named):
    coin: Coin
    maybe: Coin | None


@strawberry.type
class Branch(Named):
    coins: list[Coin]
    gaps: list[Coin | None] | None
    first: Coin | None

    @strawberry.field
    def seed(self) -> int:
        return int(self.name[1:])

    @strawberry.field
    def again(self, info: strawberry.Info, times: int = 1) -> "Branch":
        return branch(self.seed_of() * 31 + times)

    @strawberry.field
    async def later(self, info: strawberry.Info) -> "Branch | None":
        await asyncio.sleep(0)
        return odd(Random(self.seed_of()), branch(self.seed_of() * 17 + 1))

    @strawberry.field
    async def must(self) -> "Branch":
        return odd(Random(self.seed_of() + 1), branch(self.seed_of() * 13 + 1))

    @strawberry.field
    async def twigs(self, info: strawberry.Info) -> list["Branch"]:
        found = await info.context.load(self.seed_of())
        return [branch(each) for each in found]

    @strawberry.field
    def fails(self) -> Coin | None:
        raise Fault(Code.BAD_INPUT, f"{self.name} fails.")

    @strawberry.field
    async def breaks(self) -> int:
        raise ValueError("secret")

    @strawberry.field
    def thing(self) -> Annotated[Leaf | Coin, strawberry.union("Thing")] | None:
        random = Random(self.seed_of() + 2)
        return odd(random, leaf(random) if random.random() < 0.5 else Coin.made(random))

    @strawberry.field
    def named(self) -> list[Named | None]:
        random = Random(self.seed_of() + 3)
        return [leaf(random), branch(random.randrange(999)), odd(random, leaf(random))]

    def seed_of(self) -> int:
        return int(str(self.name)[1:]) % 100_003


def leaf(random: Random) -> Leaf:
    return Leaf(name="l1", coin=odd(random, Coin.made(random)), maybe=odd(random, Coin.made(random)))


def branch(seed: int) -> Branch:
    random = Random(seed)
    return Branch(
        name=f"b{seed}",
        coins=odd(random, [odd(random, Coin.made(random)) for _ in range(2)]),
        gaps=odd(random, tuple(odd(random, Coin.made(random)) for _ in range(3))),
        first=odd(random, Coin.made(random)),
    )


@strawberry.type
class Twin:
    fails: strawberry.Private[bool]

    @strawberry.field
    async def shared(self, info: strawberry.Info) -> list[int]:
        return await info.context.load(1)

    @strawberry.field
    async def sure(self) -> int:
        if self.fails:
            raise Fault(Code.NOT_FOUND, "It is away.")
        return 1

    @strawberry.field
    async def slow(self) -> int:
        for _ in range(20):
            await asyncio.sleep(0)
        ENDED.append("slow")
        return 1

    @strawberry.field
    def at_once(self) -> int:
        raise Fault(Code.NOT_FOUND, "It never was.")


@strawberry.type
class Query:
    @strawberry.field
    def twin(self, fails: bool) -> Twin | None:
        return Twin(fails=fails)

    @strawberry.field
    async def branch(self, seed: int) -> Branch | None:
        return branch(seed)

    @strawberry.field
    def here(self) -> Branch:
        return branch(3)

    @strawberry.field
    def breaks(self) -> Branch:
        raise ValueError("secret")


async def load(keys: list[int]) -> list[list[int]]:
    await asyncio.sleep(0)
    return [[key * 7 + 1, key * 7 + 2] for key in keys]


@pytest.fixture(scope="module")
def schema() -> PortalSchema:
    return PlannedSchema(Query, types=[Leaf], extensions=[UsePrepared], config=StrawberryConfig(scalar_map=scalar_map))


async def answer(schema: PortalSchema, prepared: Any, variables: dict[str, Any], noted: Noted | None = None) -> Any:
    result = await schema.execute(
        None, variables, DataLoader(load), operation_name="Random",
        operation_extensions={PREPARED: prepared, NOTED: noted},
    )  # fmt: skip
    errors = [error.formatted for error in result.errors or ()]
    return result.data, [{**each, "extensions": {**each["extensions"], "errorId": "?"}} for each in errors]


@pytest.fixture(autouse=True)
def unlogged() -> Iterator[None]:
    """Hundreds of errors are meant here; a trace of each would take longer than everything else."""
    with capture_logs():
        yield


async def test_odd_values_end_as_the_specification_says(schema: PortalSchema, monkeypatch: pytest.MonkeyPatch) -> None:
    tally: Counter[str] = Counter()
    planned = []
    with nothing_left_over():
        for number in range(DOCUMENTS):
            known = {"seed": list(range(50)), "times": [1, 2, 3]}
            roots = ("branch", "branch", "here", "breaks")
            written = Writer(schema._schema, Random(number), known, roots, lambda _: True).document()
            prepared = prepare(schema._schema, written.text, TRUSTED, DEVELOPMENT[Audience.STAFF])
            if prepared.errors:
                tally["refused"] += 1
                continue
            for each in (written, written.otherwise()):
                answers = [await answer(schema, prepared, each.variables) for _ in range(2)]
                assert answers[0] == answers[1], each
                planned.append((each, prepared, answers[0]))
    monkeypatch.setattr(schema, "execution_context_class", NothingRises)
    for written, prepared, answered in planned:
        noted = Noted()
        rules = Rules.of(*await answer(schema, prepared, written.variables, noted), noted)
        rules.check(*answered)
        tally["compared"] += 1
        tally["with errors"] += bool(answered[1])
        tally["without data"] += answered[0] is None
        tally["something open"] += rules.open()
    print(f"\n{dict(tally)}")
    assert tally["compared"] > DOCUMENTS / 2 and tally["with errors"] > DOCUMENTS / 4


ENDED: list[str] = []
TWINS = "query Random { one: twin(fails: true) { shared slow sure } other: twin(fails: false) { shared sure } }"
AT_ONCE = "query Random { one: twin(fails: false) { shared sure atOnce } other: twin(fails: false) { sure } }"


async def test_what_two_parents_wait_for_outlives_one_of_them(schema: PortalSchema) -> None:
    with nothing_left_over():
        data, errors = await answer(schema, ready(schema, TWINS), {})
    assert data == {"one": None, "other": {"shared": [8, 9], "sure": 1}}
    assert [error["path"] for error in errors] == [["one", "sure"]]
    assert ENDED == ["slow"]  # nothing goes on after the answer


async def test_what_was_not_begun_when_something_beside_it_failed_is_not_begun(schema: PortalSchema) -> None:
    with nothing_left_over():
        data, errors = await answer(schema, ready(schema, AT_ONCE), {})
    assert data == {"one": None, "other": {"sure": 1}}
    assert [error["path"] for error in errors] == [["one", "atOnce"]]


def ready(schema: PortalSchema, text: str) -> Prepared:
    """The document, which is valid."""
    prepared = prepare(schema._schema, text, TRUSTED, DEVELOPMENT[Audience.STAFF])
    assert not prepared.errors
    return prepared
