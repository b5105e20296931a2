"""One invoice for each subscription, period and reason: a key of the database, neither too weak nor too broad."""

import json
from uuid import uuid4

import asyncpg
import pytest

from domain.money import Money
from tests.lives import buy, buyer, day, invoices_of, publish, until, wrong_rows
from tests.subscription_lives import seats
from tests.world import EUR, World


@pytest.mark.row("F6")
async def test_a_period_is_invoiced_once_for_each_reason(world: World, owner_url: str) -> None:
    ada = await buyer(world)
    await buy(world, ada, await publish(world, Money(1000, EUR)))
    await until(world, ada, day(1, 11))
    for more in (2, 3):
        await seats(world, ada, more)
    await until(world, ada, day(2, 1, 3))
    issued = await invoices_of(world, ada)
    assert [each.total.minor for each in issued[:1]] == [1000]
    owner = await asyncpg.connect(owner_url)
    try:
        rows = await owner.fetch(
            "SELECT to_jsonb(i) AS row FROM invoice i WHERE shard_key = $1 AND customer_id = $2 ORDER BY number",
            ada.id.shard,
            ada.id.uuid,
        )
        kept = [json.loads(each["row"]) for each in rows]
        assert [each["reason"] for each in kept] == ["start", "change:1", "change:2", "renewal"]
        for row in kept:
            number = row["number"] + 1_000_000
            again = {**row, "id": str(uuid4()), "number": number, "previous_number": number - 1}
            with pytest.raises(asyncpg.UniqueViolationError) as refused:
                await owner.execute(
                    "INSERT INTO invoice SELECT * FROM jsonb_populate_record(NULL::invoice, $1::jsonb)",
                    json.dumps({**again, "number_text": f"{row['number_text']}-again"}),
                )
            assert refused.value.constraint_name == "invoice_once"
    finally:
        await owner.close()
    assert await wrong_rows(world, ada) == []
