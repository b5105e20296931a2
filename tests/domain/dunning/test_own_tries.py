"""Tries of the customer's own: bounded on a method that was tried, while the invoice is collected by itself, only."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from domain.dunning.panel import Act, offers
from domain.dunning.recovery_policy import RecoveryPolicy
from domain.dunning.standing import standing
from domain.ids import InvoiceId, PaymentMethodId
from domain.invoices.billing_terms import SetBillingTerms, set_billing_terms
from domain.payments.order_methods import RemoveMethod, remove_method
from domain.payments.pay_invoice import PayInvoice, pay_invoice
from domain.perform import perform
from domain.reactions.house import House
from domain.reactions.work import do_now
from domain.refusals import RefusalCode, Refused
from domain.subscriptions.cancel import CancelAt, CancelSubscription, cancel_subscription
from tests.dunning_kit import FAILED, case_now, owing
from tests.lives import attempts_at, buyer, by_finance, day, invoices_of, start, subscription_of, until
from tests.world import Someone, World, fresh, make_world

BAD, GOOD = "tok_insufficient_funds", "tok_visa"
RULES = RecoveryPolicy(own_tries=1)


@pytest.fixture(scope="module")
async def shop(house: House) -> AsyncIterator[World]:
    """A tenant whose customers try once by themselves."""
    world = await make_world(house, shard_keys=8)
    await world.recover_by(RULES)
    yield world


async def pay(world: World, of: Someone, invoice: InvoiceId, method: PaymentMethodId | None = None) -> str:
    """What comes of paying by itself: the state of the attempt, or the refusal."""
    try:
        await world.do(of, pay_invoice, PayInvoice(invoice, method))
    except Refused as refused:
        return refused.code
    return (await attempts_at(world, of, invoice))[-1].state.name


async def test_what_a_cancelled_subscription_owes_is_paid_by_hand_however_often_it_was_tried(shop: World) -> None:
    ada, case = await owing(shop, BAD)
    for expected in ("failed", RefusalCode.TRIES_USED_UP):
        assert await pay(shop, ada, case.invoice) == expected
    leave = CancelSubscription((await subscription_of(shop, ada)).id, CancelAt.NOW)
    await perform(shop.house.db, cancel_subscription, ada.actor, ada.id, leave, fresh("leave"))
    await do_now(shop.house, ada.id)
    assert (await case_now(shop, ada)).state.name == "stopped"
    for _ in range(2):
        assert await pay(shop, ada, case.invoice) == "failed"
    card = await shop.card(ada, GOOD)
    assert await pay(shop, ada, case.invoice, card) == "captured"


async def test_nobody_is_bound_who_has_to_pay_by_itself(shop: World) -> None:
    ada = await buyer(shop, BAD)
    await by_finance(shop, ada, set_billing_terms, SetBillingTerms(3, None))
    await start(shop, ada)
    await until(shop, ada, day(1, 5))
    (first,) = await invoices_of(shop, ada)
    assert (await case_now(shop, ada)).is_living
    for _ in range(3):
        assert await pay(shop, ada, first.id) == "failed"


async def test_a_tenant_that_lets_nobody_try_again_still_takes_money_from_a_method_that_nobody_tried(
    shop: World,
) -> None:
    await shop.recover_by(replace(RULES, own_tries=0))
    ada, case = await owing(shop, BAD, GOOD)
    await shop.recover_by(RULES)
    assert await pay(shop, ada, case.invoice) == RefusalCode.TRIES_USED_UP
    tenant, now = shop.tenant.tenant, shop.house.db.clock.now()
    of = await standing(shop.house.db.primary, tenant, ada.id, case.invoice, now)
    assert Act.PAY_NOW not in {offer.act for offer in offers(of, case.opened_at)}
    untried = replace(of, attempts=[])
    assert Act.PAY_NOW in {offer.act for offer in offers(untried, case.opened_at)}
    good = next(method for method in of.usable if method.id != of.owner.default_method)
    assert await pay(shop, ada, case.invoice, good.id) == "captured"


async def test_a_try_at_one_invoice_is_none_at_another(shop: World) -> None:
    ada = await shop.customer()
    first = await shop.card(ada)
    for code in ("starter", "team"):
        await start(shop, ada, code)
    await shop.card(ada, BAD)
    await shop.do(ada, remove_method, RemoveMethod(first))
    await until(shop, ada, day(2, 1) + FAILED)
    one, other = [each.id for each in await invoices_of(shop, ada) if each.state.name == "open"]
    for expected in ("failed", RefusalCode.TRIES_USED_UP):
        assert await pay(shop, ada, one) == expected
    for expected in ("failed", RefusalCode.TRIES_USED_UP):
        assert await pay(shop, ada, other) == expected
