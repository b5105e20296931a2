"""The bench runs whole, in miniature: nothing is timed here, but every row is there and the books hold afterwards."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import msgspec
import pytest
import uvloop

from tests.bench import page, paying, report, sizes
from tests.bench.bombs import bombs
from tests.bench.ground import ground
from tests.bench.measures import CALCULATIONS, CLIENTS, RATIOS, READS, TAILS
from tests.bench.run import Options, Pass, Results, run_on

MINIATURE = Options(rounds=1, seconds=0.1, passes=(Pass(0), Pass(1, reads=False)), customers=200)
WRITES = {
    f"{what}.{clients}"
    for what in ("commit", "post.pgbench", "post.product", "renew.script", "renew.alone", "renew.product")
    for clients in CLIENTS
}


@dataclass(frozen=True)
class Both:
    """What two commands of the bench find, on one stack."""

    results: Results
    payments: list[tuple[str, ...]]


def both() -> Both:
    """Runs them."""
    with ground() as on:
        results = run_on(on, MINIATURE, lambda _: None, load=0)
        return Both(results, uvloop.run(paying.measured(on, paying.Paying(2, 1, 0.1), lambda _: None)))


@pytest.fixture(scope="module")
def found() -> Both:
    """One run on a stack of its own, in a thread whose loop is not the loop of the tests."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(both).result()


@pytest.fixture
def results(found: Both) -> Results:
    """What the bench itself finds."""
    return found.results


def test_payments_and_webhooks_are_told_beside_plain_code(found: Both) -> None:
    assert [row[0] for row in found.payments] == list(paying.TITLES.values())
    assert all(float(cell.split()[0].replace(",", "")) > 0 for row in found.payments for cell in row[1:4])


def test_every_measure_of_every_pass_does_something_without_an_error(results: Results) -> None:
    as_it_is, slow = results.passes.values()
    assert set(as_it_is) == {*READS, *CALCULATIONS, *WRITES}
    assert set(slow) == WRITES
    samples = [sample for rounds in results.passes.values() for row in rounds.values() for sample in row]
    assert all(sample.rate > 0 and sample.errors == 0 for sample in samples)


def test_the_report_has_a_row_for_every_measure_and_ratio(results: Results, tmp_path: Path) -> None:
    (whole, rounds), (_, writes) = results.passes.items()
    assert len(report.measure_rows(results, rounds)) == len(READS) + len(CALCULATIONS) + len(WRITES)
    assert [row[0] for row in report.ratio_rows(rounds)] == [each.title for each in (*RATIOS, *TAILS)]
    assert [row[0] for row in report.bomb_rows(results)] == list(bombs(0))
    assert 0 < len(report.ratio_rows(writes)) < len(RATIOS)
    stored = msgspec.json.decode(report.store(results, tmp_path).read_bytes())
    assert set(stored["passes"][whole]) == {*READS, *CALCULATIONS, *WRITES}


def test_the_page_keeps_what_is_written_by_hand_around_its_tables(results: Results, tmp_path: Path) -> None:
    (tmp_path / "performance.md").write_text(f"before\n{page.BEGIN}\nold\n{page.END}\nafter\n")
    page.write(results, tmp_path)
    text = (tmp_path / "performance.md").read_text()
    assert text.startswith("before\n") and text.endswith("\nafter\n") and "old" not in text
    assert all(title in text for title in results.titles.values())
    picture = ElementTree.parse(tmp_path / "performance.svg")
    drawn = "".join(picture.getroot().itertext())
    assert all(each.title in drawn for each in RATIOS)


def test_renewals_in_two_sizes_of_a_shop_are_told_in_one_table() -> None:
    with ThreadPoolExecutor(1) as thread:
        rows = thread.submit(sizes.run, sizes.Sizes((30, 90), due=20, rounds=1, seconds=0.1), lambda _: None).result()
    assert [row[0] for row in rows] == list(sizes.TITLES.values())
    assert all(float(cell.split()[0].replace(",", "")) > 0 for row in rows for cell in row[1:])
