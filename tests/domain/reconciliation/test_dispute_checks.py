"""Verification finds what somebody with every right in the database changed about a dispute, and names its check."""

import asyncpg

from domain.money import Money
from domain.payments.payment import payment
from domain.reactions.house import House
from tests.dispute_kit import disputed
from tests.lives import buyer, give_back, start, wrong_rows
from tests.webhook_desk import Desk
from tests.withheld_kit import lost
from tests.world import EUR, make_world

# What is changed, how it is put back, and the checks that see it.
TAMPERING = (
    ("UPDATE payment SET disputes_reserved = disputes_reserved - 1 WHERE shard_key = $1",
     "UPDATE payment SET disputes_reserved = disputes_reserved + 1 WHERE shard_key = $1", {"disputes_are_reserved"}),
    ("UPDATE dispute SET fee = fee + 1 WHERE shard_key = $1", "UPDATE dispute SET fee = fee - 1 WHERE shard_key = $1",
     {"disputes_are_posted"}),
    ("UPDATE dispute SET amount = amount + 1 WHERE shard_key = $1",
     "UPDATE dispute SET amount = amount - 1 WHERE shard_key = $1", {"disputes_are_posted"}),
    ("UPDATE ledger_transfer SET debit_kind = 'dispute_losses' WHERE shard_key = $1 AND debit_kind = 'disputes'",
     "UPDATE ledger_transfer SET debit_kind = 'disputes' WHERE shard_key = $1 AND debit_kind = 'dispute_losses'",
     {"disputes_are_posted"}),
    ("UPDATE ledger_transaction SET cause_id = operation_id WHERE shard_key = $1 AND cause = 'dispute.fee'",
     "UPDATE ledger_transaction t SET cause_id = d.id FROM dispute d WHERE t.shard_key = $1 AND d.shard_key = $1 "
     "AND cause = 'dispute.fee'", {"disputes_are_posted", "dispute_accounts_add_up"}),
)  # fmt: skip


async def test_a_dispute_that_was_changed_by_hand_is_found(house: House, desk: Desk, owner_url: str) -> None:
    of = await disputed(await make_world(house), desk)
    await of.told()
    assert await wrong_rows(of.world, of.who) == []
    connection = await asyncpg.connect(owner_url)
    try:
        for tampering, mending, checks in TAMPERING:
            await connection.execute(tampering, of.who.id.shard)
            assert {each.check for each in await wrong_rows(of.world, of.who)} == checks, tampering
            await connection.execute(mending, of.who.id.shard)
        assert await wrong_rows(of.world, of.who) == []
    finally:
        await connection.close()


async def test_credit_that_is_withheld_for_what_had_been_given_back_before_is_found(
    house: House, owner_url: str
) -> None:
    own = await make_world(house)
    ada = await buyer(own)
    begun = await start(own, ada)
    assert begun.payment is not None
    paid = await payment(own.house.db.primary, ada.id, begun.payment)
    await give_back(own, ada, paid.id, Money(700, EUR))
    await lost(own, ada, paid, 1000)  # of which it covers 3.00
    assert await wrong_rows(own, ada) == []
    connection, change = await asyncpg.connect(owner_url), "UPDATE ledger_transfer SET debit_kind = $2"
    try:
        for one, other in (("customer_credit", "dispute_losses"), ("dispute_losses", "customer_credit")):
            where = "WHERE shard_key = $1 AND debit_kind = $3 AND credit_kind = 'cash_clearing'"
            await connection.execute(f"{change} {where}", ada.id.shard, one, other)
            found = {each.check for each in await wrong_rows(own, ada)}
            assert ("disputes_are_posted" in found) == (one == "customer_credit")
        assert found == set()
    finally:
        await connection.close()
