"""What a change or an end gives back is measured on the charge that covers the instant, and on no other line of it."""

import asyncpg
import pytest

from domain.invoices.line import live_charge
from domain.subscriptions.change_plan import ChangePlan, change_plan
from tests.lives import buyer, day, invoices_of, start, until
from tests.world import World


@pytest.mark.row("D5")
async def test_the_credit_that_begins_with_a_charge_is_not_taken_for_it(world: World, owner_url: str) -> None:
    """Not even where it is the later of the two, which is written so here: both are priced lines of the same plan."""
    ada = await buyer(world)
    begun = await start(world, ada)
    await until(world, ada, day(1, 11))
    await world.do(ada, change_plan, ChangePlan(begun.subscription, world.prices["team"]))
    changed = (await invoices_of(world, ada))[-1]
    owner = await asyncpg.connect(owner_url)
    lines = await owner.fetch(
        "SELECT kind, starts_at, price_id IS NOT NULL AS priced FROM invoice_line WHERE invoice_id = $1",
        changed.id.uuid,
    )
    assert {row["kind"]: (row["starts_at"], row["priced"]) for row in lines} == dict.fromkeys(
        ("credit", "charge"), (day(1, 11), True)
    )
    later = (
        "UPDATE invoice_line SET starts_at = starts_at + interval '1 second' WHERE invoice_id = $1 AND kind = 'credit'"
    )
    assert await owner.execute(later, changed.id.uuid) == "UPDATE 1"
    await owner.close()
    live = await live_charge(world.house.db.primary, ada.id, begun.subscription, day(1, 20))
    assert live is not None
    assert (live.line.kind, live.line.price, live.ref.invoice) == ("charge", world.prices["team"], changed.id)
