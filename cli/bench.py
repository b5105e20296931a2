"""``quittance bench``: measured ratios beside the machine's own limits, on a throw-away stack."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from dev.stack.trouble import StackError

CHECKOUT = Path(__file__).resolve().parents[1]
WIDE = 140  # columns that a table needs, where no terminal says how many there are
SLOW_FLUSH_MS = 1.0  # what a good disk of a data centre takes; the page shows both


def register(app: typer.Typer) -> None:
    """Adds the command to the tool."""
    app.command(name="bench")(bench)


def bench(
    rounds: Annotated[int, typer.Option(min=1, help="Interleaved rounds.")] = 3,
    seconds: Annotated[float, typer.Option(min=0.1, help="Seconds a measure in each round.")] = 3,
    flush_ms: Annotated[float, typer.Option(min=0, help="Let each group of commits wait so long.")] = 0,
    write_docs: Annotated[
        bool, typer.Option("--write-docs", help="Measure with and without a 1 ms flush, and rewrite the page.")
    ] = False,
    many: Annotated[
        bool, typer.Option("--many", help="Measure only renewals, of 10,000 and of 1,000,000 subscriptions.")
    ] = False,
    reads: Annotated[bool, typer.Option("--reads", help="Measure only reads over HTTP, and bombs.")] = False,
    payments: Annotated[
        bool, typer.Option("--payments", help="Measure only payments and webhooks, beside plain code.")
    ] = False,
) -> None:
    """Measure reads, postings and renewals against plain code and pgbench, in one run on a stack of its own."""
    if not (CHECKOUT / "tests" / "bench").is_dir():
        typer.echo("No bench: it is part of the sources, and this is an installed copy without them.", err=True)
        raise typer.Exit(1)
    from tests.bench import page, paying, report, run, sizes  # not before it is known to be there

    console = Console()
    if not console.is_terminal:
        console.width = WIDE
    passes = (
        (run.Pass(0), run.Pass(SLOW_FLUSH_MS, reads=False)) if write_docs else (run.Pass(flush_ms, writes=not reads),)
    )
    try:
        with console.status("") as status:
            if many:
                of = sizes.Sizes(rounds=rounds, seconds=seconds, flush_ms=flush_ms)
                rows = sizes.run(of, status.update)
                status.stop()
                report.show_sizes(console, of, rows)
                return
            if payments:
                asked = paying.Paying(rounds=rounds, seconds=seconds, flush_ms=flush_ms)
                rows = paying.run(asked, status.update)
                status.stop()
                report.show_payments(console, asked, rows)
                return
            results = run.run(run.Options(rounds, seconds, passes), status.update)
    except StackError as error:
        typer.echo(f"No bench: {error}", err=True)
        raise typer.Exit(1) from None
    report.show(console, results)
    typer.echo(f"Every sample: {report.store(results, CHECKOUT / 'var' / 'bench').relative_to(CHECKOUT)}")
    if write_docs:
        page.write(results, CHECKOUT / "docs")
        typer.echo("Rewritten: docs/performance.md, docs/performance.svg")
