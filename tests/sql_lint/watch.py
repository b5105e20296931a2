"""Watches every statement of a test run: judges each text once, and that one transaction keeps to one shard key."""

import os
from collections.abc import Mapping, Sequence
from weakref import WeakKeyDictionary

from tests.sql_lint.lint import Verdict, judge


class SqlWatch:
    """An observer of statements; ``findings`` holds each fault once, with the test that showed it first."""

    def __init__(self, tables: Mapping[str, str]) -> None:
        self._tables = tables
        self._verdicts: dict[str, Verdict] = {}
        self._first_keys: WeakKeyDictionary[object, object] = WeakKeyDictionary()
        self._faults: dict[tuple[str, str], str] = {}

    @property
    def findings(self) -> list[str]:
        """One text per fault: what is wrong, the statement, the test."""
        return [f"{fault}\n    {' '.join(sql.split())}\n    in {test}" for (fault, sql), test in self._faults.items()]

    def observe(self, sql: str, args: Sequence[object], tx: object | None) -> None:
        """Takes note of a statement that is about to run in a transaction, or outside of one."""
        if sql not in self._verdicts:
            self._verdicts[sql] = judge(sql, self._tables)
            for fault in self._verdicts[sql].findings:
                self._note(fault, sql)
        # What crosses shards says so, and why, before it does.
        if tx is not None and getattr(tx, "many_keys_reason", None) is None:
            self._keep_to_one_key(self._verdicts[sql], sql, args, tx)

    def _keep_to_one_key(self, verdict: Verdict, sql: str, args: Sequence[object], tx: object) -> None:
        if verdict.reads_directory:
            self._note("a directory in a transaction that gives no many_keys_reason", sql)
        if verdict.key is None or verdict.key > len(args):
            return
        key = args[verdict.key - 1]
        first = self._first_keys.setdefault(tx, key)
        if first != key:
            self._note("a second shard key in a transaction that gives no many_keys_reason", sql)

    def _note(self, fault: str, sql: str) -> None:
        test = os.environ.get("PYTEST_CURRENT_TEST", "set-up").split(" (")[0]
        self._faults.setdefault((fault, sql), test)
