"""The run as tables in a terminal, and as a file of raw numbers."""

from collections.abc import Sequence
from pathlib import Path

import msgspec
from rich.console import Console
from rich.table import Table

from tests.bench.bombs import GOAL_MS
from tests.bench.measures import RATIOS, READS, TAILS
from tests.bench.paying import Paying
from tests.bench.run import Results
from tests.bench.samples import Rounds, Spread, middle, rates, ratio, tail
from tests.bench.sizes import Sizes


def show(console: Console, results: Results) -> None:
    """Prints a table of measures and one of ratios for each pass."""
    for name, rounds in results.passes.items():
        title = f"{name}: {results.rounds} rounds of {results.seconds:g} s"
        _print(console, title, MEASURE_HEADINGS, measure_rows(results, rounds))
        _print(console, f"{name}: ratios", RATIO_HEADINGS, ratio_rows(rounds))
    if results.bombs:
        _print(console, "documents that are refused", BOMB_HEADINGS, bomb_rows(results))


def _print(console: Console, title: str, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    table = Table(title=title, title_justify="left")
    for place, heading in enumerate(headings):
        table.add_column(heading, justify="right" if place else "left")
    for row in rows:
        table.add_row(*row)
    console.print(table)


def show_sizes(console: Console, of: Sizes, rows: Sequence[Sequence[str]]) -> None:
    """Prints what renewals cost in a small shop and in a large one."""
    table = Table(title=f"{of.rounds} rounds of {of.seconds:g} s, {of.flush_ms:g} ms flush", title_justify="left")
    table.add_column("renewals, 1 worker in batches")
    for size in of.counts:
        table.add_column(f"{size:,} subscriptions", justify="right")
    table.add_column("ratio within a round", justify="right")
    for row in rows:
        table.add_row(*row)
    console.print(table)


def show_payments(console: Console, of: Paying, rows: Sequence[Sequence[str]]) -> None:
    """Prints what a payment and a webhook cost beside code that does the least that could be called the same."""
    table = Table(title=f"{of.rounds} rounds, {of.flush_ms:g} ms flush", title_justify="left")
    for place, heading in enumerate(("measure", "plain", "product", "ratio within a round", "goal")):
        table.add_column(heading, justify="right" if place else "left")
    for row in rows:
        table.add_row(*row)
    console.print(table)


MEASURE_HEADINGS = (
    "measure", "per second", "min..max", "p50 ms", "p99 ms", "CPU µs, process", "CPU µs, PostgreSQL", "per core"
)  # fmt: skip
BOMB_HEADINGS = ("refused", "slowest, ms", "goal")
RATIO_HEADINGS = ("ratio, within each round", "median", "min..max", "goal")


def measure_rows(results: Results, rounds: Rounds) -> list[tuple[str, ...]]:
    """One row of texts for each measure: the medians over the rounds, and the spread of the rate."""
    rows: list[tuple[str, ...]] = []
    for key, samples in rounds.items():
        rate = rates(rounds, key)
        errors = sum(sample.errors for sample in samples)
        rows.append(
            (
                results.titles[key] + (f" ({errors} errors)" if errors else ""),
                f"{rate.middle:,.0f}",
                f"{rate.low:,.0f}..{rate.high:,.0f}",
                _number(middle([sample.p50_ms for sample in samples])),
                _number(middle([sample.p99_ms for sample in samples])),
                _whole(middle([sample.process_us for sample in samples])),
                _whole(middle([sample.servers_us for sample in samples])),
                _whole(_per_core(middle([sample.process_us for sample in samples])) if key in READS else None),
            )
        )
    return rows


def ratio_rows(rounds: Rounds) -> list[tuple[str, ...]]:
    """One row of texts for each ratio whose measures were run."""
    found: list[tuple[str, ...]] = []
    for each in RATIOS:
        if each.of in rounds and each.to in rounds:
            value = ratio(rounds, each.of, each.to)
            goal = f"≥ {each.goal:g}"
            found.append((each.title, f"{value.middle:.2f}", spread_text(value), goal))
    for of in TAILS:
        if of.of in rounds:
            value = tail(rounds, of.of)
            found.append((of.title, f"{value.middle:.2f}", spread_text(value), f"≤ {of.goal:g}"))
    return found


def bomb_rows(results: Results) -> list[tuple[str, ...]]:
    """One row of texts for each kind of bomb: the longest until it was refused."""
    return [(kind, f"{took:.1f}", f"≤ {GOAL_MS:g}") for kind, took in results.bombs.items()]


def spread_text(of: Spread) -> str:
    """Smallest and largest."""
    return f"{of.low:.2f}..{of.high:.2f}"


def store(results: Results, folder: Path) -> Path:
    """Writes every sample as JSON, named by the time of the run."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{results.at:%Y%m%d-%H%M%S}.json"
    file.write_bytes(msgspec.json.format(msgspec.json.encode(results), indent=1))
    return file


def _per_core(process_us: float | None) -> float | None:
    """How many a second one core of the process would answer if it did nothing else."""
    return 1e6 / process_us if process_us else None


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}" if value < 100 else f"{value:.0f}"


def _whole(value: float | None) -> str:
    return "" if value is None else f"{value:,.0f}"
