"""``quittance bench``: measured ratios beside the machine's own limits, on a throw-away stack."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from dev.stack.trouble import StackError

CHECKOUT = Path(__file__).resolve().parents[1]
WIDE = 140  # columns that a table needs, where no terminal says how many there are
SLOW_FLUSH_MS = 1.0  # what a good disk of a data centre takes; the page shows both
SIZES = (10_000, 1_000_000)  # subscriptions of a small shop and of a large one
Say = Callable[[str], None]


class Part(Enum):
    """What of a run is asked for."""

    ALL = "all"
    READS = "reads"
    WRITES = "writes"


def register(app: typer.Typer) -> None:
    """Adds the command to the tool."""
    app.command(name="bench")(bench)


def bench(
    rounds: Annotated[int, typer.Option(min=1, help="Interleaved rounds.")] = 3,
    seconds: Annotated[float, typer.Option(min=0.1, help="Seconds a measure in each round.")] = 3,
    flush_ms: Annotated[
        float | None, typer.Option(min=0, help="One pass in which each group of commits waits so long.")
    ] = None,
    write_docs: Annotated[bool, typer.Option("--write-docs", help="Rewrite the page and its picture.")] = False,
    without_million: Annotated[
        bool, typer.Option("--without-million", help="Leave out the shop with 1,000,000 subscriptions.")
    ] = False,
    reads: Annotated[bool, typer.Option("--reads", help="Measure only reads over HTTP, and bombs.")] = False,
    writes: Annotated[
        bool, typer.Option("--writes", help="Measure only what commits: postings, a money mutation, renewals.")
    ] = False,
    many: Annotated[
        bool, typer.Option("--many", help="Measure only renewals, of 10,000 and of 1,000,000 subscriptions.")
    ] = False,
    peers: Annotated[
        bool, typer.Option("--peers", help="Measure reads beside other GraphQL servers too; needs Node and npm.")
    ] = False,
    soak: Annotated[
        float | None, typer.Option(min=0.5, help="Measure only whether memory stays flat at half load, in minutes.")
    ] = None,
    payments: Annotated[
        bool, typer.Option("--payments", help="Measure only payments and webhooks, beside plain code.")
    ] = False,
) -> None:
    """Measure the product beside the machine's own limits, in one run on a stack of its own."""
    if not (CHECKOUT / "tests" / "bench").is_dir():
        typer.echo("No bench: it is part of the sources, and this is an installed copy without them.", err=True)
        raise typer.Exit(1)
    console = Console()
    if not console.is_terminal:
        console.width = WIDE
    flushes = (0, SLOW_FLUSH_MS) if flush_ms is None else (flush_ms,)
    try:
        if soak:
            _soak(console, soak, write_docs=write_docs)
        elif many:
            _many(console, rounds, seconds, flushes)
        elif payments:
            _payments(console, rounds, seconds, flushes[0])
        else:
            sizes = None if reads or writes or without_million else SIZES
            part = Part.READS if reads else Part.WRITES if writes else Part.ALL
            _whole(console, rounds, seconds, flushes, part=part, peers=peers, sizes=sizes, write_docs=write_docs)
    except StackError as error:
        typer.echo(f"No bench: {error}", err=True)
        raise typer.Exit(1) from None


def _whole(
    console: Console, rounds: int, seconds: float, flushes: tuple[float, ...], *, part: Part, peers: bool,
    sizes: tuple[int, int] | None, write_docs: bool,
) -> None:  # fmt: skip
    """Every row, once as the disk is and once with a slow flush, unless one length was asked for."""
    from tests.bench import page, report, run  # not before it is known to be there
    from tests.bench.peers import beside

    if peers:
        beside.ready()
    reads, writes = part is not Part.WRITES, part is not Part.READS
    passes = tuple(run.Pass(each, reads, writes, reads and not place) for place, each in enumerate(flushes))
    others = (run.Pass(0, peers=True),) if peers else ()
    options = run.Options(rounds, seconds, (*(passes if writes else passes[:1]), *others), sizes=sizes)
    with _saying(console) as say:
        results = run.run(options, say)
    report.show(console, results)
    typer.echo(f"Every sample: {report.store(results, CHECKOUT / 'var' / 'bench').relative_to(CHECKOUT)}")
    if write_docs:
        page.write(results, CHECKOUT / "docs")
        typer.echo("Rewritten: docs/performance.md, docs/performance.svg")


def _many(console: Console, rounds: int, seconds: float, flushes: tuple[float, ...]) -> None:
    from tests.bench import report, samples, sizes

    with _saying(console) as say:
        tables = sizes.run(sizes.Sizes(SIZES, rounds=rounds, seconds=seconds, flushes=flushes), say)
    for flush_ms, rows in zip(flushes, tables, strict=True):
        report.show_sizes(console, samples.flush_name(flush_ms), rows)


def _soak(console: Console, minutes: float, *, write_docs: bool) -> None:
    from tests.bench import page, report, soak

    with _saying(console) as say:
        found = soak.run(minutes, say)
    report.show_soak(console, found)
    typer.echo(f"Every look: {report.store_soak(found, CHECKOUT / 'var' / 'bench').relative_to(CHECKOUT)}")
    if write_docs:
        page.write_soak(found, CHECKOUT / "docs")
        typer.echo("Rewritten: docs/performance.md")


def _payments(console: Console, rounds: int, seconds: float, flush_ms: float) -> None:
    from tests.bench import paying, report

    asked = paying.Paying(rounds=rounds, seconds=seconds, flush_ms=flush_ms)
    with _saying(console) as say:
        rows = paying.run(asked, say)
    report.show_payments(console, asked, rows)


@contextmanager
def _saying(console: Console) -> Iterator[Say]:
    """Tells what is measured: in one line of a terminal that changes, else line after line."""
    if not console.is_terminal:
        yield console.print
        return
    with console.status("") as status:
        yield status.update
