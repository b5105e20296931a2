"""``quittance simulate``: random lives of customers under faults, on a throw-away stack."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from dev.stack.trouble import StackError

if TYPE_CHECKING:
    from tests.simulation.run import Failed, Report

CHECKOUT = Path(__file__).resolve().parents[1]


def register(app: typer.Typer) -> None:
    """Adds the command to the tool."""
    app.command(name="simulate")(simulate)


def simulate(
    seeds: Annotated[int, typer.Option(min=1, help="How many lives.")] = 50,
    first: Annotated[int, typer.Option(min=0, help="The first seed; the others follow it.")] = 1,
    steps: Annotated[int, typer.Option(min=1, help="Actions in each life.")] = 60,
) -> None:
    """Run random lives; exit code 1 and the whole story of each seed under which a promise broke."""
    if not (CHECKOUT / "tests" / "simulation").is_dir():
        typer.echo("No simulation: it is part of the sources, and this is an installed copy without them.", err=True)
        raise typer.Exit(1)
    from tests.simulation import alone, run  # not before it is known to be there

    reports: list[Report] = []
    failures: list[Failed] = []
    began = time.monotonic()
    with Progress(console=Console(stderr=True), transient=True) as progress:
        bar = progress.add_task("seeds", total=seeds)

        def told(outcome: "Report | Failed") -> None:
            progress.advance(bar)
            if isinstance(outcome, run.Failed):
                failures.append(outcome)
                typer.echo(f"{outcome}\n")
            else:
                reports.append(outcome)
                if steps > run.STEPS:
                    typer.echo(_long(outcome))

        try:
            alone.run_alone(range(first, first + seeds), steps, told)
        except StackError as error:
            typer.echo(f"No simulation: {error}", err=True)
            raise typer.Exit(1) from None
    typer.echo(_summary(reports, len(failures), time.monotonic() - began))
    if failures:
        raise typer.Exit(1)


def _long(report: "Report") -> str:
    years = report.span.days / 365
    return f"seed {report.seed}: {report.steps} steps, {years:.1f} years by its longest clock, {report.rows} rows."


def _summary(reports: "list[Report]", failures: int, seconds: float) -> str:
    years = sum(report.simulated.days for report in reports) / 365
    calls, moves = sum(report.calls for report in reports), sum(sum(report.moves.values()) for report in reports)
    spans = [report.span.days / 365 for report in reports] or [0.0]
    kinds = len({kind for report in reports for kind in report.moves})
    return (
        f"{len(reports) + failures} seeds in {seconds:.0f} s, {failures} failed: {years:.0f} years of customers, "
        f"{min(spans):.1f} to {max(spans):.1f} years a seed, "
        f"{calls} calls, {moves} moves, postings and invoices of {kinds} kinds."
    )
