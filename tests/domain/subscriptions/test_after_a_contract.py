"""What becomes of a subscription at a private price when its contract is over: told before, and never silently on."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from domain.catalog.plan import PriceModel
from domain.catalog.publish import PublishPrice
from domain.catalog.publish_version import PlanTerms
from domain.ids import PlanId, PriceId, SubscriptionId
from domain.invoices.contract import contracts
from domain.invoices.sign_contract import SignContract, sign_contract
from domain.ledger.balance import balance
from domain.money import Money
from domain.payments.cancel_contract import CancelContract, Owed, cancel_contract
from domain.payments.settle_payment import News
from domain.perform import perform
from domain.period import Unit
from domain.reactions.work import do_now
from domain.refusals import RefusalCode, Refused
from domain.subscriptions.next_invoice import NextInvoice, PreviewNextInvoice, preview_next_invoice
from domain.subscriptions.pause import (
    PauseSubscription,
    ResumeSubscription,
    pause_subscription,
    resume_subscription,
)
from domain.subscriptions.start import StartSubscription, start_subscription
from domain.subscriptions.subscription import Subscription
from domain.subscriptions.without_price import without_price
from domain.timeline.changes import What
from domain.timeline.simulate import Simulate, Simulated, simulate
from tests.catalog_kit import monthly, new_plan, new_price
from tests.domain.invoices.bills import eur
from tests.domain.timeline.test_changes import read
from tests.interruptions import LEASE_OVER, Killed, ahead, killed_at
from tests.lives import buy, buyer, by_finance, day, invoices_of, is_entitled, subscription_of, tell, until, wrong_rows
from tests.subscription_lives import plan_of, refusal, seats, switch
from tests.world import EUR, Someone, World, fresh

LISTED, NEGOTIATED = 1000, 700
END = day(3, 1)  # of the contract, and of a period


async def private(world: World, plan: PlanId, minor: int = NEGOTIATED, **changed: Any) -> PriceId:
    """A price that is sold by contract alone."""
    return await new_price(world, replace(monthly(plan, minor), private=True, **changed))


async def sign(
    world: World, of: Someone, price: PriceId, since: datetime | None = None, to: datetime = END
) -> None:  # fmt: skip
    """A contract without a commitment, from the new year on if not from later."""
    await by_finance(world, of, sign_contract, SignContract(price, eur(0), since or day(1, 1), to, 0, None))


async def negotiated(world: World, *, listed: bool = True) -> tuple[Someone, PlanId, PriceId | None]:
    """A customer at 7.00 a month by a contract until March, of a plan that is listed at 10.00 or not at all."""
    plan, _ = await new_plan(world)
    public = await new_price(world, monthly(plan, LISTED)) if listed else None
    price, ada = await private(world, plan), await buyer(world)
    await sign(world, ada, price)
    await buy(world, ada, price)
    return ada, plan, public


async def preview(world: World, of: Someone) -> NextInvoice:
    """What the next invoice will say."""
    id = (await subscription_of(world, of)).id
    operation, command = preview_next_invoice, PreviewNextInvoice(id)
    return (await perform(world.house.db, operation, of.actor, of.id, command, fresh("look"), preview=True)).outcome


async def foreseen(world: World, of: Someone) -> Simulated:
    """What comes if nothing else happens."""
    command = Simulate((await subscription_of(world, of)).id, 4)
    return (await perform(world.house.db, simulate, of.actor, of.id, command, fresh("look"), preview=True)).outcome


async def totals(world: World, of: Someone) -> list[int]:
    """What was billed, oldest first."""
    return [each.total.minor for each in await invoices_of(world, of)]


async def told(world: World, of: Someone) -> list[What]:
    """What the customer reads of contracts and prices, oldest first."""
    kinds = {What.CONTRACT_SIGNED, What.CONTRACT_ENDING, What.CONTRACT_ENDED, What.CONTRACT_CANCELED,
             What.PRICE_CHANGED, What.PAUSED}  # fmt: skip
    found = reversed(await read(world, of))
    return [each.what for each in found if each.what in kinds]


@pytest.mark.row("I13")
async def test_after_its_contract_a_subscription_renews_at_the_public_price_as_it_was_told(world: World) -> None:
    ada, _, public = await negotiated(world)
    assert (await preview(world, ada)).new_price is None
    simulated = await foreseen(world, ada)
    assert [each.total.minor for each in simulated.invoices] == [700, 1000, 1000, 1000]
    await until(world, ada, day(2, 10))
    assert await told(world, ada) == [What.CONTRACT_SIGNED, What.CONTRACT_ENDING]
    shown = await preview(world, ada)
    assert (shown.total, shown.new_price) == (eur(1000), public)
    await until(world, ada, day(5, 1, 3))
    assert await totals(world, ada) == [700, 700, 1000, 1000, 1000]
    assert (await subscription_of(world, ada)).price == public
    end = [What.CONTRACT_ENDED, What.PRICE_CHANGED]
    assert await told(world, ada) == [What.CONTRACT_SIGNED, What.CONTRACT_ENDING, *end]
    assert await wrong_rows(world, ada) == []


async def test_the_public_price_is_that_in_force_for_the_interval_when_the_term_begins(world: World) -> None:
    ada, plan, _ = await negotiated(world)
    await new_price(world, replace(monthly(plan, 5000), cadence_unit=Unit.YEAR))
    dearer = await new_price(world, monthly(plan, 1100, day(2, 15)))
    await new_price(world, monthly(plan, 1200, day(3, 2)))
    await until(world, ada, day(3, 1, 3))
    assert (await totals(world, ada), (await subscription_of(world, ada)).price) == ([700, 700, 1100], dearer)


async def test_a_period_that_began_in_the_contract_runs_to_its_end_at_its_price(world: World) -> None:
    plan, _ = await new_plan(world)
    await new_price(world, monthly(plan, LISTED))
    price, ada = await private(world, plan), await buyer(world)
    await sign(world, ada, price, to=day(2, 10))
    await buy(world, ada, price)
    await until(world, ada, day(2, 20))
    assert await totals(world, ada) == [700, 700]
    await until(world, ada, day(3, 1, 3))
    assert await totals(world, ada) == [700, 700, 1000]


@pytest.mark.row("I13")
async def test_a_renewed_contract_follows_without_a_gap_at_its_own_price(world: World) -> None:
    ada, plan, _ = await negotiated(world)
    (first,) = await contracts(world.house.db.primary, ada.id)
    cheaper = await private(world, plan, 600)
    command = SignContract(cheaper, eur(0), None, day(5, 1), 30, "PO 2", first.id)
    await by_finance(world, ada, sign_contract, command)
    second, _ = await contracts(world.house.db.primary, ada.id)
    assert (second.starts_at, second.renews) == (first.ends_at, first.id)
    assert [each.total.minor for each in (await foreseen(world, ada)).invoices] == [700, 600, 600, 1000]
    await until(world, ada, day(3, 1, 3))
    billed = await invoices_of(world, ada)
    assert [(each.total.minor, each.collection, each.purchase_order) for each in billed] == [
        (700, "charge", None), (700, "charge", None), (600, "invoice", "PO 2"),
    ]  # fmt: skip
    assert What.CONTRACT_ENDING not in await told(world, ada)  # it went on
    assert await wrong_rows(world, ada) == []


async def test_a_contract_holds_a_public_price_against_a_rise_for_its_term(world: World) -> None:
    plan, _ = await new_plan(world)
    price, ada = await new_price(world, monthly(plan, LISTED)), await buyer(world)
    await sign(world, ada, price)
    await buy(world, ada, price)
    await new_price(world, monthly(plan, 1500, day(1, 15)), existing=day(1, 20))
    await until(world, ada, day(3, 1, 3))
    assert await totals(world, ada) == [1000, 1000, 1500]


@pytest.mark.row("I13")
async def test_without_a_public_price_it_pauses_without_access_until_there_is_one(world: World) -> None:
    ada, plan, _ = await negotiated(world, listed=False)
    simulated = await foreseen(world, ada)
    assert ([each.total.minor for each in simulated.invoices], simulated.endings) == ([700], ())
    (waits,) = simulated.without_price
    assert waits.at >= END
    await until(world, ada, day(2, 10))
    with pytest.raises(Refused) as refused:
        await preview(world, ada)
    assert refused.value.code is RefusalCode.NO_PRICE
    await until(world, ada, day(3, 5))
    await paused_for_want_of_a_price(world, ada)
    assert await told(world, ada) == [What.CONTRACT_SIGNED, What.CONTRACT_ENDING, What.CONTRACT_ENDED, What.PAUSED]
    with pytest.raises(Refused) as refused:
        await world.do(ada, resume_subscription, ResumeSubscription((await subscription_of(world, ada)).id))
    assert refused.value.code is RefusalCode.NO_PRICE
    await new_price(world, monthly(plan, LISTED))
    await world.do(ada, resume_subscription, ResumeSubscription((await subscription_of(world, ada)).id))
    of = await subscription_of(world, ada)
    assert (of.state.name, of.is_without_price, of.period.start) == ("active", False, day(3, 5))
    assert (await totals(world, ada), await waiting(world, of.id)) == ([700, 700, 1000], False)
    assert await wrong_rows(world, ada) == []


@pytest.mark.row("I13")
async def test_who_would_come_back_after_its_contract_and_finds_no_price_waits_for_one_too(world: World) -> None:
    ada, plan, _ = await negotiated(world, listed=False)
    id = (await subscription_of(world, ada)).id
    await until(world, ada, day(2, 10))
    await world.do(ada, pause_subscription, PauseSubscription(id, day(3, 10)))
    (waits,) = (await foreseen(world, ada)).without_price
    assert waits.at == day(3, 10)
    await until(world, ada, day(3, 20))
    await paused_for_want_of_a_price(world, ada)
    await new_price(world, monthly(plan, LISTED))
    await world.do(ada, resume_subscription, ResumeSubscription(id))
    assert (await totals(world, ada), await is_entitled(world, ada)) == ([700, 700, 1000], True)
    assert await wrong_rows(world, ada) == []


async def test_a_new_contract_brings_a_subscription_back_that_was_without_a_price(world: World) -> None:
    ada, plan, _ = await negotiated(world, listed=False)
    await until(world, ada, day(3, 5))
    await sign(world, ada, await private(world, plan, 650), day(3, 5), day(9, 1))
    await world.do(ada, resume_subscription, ResumeSubscription((await subscription_of(world, ada)).id))
    assert await totals(world, ada) == [700, 700, 650]


async def test_a_change_that_is_paid_once_a_pause_without_a_price_is_over_becomes_credit(world: World) -> None:
    ada, plan, _ = await negotiated(world, listed=False)
    await seats(world, ada, 2)
    await until(world, ada, day(2, 20))
    await seats(world, ada, 1)  # from March on
    await world.card(ada, "tok_bank_held")
    waits = await seats(world, ada, 4)
    await until(world, ada, day(3, 5))
    assert (await subscription_of(world, ada)).is_without_price
    await world.card(ada)
    await sign(world, ada, await private(world, plan), day(3, 5), day(9, 1))
    await world.do(ada, resume_subscription, ResumeSubscription((await subscription_of(world, ada)).id))
    assert await tell(world, ada, waits.payment, News.CAPTURED) == "succeeded"
    of = await subscription_of(world, ada)
    assert (of.state.name, of.quantity, of.planned.is_nothing, of.pending) == ("active", 1, True, None)
    assert (await balance(world.house.db.primary, ada.id, EUR)).credit == waits.due
    assert await wrong_rows(world, ada) == []


async def test_the_plan_of_a_change_that_waits_stays_taken_when_a_pause_without_a_price_is_over(world: World) -> None:
    ada, plan, _ = await negotiated(world, listed=False)
    await until(world, ada, day(2, 20))
    dearer = await plan_of(world, 3000, PlanTerms())
    await world.card(ada, "tok_bank_held")
    await switch(world, ada, dearer)
    await until(world, ada, day(3, 5))
    assert (await subscription_of(world, ada)).is_without_price
    await world.card(ada)
    await sign(world, ada, await private(world, plan), day(3, 5), day(9, 1))
    await world.do(ada, resume_subscription, ResumeSubscription((await subscription_of(world, ada)).id))
    bought = StartSubscription(dearer, 1)
    assert await refusal(world, ada, start_subscription, bought) is RefusalCode.ALREADY_EXISTS


async def test_a_contract_that_was_cancelled_gives_its_price_until_then(world: World) -> None:
    ada, _, public = await negotiated(world)
    (contract,) = await contracts(world.house.db.primary, ada.id)
    await by_finance(world, ada, cancel_contract, CancelContract(contract.id, Owed.PRO_RATA, "They asked."))
    await until(world, ada, day(2, 1, 3))
    assert (await totals(world, ada), (await subscription_of(world, ada)).price) == ([700, 1000], public)
    assert await told(world, ada) == [What.CONTRACT_SIGNED, What.CONTRACT_CANCELED, What.PRICE_CHANGED]


async def test_seats_move_to_the_public_price_of_a_seat(world: World) -> None:
    plan, _ = await new_plan(world)
    seats: PublishPrice = replace(monthly(plan, 100), model=PriceModel.PER_SEAT)
    price, ada = await new_price(world, replace(seats, private=True)), await buyer(world)
    public = await new_price(world, replace(seats, unit_amount=Money(150, EUR)))
    await sign(world, ada, price, to=day(2, 1))
    await buy(world, ada, price, 3)
    await until(world, ada, day(2, 1, 3))
    of = await subscription_of(world, ada)
    assert (await totals(world, ada), of.price, of.quantity) == ([300, 450], public, 3)


@pytest.mark.parametrize("point", ["due.claimed", "perform.done", "perform.recorded", "perform.committed"])
async def test_a_process_that_dies_at_the_end_of_a_contract_leaves_one_pause(world: World, point: str) -> None:
    ada, _, _ = await negotiated(world, listed=False)
    await until(world, ada, day(2, 28))
    async with killed_at(point, passes=2):
        with pytest.raises(Killed):
            await until(world, ada, day(3, 2))
    await do_now(ahead(world.house, LEASE_OVER), ada.id)
    await do_now(ahead(world.house, LEASE_OVER * 2), ada.id)
    await until(world, ada, day(3, 3))
    await paused_for_want_of_a_price(world, ada)


async def paused_for_want_of_a_price(world: World, of: Someone) -> None:
    """It gives no access, nothing more was billed than two months, and staff sees it."""
    found: Subscription = await subscription_of(world, of)
    assert (found.state.name, found.is_without_price, await is_entitled(world, of)) == ("paused", True, False)
    assert await totals(world, of) == [700, 700]
    assert await waiting(world, found.id)
    assert await wrong_rows(world, of) == []


async def waiting(world: World, id: SubscriptionId) -> bool:
    """Whether it is among those that staff has to find a price for."""
    found = await without_price(world.house.db.primary, world.tenant.tenant, id.shard, 1000)
    return id in [each for _, each in found]
