"""What a measure gives, and what many of them say together: medians, spread, and ratios within one round."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Literal


@dataclass(frozen=True, slots=True)
class Counted:
    """One run of a measure: operations done in so many seconds, and the middle and 99th percentile of their times."""

    count: int
    seconds: float
    p50_ms: float | None = None
    p99_ms: float | None = None
    errors: int = 0


@dataclass(frozen=True, slots=True)
class Sample:
    """A run as the report shows it: operations that went well a second, and CPU time for each in microseconds."""

    rate: float
    p50_ms: float | None
    p99_ms: float | None
    errors: int
    process_us: float | None
    servers_us: float | None


@dataclass(frozen=True, slots=True)
class Measure:
    """Something that can be run for a number of seconds; ``cpu`` is the CPU time so far of the process it is about.

    One that is ``told`` runs nothing itself: another measure of the round has found it.
    """

    key: str
    title: str
    run: Callable[[float], Awaitable[Counted]]
    cpu: Callable[[], float] | None = None
    told: bool = False


@dataclass(frozen=True, slots=True)
class Spread:
    """The middle of several rounds, and how far they lie apart."""

    middle: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        """Median, smallest and largest of at least one value."""
        return cls(median(values), min(values), max(values))


@dataclass(frozen=True, slots=True)
class Ratio:
    """One measure divided by another of the same round; ``goal`` is the least of rates, and the most of times."""

    key: str
    title: str
    of: str
    to: str
    goal: float
    what: Literal["rate", "p50_ms", "p99_ms"] = "rate"
    slow_goal: float | None = None
    """What it is where a flush takes a millisecond, if that is another one."""

    def goal_at(self, flush_ms: float) -> float:
        """The goal of a pass."""
        return self.slow_goal if flush_ms and self.slow_goal else self.goal

    def goal_text(self, flush_ms: float) -> str:
        """As the report says it."""
        return f"{'≥' if self.what == 'rate' else '≤'} {self.goal_at(flush_ms):g}"

    def reached(self, value: float, flush_ms: float) -> float:
        """How much of the goal a value is: 1 is the goal, more is better."""
        goal = self.goal_at(flush_ms)
        return value / goal if self.what == "rate" else goal / value


@dataclass(frozen=True, slots=True)
class Tail:
    """How many times as long as the middle the 99th percentile of a measure takes; ``goal`` is the most."""

    title: str
    of: str
    goal: float


@dataclass(frozen=True, slots=True)
class Bound:
    """How many seconds the middle of a measure takes; ``goal`` is the most."""

    title: str
    of: str
    goal: float


Rounds = dict[str, list[Sample]]
"""Samples by the key of their measure, one for each round."""


def rates(rounds: Rounds, key: str) -> Spread:
    """Operations a second over the rounds."""
    return Spread.of([sample.rate for sample in rounds[key]])


def ratio(rounds: Rounds, each: Ratio) -> Spread:
    """The ratio of two measures, taken within each round, so that a machine that slows down slows both."""
    pairs = zip(rounds[each.of], rounds[each.to], strict=True)
    return Spread.of([getattr(one, each.what) / getattr(other, each.what) for one, other in pairs])


def tail(rounds: Rounds, of: str) -> Spread:
    """The 99th percentile over the middle, within each round."""
    return Spread.of([sample.p99_ms / sample.p50_ms for sample in rounds[of] if sample.p99_ms and sample.p50_ms])


def seconds(rounds: Rounds, of: str) -> Spread:
    """How long the middle of a measure takes."""
    return Spread.of([sample.p50_ms / 1000 for sample in rounds[of] if sample.p50_ms])


def middle(values: Sequence[float | None]) -> float | None:
    """The median of what is known."""
    known = [value for value in values if value is not None]
    return median(known) if known else None


def percentile(ordered: Sequence[float], part: float) -> float:
    """The value below which that part of an ordered, non-empty sequence lies."""
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))]


def flush_name(milliseconds: float) -> str:
    """How the report calls what is measured while a flush takes so long at least; 0 is the disk's own time."""
    return f"{milliseconds:g} ms flush" if milliseconds else "disk as it is"
