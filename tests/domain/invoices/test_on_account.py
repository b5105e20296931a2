"""On account: an invoice is due after its net days, nothing is charged, and dunning starts when it is overdue."""

from datetime import timedelta
from typing import Any

import pytest

from domain.actor import Grant
from domain.customers.advance_clock import SetClock, set_clock
from domain.dunning.case import cases
from domain.dunning.overdue import InvoiceOverdue, invoice_overdue
from domain.invoices.billing_terms import MAX_NET_DAYS, SetBillingTerms, set_billing_terms
from domain.invoices.contract import contracts
from domain.invoices.line import lines_of
from domain.invoices.sign_contract import SignContract, sign_contract
from domain.payments.pay_invoice import PayInvoice, pay_invoice
from domain.perform import perform
from domain.reactions.work import do_now
from domain.refusals import RefusalCode, Refused
from domain.sagas.saga import living_sagas
from domain.subscriptions.expire import ExpireSubscription, expire_subscription
from domain.subscriptions.start import StartSubscription, start_subscription
from tests.domain.invoices.bills import SETUP, draft, eur, issue, now
from tests.lives import (
    attempts_at,
    buy,
    buyer,
    by_finance,
    by_house,
    day,
    invoices_of,
    start,
    subscription_of,
    until,
    wrong_rows,
)
from tests.subscription_lives import plan_of, trial
from tests.world import Someone, World, fresh

NET, LONG = 30, 100  # days; the second is longer than the subscriptions here are looked at


async def on_account(world: World, days: int = NET) -> Someone:
    """A customer that has so many days to pay, with a card that is not charged."""
    ada = await buyer(world)
    await by_finance(world, ada, set_billing_terms, SetBillingTerms(days, "PO 7"))
    return ada


@pytest.mark.row("E13")
async def test_an_invoice_on_account_is_due_after_its_days_and_not_charged(world: World) -> None:
    ada = await on_account(world)
    id = await draft(world, ada, SETUP)
    issued = await issue(world, ada, id)
    billed = await now(world, ada, id)
    assert (issued.payment, billed.collection, billed.purchase_order) == (None, "invoice", "PO 7")
    assert billed.due_at - billed.issued_at == timedelta(days=NET)
    assert await attempts_at(world, ada, id) == []


async def test_a_subscription_on_account_runs_at_once_and_is_renewed_without_a_charge(world: World) -> None:
    ada = await on_account(world, LONG)
    await start(world, ada)
    assert (await subscription_of(world, ada)).state.name == "active"
    await until(world, ada, day(2, 1, 3))
    first, second = await invoices_of(world, ada)
    assert [await attempts_at(world, ada, each.id) for each in (first, second)] == [[], []]
    assert await wrong_rows(world, ada) == []


@pytest.mark.row("E10")
async def test_an_overdue_invoice_begins_its_dunning_on_its_day_and_is_never_charged(world: World) -> None:
    ada = await on_account(world)
    await start(world, ada)
    (first,) = await invoices_of(world, ada)
    await until(world, ada, day(1, 30, 23))
    assert await cases(world.house.db.primary, ada.id) == []
    await until(world, ada, day(2, 5))
    (case,) = await cases(world.house.db.primary, ada.id)
    assert (case.invoice, case.state.name) == (first.id, "retrying")
    assert (await subscription_of(world, ada)).state.name == "past_due"
    assert await attempts_at(world, ada, first.id) == []
    await world.do(ada, pay_invoice, PayInvoice(first.id, None))
    assert (await subscription_of(world, ada)).state.name == "active"
    assert await wrong_rows(world, ada) == []


async def test_a_payment_that_is_declined_before_the_day_is_no_reason_to_dun(world: World) -> None:
    ada = await on_account(world)
    await world.card(ada, "tok_insufficient_funds")
    await start(world, ada)
    (first,) = await invoices_of(world, ada)
    await until(world, ada, day(1, 3))
    await world.do(ada, pay_invoice, PayInvoice(first.id, None))
    assert [each.state.name for each in await attempts_at(world, ada, first.id)] == ["failed"]
    await until(world, ada, day(1, 30, 23))
    assert (await subscription_of(world, ada)).state.name == "active"
    assert await cases(world.house.db.primary, ada.id) == []
    await until(world, ada, day(1, 31))
    (case,) = await cases(world.house.db.primary, ada.id)
    assert (case.opened_at, (await subscription_of(world, ada)).state.name) == (day(1, 31), "past_due")
    assert await wrong_rows(world, ada) == []


async def test_what_follows_a_trial_on_account_is_dunned_from_its_day_on(world: World) -> None:
    ada = await on_account(world)
    await buy(world, ada, await plan_of(world, 1000, trial(14)))
    await until(world, ada, day(2, 14))
    assert (await subscription_of(world, ada)).state.name == "active"
    assert await cases(world.house.db.primary, ada.id) == []
    assert await living_sagas(world.house.db.primary, ada.id) == []
    await until(world, ada, day(2, 15))
    (case,), (first,) = await cases(world.house.db.primary, ada.id), await invoices_of(world, ada)
    assert (case.invoice, case.opened_at) == (first.id, first.due_at)
    assert await wrong_rows(world, ada) == []


async def test_a_first_invoice_that_is_overdue_before_its_event_is_heard_of_suspends_and_ends_all_the_same(
    world: World,
) -> None:
    ada = await buyer(world, clock_at=day(1, 1))
    await by_finance(world, ada, set_billing_terms, SetBillingTerms(NET, None))
    house, command = world.house, StartSubscription(world.prices["starter"], 1)
    begun = await perform(house.db, start_subscription, ada.actor, ada.id, command, fresh("start"))
    assert begun.outcome.invoice
    late = InvoiceOverdue(begun.outcome.invoice)
    await by_house(world, ada, set_clock, SetClock(day(2, 2)), follow=False)
    await perform(house.db, invoice_overdue, house.actor, ada.id, late, fresh("overdue"))
    assert (await subscription_of(world, ada)).state.name == "past_due"
    await do_now(house, ada.id)  # its event among the rest
    assert (await subscription_of(world, ada)).state.name == "past_due"
    await until(world, ada, day(3, 20))
    assert (await subscription_of(world, ada)).state.name == "canceled"
    assert [each.state.name for each in await cases(house.db.primary, ada.id)] == ["given_up"]
    assert await wrong_rows(world, ada) == []


async def test_a_subscription_whose_event_is_late_does_not_expire_on_account(world: World) -> None:
    ada = await buyer(world, clock_at=day(1, 1))
    await by_finance(world, ada, set_billing_terms, SetBillingTerms(NET, None))
    house, command = world.house, StartSubscription(world.prices["starter"], 1)
    begun = await perform(house.db, start_subscription, ada.actor, ada.id, command, fresh("start"))
    await by_house(world, ada, set_clock, SetClock(day(1, 3)), follow=False)
    expiry = ExpireSubscription(begun.outcome.subscription)
    await perform(house.db, expire_subscription, house.actor, ada.id, expiry, fresh("expire"))
    assert (await subscription_of(world, ada)).state.name == "incomplete"
    await do_now(house, ada.id)  # its event among the rest
    assert (await subscription_of(world, ada)).state.name == "active"
    assert [each.state.name for each in await invoices_of(world, ada)] == ["open"]
    assert await wrong_rows(world, ada) == []


async def test_an_overdue_invoice_of_staff_is_given_up_in_the_end(world: World) -> None:
    ada = await on_account(world)
    id = await draft(world, ada, SETUP)
    await issue(world, ada, id)
    await until(world, ada, day(4, 1))
    assert (await now(world, ada, id)).state.name == "uncollectible"
    assert [each.state.name for each in await cases(world.house.db.primary, ada.id)] == ["given_up"]
    assert await wrong_rows(world, ada) == []


@pytest.mark.parametrize("command", [SetBillingTerms(-1, None), SetBillingTerms(MAX_NET_DAYS + 1, None),
                                     SetBillingTerms(30, ""), SetBillingTerms(30, "x" * 101)])  # fmt: skip
async def test_terms_that_cannot_be_meant_are_refused(world: World, command: SetBillingTerms) -> None:
    ada = await buyer(world)
    with pytest.raises(Refused) as refusal:
        await by_finance(world, ada, set_billing_terms, command)
    assert refusal.value.code is RefusalCode.INVALID_INPUT


@pytest.mark.row("I13")
async def test_what_was_committed_to_and_not_billed_is_billed_when_the_term_ends(world: World) -> None:
    ada = await buyer(world)
    command = SignContract(world.prices["starter"], eur(5000), day(1, 1), day(4, 1), LONG, "PO 12")
    await by_finance(world, ada, sign_contract, command)
    await start(world, ada)  # January, February and March at 10.00
    await until(world, ada, day(4, 1, 3))
    (contract,) = await contracts(world.house.db.primary, ada.id)
    assert contract.state.name == "ended" and contract.true_up is not None
    billed = await now(world, ada, contract.true_up)
    (line,) = (await lines_of(world.house.db.primary, ada.id, [billed.id]))[billed.id]
    assert (billed.total, line.amount, billed.purchase_order) == (eur(2000), eur(2000), "PO 12")
    assert (line.starts_at, line.ends_at) == (day(1, 1), day(4, 1))
    assert await wrong_rows(world, ada) == []


async def test_a_commitment_that_was_used_up_has_no_true_up(world: World) -> None:
    ada = await buyer(world)
    command = SignContract(world.prices["starter"], eur(3000), day(1, 1), day(4, 1), 0, None)
    await by_finance(world, ada, sign_contract, command)
    await start(world, ada)
    await until(world, ada, day(4, 1, 3))
    (contract,) = await contracts(world.house.db.primary, ada.id)
    assert (contract.state.name, contract.true_up) == ("ended", None)


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"commitment": eur(-1)}, RefusalCode.INVALID_AMOUNT),
        ({"ends_at": day(1, 1)}, RefusalCode.INVALID_INPUT),
        ({"net_days": 200}, RefusalCode.INVALID_INPUT),
        ({"price": "usd"}, RefusalCode.CURRENCY_MISMATCH),
        ({"again": True}, RefusalCode.ALREADY_EXISTS),
    ],
)
async def test_a_contract_that_cannot_be_meant_is_refused(
    world: World, changed: dict[str, Any], code: RefusalCode
) -> None:
    ada = await buyer(world)
    price = world.prices[str(changed.get("price", "starter"))]
    command = SignContract(
        price, changed.get("commitment", eur(100)), day(1, 1), changed.get("ends_at", day(4, 1)),
        changed.get("net_days", 0), None,
    )  # fmt: skip
    if "again" in changed:
        await by_finance(world, ada, sign_contract, command)
    with pytest.raises(Refused) as refusal:
        await by_finance(world, ada, sign_contract, command)
    assert refusal.value.code is code


async def test_support_signs_no_contract(world: World) -> None:
    ada = await buyer(world)
    command = SignContract(world.prices["starter"], eur(1), day(1, 1), day(4, 1), 0, None)
    with pytest.raises(Refused) as refusal:
        await perform(world.house.db, sign_contract, world.staff(Grant.SUPPORT), ada.id, command, fresh("sign"))
    assert refusal.value.code is RefusalCode.FORBIDDEN
