"""The measured part of docs/performance.md and its picture; what stands around it is written by hand and kept."""

from collections.abc import Sequence
from pathlib import Path

from tests.bench.chart import chart
from tests.bench.report import BOMB_HEADINGS, MEASURE_HEADINGS, RATIO_HEADINGS, bomb_rows, measure_rows, ratio_rows
from tests.bench.run import Results

BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"


def write(results: Results, folder: Path) -> None:
    """Replaces what stands between the two marks, and the picture beside the page."""
    page = folder / "performance.md"
    before, _, rest = page.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    page.write_text(f"{before}{BEGIN}\n{measured(results)}\n{END}{after}")
    (folder / "performance.svg").write_text(chart(results))


def measured(results: Results) -> str:
    """The tables and the machine they are from, in Markdown."""
    parts = [_machine(results), "![Ratios of the product to its limits](performance.svg)"]
    for name, rounds in results.passes.items():
        parts += [f"### {name.capitalize()}", _table(RATIO_HEADINGS, ratio_rows(rounds))]
        parts.append(_table(MEASURE_HEADINGS, measure_rows(results, rounds)))
    if results.bombs:
        parts += ["### Documents that are refused", _table(BOMB_HEADINGS, bomb_rows(results))]
    return "\n\n".join(parts)


def _machine(results: Results) -> str:
    on = results.machine
    flushes = f"{on.flushes_per_second:,.0f}" if on.flushes_per_second else "an unknown number of"
    busy = " **The machine was busy with other work: judge the ratios, and CPU time rather than rates.**"
    return (
        f"Measured on {results.at:%Y-%m-%d %H:%M} UTC: {on.cores} cores ({on.processor}), {on.memory_gib} GiB,"
        f" {on.system}, PostgreSQL {on.postgres} (fsync on, with its streaming replica), Python {on.python},"
        f" {on.libraries}. The disk flushes {flushes} times a second (pg_test_fsync, fdatasync). Load by"
        f" {on.generator}. {results.rounds} rounds of {results.seconds:g} s a measure, {results.customers:,} customers."
        f" Load average before the run: {on.load:.1f}.{busy if on.load > on.cores / 4 else ''}"
    )


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    aligned = ["---", *("--:" for _ in headings[1:])]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in (headings, aligned, *rows))
