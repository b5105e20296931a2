"""A dispute of what paid an older invoice, of which a change had taken a part over: nobody has the same money twice."""

import asyncio
from dataclasses import replace

import pytest

from domain.money import Money
from domain.payments.dispute_calls import DisputeStatus
from domain.payments.excess import excess_of_invoices
from domain.payments.payment import payments_of
from domain.payments.settle_dispute import SettleDispute, settle_dispute
from domain.perform import perform
from domain.reactions.house import House
from domain.reactions.work import do_now
from domain.subscriptions.cancel import CancelAt, CancelSubscription, cancel_subscription
from domain.subscriptions.policy import SubscriptionPolicy, Unused
from tests.domain.invoices.bills import credit, note
from tests.interruptions import Killed, killed_at
from tests.lives import buyer, by_house, day, invoices_of, start, subscription_of, until, wrong_rows
from tests.statements import statements_seen
from tests.subscription_lives import cancel, rules, seats
from tests.world import EUR, Someone, World, fresh, make_world


@pytest.fixture(scope="module", params=[Unused.CREDIT, Unused.REFUND])
async def shop(house: House, request: pytest.FixtureRequest) -> World:
    """A tenant that gives what is unused back, as credit or to where it came from."""
    own = await make_world(house)
    await rules(own, SubscriptionPolicy(cancel_now=request.param))
    return own


async def grown(shop: World, token: str = "tok_visa") -> Someone:
    """Who paid 20.00 for two seats and in the middle of the month, when 10.00 of that were left, 10.00 for two more."""
    ada = await buyer(shop, token)
    await start(shop, ada, quantity=2)
    await shop.card(ada)
    await until(shop, ada, day(1, 16, 12))
    await seats(shop, ada, 4)
    assert [each.total.minor for each in await invoices_of(shop, ada)] == [2000, 1000]
    return ada


async def told(shop: World, of: Someone, minor: int, of_invoice: int = 0) -> SettleDispute:
    """The word of a bank that takes so much back of what paid the first or the second invoice."""
    billed = (await invoices_of(shop, of))[of_invoice]
    (paid,) = await payments_of(shop.house.db.primary, of.id, billed.id)
    amount = Money(minor, EUR)
    return SettleDispute(paid.id, fresh("dispute"), DisputeStatus.OPEN, amount, Money(0, EUR), "fraudulent", None)


async def heard(shop: World, of: Someone, of_invoice: int, minor: int, then: DisputeStatus | None = None) -> None:
    """What the bank takes back, and how that ends, if it does."""
    opened = await told(shop, of, minor, of_invoice)
    await by_house(shop, of, settle_dispute, opened)
    if then is not None:
        await by_house(shop, of, settle_dispute, replace(opened, status=then))


async def has(shop: World, of: Someone) -> tuple[int, int]:
    """What the customer has in credit, and what was refunded."""
    assert await wrong_rows(shop, of) == []
    refunded = 0
    for each in await invoices_of(shop, of):
        refunded += sum(
            paid.refunds_reserved.minor for paid in await payments_of(shop.house.db.primary, of.id, each.id)
        )
    return await credit(shop, of), refunded


@pytest.mark.row("C4")
@pytest.mark.parametrize(("disputed", "stays"), [(2000, 1000), (1500, 1500), (1000, 2000), (500, 2000)])
async def test_who_left_keeps_what_the_bank_did_not_take_of_what_paid_for_the_rest(
    shop: World, disputed: int, stays: int
) -> None:
    ada = await grown(shop)
    await heard(shop, ada, 0, disputed)
    await cancel(shop, ada, CancelAt.NOW)
    assert sum(await has(shop, ada)) == stays
    refunded = (await has(shop, ada))[1]
    await heard(shop, ada, 0, 2000 - disputed or 1)  # more than is left of the payment is a loss
    assert sum(await has(shop, ada)) == max(1000, refunded)


@pytest.mark.row("C4")
async def test_credit_that_was_withheld_for_a_dispute_that_is_won_is_there_again(shop: World) -> None:
    ada = await grown(shop)
    await cancel(shop, ada, CancelAt.NOW)
    in_credit, refunded = await has(shop, ada)
    await heard(shop, ada, 0, 1500, DisputeStatus.LOST)
    kept = await has(shop, ada)
    assert kept == (in_credit and 1500, refunded)
    await heard(shop, ada, 0, 500, DisputeStatus.WON)
    assert await has(shop, ada) == kept
    await heard(shop, ada, 0, 500, DisputeStatus.LOST)
    assert await has(shop, ada) == (in_credit and 1000, refunded)


@pytest.mark.row("C4")
async def test_disputes_of_both_payments_leave_nothing(shop: World) -> None:
    ada = await grown(shop)
    await heard(shop, ada, 1, 1000)
    await heard(shop, ada, 0, 2000)
    await cancel(shop, ada, CancelAt.NOW)
    assert await has(shop, ada) == (0, 0)


@pytest.mark.row("C4")
async def test_what_older_money_of_its_own_stands_for_is_not_withheld_twice(shop: World) -> None:
    ada = await grown(shop)
    first, second = await invoices_of(shop, ada)
    await note(shop, ada, first.id, 600, credit=600)
    await note(shop, ada, second.id, 1500, credit=1500)
    await heard(shop, ada, 0, 1500)  # of 30.00 that came 15.00 stay, and 21.00 are credit
    assert await has(shop, ada) == (1500, 0)
    await heard(shop, ada, 0, 500)
    assert await has(shop, ada) == (1000, 0)


@pytest.mark.row("C4")
async def test_what_an_older_card_refused_to_take_back_is_no_credit_once_its_bank_has_it(shop: World) -> None:
    ada = await grown(shop, "tok_refund_refused")
    await cancel(shop, ada, CancelAt.NOW)
    in_credit, refunded = await has(shop, ada)
    assert in_credit + refunded == 2000
    await heard(shop, ada, 0, 2000)
    assert sum(await has(shop, ada)) == 1000


@pytest.mark.row("C4")
async def test_a_dispute_that_is_won_sets_free_what_was_withheld_for_another_one(shop: World) -> None:
    ada = await buyer(shop)
    await start(shop, ada, quantity=2)
    (first,) = await invoices_of(shop, ada)
    await note(shop, ada, first.id, 1000, credit=1000)
    await heard(shop, ada, 0, 1500)
    assert await has(shop, ada) == (500, 0)
    await heard(shop, ada, 0, 500, DisputeStatus.WON)
    assert await has(shop, ada) == (500, 0)


@pytest.mark.row("C4")
async def test_what_went_back_of_what_was_taken_over_is_withheld_no_more(shop: World) -> None:
    ada = await buyer(shop)
    team = await start(shop, ada, "team")
    await start(shop, ada, quantity=2)
    await note(shop, ada, team.invoice, 1000, credit=1000)
    await until(shop, ada, day(1, 16, 12))
    await seats(shop, ada, 4)
    *_, second = await invoices_of(shop, ada)
    assert (second.total, second.credited) == (Money(1000, EUR), Money(1000, EUR))
    await note(shop, ada, second.id, 1000, refund=1000)  # to the card that had paid the seats before
    await note(shop, ada, second.id, 500, credit=500)  # of the credit that paid for the new ones
    await heard(shop, ada, 1, 1000)
    assert await has(shop, ada) == (500, 1000)


@pytest.mark.row("C4")
async def test_what_stands_for_money_that_stayed_is_not_withheld_with_other_credit(shop: World) -> None:
    ada = await buyer(shop)
    seats_of = (await start(shop, ada, quantity=2)).subscription
    await note(shop, ada, (await start(shop, ada, "team")).invoice, 1000, credit=1000)
    await heard(shop, ada, 0, 1000, DisputeStatus.LOST)
    await until(shop, ada, day(1, 16, 12))
    await shop.do(ada, cancel_subscription, CancelSubscription(seats_of, CancelAt.NOW))
    assert sum(await has(shop, ada)) == 2000


@pytest.mark.row("C4")
async def test_who_leaves_while_a_bank_takes_money_back_has_nothing_twice(shop: World) -> None:
    for _ in range(3):
        ada = await grown(shop)
        command, db = await told(shop, ada, 2000), shop.house.db
        leave = CancelSubscription((await subscription_of(shop, ada)).id, CancelAt.NOW)
        await asyncio.gather(
            perform(db, settle_dispute, shop.house.actor, ada.id, command, fresh("told")),
            perform(db, settle_dispute, shop.house.actor, ada.id, command, fresh("told")),
            perform(db, cancel_subscription, ada.actor, ada.id, leave, fresh("leave")),
        )
        await do_now(shop.house, ada.id)
        in_credit, refunded = await has(shop, ada)
        by_bank = 2000 - max(0, refunded - 1000)  # what went back to the older card before is not the bank's to take
        assert (in_credit + refunded + by_bank, in_credit * refunded) == (3000, 0)


@pytest.mark.row("C4")
@pytest.mark.parametrize("point", ["perform.key_stored", "perform.done", "perform.recorded", "perform.committed"])
async def test_a_process_that_dies_at_the_word_of_a_bank_withholds_once(shop: World, point: str) -> None:
    ada = await grown(shop)
    await cancel(shop, ada, CancelAt.NOW)
    in_credit, refunded = await has(shop, ada)
    command, key, db = await told(shop, ada, 2000), fresh("told"), shop.house.db
    async with killed_at(point):
        with pytest.raises(Killed):
            await perform(db, settle_dispute, shop.house.actor, ada.id, command, key)
    for _ in range(2):
        await perform(db, settle_dispute, shop.house.actor, ada.id, command, key)
        await do_now(shop.house, ada.id)
    assert await has(shop, ada) == (in_credit and 1000, refunded)


@pytest.mark.row("C4")
@pytest.mark.parametrize("ends", [DisputeStatus.WON, DisputeStatus.LOST])
async def test_news_of_a_dispute_in_any_order_withhold_the_same(shop: World, ends: DisputeStatus) -> None:
    found = set[tuple[int, int]]()
    for order in ((0, 1), (1, 0), (1, 0, 1)):
        ada = await grown(shop)
        await cancel(shop, ada, CancelAt.NOW)
        opened = await told(shop, ada, 2000)
        news = (opened, replace(opened, status=ends))
        for each in order:
            await by_house(shop, ada, settle_dispute, news[each])
        found.add(await has(shop, ada))
    assert len(found) == 1


@pytest.mark.row("C4")
async def test_more_invoices_are_asked_about_by_no_more_statements(shop: World) -> None:
    ada, db = await grown(shop), shop.house.db.primary
    await heard(shop, ada, 0, 2000)
    counts = []
    for day_of, quantity in ((17, 5), (18, 6), (19, 7)):
        ids = [each.id for each in await invoices_of(shop, ada)]
        await note(shop, ada, ids[-1], 100, credit=100)
        with statements_seen() as seen:
            await excess_of_invoices(db, ada.id, ids)
        counts.append(len(seen))
        await until(shop, ada, day(1, day_of, 12))
        await seats(shop, ada, quantity)
    assert len(set(counts)) == 1, counts


@pytest.mark.row("C4")
async def test_a_dispute_that_was_won_is_not_asked_about_any_more(shop: World) -> None:
    ada, db = await grown(shop), shop.house.db.primary
    newest = (await invoices_of(shop, ada))[-1]
    await note(shop, ada, newest.id, 100, credit=100)
    with statements_seen() as before:
        await excess_of_invoices(db, ada.id, [newest.id])
    await heard(shop, ada, 0, 2000, DisputeStatus.WON)
    with statements_seen() as since:
        await excess_of_invoices(db, ada.id, [newest.id])
    assert len(since) == len(before)
