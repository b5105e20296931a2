"""Credit for an invoice whose payment a bank has taken back: nobody has back more than was captured, in any order."""

from dataclasses import replace

import pytest

from domain.ledger.balance import balance
from domain.payments.dispute_calls import DisputeStatus
from domain.payments.record_offline import Means as Came
from domain.payments.record_offline import RecordOfflinePayment, record_offline
from domain.payments.refund import Means
from domain.payments.request_refund import RefundLine, RequestRefund, request_refund
from domain.payments.settle_dispute import SettleDispute, settle_dispute
from domain.reactions.house import House
from tests.domain.corrections.correction_kit import bought, corrected, credited, eur, german_shop, rate_is
from tests.lives import attempts_at, by_finance, by_house, wrong_rows
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


@pytest.mark.row("C7")
@pytest.mark.parametrize("first", ["dispute", "refund"])
@pytest.mark.parametrize(("means", "left"), [(Means.METHOD, 381), (Means.CREDIT, 500)], ids=["money", "credit"])
async def test_what_is_given_back_of_lines_that_a_dispute_took_is_no_excess_too(
    house: House, means: Means, left: int, first: str
) -> None:
    shop = await german_shop(house)
    ada, of = await bought(shop)
    (paid,) = await attempts_at(shop, ada, of.id)
    twice = RecordOfflinePayment(of.id, Came.CASH, fresh("cash"), eur(500))
    came = (await by_finance(shop, ada, record_offline, twice)).payment
    back = RequestRefund(came, None, "goodwill", (RefundLine(1, eur(100)),), means)
    lost = SettleDispute(paid.id, fresh("dispute"), DisputeStatus.LOST, eur(1190), eur(0), "fraudulent", None)
    if first == "refund":
        await by_finance(shop, ada, request_refund, back)
    await by_house(shop, ada, settle_dispute, lost)
    if first == "dispute":
        await by_finance(shop, ada, request_refund, back)
    assert await credit_of(shop, ada) == left, "of 16.90 the bank has given 11.90 back"
    assert await wrong_rows(shop, ada) == []
    await by_house(shop, ada, settle_dispute, replace(lost, status=DisputeStatus.WON))
    assert await credit_of(shop, ada) == left + 119
    assert await wrong_rows(shop, ada) == []
