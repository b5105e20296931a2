"""The statement lint lets pass what runs on one shard, and what reads all of them on purpose."""

import pytest

from tests.sql_lint.lint import judge, lint_statement
from tests.sql_lint.sample import TABLES

GOOD = {
    "one table pinned": "SELECT id FROM invoice WHERE shard_key = $1 AND id = $2",
    "pinned with a cast, written the other way round": "SELECT id FROM invoice i WHERE $1::int4 = i.shard_key",
    "pinned by a row comparison": "SELECT total FROM invoice WHERE (shard_key, id) = ($1, $2)",
    "one pinned, one joined on the key": """
        SELECT i.id, l.amount FROM invoice i JOIN invoice_line l ON l.shard_key = i.shard_key AND l.invoice_id = i.id
        WHERE i.shard_key = $1""",
    "both pinned by one parameter": """
        SELECT i.id FROM invoice i, customer c WHERE i.shard_key = $1 AND c.shard_key = $1 AND c.id = i.customer_id""",
    "joined by USING": "SELECT i.id FROM invoice i JOIN customer c USING (shard_key) WHERE i.shard_key = $1",
    "left join on the key": """
        SELECT c.id, i.id FROM customer c LEFT JOIN invoice i ON i.shard_key = c.shard_key AND i.customer_id = c.id
        WHERE c.shard_key = $1 AND c.id = $2""",
    "left join whose optional side is pinned by itself": """
        SELECT c.id FROM customer c LEFT JOIN invoice i ON i.shard_key = $1 WHERE c.shard_key = $1""",
    "reference table joined without a key": """
        SELECT i.id, p.name FROM invoice i JOIN plan p ON p.id = i.plan_id WHERE i.shard_key = $1""",
    "reference tables only": "SELECT id FROM plan WHERE tenant_id = $1",
    "key column of a reference table": "SELECT tenant_id FROM tenant_shard_key WHERE accepts_new",
    "correlated subquery": """
        SELECT c.id FROM customer c WHERE c.shard_key = $1 AND EXISTS (
            SELECT 1 FROM invoice i WHERE i.shard_key = c.shard_key AND i.customer_id = c.id)""",
    "subquery in FROM that carries the key": """
        SELECT s.total, c.id FROM customer c
        JOIN (SELECT shard_key AS k, sum(total) AS total FROM invoice WHERE shard_key = $1 GROUP BY shard_key) s
          ON s.k = c.shard_key""",
    "lateral subquery": """
        SELECT c.id, last.id FROM customer c, LATERAL (
            SELECT i.id FROM invoice i WHERE i.shard_key = c.shard_key ORDER BY i.id DESC LIMIT 1) last
        WHERE c.shard_key = $1""",
    "WITH query that carries the key": """
        WITH mine AS (SELECT shard_key, id FROM invoice WHERE shard_key = $1)
        SELECT l.amount FROM mine JOIN invoice_line l ON l.shard_key = mine.shard_key AND l.invoice_id = mine.id""",
    "WITH query with renamed columns": """
        WITH mine (k, i) AS (SELECT shard_key, id FROM invoice WHERE shard_key = $1)
        SELECT l.amount FROM invoice_line l JOIN mine ON l.shard_key = mine.k AND l.invoice_id = mine.i""",
    "WITH query used inside a subquery of FROM": """
        WITH mine AS (SELECT shard_key, id FROM invoice WHERE shard_key = $1)
        SELECT s.n FROM (SELECT count(*) AS n FROM mine) s""",
    "recursive query along the key": """
        WITH RECURSIVE chain AS (
            SELECT shard_key, id, previous_id FROM invoice WHERE shard_key = $1 AND id = $2
            UNION ALL
            SELECT i.shard_key, i.id, i.previous_id FROM invoice i
              JOIN chain ON i.shard_key = chain.shard_key AND i.id = chain.previous_id)
        SELECT id FROM chain""",
    "union of two pinned queries": """
        SELECT id FROM invoice WHERE shard_key = $1 UNION ALL SELECT id FROM customer WHERE shard_key = $1""",
    "join with a union that carries the key": """
        SELECT c.id FROM customer c JOIN (
            SELECT shard_key FROM invoice WHERE shard_key = $1
            UNION SELECT shard_key FROM invoice_line WHERE shard_key = $1) u ON u.shard_key = c.shard_key""",
    "parameters as rows": """
        SELECT i.id FROM unnest($2::uuid[]) AS wanted (id) JOIN invoice i ON i.id = wanted.id WHERE i.shard_key = $1""",
    "catalog of the server": "SELECT relname FROM pg_catalog.pg_class WHERE relname = $1",
    "statement without tables": "SELECT pg_current_wal_flush_lsn()::text",
    "clock of the server without tables": "SELECT now() - pg_last_xact_replay_timestamp()",
    "limit for one transaction": "SET LOCAL lock_timeout = '3s'",
    "lock of one row": "SELECT id FROM customer WHERE shard_key = $1 AND id = $2 FOR UPDATE",
    "locks in the order of ids": """
        SELECT id FROM customer WHERE shard_key = $1 AND id = ANY ($2::uuid[]) ORDER BY id FOR UPDATE SKIP LOCKED""",
    "lock named by alias": "SELECT c.id FROM customer c WHERE c.shard_key = $1 FOR NO KEY UPDATE OF c",
    "insert of a row": "INSERT INTO invoice (shard_key, id) VALUES ($1, $2)",
    "insert of rows under one key": "INSERT INTO invoice (shard_key, id) VALUES ($1, $2), ($1, $3) RETURNING id",
    "insert that may be there already": """
        INSERT INTO number_series (shard_key, id, last_number) VALUES ($1, $2, 0)
        ON CONFLICT (shard_key, id) DO UPDATE SET last_number = EXCLUDED.last_number""",
    "insert from parameters": """
        INSERT INTO invoice_line (shard_key, invoice_id, position, amount)
        SELECT $1, $2, l.position, l.amount FROM unnest($3::bigint[]) WITH ORDINALITY AS l (amount, position)""",
    "insert from a WITH query": """
        WITH series AS (
            UPDATE number_series SET last_number = last_number + 1 WHERE shard_key = $1 AND id = $2
            RETURNING shard_key, last_number)
        INSERT INTO invoice (shard_key, id, number) SELECT series.shard_key, $3, series.last_number FROM series""",
    "insert from a WITH query and parameters": """
        WITH opened AS (INSERT INTO invoice (shard_key, id) VALUES ($1, $2) RETURNING id)
        INSERT INTO invoice_line (shard_key, invoice_id, amount)
        SELECT $1, opened.id, l.amount FROM opened, unnest($3::bigint[]) AS l (amount)""",
    "insert into a reference table": "INSERT INTO plan (id, name) VALUES ($1, $2)",
    "update of a row": "UPDATE invoice SET paid = paid + $3 WHERE shard_key = $1 AND id = $2 RETURNING paid",
    "update from parameters": """
        UPDATE invoice i SET paid = n.paid FROM unnest($2::uuid[], $3::bigint[]) AS n (id, paid)
        WHERE i.shard_key = $1 AND i.id = n.id""",
    "update from another table of the key": """
        UPDATE invoice SET state = 'paid' FROM customer c
        WHERE invoice.shard_key = c.shard_key AND c.shard_key = $1 AND c.id = invoice.customer_id""",
    "delete of a row": "DELETE FROM invoice_line WHERE shard_key = $1 AND invoice_id = $2",
    "view": "SELECT amount FROM ledger_entry WHERE shard_key = $1",
    "directory by its text": "SELECT customer_id FROM login_directory WHERE login_key = $1",
    "entry in a directory": "INSERT INTO login_directory (login_key, tenant_id) VALUES ($1, $2)",
    "fan-out that only reads": "-- fanout\nSELECT shard_key, id FROM invoice WHERE due_at <= $1",
    "fan-out that joins on the key": """-- fanout
        SELECT count(*) FROM invoice i JOIN customer c ON c.shard_key = i.shard_key AND c.id = i.customer_id""",
    "fan-out over two tables apart": """-- fanout
        WITH a AS (SELECT sum(total) AS total FROM invoice), b AS (SELECT sum(amount) AS total FROM invoice_line)
        SELECT a.total - b.total FROM a, b""",
}


@pytest.mark.parametrize("sql", GOOD.values(), ids=GOOD)
def test_a_routable_statement_passes(sql: str) -> None:
    assert lint_statement(sql, TABLES) == []


@pytest.mark.parametrize(
    ("sql", "number"),
    [
        ("SELECT id FROM invoice WHERE id = $1 AND shard_key = $2", 2),
        ("INSERT INTO invoice (id, shard_key) VALUES ($1, $2), ($3, $2)", 2),
        ("WITH i AS (SELECT shard_key FROM invoice WHERE shard_key = $3) SELECT shard_key FROM i", 3),
        ("SELECT tenant_id FROM tenant_shard_key WHERE shard_key = $1", None),
        ("SELECT id FROM invoice", None),
    ],
)
def test_the_parameter_bound_to_the_key_is_known(sql: str, number: int | None) -> None:
    assert judge(sql, TABLES).key == number
