"""What waits on the desk as a failed refund or an excess leaves the house once, whichever way it is given back."""

from domain.actor import Grant
from domain.ledger.account import Account
from domain.money import Money
from domain.payments.exception_case import Kind, Resolution
from domain.payments.refund import Means
from domain.payments.request_refund import RequestRefund, request_refund
from tests.domain.invoices.bills import on
from tests.domain.payments.test_refund_of_an_excess import credit, paid_twice
from tests.domain.payments.test_refunds import paid
from tests.exception_kit import claim, failed_refunds, over, resolve, waiting
from tests.lives import give_back, wrong_rows
from tests.refund_kit import done
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
