"""The chart of accounts, and the links between documents and the postings that stand for them."""

import re
from pathlib import Path

import asyncpg
import pytest

from domain.ledger.account import DEBIT_NORMAL, KEPT, Account
from domain.subscriptions.start import StartSubscription, start_subscription
from tests.world import World

ROOT = Path(__file__).resolve().parents[3]
WRITES = re.compile(r"(?:INSERT INTO|UPDATE)\s+(ledger_transaction|ledger_transfer|account_balance)\b")


@pytest.mark.row("H2")
async def test_the_chart_in_python_and_in_the_database_are_the_same(world: World) -> None:
    rows = await world.house.db.primary.fetch("SELECT kind, normal_side, kept FROM account_kind")
    stored = {(row["kind"], row["normal_side"], row["kept"]) for row in rows}
    in_python = {
        (account.value, "debit" if account in DEBIT_NORMAL else "credit", account in KEPT) for account in Account
    }
    assert stored == in_python


@pytest.mark.row("H2")
def test_only_posting_writes_the_books() -> None:
    writers = {
        (path.relative_to(ROOT).as_posix(), table)
        for folder in ("api", "domain", "jobs", "cli", "runtime")
        for path in (ROOT / folder).rglob("*.py")
        for table in WRITES.findall(path.read_text())
    }
    assert writers == {
        ("domain/ledger/post.py", "ledger_transaction"),
        ("domain/ledger/post.py", "ledger_transfer"),
        ("domain/ledger/post.py", "account_balance"),
        ("domain/ledger/account.py", "account_balance"),  # opens the kept accounts at zero
    }


@pytest.mark.row("H9")
@pytest.mark.parametrize(
    "change",
    [
        "UPDATE invoice SET posted_number = 99 WHERE shard_key = $1 AND customer_id = $2",
        "UPDATE invoice SET posted_number = NULL WHERE shard_key = $1 AND customer_id = $2",
        "UPDATE payment SET posted_number = 99 WHERE shard_key = $1 AND customer_id = $2",
        "UPDATE payment SET posted_number = NULL WHERE shard_key = $1 AND customer_id = $2",
    ],
)
async def test_a_document_cannot_lose_or_invent_its_posting(world: World, owner_url: str, change: str) -> None:
    ada = await world.customer()
    await world.card(ada)
    await world.do(ada, start_subscription, StartSubscription(world.prices["starter"], 1))
    owner = await asyncpg.connect(owner_url)
    try:
        with pytest.raises(asyncpg.IntegrityConstraintViolationError):
            await owner.execute(change, ada.id.shard, ada.id.uuid)
    finally:
        await owner.close()
