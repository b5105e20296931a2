"""The chart of accounts, and the links between documents and the postings that stand for them."""

import re
from pathlib import Path

import asyncpg
import pytest

from domain.db import Tx
from domain.ids import OperationId
from domain.ledger.account import DEBIT_NORMAL, KEPT, Account, open_accounts
from domain.money import Currency
from domain.subscriptions.start import StartSubscription, start_subscription
from migrations.files import read_files
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


async def test_a_chart_that_grows_beside_older_code_is_whole_for_everybody(world: World, owner_url: str) -> None:
    ada = await world.customer()
    (filled,) = [file.sql for file in read_files() if file.name.endswith("_chart_filled")]
    owner = await asyncpg.connect(owner_url)
    change = owner.transaction()
    await change.start()
    try:
        await owner.execute("INSERT INTO account_kind (kind, normal_side, kept) VALUES ('pocket', 'debit', false)")
        await owner.execute(
            "DELETE FROM ledger_account WHERE customer_id = $1 AND kind LIKE 'dispute%'", ada.id.uuid
        )  # as code left it that knew of none
        await owner.execute(filled)
        operation = OperationId(ada.id.shard, ada.id.uuid)
        db = world.house.db
        tx = Tx(owner, ada.id, operation, ada.actor, db.clock.now(), db.entropy, db.vault, preview=False)
        await open_accounts(tx, ada.id, Currency("SEK"))
        rows = await owner.fetch("SELECT kind, currency FROM ledger_account WHERE customer_id = $1", ada.id.uuid)
    finally:
        await change.rollback()
        await owner.close()
    whole = {*Account, "pocket"}
    assert {(row["kind"], row["currency"]) for row in rows} == {
        (kind, code) for kind in whole for code in ("EUR", "SEK")
    }


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
