"""Migration files keep old code running while they run, and hold rules as keys instead of code."""

import subprocess
import sysconfig
from pathlib import Path

import pytest

from migrations.files import FOLDER, MigrationFile, read_files
from tests.sql_lint.migration_form import form_faults

SQUAWK = Path(sysconfig.get_path("scripts")) / "squawk"

NOT_FOLLOWED = {
    "require-lock-timeout": "the runner sets lock_timeout for its session",
    "require-statement-timeout": "the runner lets a backfill run; waiting for locks is what it bounds",
    "prefer-bigint-over-int": "shard_key is an int4 by rule; the others count within a customer, a plan or a document",
    "prefer-bigint-over-smallint": "counts the transfers of one posting",
}


def _squawk(path: Path, *, transactional: bool) -> str:
    whole = "--assume-in-transaction" if transactional else "--no-assume-in-transaction"
    ran = subprocess.run(
        [SQUAWK, "--pg-version=15", whole, f"--exclude={','.join(NOT_FOLLOWED)}", "--reporter=gcc", path],
        capture_output=True,
        text=True,
    )
    return ran.stdout + ran.stderr if ran.returncode else ""


def _file(sql: str, *, transactional: bool = True) -> MigrationFile:
    return MigrationFile(1, "0001_trial", sql, "pre", transactional)


@pytest.mark.parametrize("file", read_files(), ids=lambda file: file.name)
def test_a_migration_holds_up_nobody(file: MigrationFile) -> None:
    assert _squawk(FOLDER / f"{file.name}.sql", transactional=file.transactional) == ""


@pytest.mark.parametrize("file", read_files(), ids=lambda file: file.name)
def test_a_migration_says_only_what_a_migration_may(file: MigrationFile) -> None:
    assert form_faults(file) == []


@pytest.mark.parametrize(
    ("sql", "rule"),
    [
        ("CREATE INDEX a_idx ON invoice (shard_key, id);", "require-concurrent-index-creation"),
        ("ALTER TABLE invoice ADD COLUMN note text NOT NULL;", "adding-required-field"),
        (
            """ALTER TABLE invoice ADD CONSTRAINT a_fkey FOREIGN KEY (plan_id) REFERENCES plan (id);""",
            "adding-foreign-key-constraint",
        ),
        ("ALTER TABLE invoice ADD CONSTRAINT a_check CHECK (total > 0);", "constraint-missing-not-valid"),
        ("ALTER TABLE invoice ALTER COLUMN total TYPE numeric;", "changing-column-type"),
        ("ALTER TABLE invoice RENAME COLUMN total TO sum;", "renaming-column"),
        ("DROP TABLE invoice;", "ban-drop-table"),
    ],
)
def test_a_migration_that_would_hold_up_others_is_found(tmp_path: Path, sql: str, rule: str) -> None:
    path = tmp_path / "0001_trial.sql"
    path.write_text(sql)
    assert rule in _squawk(path, transactional=True)


@pytest.mark.parametrize(
    ("sql", "fault"),
    [
        ("BEGIN; COMMIT;", "Transaction is not for migrations"),
        ("DO $$ BEGIN END $$;", "Do is not for migrations"),
        ("CREATE TRIGGER a BEFORE UPDATE ON b FOR EACH ROW EXECUTE FUNCTION c();", "CreateTrig is not"),
        ("CREATE RULE a AS ON DELETE TO b DO INSTEAD NOTHING;", "Rule is not"),
        ("CREATE FUNCTION a() RETURNS int LANGUAGE sql AS 'SELECT 1';", "function a"),
        ("ANALYZE invoice;", "Vacuum is not"),
        ("SET lock_timeout = 0;", "VariableSet is not"),
        ("CREATE TABLE a (id uuid PRIMARY KEY);", "a constraint without a name: PRIMARY"),
        ("CREATE TABLE a (id uuid, CHECK (id IS NOT NULL));", "a constraint without a name: CHECK"),
        ("CREATE TABLE a (id uuid REFERENCES b (id));", "a constraint without a name: FOREIGN"),
        (
            """ALTER TABLE a ADD COLUMN c int, ADD CONSTRAINT a_check CHECK (c > 0) NOT VALID;""",
            "a: a constraint is added by a statement of its own",
        ),
        ("CREATE INDEX CONCURRENTLY a_idx ON a (id);", "a_idx: CONCURRENTLY needs a file with -- no-transaction"),
    ],
)
def test_a_statement_that_migrations_must_not_hold_is_found(sql: str, fault: str) -> None:
    assert [found for found in form_faults(_file(sql)) if fault in found] != []


def test_a_concurrent_index_first_drops_what_a_failed_try_left() -> None:
    build = "CREATE INDEX CONCURRENTLY a_idx ON a (id);"
    assert form_faults(_file(build, transactional=False)) == ["a_idx: drop what a failed try left first"]
    again = f"DROP INDEX CONCURRENTLY IF EXISTS a_idx;\n{build}"
    assert form_faults(_file(again, transactional=False)) == []


def test_statements_outside_of_a_transaction_end_their_lines() -> None:
    two = "DROP INDEX CONCURRENTLY IF EXISTS a_idx; CREATE INDEX CONCURRENTLY a_idx ON a (id);"
    assert form_faults(_file(two, transactional=False)) == [
        "a statement does not end with a semicolon at the end of a line"
    ]
