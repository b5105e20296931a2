"""The bench runs whole, in miniature: nothing is timed here, but every row is there and the books hold afterwards.

So its servers, as durable as they are for the bench, need no disk that really flushes.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import msgspec
import uvloop

from tests.bench import page, paying, report, sizes
from tests.bench.bombs import bombs
from tests.bench.goals import RATIOS, TAILS
from tests.bench.ground import ground
from tests.bench.http_measures import CONNECTIONS, CROWD
from tests.bench.measures import CALCULATIONS, CLIENTS, READS, WORKERS
from tests.bench.run import Options, Pass, Results, run_on
from tests.throw_away import quick_place

SLOW = frozenset({"balance.plain", "balance.api"})
WRITES = {
    *(f"{what}.{count}" for what in ("commit", "post.pgbench", "post.driver", "post.product") for count in CLIENTS),
    *(f"renew.{how}.{count}" for how in ("script", "alone", "product") for count in WORKERS),
    f"post.apart.{max(CLIENTS)}",
    "money.pgbench",
    "money.api",
    "renew.beside",
}
# Starts are left out: they take as long as all others, and every other test of a process sees one.
WHOLE = frozenset({*READS, *CALCULATIONS, *WRITES})
PASSES = (Pass(0, only=WHOLE), Pass(1, more=False, only=SLOW))
# No time at all: each connection asks once, on a fast machine as on a slow one. Nobody has points for two lists at
# once: few connections and a crowd ask for different customers.
MINIATURE = Options(rounds=1, seconds=0, passes=PASSES, customers=2 * (CONNECTIONS + CROWD), apart=1, staff=4)


@dataclass(frozen=True)
class Both:
    """What two commands of the bench find, on one stack."""

    results: Results
    payments: list[tuple[str, ...]]


def both() -> Both:
    """Runs them."""
    with ground(quick_place()) as on:
        results = run_on(on, MINIATURE, lambda _: None, load=0)
        return Both(results, uvloop.run(paying.measured(on, paying.Paying(2, 1, 0.1), lambda _: None)))


def test_the_bench_measures_tells_and_draws_all_of_it(tmp_path: Path) -> None:
    # One run in a thread, whose loop is not the loop of the tests; several tests of it would each have one of their own
    # wherever they ran.
    with ThreadPoolExecutor(1) as thread:
        found = thread.submit(both).result()
    payments_and_webhooks_are_told_beside_plain_code(found)
    every_measure_of_every_pass_does_something_without_an_error(found.results)
    the_report_has_a_row_for_every_measure_and_ratio(found.results, tmp_path)
    the_page_keeps_what_is_written_by_hand_around_its_tables(found.results, tmp_path)


def payments_and_webhooks_are_told_beside_plain_code(found: Both) -> None:
    assert [row[0] for row in found.payments] == list(paying.TITLES.values())
    assert all(float(cell.split()[0].replace(",", "")) > 0 for row in found.payments for cell in row[1:4])


def every_measure_of_every_pass_does_something_without_an_error(results: Results) -> None:
    as_it_is, slow = results.passes.values()
    assert set(as_it_is) == WHOLE
    assert set(slow) == SLOW
    samples = [(key, each) for rounds in results.passes.values() for key, row in rounds.items() for each in row]
    assert [(key, each) for key, each in samples if each.rate <= 0 or each.errors] == []


def the_report_has_a_row_for_every_measure_and_ratio(results: Results, tmp_path: Path) -> None:
    whole, slow = results.passes
    assert len(report.measure_rows(results, results.passes[whole])) == len(WHOLE)
    assert [row[0] for row in report.ratio_rows(results, whole)] == [each.title for each in (*RATIOS, *TAILS)]
    assert [row[0] for row in report.bomb_rows(results)] == list(bombs(0))
    assert 0 < len(report.ratio_rows(results, slow)) < len(RATIOS)
    stored = msgspec.json.decode(report.store(results, tmp_path).read_bytes())
    assert set(stored["passes"][whole]) == WHOLE


def the_page_keeps_what_is_written_by_hand_around_its_tables(results: Results, tmp_path: Path) -> None:
    (tmp_path / "performance.md").write_text(f"before\n{page.BEGIN}\nold\n{page.END}\nafter\n")
    page.write(results, tmp_path)
    text = (tmp_path / "performance.md").read_text()
    assert text.startswith("before\n") and text.endswith("\nafter\n") and "old" not in text
    assert all(title in text for title in results.titles.values())
    picture = ElementTree.parse(tmp_path / "performance.svg")
    drawn = "".join(picture.getroot().itertext())
    assert all(each.title in drawn for each in RATIOS)


def test_renewals_in_two_sizes_of_a_shop_are_told_in_one_table() -> None:
    small = sizes.Sizes((30, 90), due=20, rounds=1, seconds=0.1, flushes=(1,))
    with ThreadPoolExecutor(1) as thread:
        tables = thread.submit(sizes.run, small, lambda _: None, quick_place()).result()
    (rows,) = tables
    assert [row[0] for row in rows] == [f"{title}: 30 and 90" for title in sizes.TITLES.values()]
    assert all(float(cell.split()[0].replace(",", "")) > 0 for row in rows for cell in row[1:4])
