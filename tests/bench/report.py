"""The run as tables in a terminal, and as a file of raw numbers."""

from collections.abc import Sequence
from pathlib import Path

import msgspec
from rich.console import Console
from rich.table import Table

from tests.bench.bombs import GOAL_MS
from tests.bench.goals import BESIDE, BOUNDS, RATIOS, TAILS
from tests.bench.measures import OTHERS, READS
from tests.bench.paying import Paying
from tests.bench.run import Results
from tests.bench.samples import Ratio, Rounds, Spread, middle, rates, ratio, seconds, tail
from tests.bench.soak import Soaked


def show(console: Console, results: Results) -> None:
    """Prints a table of measures and one of ratios for each pass."""
    for name, rounds in results.passes.items():
        title = f"{name}: {results.rounds} rounds of {results.seconds:g} s"
        _print(console, title, MEASURE_HEADINGS, measure_rows(results, rounds))
        _print(console, f"{name}: ratios", RATIO_HEADINGS, ratio_rows(results, name))
    if results.bombs:
        _print(console, "documents that are refused", BOMB_HEADINGS, bomb_rows(results))
    for name, rows in results.sizes.items():
        show_sizes(console, name, rows)


def _print(console: Console, title: str, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    table = Table(title=title, title_justify="left")
    for place, heading in enumerate(headings):
        table.add_column(heading, justify="right" if place else "left")
    for row in rows:
        table.add_row(*row)
    console.print(table)


def show_sizes(console: Console, name: str, rows: Sequence[Sequence[str]]) -> None:
    """Prints what renewals cost in a small shop and in a large one."""
    _print(console, f"{name}: renewals in a small shop and a large one", SIZE_HEADINGS, rows)


def show_soak(console: Console, of: Soaked) -> None:
    """Prints what each process held of memory, first and last."""
    title = f"{of.minutes:g} minutes, {of.answered:,} requests, {of.renewed:,} renewals"
    _print(console, title, SOAK_HEADINGS, of.rows())


def store_soak(of: Soaked, folder: Path) -> Path:
    """Writes every look as JSON, named by the time of the run."""
    return _stored(folder / f"soak-{of.at:%Y%m%d-%H%M%S}.json", of)


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
SIZE_HEADINGS = ("renewals, 1 worker in batches", "small", "large", "ratio within a round", "goal")
SOAK_HEADINGS = ("memory", "first fifth, MiB", "last fifth, MiB", "change", "goal")
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
                _whole(
                    _per_core(middle([sample.process_us for sample in samples]))
                    if key in READS or key in OTHERS
                    else None
                ),
            )
        )
    return rows


def ratio_rows(results: Results, name: str) -> list[tuple[str, ...]]:
    """One row of texts for each ratio whose measures were run in the pass of that name."""
    rounds, flush_ms = results.passes[name], results.flushes[name]
    found = [
        *((each.title, ratio(rounds, each), each.goal_text(flush_ms)) for each in known_in(rounds)),
        *((each.title, tail(rounds, each.of), f"≤ {each.goal:g}") for each in TAILS if each.of in rounds),
        *((each.title, seconds(rounds, each.of), f"< {each.goal:g}") for each in BOUNDS if each.of in rounds),
    ]
    return [(title, f"{value.middle:.2f}", spread_text(value), goal) for title, value, goal in found]


def known_in(rounds: Rounds) -> list[Ratio]:
    """The ratios whose measures are among these."""
    return [each for each in (*RATIOS, *BESIDE) if {each.of, each.to} <= rounds.keys()]


def bomb_rows(results: Results) -> list[tuple[str, ...]]:
    """One row of texts for each kind of bomb: the longest until it was refused."""
    return [(kind, f"{took:.1f}", f"≤ {GOAL_MS:g}") for kind, took in results.bombs.items()]


def spread_text(of: Spread) -> str:
    """Smallest and largest."""
    return f"{of.low:.2f}..{of.high:.2f}"


def store(results: Results, folder: Path) -> Path:
    """Writes every sample as JSON, named by the time of the run."""
    return _stored(folder / f"{results.at:%Y%m%d-%H%M%S}.json", results)


def _stored(file: Path, of: object) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(msgspec.json.format(msgspec.json.encode(of), indent=1))
    return file


def _per_core(process_us: float | None) -> float | None:
    """How many a second one core of the process would answer if it did nothing else."""
    return 1e6 / process_us if process_us else None


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}" if value < 100 else f"{value:.0f}"


def _whole(value: float | None) -> str:
    return "" if value is None else f"{value:,.0f}"
