"""What a measure gives, and what many of them say together: medians, spread, and ratios within one round."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from statistics import median


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
    servers_us: float


@dataclass(frozen=True, slots=True)
class Measure:
    """Something that can be run for a number of seconds; ``cpu`` is the CPU time so far of the process it is about."""

    key: str
    title: str
    run: Callable[[float], Awaitable[Counted]]
    cpu: Callable[[], float] | None = None


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
    """One measure divided by another of the same round; ``goal`` is what the product has set itself."""

    key: str
    title: str
    of: str
    to: str
    goal: float


@dataclass(frozen=True, slots=True)
class Tail:
    """How many times as long as the middle the 99th percentile of a measure takes; ``goal`` is the most."""

    title: str
    of: str
    goal: float


Rounds = dict[str, list[Sample]]
"""Samples by the key of their measure, one for each round."""


def rates(rounds: Rounds, key: str) -> Spread:
    """Operations a second over the rounds."""
    return Spread.of([sample.rate for sample in rounds[key]])


def ratio(rounds: Rounds, of: str, to: str) -> Spread:
    """The ratio of two measures, taken within each round, so that a machine that slows down slows both."""
    return Spread.of([one.rate / other.rate for one, other in zip(rounds[of], rounds[to], strict=True)])


def tail(rounds: Rounds, of: str) -> Spread:
    """The 99th percentile over the middle, within each round."""
    return Spread.of([sample.p99_ms / sample.p50_ms for sample in rounds[of] if sample.p99_ms and sample.p50_ms])


def middle(values: Sequence[float | None]) -> float | None:
    """The median of what is known."""
    known = [value for value in values if value is not None]
    return median(known) if known else None


def percentile(ordered: Sequence[float], part: float) -> float:
    """The value below which that part of an ordered, non-empty sequence lies."""
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))]
