"""Credit for an invoice whose payment a bank has taken back: nobody has back more than was captured, in any order."""

import pytest

from domain.ledger.balance import balance
from domain.payments.dispute_calls import DisputeStatus
from domain.payments.settle_dispute import SettleDispute, settle_dispute
from domain.reactions.house import House
from tests.domain.corrections.correction_kit import bought, corrected, credited, eur, german_shop, rate_is
from tests.lives import attempts_at, by_house, wrong_rows
from tests.world import EUR, Someone, World, fresh


async def credit_of(shop: World, who: Someone) -> int:
    """What the customer's next invoice can use up, in minor units."""
    return (await balance(shop.house.db.primary, who.id, EUR)).credit.minor


@pytest.mark.row("C7")
@pytest.mark.parametrize("how", ["tax", "note"])
@pytest.mark.parametrize("first", ["dispute", "credit"])
async def test_credit_for_what_a_dispute_has_taken_is_withheld_until_it_is_won(
    house: House, how: str, first: str
) -> None:
    shop = await german_shop(house)
    ada, of = await bought(shop)
    (paid,) = await attempts_at(shop, ada, of.id)
    await rate_is(shop, 160_000)

    async def dispute(status: DisputeStatus) -> None:
        command = SettleDispute(paid.id, reference, status, eur(1190), eur(0), "fraudulent", None)
        await by_house(shop, ada, settle_dispute, command)

    reference = fresh("dispute")
    if first == "dispute":
        await dispute(DisputeStatus.LOST)
    if how == "tax":
        await corrected(shop, ada, of.id)
    else:
        await credited(shop, ada, of.id, 30)
    if first == "credit":
        await dispute(DisputeStatus.LOST)
    assert await credit_of(shop, ada) == 0
    assert await wrong_rows(shop, ada) == []
    await dispute(DisputeStatus.WON)
    assert await credit_of(shop, ada) == 30
    assert await wrong_rows(shop, ada) == []
