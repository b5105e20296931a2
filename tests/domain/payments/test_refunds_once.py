"""What waits on the desk as a failed refund or an excess leaves the house once, whichever way it is given back."""

import pytest

from domain.actor import Grant
from domain.ledger.account import Account
from domain.money import Money
from domain.payments.exception_case import Kind, Resolution
from domain.payments.refund import Means, refunds_of
from domain.payments.request_refund import RequestRefund, request_refund
from domain.payments.settle_payment import News
from domain.payments.settle_refund import RefundNews, SettleRefund, settle_refund
from tests.domain.invoices.bills import credit, on
from tests.domain.payments.test_refund_of_an_excess import paid_twice
from tests.domain.payments.test_refunds import paid
from tests.exception_kit import claim, decided, failed_refunds, over, resolve, waiting
from tests.lives import by_house, give_back, tell, wrong_rows
from tests.refund_kit import done
from tests.webhook_desk import Desk
from tests.world import EUR, World


async def test_a_case_of_credit_that_an_ordinary_refund_took_is_over(world: World) -> None:
    ada, id = await paid(world)
    (failed,) = await failed_refunds(world, ada, id, (300,))
    assert await claim(world, ada, failed.id) == "done"
    await give_back(world, ada, id, Money(300, EUR))
    assert (await waiting(world, ada), await over(world, ada)) == ([], [Resolution.SETTLED])
    service = RequestRefund(id, Money(300, EUR), "For something else.", means=Means.CREDIT)
    await done(world, ada, world.staff(Grant.SUPPORT), request_refund, service)
    assert await resolve(world, ada, failed.id, Resolution.RETRY_REFUND) == "STATE_CONFLICT"
    assert await on(world.house.db.primary, ada.id, Account.CASH_CLEARING) == 700
    assert await wrong_rows(world, ada) == []


async def test_an_excess_of_which_a_part_was_given_back_waits_with_the_rest(world: World) -> None:
    ada, first = await paid_twice(world)
    await give_back(world, ada, first, Money(300, EUR))  # which the provider does not know
    cases = [(case.kind, case.amount.minor) for case in await waiting(world, ada)]
    assert cases == [(Kind.PAYMENT_EXCESS, 700), (Kind.REFUND_FAILED, 300)]
    assert await credit(world, ada) == 1000
    assert await wrong_rows(world, ada) == []


async def test_a_refund_of_several_cases_credit_lowers_the_oldest_first(world: World) -> None:
    ada, id = await paid(world)
    first, second = await failed_refunds(world, ada, id, (300, 200))
    await give_back(world, ada, id, Money(400, EUR))
    (left,) = await waiting(world, ada)
    assert (left.id, left.amount.minor) == (second.id, 100)
    assert await claim(world, ada, left.id) == "done"
    assert await resolve(world, ada, left.id, Resolution.PAID_OUT_OF_BAND, "SEPA") == "done"
    assert await claim(world, ada, first.id) == "STATE_CONFLICT"
    assert (await on(world.house.db.primary, ada.id, Account.CASH_CLEARING), await credit(world, ada)) == (600, 0)
    assert await wrong_rows(world, ada) == []


@pytest.mark.parametrize("meanwhile", ["paid otherwise", "taken back by the bank"])
async def test_a_refund_that_was_made_after_all_is_booked_whatever_happened_meanwhile(
    world: World, desk: Desk, meanwhile: str
) -> None:
    ada, id = await paid(world, "tok_refund_pending")
    await desk.hold(ada)
    await give_back(world, ada, id, Money(1000, EUR))
    (given,) = await refunds_of(world.house.db.primary, ada.id, id)
    await by_house(world, ada, settle_refund, SettleRefund(given.id, RefundNews.FAILED, None, "account_closed"))
    if meanwhile == "paid otherwise":
        assert (await decided(world, ada, Resolution.PAID_OUT_OF_BAND, "SEPA"))[1] == "done"
        lost = 1000
    else:
        await tell(world, ada, id, News.RETURNED, captured=Money(1000, EUR), follow=False)
        lost = 0  # the credit of the failed refund is still there, and the invoice is owed again
    await desk.admin(f"settle/{given.provider_ref}")
    (event,) = await desk.events_of(given.provider_ref)
    assert await desk.take(event) == "dead"
    case = next(each for each in await waiting(world, ada) if each.kind is Kind.REFUND_CONTRADICTED)
    assert await claim(world, ada, case.id) == "done"
    assert await resolve(world, ada, case.id, Resolution.CONFIRM_REFUNDED, given.provider_ref) == "done"
    assert await on(world.house.db.primary, ada.id, Account.CASH_CLEARING) == (0 if lost else -1000)
    assert await on(world.house.db.primary, ada.id, Account.RETURNED_PAYMENTS) == lost
    cases = [(each.kind, each.amount.minor) for each in await waiting(world, ada)]
    assert cases == ([(Kind.PAYMENT_LOSS, 1000)] if lost else [])
    assert (await credit(world, ada), await wrong_rows(world, ada)) == (0, [])
