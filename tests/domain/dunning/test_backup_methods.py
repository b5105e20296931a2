"""Backup methods: tried in their order in the step of a retry, each by an attempt of its own, never two at once."""

import asyncio
from datetime import timedelta

import asyncpg
import pytest

from domain.dunning.case import cases
from domain.dunning.recovery_policy import RecoveryPolicy
from domain.dunning.retry_payment import RetryPayment, retry_payment
from domain.ids import DunningCaseId, PaymentId
from domain.payments.method import StoreMethod, payment_methods, store_method
from domain.payments.order_methods import OrderMethods, order_methods
from domain.payments.pay_invoice import PayInvoice, pay_invoice
from domain.payments.settle_payment import News
from domain.perform import perform
from domain.reactions.house import House
from domain.reactions.work import do_now
from domain.refusals import RefusalCode, Refused
from tests.domain.invoices.bills import SETUP, draft, issue
from tests.dunning_kit import case_now, owing, tried
from tests.interruptions import LEASE_OVER, Killed, ahead, killed_at
from tests.lives import attempts_at, by_house, invoices_of, subscription_of, tell, until, wrong_rows
from tests.world import Someone, World, fresh, make_world

TWO = timedelta(days=2)
SOFT, HARD, GOOD = "tok_insufficient_funds", "tok_stolen_card", "tok_mastercard"


async def states(world: World, of: Someone) -> list[str]:
    """What came of the attempts at the newest invoice, in order."""
    (*_, last) = await invoices_of(world, of)
    return [each.state.name for each in await attempts_at(world, of, last.id)]


@pytest.mark.row("B2")
@pytest.mark.row("D10")
async def test_the_first_charge_is_of_the_default_alone_and_the_first_retry_goes_on_to_the_backups(shop: World) -> None:
    ada, case = await owing(shop, SOFT, "tok_do_not_honor", GOOD)
    assert await states(shop, ada) == ["failed"]
    await until(shop, ada, case.opened_at + TWO)
    assert [(on, state) for on, _, state in await tried(shop, ada, case)] == [
        (0, "failed"), (2, "failed"), (2, "failed"), (2, "captured")]  # fmt: skip
    keys = [each.provider_key for each in await attempts_at(shop, ada, case.invoice)]
    methods = [each.method for each in (await attempts_at(shop, ada, case.invoice))[1:]]
    assert (len(set(keys)), len(set(methods))) == (4, 3)
    assert ((await subscription_of(shop, ada)).state.name, (await case_now(shop, ada)).state.name) == (
        "active", "recovered")  # fmt: skip
    assert await wrong_rows(shop, ada) == []


@pytest.mark.row("D9")
@pytest.mark.row("B9")
async def test_a_hard_decline_drops_the_retries_of_that_method_and_the_backup_takes_them(shop: World) -> None:
    ada, case = await owing(shop, HARD, "tok_insufficient_funds_times_1")
    assert (await case_now(shop, ada)).state.name == "retrying"
    await until(shop, ada, case.opened_at + timedelta(days=5))
    assert [(on, state) for on, _, state in await tried(shop, ada, case)] == [
        (0, "failed"), (2, "failed"), (5, "captured")]  # fmt: skip
    barred, backup = HARD, (await attempts_at(shop, ada, case.invoice))[1].method
    assert [each.method == backup for each in await attempts_at(shop, ada, case.invoice)] == [False, True, True], barred


@pytest.mark.row("B9")
async def test_where_every_method_was_declined_for_good_no_retry_is_left_until_one_is_stored_again(shop: World) -> None:
    ada, case = await owing(shop, HARD, "tok_lost_card")
    await until(shop, ada, case.opened_at + timedelta(days=9))
    assert ((await states(shop, ada)), (await case_now(shop, ada)).state.name) == (["failed"] * 2, "grace")
    first, _ = await payment_methods(shop.house.db.primary, ada.id)
    again = StoreMethod(first.provider_account, fresh("tok"), first.provider_ref, "card", first.brand, first.last4)
    await shop.do(ada, store_method, again)
    assert await states(shop, ada) == ["failed"] * 3  # charged at once, and declined again


@pytest.mark.row("B9")
async def test_a_card_that_was_declined_for_good_is_not_tried_for_a_new_invoice_either(house: House) -> None:
    world = await make_world(house)
    await world.recover_by(RecoveryPolicy())
    ada, _ = await owing(world, HARD)
    issued = await issue(world, ada, await draft(world, ada, SETUP))
    case = await case_now(world, ada)
    assert (issued.payment, case.invoice, case.state.name) == (None, issued.invoice, "retrying")
    await until(world, ada, case.opened_at + timedelta(days=3))
    assert (await attempts_at(world, ada, case.invoice), (await case_now(world, ada)).state.name) == ([], "grace")
    good = await world.card(ada, GOOD)
    assert [each.method for each in await attempts_at(world, ada, case.invoice)] == [good]
    eve, _ = await owing(world, HARD, GOOD)
    await world.recover_by(RecoveryPolicy(backups_at_first=True))
    issued = await issue(world, eve, await draft(world, eve, SETUP))
    assert [each.state.name for each in await attempts_at(world, eve, issued.invoice)] == ["captured"]


@pytest.mark.row("B9")
async def test_a_success_puts_the_hard_decline_of_its_own_method_right_and_of_no_other(shop: World) -> None:
    ada, case = await owing(shop, HARD, GOOD)
    await until(shop, ada, case.opened_at + TWO)
    assert await states(shop, ada) == ["failed", "captured"]
    await until(shop, ada, case.opened_at + timedelta(days=29))
    assert await attempts_at(shop, ada, (await invoices_of(shop, ada))[-1].id) == []
    eve, case = await owing(shop, f"{HARD}_times_1")
    barred, method = case.invoice, (await attempts_at(shop, eve, case.invoice))[0].method
    await shop.do(eve, pay_invoice, PayInvoice(barred, method))
    await until(shop, eve, case.opened_at + timedelta(days=29))
    (renewed,) = await attempts_at(shop, eve, (await invoices_of(shop, eve))[-1].id)
    assert (renewed.invoice != barred, renewed.method, renewed.state.name) == (True, method, "captured")


@pytest.mark.row("B9")
async def test_a_hard_decline_that_was_told_late_is_not_hidden_by_a_soft_one_of_a_later_attempt(
    shop: World, owner_url: str
) -> None:
    ada, case = await owing(shop, SOFT)
    await until(shop, ada, case.opened_at + TWO)
    first, second = await attempts_at(shop, ada, case.invoice)
    owner = await asyncpg.connect(owner_url)
    try:  # the provider was silent about the first one, and tells only now what came of it
        await owner.execute(
            "UPDATE payment SET failure_hard = true, failure_code = 'stolen_card' WHERE shard_key = $1 AND id = $2",
            first.id.shard, first.id.uuid,
        )  # fmt: skip
    finally:
        await owner.close()
    await until(shop, ada, case.opened_at + timedelta(days=9))
    assert [each.id for each in await attempts_at(shop, ada, case.invoice)] == [first.id, second.id]


async def test_a_policy_says_how_many_methods_a_step_tries_whether_backups_are_tried_and_from_when_on(
    house: House,
) -> None:
    world = await make_world(house)
    for rules, expected in (
        (RecoveryPolicy(methods_per_step=2), [0, 2, 2, 5, 5]),
        (RecoveryPolicy(backups=False), [0, 2, 5]),
        (RecoveryPolicy(backups_at_first=True), [0, 0, 0, 2, 2, 2, 5, 5, 5]),
    ):
        await world.recover_by(rules)
        ada, case = await owing(world, SOFT, "tok_do_not_honor", "tok_processing_error")
        await until(world, ada, case.opened_at + timedelta(days=6))
        assert [on for on, _, _ in await tried(world, ada, case)] == expected
        assert len(await cases(world.house.db.primary, ada.id)) == 1


@pytest.mark.row("X5")
async def test_while_the_outcome_of_a_step_is_open_no_backup_is_charged(shop: World) -> None:
    ada, case = await owing(shop, "tok_insufficient_funds_times_1", GOOD)
    held = await shop.card(ada, "tok_bank_held")
    await until(shop, ada, case.opened_at + timedelta(days=20))
    assert await states(shop, ada) == ["failed", "processing"]
    assert (await subscription_of(shop, ada)).state.name == "past_due"
    (_, open_one) = await attempts_at(shop, ada, case.invoice)
    await tell(shop, ada, open_one.id, News.DECLINED, code="account_closed", hard=True)
    assert await states(shop, ada) == ["failed", "failed"]  # it was the customer's own card, at once and no step
    await until(shop, ada, case.opened_at + timedelta(days=21))
    now = await attempts_at(shop, ada, case.invoice)
    assert ([each.state.name for each in now][2:], held in [each.method for each in now[2:]]) == (["captured"], False)


async def test_a_customer_who_pays_while_a_step_begins_is_charged_once(shop: World) -> None:
    ada, case = await owing(shop, "tok_insufficient_funds_times_1", GOOD)
    db = shop.house.db
    pay = perform(db, pay_invoice, ada.actor, ada.id, PayInvoice(case.invoice, None), fresh("pay"))
    retry = perform(db, retry_payment, shop.house.actor, ada.id, RetryPayment(case.id), fresh("retry"))
    answers = await asyncio.gather(pay, retry, retry_again(shop, ada, case.id), return_exceptions=True)
    refused = [each for each in answers if isinstance(each, BaseException)]
    assert all(isinstance(each, Refused) and each.code is RefusalCode.PAYMENT_IN_PROGRESS for each in refused)
    assert len(await attempts_at(shop, ada, case.invoice)) == 2
    await do_now(shop.house, ada.id)
    assert await states(shop, ada) == ["failed", "captured"]
    assert await wrong_rows(shop, ada) == []


async def retry_again(world: World, of: Someone, case: DunningCaseId) -> object:
    """The same job once more, under another key."""
    house = world.house
    return await perform(house.db, retry_payment, house.actor, of.id, RetryPayment(case), fresh("retry"))


@pytest.mark.parametrize("point", ["perform.committed", "attempt.claimed", "attempt.answered", "relay.consumed"])
async def test_a_process_that_dies_between_two_methods_of_a_step_leaves_it_to_the_next_one(
    shop: World, point: str
) -> None:
    ada, case = await owing(shop, SOFT, GOOD)
    await by_house(shop, ada, retry_payment, RetryPayment(case.id), follow=False)
    async with killed_at(point, passes=1):
        with pytest.raises(Killed):
            await do_now(shop.house, ada.id)
    await do_now(ahead(shop.house, LEASE_OVER), ada.id)
    await do_now(ahead(shop.house, 3 * LEASE_OVER), ada.id)
    *declined, taken = await states(shop, ada)
    assert (declined, taken in ("captured", "succeeded")) == (["failed", "failed"], True)
    assert await wrong_rows(shop, ada) == []


async def test_news_of_a_decline_that_comes_twice_or_late_charges_one_backup(shop: World) -> None:
    ada, case = await owing(shop, "tok_insufficient_funds_times_1", "tok_bank_held")
    await shop.card(ada, "tok_bank_held")  # the default one now, whose outcome only a test tells
    (_, first) = await attempts_at(shop, ada, case.invoice)
    await tell(shop, ada, first.id, News.DECLINED)
    await until(shop, ada, case.opened_at + TWO)
    (*_, step) = await attempts_at(shop, ada, case.invoice)
    for _ in range(2):
        await tell(shop, ada, step.id, News.DECLINED)
    assert (await states(shop, ada))[2:] == ["failed", "captured"]


@pytest.mark.row("Y6")
async def test_a_customer_tries_five_times_by_itself_and_not_a_sixth_time(shop: World) -> None:
    ada, case = await owing(shop, SOFT)
    for _ in range(5):
        await shop.do(ada, pay_invoice, PayInvoice(case.invoice, None))
    with pytest.raises(Refused) as refused:
        await shop.do(ada, pay_invoice, PayInvoice(case.invoice, None))
    assert refused.value.code is RefusalCode.TRIES_USED_UP
    assert await states(shop, ada) == ["failed"] * 6
    await until(shop, ada, case.opened_at + TWO)
    assert len(await states(shop, ada)) == 7  # the house tries on its own days all the same
    await shop.card(ada, GOOD)  # and so is another card
    assert (await case_now(shop, ada)).state.name == "recovered"


async def test_another_default_method_is_charged_at_once_and_another_order_of_backups_is_not(shop: World) -> None:
    ada, case = await owing(shop, SOFT, "tok_do_not_honor", GOOD)
    bad, backup, good = [each.id for each in (await payment_methods(shop.house.db.primary, ada.id))[::-1]]
    await shop.do(ada, order_methods, OrderMethods((bad, good, backup)))
    assert await states(shop, ada) == ["failed"]
    await shop.do(ada, order_methods, OrderMethods((good, bad)))
    assert (await states(shop, ada), (await case_now(shop, ada)).state.name) == (["failed", "captured"], "recovered")
    assert isinstance((await attempts_at(shop, ada, case.invoice))[-1].id, PaymentId)


async def test_who_makes_the_same_cards_the_default_in_turn_uses_its_own_tries_up(shop: World) -> None:
    ada, _ = await owing(shop, SOFT, "tok_do_not_honor")
    one, two = [each.id for each in (await payment_methods(shop.house.db.primary, ada.id))[::-1]]
    for _ in range(5):
        await shop.do(ada, order_methods, OrderMethods((two,)))
        await shop.do(ada, order_methods, OrderMethods((one,)))
    assert len(await states(shop, ada)) == 1 + 1 + 5  # the first charge, the untried backup, and five tries
