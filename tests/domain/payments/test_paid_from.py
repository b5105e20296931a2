"""What is given back of an invoice goes to what paid it, also where a change had taken it off an older one."""

import asyncio
from collections.abc import Sequence

import pytest

from domain.actor import Grant
from domain.invoices.takeover import takeovers
from domain.ledger.account import Account
from domain.payments.dispute_calls import DisputeStatus
from domain.payments.exception_case import Resolution
from domain.payments.payment import payments_of
from domain.payments.refund import Means, refunds_of
from domain.payments.refund_policy import RefundPolicy, SetRefundPolicy, set_refund_policy
from domain.payments.settle_dispute import SettleDispute, settle_dispute
from domain.payments.settle_refund import RefundNews, SettleRefund, settle_refund
from domain.payments.share import shares_of
from domain.perform import perform
from domain.reactions.house import House
from domain.reactions.work import do_now
from domain.refusals import RefusalCode, Refused
from domain.subscriptions.cancel import CancelAt, CancelSubscription, cancel_subscription
from domain.subscriptions.policy import SubscriptionPolicy
from domain.subscriptions.policy import Unused as UnusedPolicy
from domain.timeline.news import news
from tests.domain.invoices.bills import credit, eur, note, on
from tests.domain.payments.conftest import SideDoor
from tests.exception_kit import claim, decided, resolve, waiting
from tests.interruptions import LEASE_OVER, Killed, ahead, killed_at
from tests.lives import by_house, day, give_back, invoices_of, start, subscription_of, until, wrong_rows
from tests.subscription_lives import cancel, rules, seats
from tests.takeover_kit import grown, payments
from tests.tax_kit import publish_rate, register, vat
from tests.webhook_desk import Desk
from tests.world import Someone, World, fresh, make_world


@pytest.fixture(scope="module")
async def shop(house: House) -> World:
    """A tenant that charges 19 % and gives unused time back to where it was paid from."""
    own = await make_world(house)
    await publish_rate(own, vat("DE", 190_000))
    await register(own, "DE")
    await rules(own, SubscriptionPolicy(cancel_now=UnusedPolicy.REFUND))
    return own


async def given_back(shop: World, of: Someone) -> list[int]:
    """How much of the payment of each invoice was given back, oldest first."""
    assert await wrong_rows(shop, of) == []
    return [each.refunds_reserved.minor for each in await payments(shop, of)]


async def all_unused_is_back(shop: World, provider: SideDoor, of: Someone, before: int) -> None:
    """The unused days of the last change are on the cards, each day once, and nothing of them is credit."""
    parts = await given_back(shop, of)
    assert (await provider.taken(of), await credit(shop, of)) == (before - sum(parts), 0)
    assert all(parts), parts


@pytest.mark.row("D13")
@pytest.mark.parametrize("quantities", [(3,), (3, 5), (3, 4, 8)], ids=len)
async def test_who_leaves_after_changes_has_all_of_the_unused_time_on_the_card(
    shop: World, provider: SideDoor, quantities: Sequence[int]
) -> None:
    ada = await grown(shop, *quantities)
    before = await provider.taken(ada)
    left = await cancel(shop, ada, CancelAt.NOW)
    assert left.given_back is not None
    assert sum(await given_back(shop, ada)) == left.given_back.minor
    first, *_, last = [each.id for each in await invoices_of(shop, ada)]
    told = await news(shop.house.db.primary, ada.id, 0, 1000)
    both = [each for each in told if {first, last} <= set(each.invoices)]
    assert len(both) >= 2, "that it is to be given back is news of both, and that it went"
    await all_unused_is_back(shop, provider, ada, before)


@pytest.mark.row("D13")
async def test_what_went_back_over_several_changes_is_left_of_none_of_them(shop: World) -> None:
    ada, db = await grown(shop, 3, 5), shop.house.db.primary
    worth = {(each.newer, each.older): each.worth.minor for each in await takeovers(db, ada.id)}
    first, second, third = await invoices_of(shop, ada)
    most = second.total.minor + third.total.minor + 100
    await note(shop, ada, third.id, most, refund=most)
    assert await given_back(shop, ada) == [100, second.total.minor, third.total.minor]
    shares = await shares_of(db, ada.id, await takeovers(db, ada.id))
    left = {(newer, each.older): each.left.minor for newer, some in shares.items() for each in some}
    assert left == {
        (second.id, first.id): worth[second.id, first.id] - 100,
        (third.id, second.id): worth[third.id, second.id] - 100 - second.total.minor,
    }


@pytest.mark.row("D13")
async def test_parts_that_are_given_back_one_after_the_other_never_exceed_what_was_taken_over(
    shop: World, provider: SideDoor
) -> None:
    ada = await grown(shop, 3)
    first, second = await invoices_of(shop, ada)
    own = second.total.minor
    await note(shop, ada, second.id, own, refund=own)
    assert await given_back(shop, ada) == [0, own]
    more = 100
    await note(shop, ada, second.id, more, refund=more)
    assert await given_back(shop, ada) == [more, own]
    assert await provider.taken(ada) == first.total.minor - more


@pytest.mark.row("D13")
async def test_what_credit_had_paid_of_a_change_becomes_credit_again_and_no_more_of_the_older_payment_goes(
    shop: World,
) -> None:
    ada = await grown(shop)
    (first,) = await invoices_of(shop, ada)
    await note(shop, ada, first.id, 1500, credit=1500)
    await until(shop, ada, day(1, 16, 12))
    await seats(shop, ada, 3)
    first, second = await invoices_of(shop, ada)
    assert (second.total, await credit(shop, ada)) == (second.credited, 1500 - second.total.minor)
    kept = await credit(shop, ada)
    left = await cancel(shop, ada, CancelAt.NOW)
    assert left.given_back is not None
    (paid,) = await payments_of(shop.house.db.primary, ada.id, first.id)
    taken_over = left.given_back.minor - second.total.minor
    assert paid.refunds_reserved.minor == taken_over
    assert await credit(shop, ada) == kept + second.total.minor
    assert await wrong_rows(shop, ada) == []


@pytest.mark.row("D13")
@pytest.mark.row("J4")
@pytest.mark.parametrize("resolution", [Resolution.RETRY_REFUND, Resolution.PAID_OUT_OF_BAND])
async def test_what_an_older_card_refuses_waits_and_is_given_back_once(
    shop: World, provider: SideDoor, resolution: Resolution
) -> None:
    ada = await grown(shop, 3, token="tok_refund_refused")
    before = await provider.taken(ada)
    left = await cancel(shop, ada, CancelAt.NOW)
    assert left.given_back is not None
    older, newer = await payments(shop, ada)
    waits = left.given_back.minor - newer.captured.minor
    assert (await given_back(shop, ada), await credit(shop, ada)) == ([0, newer.captured.minor], waits)
    (case,) = await waiting(shop, ada)
    assert (case.amount.minor, case.money) == (waits, older.id)
    _, answered = await decided(shop, ada, resolution, "SEPA 7" if resolution is Resolution.PAID_OUT_OF_BAND else None)
    assert answered == "done"
    *_, last = await refunds_of(shop.house.db.primary, ada.id, older.id)
    if resolution is Resolution.PAID_OUT_OF_BAND:
        assert (last.means, last.state.name, await credit(shop, ada)) == (Means.OUTSIDE, "succeeded", 0)
        assert await on(shop.house.db.primary, ada.id, Account.CASH_OUTSIDE) == -waits
        assert await waiting(shop, ada) == []
    else:  # refused again, so it waits again
        assert last.of_invoice == newer.invoice
        assert (last.state.name, await credit(shop, ada)) == ("failed", waits)
        assert [each.refund for each in await waiting(shop, ada)] == [last.id]
    assert await provider.taken(ada) == before - newer.captured.minor
    assert await wrong_rows(shop, ada) == []


@pytest.mark.row("J4")
async def test_credit_of_an_older_payment_that_was_used_up_is_given_back_no_more(shop: World) -> None:
    ada = await grown(shop, 3, token="tok_refund_refused")
    await cancel(shop, ada, CancelAt.NOW)
    await start(shop, ada, "team")  # 23.80, which uses some of the credit up
    _, answered = await decided(shop, ada, Resolution.RETRY_REFUND)
    assert answered == "INSUFFICIENT_BALANCE"


@pytest.mark.row("J1")
async def test_what_is_left_of_the_older_invoice_can_be_given_back_beside_that(shop: World, provider: SideDoor) -> None:
    ada = await grown(shop, 3)
    await cancel(shop, ada, CancelAt.NOW)
    older, _ = await payments(shop, ada)
    before, rest = await provider.taken(ada), older.captured - older.refunds_reserved
    await give_back(shop, ada, older.id, rest)
    assert await provider.taken(ada) == before - rest.minor
    assert (await given_back(shop, ada))[0] == older.captured.minor


@pytest.mark.row("J3")
async def test_a_credit_note_is_no_way_round_another_person_for_an_older_payment_either(house: House) -> None:
    own = await make_world(house)
    policy = SetRefundPolicy(RefundPolicy(old_after_days=10))
    await perform(house.db, set_refund_policy, own.staff(Grant.ADMIN), own.tenant.live_house, policy, fresh("policy"))
    ada = await grown(own, 3)
    _, second = await invoices_of(own, ada)
    await note(own, ada, second.id, second.total.minor, refund=second.total.minor, role=Grant.LEAD)
    with pytest.raises(Refused) as refused:
        await note(own, ada, second.id, 100, refund=100, role=Grant.LEAD)
    assert (refused.value.code, refused.value.path) == (RefusalCode.FORBIDDEN, ("refund",))


@pytest.mark.parametrize("point", ["perform.key_stored", "perform.done", "perform.recorded", "perform.committed"])
async def test_a_process_that_dies_while_somebody_leaves_gives_each_payment_back_once(
    shop: World, provider: SideDoor, point: str
) -> None:
    ada, key = await grown(shop, 3), fresh("leave")
    before, db = await provider.taken(ada), shop.house.db
    command = CancelSubscription((await subscription_of(shop, ada)).id, CancelAt.NOW)
    async with killed_at(point):
        with pytest.raises(Killed):
            await perform(db, cancel_subscription, ada.actor, ada.id, command, key)
    for _ in range(2):
        await perform(db, cancel_subscription, ada.actor, ada.id, command, key)
        await do_now(ahead(shop.house, LEASE_OVER), ada.id)
    await all_unused_is_back(shop, provider, ada, before)


async def test_who_leaves_twice_at_once_gets_it_back_once(shop: World, provider: SideDoor) -> None:
    ada = await grown(shop, 3)
    before, db = await provider.taken(ada), shop.house.db
    command = CancelSubscription((await subscription_of(shop, ada)).id, CancelAt.NOW)
    tries = [perform(db, cancel_subscription, ada.actor, ada.id, command, fresh("leave")) for _ in range(3)]
    await asyncio.gather(*tries, return_exceptions=True)
    await do_now(ahead(shop.house, LEASE_OVER), ada.id)
    await all_unused_is_back(shop, provider, ada, before)


@pytest.mark.row("D13")
async def test_parts_of_what_credit_had_paid_are_not_given_back_from_the_older_payment(shop: World) -> None:
    ada = await grown(shop)
    await note(shop, ada, (await invoices_of(shop, ada))[0].id, 1500, credit=1500)
    await until(shop, ada, day(1, 16, 12))
    await seats(shop, ada, 3)
    first, second = await invoices_of(shop, ada)
    assert second.credited == second.total
    taken_over = 440  # half of the 8.80 that the note had left
    await note(shop, ada, second.id, taken_over, refund=taken_over)
    with pytest.raises(Refused) as refused:
        await note(shop, ada, second.id, 100, refund=100)
    assert (refused.value.code, refused.value.path) == (RefusalCode.EXCEEDS_CAPTURED, ("refund",))
    (paid,) = await payments_of(shop.house.db.primary, ada.id, first.id)
    assert paid.refunds_reserved.minor == taken_over


@pytest.mark.row("D13")
@pytest.mark.parametrize("token", ["tok_visa", "tok_refund_refused"])
async def test_what_went_back_to_an_older_payment_stands_for_no_other_credit(shop: World, token: str) -> None:
    ada = await grown(shop, 3, token=token)
    await cancel(shop, ada, CancelAt.NOW)
    if token == "tok_refund_refused":
        assert (await decided(shop, ada, Resolution.PAID_OUT_OF_BAND, "SEPA 8"))[1] == "done"
    other = await start(shop, ada, "team")
    await note(shop, ada, other.invoice, 500, credit=500)
    older, _ = (await payments(shop, ada))[:2]
    told = SettleDispute(older.id, fresh("dispute"), DisputeStatus.OPEN, eur(100), eur(0), "fraudulent", None)
    await by_house(shop, ada, settle_dispute, told)
    assert await credit(shop, ada) == 500, "the bank took nothing of what paid for that"
    assert await wrong_rows(shop, ada) == []


@pytest.mark.row("J4")
async def test_what_an_older_card_took_back_after_all_takes_that_credit_with_it(shop: World, desk: Desk) -> None:
    ada = await grown(shop, 3, token="tok_refund_pending")
    await desk.hold(ada)
    await cancel(shop, ada, CancelAt.NOW)
    older, newer = await payments(shop, ada)
    (given,) = await refunds_of(shop.house.db.primary, ada.id, older.id)
    failed = SettleRefund(given.id, RefundNews.FAILED, None, "account_closed")
    await by_house(shop, ada, settle_refund, failed)
    assert await credit(shop, ada) == given.amount.minor
    await desk.admin(f"settle/{given.provider_ref}")
    (event,) = await desk.events_of(given.provider_ref)
    assert await desk.take(event) == "dead"
    _, contradicted = await waiting(shop, ada)
    assert await claim(shop, ada, contradicted.id) == "done"
    assert await resolve(shop, ada, contradicted.id, Resolution.CONFIRM_REFUNDED, given.provider_ref) == "done"
    assert (await credit(shop, ada), await waiting(shop, ada)) == (0, [])
    assert await given_back(shop, ada) == [given.amount.minor, newer.captured.minor]
