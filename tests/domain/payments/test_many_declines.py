"""Which methods were declined for good is found in one way through a customer's payments, however many there are: a
search among all of them for each one would make every charge dearer than the one before."""

import asyncpg

from domain.dunning.recovery_policy import RecoveryPolicy
from domain.ids import CustomerId
from domain.payments.usable_methods import declined_for_good
from domain.reactions.house import House
from tests.blocks import asked, blocks_read
from tests.dunning_kit import owing
from tests.world import make_world

METHODS, EACH = 20, 20  # declined attempts of each; a customer who pays late by the week has as many in a few years
BLOCKS_A_PAYMENT = 4  # a way through them touches 1 to 3; a search among all for each one was more than a hundred
HARD = "tok_stolen_card"
MANY = METHODS * EACH


async def declined_again_and_again(connection: asyncpg.Connection, who: CustomerId) -> None:
    """The payment of the customer that was declined for good, many times over, on methods as its own."""
    await connection.execute(
        """WITH method AS (
               SELECT m.*, n, gen_random_uuid() AS other
                 FROM payment_method m, generate_series(1, $3) AS n
                WHERE m.shard_key = $1 AND m.customer_id = $2),
           stored AS (
               INSERT INTO payment_method
               SELECT c.* FROM method m JOIN payment_method o ON o.shard_key = m.shard_key AND o.id = m.id,
                      jsonb_populate_record(o, jsonb_build_object('id', other, 'provider_ref', other)) AS c),
           attempt AS (
               SELECT p.shard_key, p.id, m.other AS method, gen_random_uuid() AS other, row_number() OVER () AS n
                 FROM payment p JOIN method m ON m.shard_key = p.shard_key AND m.customer_id = p.customer_id,
                      generate_series(1, $4)
                WHERE p.state = 'failed'),
           moved AS (
               INSERT INTO transition
               SELECT c.* FROM attempt a JOIN transition t ON t.shard_key = a.shard_key AND t.entity_id = a.id,
                      jsonb_populate_record(t, jsonb_build_object('entity_id', other)) AS c)
           INSERT INTO payment
           SELECT c.* FROM attempt a JOIN payment p ON p.shard_key = a.shard_key AND p.id = a.id,
                  jsonb_populate_record(p, jsonb_build_object('id', other, 'method_id', method, 'provider_key', other,
                      'provider_ref', other, 'attempt_number', p.attempt_number + n)) AS c""",
        who.shard, who.uuid, METHODS, EACH,
    )  # fmt: skip


async def test_what_was_declined_for_good_is_found_in_one_way_through_the_payments(
    house: House, database_url: str
) -> None:
    world = await make_world(house)
    await world.recover_by(RecoveryPolicy())
    ada, _ = await owing(world, HARD)
    connection = await asyncpg.connect(database_url)
    try:
        await declined_again_and_again(connection, ada.id)
        with asked() as statements:
            dead = await declined_for_good(house.db.primary, ada.id, ())
        blocks = await blocks_read(connection, statements)
    finally:
        await connection.close()
    assert len(dead) == METHODS + 1
    assert blocks < BLOCKS_A_PAYMENT * MANY
