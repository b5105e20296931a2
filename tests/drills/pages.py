"""Pages as people ask for them, and what they cost: blocks that PostgreSQL touches for their statements."""

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import asyncpg

from domain import db
from tests.api_callers import Caller

_INVOICE: Final = "number state issuedAt total { decimal } due { decimal } lines { description amount { decimal } }"
_PAGE: Final = "pageInfo { hasNextPage endCursor }"


@dataclass(frozen=True, slots=True)
class Page:
    """What is asked, of which surface, and where its cursor stands in the answer."""

    title: str
    surface: str
    document: str
    cursor: tuple[str, ...] = ()


def _list(title: str, field: str, node: str, given: str = "first: 50, after: $after") -> Page:
    asked = f"{field}({given}) {{ {_PAGE} edges {{ node {{ {node} }} }} }}"
    text = f"query ($after: String) {{ viewer {{ customer {{ {asked} }} }} }}"
    return Page(title, "portal", text, ("viewer", "customer", field))


PAGES: Final = (
    Page("balance", "portal", "{ viewer { customer { balance { receivable { decimal } credit { decimal } } } } }"),
    _list("invoices, 50 with their lines", "invoices", _INVOICE),
    _list("invoices that are open", "invoices", "number", "first: 50, after: $after, filter: {states: [OPEN]}"),
    _list("statement", "statement", "number cause receivable { decimal }"),
    _list("changes", "changes", "kind happenedAt amount { decimal }"),
    _list("activity", "activity", "kind at"),
    _list("payments", "payments", "id"),
    Page("subscriptions", "portal", "{ viewer { customer { subscriptions { id state plan { code } } } } }"),
    Page("exceptions", "staff", "{ staff { exceptions(first: 50) { totalCount edges { node { id } } } } }"),
    Page("invoice by number", "staff", '{ staff { invoicesByNumber(number: "ACME-000777") { invoice { number } } } }'),
    Page("customer by e-mail", "staff", '{ staff { customersByEmail(email: "seeded-0@example.test") { reference } } }'),
    Page("customer by reference", "staff", '{ staff { customer(reference: "seeded-0") { reference } } }'),
    Page("payments in doubt", "staff", "{ staff { paymentsInDoubt(first: 50) { totalCount } } }"),
    Page("stuck payments", "staff", "{ staff { stuckPayments { payment { id } } } }"),
    Page("disputes", "staff", "{ staff { disputes(first: 50) { totalCount } } }"),
    Page("work that failed", "staff", "{ staff { deadLetters { id } } }"),
)


@dataclass
class Cost:
    """Blocks touched by the statements of one page, and how many statements there were."""

    blocks: int = 0
    statements: int = 0


async def answered(
    caller: Caller, page: Page, after: str | None = None, began: Callable[[], object] = lambda: None
) -> Any:
    """The page's data; a caller whose points are used up waits for more, as it is told to, and begins again."""
    while True:
        began()
        body = await caller.ask(page.document, **({"after": after} if page.cursor else {}))
        if "errors" not in body:
            return body["data"]
        extensions = body["errors"][0]["extensions"]
        assert extensions["code"] == "THROTTLED", body["errors"]
        await asyncio.sleep(extensions["retryAfterSeconds"])


async def cost_of(connection: asyncpg.Connection, caller: Caller, page: Page, after: str | None = None) -> Cost:
    """Asks for the page, then executes each of its reading statements again to count what it touches."""
    asked: list[tuple[str, tuple[object, ...]]] = []

    def watch(sql: str, args: Any, _tx: object | None) -> None:
        asked.append((sql, tuple(args)))

    db.observers.append(watch)
    try:
        await answered(caller, page, after, asked.clear)
    finally:
        db.observers.remove(watch)
    cost = Cost()
    for sql, args in asked:
        if sql.lstrip().upper().startswith(("SELECT", "WITH", "-- FANOUT")) and "INSERT" not in sql.upper():
            told = await connection.fetchval(f"EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) {sql}", *args)
            plan = json.loads(told)[0]["Plan"]
            cost.blocks += int(plan["Shared Hit Blocks"]) + int(plan["Shared Read Blocks"])
            cost.statements += 1
    return cost


def cursor_of(data: Mapping[str, Any], page: Page) -> str | None:
    """Where the next page begins."""
    found: Any = data
    for name in page.cursor:
        found = found[name]
    return found["pageInfo"]["endCursor"] if found["pageInfo"]["hasNextPage"] else None
