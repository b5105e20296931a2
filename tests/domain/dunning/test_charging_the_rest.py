"""A charge is let go since a part came by hand: who is charged the rest without being asked, and who is not."""

from datetime import timedelta

from domain.actor import Grant
from domain.dunning.case import cases
from domain.dunning.split_invoice import SplitInvoice, split_invoice
from domain.payments.order_methods import OrderMethods, order_methods
from domain.payments.pay_invoice import PayInvoice, pay_invoice
from domain.payments.payment import CaptureMode, Payment
from domain.payments.settle_payment import News
from domain.perform import perform
from domain.reactions.work import do_now
from domain.subscriptions.cancel import CancelAt
from tests.domain.dunning.test_paid_in_parts import plan_of
from tests.domain.invoices.bills import eur, owed_and_credit
from tests.domain.invoices.test_on_account import on_account
from tests.domain.payments.test_offline_payments import owing as owing_first
from tests.domain.payments.test_offline_payments import record, reverse
from tests.domain.subscriptions.test_change_plan import change
from tests.dunning_kit import case_now, owing
from tests.interruptions import LEASE_OVER, ahead
from tests.lives import (
    attempts_at,
    buyer,
    day,
    invoices_of,
    is_entitled,
    start,
    subscription_of,
    tell,
    until,
    wrong_rows,
)
from tests.subscription_lives import cancel
from tests.world import Someone, World, fresh


async def charges(world: World, of: Someone) -> list[Payment]:
    """The charges of the newest invoice."""
    (*_, newest) = await invoices_of(world, of)
    return [each for each in await attempts_at(world, of, newest.id) if each.kind == "provider"]


async def stand(world: World, of: Someone) -> list[tuple[str, int]]:
    """What became of each of them, and of how much it was."""
    return [(each.state.name, each.amount.minor) for each in await charges(world, of)]


async def renewing(world: World) -> Someone:
    """A customer whose renewal of 1 February waits for it at its bank."""
    ada = await buyer(world)
    await start(world, ada)
    await world.card(ada, "tok_3ds")
    await until(world, ada, day(2, 1, 3))
    assert await stand(world, ada) == [("requires_action", 1000)]
    return ada


async def test_who_paid_a_part_of_a_renewal_that_waits_has_failed_in_nothing(world: World) -> None:
    ada = await renewing(world)
    await record(world, ada, 400)
    assert await stand(world, ada) == [("voided", 1000), ("requires_action", 600)]
    assert await cases(world.house.db.primary, ada.id) == []
    assert await is_entitled(world, ada)
    assert await wrong_rows(world, ada) == []


async def test_a_part_that_is_taken_back_before_the_bank_heard_of_it_leaves_the_whole_to_be_collected_once(
    shop: World,
) -> None:
    ada = await renewing(shop)
    await reverse(shop, ada, await record(shop, ada, 400, follow=False))
    assert (await stand(shop, ada), (await case_now(shop, ada)).state.name) == ([("voided", 1000)], "retrying")
    await shop.card(ada)
    assert await stand(shop, ada) == [("voided", 1000), ("captured", 1000)]
    assert ((await case_now(shop, ada)).state.name, await owed_and_credit(shop, ada)) == ("recovered", (0, 0))
    assert await wrong_rows(shop, ada) == []


async def test_who_has_left_is_not_charged_the_rest(world: World) -> None:
    ada = await renewing(world)
    await record(world, ada, 400, follow=False)
    await cancel(world, ada, CancelAt.NOW)
    assert (await subscription_of(world, ada)).state.name == "canceled"
    await do_now(ahead(world.house, LEASE_OVER), ada.id)
    assert await stand(world, ada) == [("voided", 1000)]
    assert await wrong_rows(world, ada) == []


async def test_who_pays_on_account_is_not_charged_the_rest(world: World) -> None:
    ada = await on_account(world)
    begun = await start(world, ada)
    await world.card(ada, "tok_3ds")
    await world.do(ada, pay_invoice, PayInvoice(begun.invoice, None))
    assert await stand(world, ada) == [("requires_action", 1000)]
    await record(world, ada, 400)
    assert (await stand(world, ada), await owed_and_credit(world, ada)) == ([("voided", 1000)], (600, 0))
    assert await wrong_rows(world, ada) == []


async def test_a_hold_that_was_not_made_since_a_part_came_takes_no_money_in_its_place(world: World) -> None:
    ada = await owing_first(world)
    (owed,) = await invoices_of(world, ada)
    await world.card(ada)
    command = PayInvoice(owed.id, None, CaptureMode.LATER)
    await perform(world.house.db, pay_invoice, world.staff(Grant.FINANCE), ada.id, command, fresh("hold"))
    await record(world, ada, 400)
    assert [state for state, _ in await stand(world, ada)] == ["failed", "voided"]
    assert await owed_and_credit(world, ada) == (600, 0)
    assert await wrong_rows(world, ada) == []


async def test_a_bank_that_declines_the_whole_after_a_part_came_is_not_asked_for_the_rest_at_once(world: World) -> None:
    ada = await buyer(world)
    await start(world, ada)
    await until(world, ada, day(1, 11, 18))
    await world.card(ada, "tok_bank_held")
    await change(world, ada, "team")
    (whole,) = await charges(world, ada)
    await record(world, ada, 100)
    await tell(world, ada, whole.id, News.DECLINED)
    assert await stand(world, ada) == [("failed", whole.amount.minor)]
    assert (await subscription_of(world, ada)).pending_invoice is None
    assert await owed_and_credit(world, ada) == (0, 100)
    assert await wrong_rows(world, ada) == []


async def test_the_rest_is_charged_on_the_method_that_its_customer_chose_for_the_whole(shop: World) -> None:
    ada, case = await owing(shop)
    chosen = await shop.card(ada, "tok_3ds")
    await shop.card(ada, "tok_stolen_card")  # while the charge on the other waits
    await record(shop, ada, 400)
    (*_, rest) = await charges(shop, ada)
    assert (rest.method, rest.amount, rest.state.name) == (chosen, eur(600), "requires_action")
    assert (await invoices_of(shop, ada))[-1].id == case.invoice
    assert await wrong_rows(shop, ada) == []


async def test_a_default_method_that_was_declined_before_is_not_charged_the_rest_before_its_day(world: World) -> None:
    ada, case = await owing(world)
    (declined,) = await charges(world, ada)
    waiting = await world.card(ada, "tok_3ds")
    assert declined.method is not None
    await world.do(ada, order_methods, OrderMethods((declined.method, waiting)))
    await record(world, ada, 400)
    assert await stand(world, ada) == [("failed", 1000), ("voided", 1000)]
    assert (await case_now(world, ada)).next_retry_at == case.next_retry_at
    assert await wrong_rows(world, ada) == []


async def test_the_rest_of_a_part_of_a_plan_is_charged_as_that_part(shop: World) -> None:
    ada, case = await owing(shop, "tok_insufficient_funds_times_1")
    await shop.do(ada, split_invoice, SplitInvoice(case.invoice, 2, 5))
    await shop.card(ada, "tok_3ds")
    await until(shop, ada, case.opened_at + timedelta(days=6))
    assert (await stand(shop, ada))[-1] == ("requires_action", 500)
    await record(shop, ada, 200)
    (*_, barred, rest) = await charges(shop, ada)
    assert (barred.state.name, rest.state.name, rest.amount) == ("voided", "requires_action", eur(300))
    plan = await plan_of(shop, ada, case)
    assert (plan.state.name, plan.parts[1].payment) == ("active", rest.id)
    assert await wrong_rows(shop, ada) == []
