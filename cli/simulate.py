"""``quittance simulate``: random lives of customers under faults, on a throw-away stack."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dev.stack.trouble import StackError

if TYPE_CHECKING:
    from tests.simulation.report import Report
    from tests.simulation.run import Failed

CHECKOUT = Path(__file__).resolve().parents[1]
YEAR = 365.25  # days


def register(app: typer.Typer) -> None:
    """Adds the command to the tool."""
    app.command(name="simulate")(simulate)


def simulate(
    seeds: Annotated[int, typer.Option(min=1, help="How many lives.")] = 50,
    first: Annotated[int, typer.Option(min=0, help="The first seed; the others follow it.")] = 1,
    steps: Annotated[int, typer.Option(min=1, help="Actions in each life.")] = 60,
    jobs: Annotated[int, typer.Option(min=0, help="Lives at a time; 0 is as many as there are processors.")] = 1,
) -> None:
    """Run random lives; exit code 1 and the whole story of each seed under which a promise broke."""
    if not (CHECKOUT / "tests" / "simulation").is_dir():
        typer.echo("No simulation: it is part of the sources, and this is an installed copy without them.", err=True)
        raise typer.Exit(1)
    from tests.simulation import alone, run  # not before it is known to be there

    reports: list[Report] = []
    failed: list[int] = []
    began = time.monotonic()

    def told(seed: int, outcome: "Report | Failed") -> None:
        if isinstance(outcome, run.Failed):
            failed.append(seed)
            typer.echo(f"{outcome}\n")
        else:
            reports.append(outcome)
        if isinstance(outcome, run.Failed) or steps > run.STEPS:
            done = len(reports) + len(failed)
            typer.echo(f"{done} of {seeds}, {time.monotonic() - began:.0f} s: {_line(seed, outcome)}")

    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):  # an exception out of a handler would break what waits for processes
        signal.signal(number, lambda *_: stop.set())
    try:
        alone.run_alone(range(first, first + seeds), steps, told, jobs or os.cpu_count() or 1, stop.is_set)
    except StackError as error:
        typer.echo(f"No simulation: {error}", err=True)
        raise typer.Exit(1) from None
    if stop.is_set():
        typer.echo("Stopped.", err=True)
    _conclude(reports, failed, time.monotonic() - began, range(first, first + seeds), steps)


def _line(seed: int, outcome: "Report | Failed") -> str:
    if isinstance(outcome, Exception):
        return f"seed {seed} FAILED"
    return (
        f"seed {seed}: {outcome.steps} steps, {outcome.wall.days / YEAR:.1f} years, {outcome.span.days / YEAR:.1f} by "
        f"its longest clock, {outcome.rows} rows"
    )


def _conclude(reports: "list[Report]", failed: list[int], seconds: float, seeds: range, steps: int) -> None:
    """The totals, and how to go on where not every seed was run; exit code 1 where one failed or is missing."""
    from tests.simulation.report import together
    from tests.simulation.totals import totals

    typer.echo(f"{len(reports) + len(failed)} seeds in {seconds:.0f} s, {len(failed)} failed: {sorted(failed)}")
    for line in totals(together(reports)) if reports else ():
        typer.echo(line)
    left = _left(reports, failed, seeds)
    for first, count in left:
        typer.echo(f"not run, go on with: make simulate SEEDS={count} FIRST={first} STEPS={steps}")
    if failed or left:
        raise typer.Exit(1)


def _left(reports: "list[Report]", failed: list[int], seeds: range) -> list[tuple[int, int]]:
    """The runs of seeds that were not run: the first of each and how many."""

    def groups() -> Iterator[tuple[int, int]]:
        done = {seed for each in reports for seed in each.seeds} | set(failed)
        first = None
        for seed in (*seeds, None):
            if first is not None and (seed is None or seed in done):
                yield first, (seeds.stop if seed is None else seed) - first
                first = None
            elif first is None and seed is not None and seed not in done:
                first = seed

    return list(groups())
