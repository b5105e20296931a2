"""The statement lint finds what a cluster would refuse, or would send to every shard."""

import pytest

from tests.sql_lint.lint import lint_statement
from tests.sql_lint.sample import TABLES

BAD = {
    # not pinned
    "no key at all": ("SELECT id FROM invoice WHERE id = $1", "invoice (invoice) is not pinned"),
    "key from an array": ("SELECT id FROM invoice WHERE shard_key = ANY ($1)", "not pinned"),
    "key from a list": ("SELECT id FROM invoice WHERE shard_key IN ($1, $2)", "not pinned"),
    "key below a number": ("SELECT id FROM invoice WHERE shard_key <= $1", "not pinned"),
    "key that is a constant": ("SELECT id FROM invoice WHERE shard_key = 7", "not pinned"),
    "key under OR": ("SELECT id FROM invoice WHERE shard_key = $1 OR id = $2", "not pinned"),
    "key under NOT": ("SELECT id FROM invoice WHERE NOT (shard_key = $1)", "not pinned"),
    "row comparison that is not equality": ("SELECT id FROM invoice WHERE (shard_key, id) > ($1, $2)", "not pinned"),
    "joined on the id alone": (
        """SELECT i.id FROM invoice i JOIN invoice_line l ON l.invoice_id = i.id WHERE i.shard_key = $1""",
        "l (invoice_line) is not pinned",
    ),
    "left join that pins the side it cannot restrict": (
        """SELECT c.id FROM customer c LEFT JOIN invoice i ON i.shard_key = c.shard_key AND c.shard_key = $1""",
        "c (customer) is not pinned",
    ),
    "left join that would pin backwards": (
        """SELECT c.id FROM customer c LEFT JOIN invoice i ON i.shard_key = c.shard_key AND i.shard_key = $1""",
        "c (customer) is not pinned",
    ),
    "right join without a pin on its kept side": (
        """SELECT c.id FROM customer c RIGHT JOIN invoice i ON i.shard_key = c.shard_key AND c.shard_key = $1""",
        "i (invoice) is not pinned",
    ),
    "full join": (
        """SELECT c.id FROM customer c FULL JOIN invoice i ON i.shard_key = c.shard_key AND i.shard_key = $1""",
        "i (invoice) is not pinned",
    ),
    "anti-join without the key": (
        """SELECT c.id FROM customer c WHERE c.shard_key = $1
           AND NOT EXISTS (SELECT 1 FROM invoice i WHERE i.customer_id = c.id)""",
        "i (invoice) is not pinned",
    ),
    "subquery that would pin the query around it": (
        """SELECT c.id FROM customer c
           WHERE EXISTS (SELECT 1 FROM invoice i WHERE i.shard_key = $1 AND c.shard_key = i.shard_key)""",
        "c (customer) is not pinned",
    ),
    "subquery of the select list": (
        "SELECT p.id, (SELECT count(*) FROM invoice i WHERE i.plan_id = p.id) FROM plan p",
        "i (invoice) is not pinned",
    ),
    "subquery without lateral that seems to see its neighbour": (
        """SELECT s.n FROM invoice c, (SELECT count(*) AS n FROM customer x WHERE x.shard_key = c.shard_key) s
           WHERE c.shard_key = $1""",
        "x (customer) is not pinned",
    ),
    "WITH query that does not carry the key": (
        """WITH mine AS (SELECT id FROM invoice WHERE shard_key = $1)
           SELECT l.amount FROM mine JOIN invoice_line l ON l.invoice_id = mine.id""",
        "l (invoice_line) is not pinned",
    ),
    "union with one arm open": (
        "SELECT id FROM invoice WHERE shard_key = $1 UNION ALL SELECT id FROM invoice i",
        "i (invoice) is not pinned",
    ),
    "join with a union of which one arm is not pinned": (
        """SELECT c.id FROM customer c JOIN (
               SELECT shard_key FROM invoice WHERE shard_key = $1
               UNION SELECT shard_key FROM tenant_shard_key) u ON u.shard_key = c.shard_key""",
        "c (customer) is not pinned",
    ),
    "keys as rows": (
        """SELECT i.id FROM invoice i JOIN unnest($1::int4[], $2::uuid[]) AS k (shard_key, id)
           ON i.shard_key = k.shard_key AND i.id = k.id""",
        "i (invoice) is not pinned",
    ),
    "update without a key": ("UPDATE invoice SET paid = $2 WHERE id = $1", "not pinned"),
    "delete without a key": ("DELETE FROM invoice WHERE id = $1", "not pinned"),
    "delete whose neighbour alone is pinned": (
        "DELETE FROM invoice USING customer c WHERE c.shard_key = $1 AND c.id = invoice.customer_id",
        "invoice (invoice) is not pinned",
    ),
    "insert without a key": ("INSERT INTO invoice (id) VALUES ($1)", "not pinned"),
    "insert with a constant key": ("INSERT INTO invoice (shard_key, id) VALUES (7, $1)", "not pinned"),
    "insert with keys as rows": (
        """INSERT INTO invoice (shard_key, id)
           SELECT k.shard_key, k.id FROM unnest($1::int4[], $2::uuid[]) AS k (shard_key, id)""",
        "not pinned",
    ),
    "view without a key": ("SELECT amount FROM ledger_entry WHERE customer_id = $1", "not pinned"),
    "directory without its text": ("SELECT login_key FROM login_directory WHERE customer_id = $1", "not pinned"),
    # two keys
    "two parameters for one table": ("SELECT id FROM invoice WHERE shard_key = $1 AND shard_key = $2", "$1, $2"),
    "two tables under two keys": (
        "SELECT i.id FROM invoice i, customer c WHERE i.shard_key = $1 AND c.shard_key = $2 AND c.id = i.customer_id",
        "two keys meet: $1, $2",
    ),
    "rows under two keys": ("INSERT INTO invoice (shard_key, id) VALUES ($1, $2), ($3, $4)", "two keys meet: $1, $3"),
    "subquery under another key": (
        """SELECT id FROM invoice WHERE shard_key = $1
           AND customer_id IN (SELECT id FROM customer WHERE shard_key = $2)""",
        "two keys meet: $1, $2",
    ),
    "directory beside a sharded table": (
        """SELECT c.id FROM login_directory d JOIN customer c ON c.id = d.customer_id
           WHERE d.login_key = $1 AND c.shard_key = $2""",
        "split by different keys",
    ),
    "two directories": (
        "SELECT 1 FROM login_directory d, inbox_event e WHERE d.login_key = $1 AND e.event_key = $2",
        "split by different keys",
    ),
    # locks
    "lock without a key": ("SELECT id FROM customer WHERE id = $1 FOR UPDATE", "not pinned"),
    "lock in a join": (
        """SELECT i.id FROM invoice i JOIN customer c ON c.shard_key = i.shard_key WHERE i.shard_key = $1
           FOR UPDATE OF i""",
        "one table, without a join",
    ),
    "lock of two tables": (
        """SELECT i.id FROM invoice i JOIN customer c ON c.shard_key = i.shard_key WHERE i.shard_key = $1
           FOR UPDATE OF i, c""",
        "more than one table",
    ),
    "share lock in a join": (
        "SELECT i.id FROM invoice i, plan p WHERE i.shard_key = $1 AND p.id = i.plan_id FOR SHARE",
        "one table, without a join",
    ),
    "lock of a WITH query": (
        "WITH i AS (SELECT id FROM invoice WHERE shard_key = $1) SELECT id FROM i FOR UPDATE",
        "one table, without a join",
    ),
    "locks in no order": (
        "SELECT id FROM customer WHERE shard_key = $1 AND id = ANY ($2) FOR UPDATE",
        "locks them in no order",
    ),
    # insert from a query
    "insert from a table": (
        "INSERT INTO invoice (shard_key, id) SELECT shard_key, id FROM customer WHERE shard_key = $1",
        "reads only from unnest",
    ),
    "insert from a table beside parameters": (
        """INSERT INTO invoice (shard_key, id) SELECT $1, u.id FROM unnest($2::uuid[]) AS u (id)
           JOIN plan p ON p.id = u.id""",
        "reads only from unnest",
    ),
    "insert from a table of the name of a WITH query elsewhere": (
        """WITH wanted AS (SELECT id FROM plan) INSERT INTO invoice (shard_key, id)
           SELECT i.shard_key, i.id FROM invoice i JOIN wanted w ON w.id = i.id WHERE i.shard_key = $1""",
        "reads only from unnest",
    ),
    "insert from a series of numbers": (
        "INSERT INTO invoice (shard_key, number) SELECT $1, n FROM generate_series(1, $2) AS s (n)",
        "reads only from unnest",
    ),
    "insert from nothing under a condition": (
        """INSERT INTO invoice (shard_key, id) SELECT $1, $2
           WHERE NOT EXISTS (SELECT 1 FROM invoice i WHERE i.shard_key = $1)""",
        "reads only from unnest",
    ),
    "insert from a query inside the query": (
        "INSERT INTO invoice (shard_key, id) SELECT s.k, $2 FROM (SELECT $1::int4 AS k) s",
        "reads only from unnest",
    ),
    "subquery inside VALUES": (
        """INSERT INTO invoice (shard_key, number)
           VALUES ($1, (SELECT max(s.last_number) FROM number_series s WHERE s.shard_key = $1))""",
        "a subquery inside VALUES",
    ),
    "insert without column names": ("INSERT INTO invoice VALUES ($1, $2)", "does not name its columns"),
    "insert of nothing": ("INSERT INTO plan DEFAULT VALUES", "DEFAULT VALUES"),
    # changes
    "key that moves": ("UPDATE invoice SET shard_key = $2 WHERE shard_key = $1", "never changes its shard_key"),
    "key that moves on conflict": (
        """INSERT INTO invoice (shard_key, id) VALUES ($1, $2)
           ON CONFLICT (shard_key, id) DO UPDATE SET shard_key = EXCLUDED.shard_key""",
        "never changes its shard_key",
    ),
    "random value in an update": (
        "UPDATE invoice SET token = gen_random_uuid() WHERE shard_key = $1",
        "gen_random_uuid() takes its value from the server",
    ),
    "clock in an update": (
        "UPDATE invoice SET paid_at = clock_timestamp() WHERE shard_key = $1",
        "clock_timestamp() takes its value from the server",
    ),
    "now on conflict": (
        """INSERT INTO invoice (shard_key, id) VALUES ($1, $2)
           ON CONFLICT (shard_key, id) DO UPDATE SET paid_at = now()""",
        "now() takes its value from the server",
    ),
    "now as a word": (
        "UPDATE invoice SET paid_at = CURRENT_TIMESTAMP WHERE shard_key = $1",
        "CURRENT_TIMESTAMP takes its value from the server",
    ),
    "now in a condition": (
        "SELECT id FROM invoice WHERE shard_key = $1 AND due_at < now()",
        "now() takes its value from the server",
    ),
    "merge": (
        """MERGE INTO invoice i USING customer c ON i.shard_key = c.shard_key
           WHEN MATCHED THEN UPDATE SET paid = 0""",
        "MERGE is not a statement for the application",
    ),
    # form
    "all columns": ("SELECT * FROM invoice WHERE shard_key = $1", "SELECT *"),
    "all columns of an alias": ("SELECT i.* FROM invoice i WHERE i.shard_key = $1", "SELECT *"),
    "all columns returned": ("DELETE FROM invoice WHERE shard_key = $1 RETURNING *", "RETURNING *"),
    "table that nobody classified": ("SELECT id FROM coupon WHERE shard_key = $1", "coupon is not in the registry"),
    "partition named by itself": ("SELECT id FROM invoice_y2026m11 WHERE shard_key = $1", "not in the registry"),
    "natural join": ("SELECT i.id FROM invoice i NATURAL JOIN customer WHERE i.shard_key = $1", "NATURAL JOIN"),
    "two statements": ("SELECT 1; SELECT 2", "2 statements in one call"),
    "no statement": ("-- nothing", "0 statements in one call"),
    "no SQL": ("SELEKT 1", "does not parse"),
    "session setting": ("SET lock_timeout = '3s'", "use SET LOCAL"),
    "setting by function": ("SELECT set_config('app.tenant', $1, true)", "acts on one node only"),
    "advisory lock": ("SELECT pg_advisory_xact_lock($1)", "acts on one node only"),
    "notification": ("NOTIFY invoices", "NOTIFY is not a statement for the application"),
    "definition": ("CREATE TABLE x (id int)", "not a statement for the application"),
    "copy": ("COPY invoice FROM STDIN", "COPY is not a statement for the application"),
    "truncation": ("TRUNCATE invoice", "TRUNCATE is not a statement for the application"),
    # fan-out
    "fan-out that changes": ("-- fanout\nDELETE FROM invoice WHERE due_at < $1", "a fan-out only reads"),
    "fan-out that changes inside": (
        "-- fanout\nWITH gone AS (DELETE FROM invoice WHERE id = $1 RETURNING id) SELECT id FROM gone",
        "a fan-out only reads",
    ),
    "fan-out that locks": ("-- fanout\nSELECT id FROM invoice FOR UPDATE SKIP LOCKED", "a fan-out takes no locks"),
    "fan-out joined on the id alone": (
        "-- fanout\nSELECT i.id FROM invoice i JOIN customer c ON c.id = i.customer_id",
        "c: joined without the shard key",
    ),
    "comment that comes too late": ("SELECT id FROM invoice -- fanout", "not pinned"),
}


@pytest.mark.parametrize(("sql", "expected"), BAD.values(), ids=BAD)
def test_a_statement_that_breaks_a_rule_is_found(sql: str, expected: str) -> None:
    assert [finding for finding in lint_statement(sql, TABLES) if expected in finding] != []


def test_a_fault_is_named_once_however_often_it_occurs() -> None:
    assert len(lint_statement("SELECT i.*, c.* FROM invoice i JOIN customer c USING (shard_key)", TABLES)) == 3
