"""Files are numbered, say their phase, and are never edited once a database has seen them."""

from pathlib import Path

import pytest

from migrations.files import Applied, MigrationFile, MigrationRefused, Phase, choose, pending, read_files
from tests.migrations.conftest import WriteFile

PRE = "-- pre\nSELECT 1;"


def _files(write_file: WriteFile, *phases: str) -> list[MigrationFile]:
    folder = Path()
    for number, phase in enumerate(phases, start=1):
        folder = write_file(f"{number:04}_step", f"-- {phase}\nSELECT {number};")
    return read_files(folder)


def _seen(files: list[MigrationFile]) -> list[Applied]:
    return [(file.number, file.name, file.checksum) for file in files]


def test_files_come_in_the_order_of_their_numbers(write_file: WriteFile) -> None:
    for name in ("0002_b", "0001_z", "0003_a"):
        folder = write_file(name, PRE)
    assert [file.name for file in read_files(folder)] == ["0001_z", "0002_b", "0003_a"]


def test_a_file_says_when_it_runs_and_whether_in_a_transaction(write_file: WriteFile) -> None:
    write_file("0001_a", PRE)
    write_file("0002_b", "-- no-transaction\n-- post\nSELECT 1;")
    folder = write_file("0003_c", "-- pre\n-- no-transaction\nSELECT 1;")
    assert [(file.phase, file.transactional) for file in read_files(folder)] == [
        ("pre", True),
        ("post", False),
        ("pre", False),
    ]


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["0001_a", "0001_b"], "0001_a and 0001_b have the same number"),
        (["0001-a"], "not named like"),
        (["0001_A"], "not named like"),
        (["1_a"], "not named like"),
        (["notes"], "not named like"),
    ],
)
def test_a_double_and_a_bad_name_are_refused(write_file: WriteFile, names: list[str], message: str) -> None:
    for name in names:
        folder = write_file(name, PRE)
    with pytest.raises(MigrationRefused, match=message):
        read_files(folder)


@pytest.mark.parametrize("sql", ["SELECT 1;", "SELECT 1;\n\n-- pre", "-- pre\n-- post\nSELECT 1;", "-- before\n", ""])
def test_a_file_without_one_phase_is_refused(write_file: WriteFile, sql: str) -> None:
    with pytest.raises(MigrationRefused, match="must say -- pre or -- post"):
        read_files(write_file("0001_a", sql))


def test_line_ends_do_not_change_a_checksum(write_file: WriteFile) -> None:
    [file] = read_files(write_file("0001_a", PRE))
    folder = write_file("0001_a", "")
    (folder / "0001_a.sql").write_bytes(PRE.replace("\n", "\r\n").encode())
    assert [again.checksum for again in read_files(folder)] == [file.checksum]


def test_only_what_the_database_has_not_seen_is_pending(write_file: WriteFile) -> None:
    files = _files(write_file, "pre", "pre", "pre")
    assert pending(files, _seen(files[:1])) == files[1:]
    assert pending(files, _seen(files)) == []


def test_a_file_that_lands_below_what_the_database_has_seen_is_pending(write_file: WriteFile) -> None:
    for name in ("0001_a", "0004_d"):
        folder = write_file(name, PRE)
    seen = _seen(read_files(folder))
    for name in ("0003_c", "0002_b", "0005_e"):
        write_file(name, PRE)
    assert [file.name for file in pending(read_files(folder), seen)] == ["0002_b", "0003_c", "0005_e"]


def test_a_file_that_was_taken_away_is_refused(write_file: WriteFile) -> None:
    files = _files(write_file, "pre", "pre", "pre")
    with pytest.raises(MigrationRefused, match="applied 0002_step where this code has no number 0002"):
        pending([files[0], files[2]], _seen(files))


def test_an_edited_file_is_refused(write_file: WriteFile) -> None:
    seen = _seen(_files(write_file, "pre", "pre"))
    folder = write_file("0001_step", "-- pre\nSELECT 100;")
    with pytest.raises(MigrationRefused, match="0001_step was edited after it was applied"):
        pending(read_files(folder), seen)


def test_a_renamed_file_is_refused(write_file: WriteFile) -> None:
    files = _files(write_file, "pre")
    with pytest.raises(MigrationRefused, match="applied 0001_other where this code has 0001_step"):
        pending(files, [(1, "0001_other", files[0].checksum)])


def test_a_database_newer_than_the_code_is_refused(write_file: WriteFile) -> None:
    files = _files(write_file, "pre", "pre")
    with pytest.raises(MigrationRefused, match="newer than this code: it has 0002_step, this code ends at number 0001"):
        pending(files[:1], _seen(files))


@pytest.mark.parametrize(
    ("waiting", "phase", "count"),
    [
        ("", "pre", 0),
        ("", "post", 0),
        ("pre pre post", "pre", 2),
        ("pre post", "all", 2),
        ("post post", "post", 2),
        ("post post", "pre", 0),
        ("pre pre", "post", 0),
        ("post pre post", "post", 1),
    ],
)
def test_a_phase_applies_the_leading_files_of_its_kind(
    write_file: WriteFile, waiting: str, phase: Phase, count: int
) -> None:
    files = _files(write_file, *waiting.split())
    assert choose(files, phase) == files[:count]


@pytest.mark.parametrize(
    ("waiting", "phase", "message"),
    [
        ("post pre", "pre", r"0002_step \(pre\) comes after 0001_step \(post\)"),
        ("pre post pre", "pre", r"0003_step \(pre\) comes after 0002_step \(post\)"),
        ("pre post", "post", r"0002_step \(post\) comes after 0001_step \(pre\)"),
    ],
)
def test_a_phase_never_jumps_over_the_other(write_file: WriteFile, waiting: str, phase: Phase, message: str) -> None:
    with pytest.raises(MigrationRefused, match=message):
        choose(_files(write_file, *waiting.split()), phase)


def test_statements_outside_of_a_transaction_are_told_apart() -> None:
    sql = "-- post\n-- no-transaction\nDROP INDEX a;  \n-- why; not\nCREATE INDEX a\n  ON b (c);\n\n-- end\n"
    statements = MigrationFile(1, "0001_a", sql, "post", False).statements
    assert [statement.splitlines()[-1] for statement in statements] == ["DROP INDEX a", "  ON b (c)"]
