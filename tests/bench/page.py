"""The measured part of docs/performance.md and its picture; what stands around it is written by hand and kept."""

from collections.abc import Sequence
from pathlib import Path

from tests.bench.chart import chart
from tests.bench.report import (
    BOMB_HEADINGS,
    MEASURE_HEADINGS,
    RATIO_HEADINGS,
    SIZE_HEADINGS,
    SOAK_HEADINGS,
    bomb_rows,
    measure_rows,
    ratio_rows,
)
from tests.bench.run import Results
from tests.bench.soak import Soaked

BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
SOAK = "<!-- soak: begin -->", "<!-- soak: end -->"


def write(results: Results, folder: Path) -> None:
    """Replaces what stands between the two marks, and the picture beside the page."""
    _put(folder / "performance.md", (BEGIN, END), measured(results))
    (folder / "performance.svg").write_text(chart(results))


def write_soak(of: Soaked, folder: Path) -> None:
    """Replaces what stands between the two marks of the soak."""
    on = of.machine
    said = (
        f"By `quittance bench --soak {of.minutes:g}` on {of.at:%Y-%m-%d %H:%M} UTC: {on.cores} cores ({on.processor}),"
        f" {on.memory_gib} GiB, {on.system}, Python {on.python}; {of.answered:,} requests, {of.renewed:,} renewals."
    )
    _put(folder / "performance.md", SOAK, f"{said}\n\n{_table(SOAK_HEADINGS, of.rows())}")


def _put(page: Path, marks: tuple[str, str], text: str) -> None:
    begin, end = marks
    before, _, rest = page.read_text().partition(begin)
    _, _, after = rest.partition(end)
    page.write_text(f"{before}{begin}\n{text}\n{end}{after}")


def measured(results: Results) -> str:
    """The tables and the machine they are from, in Markdown."""
    parts = [_machine(results), "![Ratios of the product to its limits](performance.svg)"]
    for name, rounds in results.passes.items():
        parts += [f"### {name.capitalize()}", _table(RATIO_HEADINGS, ratio_rows(results, name))]
        parts.append(_table(MEASURE_HEADINGS, measure_rows(results, rounds)))
    if results.bombs:
        parts += ["### Documents that are refused", _table(BOMB_HEADINGS, bomb_rows(results))]
    for name, rows in results.sizes.items():
        parts += [f"### A small shop and a large one, {name}", _table(SIZE_HEADINGS, rows)]
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
