"""An invoice that was paid more than once, of which a payment is taken back: what else was paid for it pays it then."""

import pytest

from domain.actor import Grant
from domain.payments.decide_refund import ApproveRefund, approve_refund
from domain.payments.exception_case import Resolution
from domain.payments.payout import RecordPayout, record_payout
from domain.payments.record_offline import Means, OfflineRecorded
from domain.payments.request_refund import RequestRefund, request_refund
from domain.payments.settle_payment import News
from tests.domain.invoices.bills import eur, owed_and_credit
from tests.domain.payments.test_offline_payments import record, reverse
from tests.exception_kit import over, waiting
from tests.lives import attempts_at, buyer, give_back, invoices_of, start, subscription_of, tell, wrong_rows
from tests.refund_kit import answer, done
from tests.world import Someone, World


@pytest.mark.parametrize(("first", "second", "owed"), [(1000, 1000, 0), (1300, 400, 600), (600, 1000, 0)])
async def test_what_was_paid_beside_a_record_that_is_reversed_pays_its_invoice_and_goes_with_its_own_record(
    world: World, first: int, second: int, owed: int
) -> None:
    ada = await buyer(world, "tok_lost_card")
    await start(world, ada)
    mistaken, right = await record(world, ada, first), await record(world, ada, second)
    assert await owed_and_credit(world, ada) == (0, first + second - 1000)
    await reverse(world, ada, mistaken)
    assert await owed_and_credit(world, ada) == (owed, max(0, second - 1000))
    assert (await subscription_of(world, ada)).state.name == ("past_due" if owed else "active")
    assert await wrong_rows(world, ada) == []
    await reverse(world, ada, right)
    assert await owed_and_credit(world, ada) == (1000, 0)
    assert await wrong_rows(world, ada) == []


async def charged_and_recorded(world: World) -> tuple[Someone, OfflineRecorded]:
    """A customer whose card was charged after staff had recorded the same money by mistake; what was too much waits for
    somebody. What was recorded."""
    ada = await buyer(world, "tok_bank_held")
    begun = await start(world, ada)
    mistaken = await record(world, ada)
    assert begun.payment is not None
    await tell(world, ada, begun.payment, News.CAPTURED)
    assert await owed_and_credit(world, ada) == (0, 1000)
    assert [each.amount for each in await waiting(world, ada)] == [eur(1000)]
    return ada, mistaken


async def test_a_customer_whose_card_was_charged_is_not_asked_again_when_the_record_beside_it_was_a_mistake(
    world: World,
) -> None:
    ada, mistaken = await charged_and_recorded(world)
    (billed,) = await invoices_of(world, ada)
    await reverse(world, ada, mistaken)
    assert await owed_and_credit(world, ada) == (0, 0)
    assert await waiting(world, ada) == []
    assert await over(world, ada) == [Resolution.SETTLED]
    assert len(await attempts_at(world, ada, billed.id)) == 2
    assert (await subscription_of(world, ada)).state.name == "active"
    assert await wrong_rows(world, ada) == []


async def test_what_is_to_be_given_back_of_the_excess_is_owed_again(world: World) -> None:
    ada = await buyer(world, "tok_lost_card")
    await start(world, ada)
    mistaken, right = await record(world, ada), await record(world, ada, means=Means.CASH)
    await give_back(world, ada, right.payment, eur(300))
    assert await owed_and_credit(world, ada) == (0, 700)
    await reverse(world, ada, mistaken)
    assert await owed_and_credit(world, ada) == (300, 0)
    assert await wrong_rows(world, ada) == []


async def test_what_could_not_be_given_back_of_the_excess_pays_what_is_owed_again(world: World) -> None:
    ada, finance = await buyer(world, "tok_lost_card"), world.staff(Grant.FINANCE)
    await start(world, ada)
    mistaken, right = await record(world, ada), await record(world, ada, means=Means.CASH)
    asked = RequestRefund(right.payment, eur(1000), "It was too much.")
    refund = (await done(world, ada, world.staff(Grant.LEAD), request_refund, asked)).refund
    await reverse(world, ada, mistaken)
    assert await owed_and_credit(world, ada) == (1000, 0)
    assert await answer(world, ada, finance, record_payout, RecordPayout(refund, None)) == "done"
    assert await owed_and_credit(world, ada) == (0, 0)
    assert await waiting(world, ada) == []
    assert await wrong_rows(world, ada) == []


async def test_what_somebody_has_only_asked_to_give_back_pays_what_is_owed_again(world: World) -> None:
    ada, finance = await buyer(world, "tok_lost_card"), world.staff(Grant.FINANCE)
    await start(world, ada)
    mistaken, right = await record(world, ada), await record(world, ada, 30_000, means=Means.CASH)
    asked = RequestRefund(right.payment, eur(29_500), "It was too much.")
    refund = (await done(world, ada, world.staff(Grant.SUPPORT, "sam"), request_refund, asked)).refund
    await reverse(world, ada, mistaken)
    assert await owed_and_credit(world, ada) == (0, 29_000)
    assert await answer(world, ada, finance, approve_refund, ApproveRefund(refund, "It was.")) == "done"
    assert await owed_and_credit(world, ada) == (0, 0)  # 5.00 of the invoice were given back with a credit note
    assert await wrong_rows(world, ada) == []
