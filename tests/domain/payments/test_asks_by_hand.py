"""What is sent to the provider of a hold or a dispute was asked for: the database takes no row that says otherwise."""

import asyncpg
import pytest

from domain.money import Money
from domain.payments.dispute_calls import DisputeStatus
from domain.payments.settle_dispute import SettleDispute, settle_dispute
from tests.lives import attempts_at, buyer, by_house, start
from tests.world import EUR, World, fresh


@pytest.mark.parametrize(
    "said",
    [
        "asked_sent_at = now()",
        "asked_code = 'wrong'",
        "asked = 'capture', asked_final = true, capturable = 1, authorized = captured + 1, state = 'unknown'",
    ],
)
async def test_nothing_was_sent_or_is_to_be_captured_that_nobody_asked_for(
    world: World, owner_url: str, said: str
) -> None:
    ada = await buyer(world)
    (attempt,) = await attempts_at(world, ada, (await start(world, ada)).invoice)
    connection = await asyncpg.connect(owner_url)
    try:
        with pytest.raises(asyncpg.CheckViolationError, match="payment_asked_told"):
            await connection.execute(
                f"UPDATE payment SET {said} WHERE shard_key = $1 AND customer_id = $2 AND id = $3",  # noqa: S608 - ours
                ada.id.shard, ada.id.uuid, attempt.id.uuid,
            )  # fmt: skip
    finally:
        await connection.close()


async def test_no_answer_to_a_dispute_was_sent_that_nobody_asked_for(world: World, owner_url: str) -> None:
    ada = await buyer(world)
    (attempt,) = await attempts_at(world, ada, (await start(world, ada)).invoice)
    lost = (fresh("dispute"), DisputeStatus.OPEN, Money(300, EUR), Money(0, EUR), "fraudulent", None)
    await by_house(world, ada, settle_dispute, SettleDispute(attempt.id, *lost))
    connection = await asyncpg.connect(owner_url)
    try:
        with pytest.raises(asyncpg.CheckViolationError, match="dispute_asked_told"):
            await connection.execute(
                "UPDATE dispute SET asked_sent_at = now() WHERE shard_key = $1 AND customer_id = $2",
                ada.id.shard, ada.id.uuid,
            )  # fmt: skip
    finally:
        await connection.close()
