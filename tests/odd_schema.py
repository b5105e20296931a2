"""A schema whose resolvers return now and then what no resolver should, and what a request of it carries."""

import asyncio
from collections.abc import Generator
from dataclasses import dataclass, replace
from enum import Enum
from random import Random
from typing import Annotated, Any, TypeVar

import strawberry
from strawberry.dataloader import DataLoader

from api.errors import Code, Fault
from api.loaded import Less, loaded, to_come
from api.loading import Loader
from api.scalars import CurrencyCode, Int64

T = TypeVar("T")
ENDED: list[str] = []  # what was slow and has ended


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


LITTLE = frozenset({"minor", "currency", "maybe", "mood", "moods", "flag"})


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
        answer: Branch | None = odd(Random(self.seed_of()), branch(self.seed_of() * 17 + 1))
        return answer

    @strawberry.field
    async def must(self) -> "Branch":
        answer: Branch = odd(Random(self.seed_of() + 1), branch(self.seed_of() * 13 + 1))
        return answer

    @strawberry.field
    async def twigs(self, info: strawberry.Info) -> list["Branch"]:
        found = await info.context.load(self.seed_of())
        return [branch(each) for each in found]

    kept: "list[Branch | None]" = loaded(
        lambda of: of.branches, lambda self: self.seed_of(), lambda seeds: grown(seeds), description="Loaded."
    )
    purse: Coin | None = loaded(
        lambda of: of.branches,
        lambda self: self.seed_of() + 1,
        lambda seeds: Coin.made(Random(seeds[1])),
        Less(LITTLE, lambda of: of.purses, lambda seed: replace(Coin.made(Random(seed)), texts=["unknown"])),
        description="Loaded, and from elsewhere where little of it is asked for.",
    )

    @strawberry.field
    def beside(self, info: strawberry.Info) -> "Branch | None":
        """At hand, to come, told by where it is asked for, or odd."""
        random = Random(self.seed_of() + 4)
        found, draw = branch(self.seed_of() * 11 + 1), random.random()
        if draw < 0.2:
            return to_come(soon(found))
        return branch(len(info.path.as_list())) if draw < 0.3 else odd(random, found)

    @strawberry.field
    def fails(self) -> Coin | None:
        raise Fault(Code.BAD_INPUT, f"{self.name} fails.")

    @strawberry.field
    async def breaks(self) -> int:
        raise ValueError("secret")

    @strawberry.field
    def thing(self) -> Annotated[Leaf | Coin, strawberry.union("Thing")] | None:
        random = Random(self.seed_of() + 2)
        answer: Leaf | Coin | None = odd(random, leaf(random) if random.random() < 0.5 else Coin.made(random))
        return answer

    @strawberry.field
    def named(self) -> list[Named | None]:
        random = Random(self.seed_of() + 3)
        return [leaf(random), branch(random.randrange(999)), odd(random, leaf(random))]

    def seed_of(self) -> int:
        return int(str(self.name)[1:]) % 100_003


async def soon(found: T) -> T:
    await asyncio.sleep(0)
    return found


def grown(seeds: list[int]) -> Any:
    """What a loaded field is made of may be wrong too, or break."""
    random = Random(seeds[0])
    if random.random() < 0.05:
        raise Fault(Code.NOT_FOUND, "They were felled.")
    return odd(random, [odd(random, branch(each)) for each in seeds])


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
        seeds: list[int] = await info.context.load(1)
        return seeds

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
    def at_hand(self, info: strawberry.Info) -> Branch:
        return branch(info.context.seed)

    @strawberry.field
    def here(self) -> Branch:
        return branch(3)

    @strawberry.field
    def breaks(self) -> Branch:
        raise ValueError("secret")


async def load(keys: list[int]) -> list[list[int]]:
    await asyncio.sleep(0)
    return [[key * 7 + 1, key * 7 + 2] for key in keys]


async def read(keys: list[int]) -> list[list[int]]:
    if any(key % 29 == 0 for key in keys):
        raise Fault(Code.HISTORY_UNAVAILABLE, "Nobody answers.")
    return await load(keys)


async def read_purses(keys: list[int]) -> list[int]:
    return [seeds[1] for seeds in await load(keys)]


class Loaders:
    """Those of one request."""

    def __init__(self) -> None:
        self.branches = Loader(read)
        self.purses = Loader(read_purses)


class Asking:
    """A request."""

    def __init__(self, seed: int = 0) -> None:
        self.seed = seed
        self.loaders = Loaders()
        self.load = DataLoader(load).load
