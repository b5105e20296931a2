"""A coupon for one period reduces one invoice, whatever is issued, redeemed or taken back twice or at once."""

import asyncio

import pytest

from domain.actor import Grant
from domain.catalog.coupon import Duration
from domain.catalog.publish_coupon import publish_coupon
from domain.catalog.redeem import RedeemCoupon, redeem_coupon
from domain.catalog.redemption import redemptions
from domain.corrections.finalize_draft import DraftFinalized, FinalizeDraft, finalize_draft
from domain.ids import InvoiceId
from domain.invoices.billing_terms import SetBillingTerms, set_billing_terms
from domain.invoices.drafts import drafts_of
from domain.operation import Performed
from domain.perform import perform
from domain.refusals import RefusalCode, Refused
from tests.catalog_kit import by_admin, half_off
from tests.domain.catalog.coupon_lives import holding, left, void
from tests.domain.invoices.bills import eur
from tests.interruptions import Killed, killed_at
from tests.lives import buyer, by_finance, day, invoices_of, start, until, wrong_rows
from tests.world import Someone, World, fresh


async def drafts(world: World) -> tuple[Someone, list[InvoiceId]]:
    """A customer on account whose first two periods are on drafts, the newer one first: their invoices were void."""
    ada = await buyer(world)
    await by_finance(world, ada, set_billing_terms, SetBillingTerms(60, None))
    await start(world, ada)
    await until(world, ada, day(2, 1, 3))
    for each in await invoices_of(world, ada):
        await void(world, ada, each.id, replace=True)
    return ada, await drafts_of(world.house.db.primary, ada.id, 9)


async def finalize(world: World, of: Someone, id: InvoiceId, key: str) -> DraftFinalized:
    """Staff issues a draft."""
    actor = world.staff(Grant.FINANCE)
    return (await perform(world.house.db, finalize_draft, actor, of.id, FinalizeDraft(id), key)).outcome


async def left_of_each(world: World, of: Someone) -> list[int | None]:
    """How many periods each of its coupons is still good for."""
    return [each.periods_left for each in await redemptions(world.house.db.primary, of.id)]


async def test_two_drafts_that_are_issued_at_once_and_again_share_no_period_of_a_coupon(world: World) -> None:
    ada, waiting = await drafts(world)
    await holding(world, ada, duration=Duration.ONCE)
    keys = [(id, fresh("issue")) for id in waiting for _ in range(2)]
    calls = (finalize(world, ada, id, key) for id, key in [*keys, *keys])
    answers = await asyncio.gather(*calls, return_exceptions=True)
    done = {each.invoice: each.total for each in answers if isinstance(each, DraftFinalized)}
    assert sorted(each.minor for each in done.values()) == [500, 1000]
    refused = [each for each in answers if isinstance(each, Refused)]
    assert (len(refused), {each.code for each in refused}) == (4, {RefusalCode.NOT_FOUND})
    issued = {each.id: each.total for each in await invoices_of(world, ada) if each.state.name == "open"}
    assert (issued, await left(world, ada)) == (done, 0)
    assert await wrong_rows(world, ada) == []


@pytest.mark.parametrize("periods", [1, 3])
async def test_two_drafts_are_given_as_much_by_a_coupon_whichever_is_issued_first(world: World, periods: int) -> None:
    for first in (0, 1):
        ada, waiting = await drafts(world)
        await holding(world, ada, duration=Duration.PERIODS, periods=periods)
        totals = [(await finalize(world, ada, waiting[each], fresh("issue"))).total for each in (first, 1 - first)]
        assert totals == [eur(500), eur(1000 if periods == 1 else 500)]
        await until(world, ada, day(3, 1, 3))
        renewal = (await invoices_of(world, ada))[-1]
        assert (renewal.total, await left(world, ada)) == (eur(1000 if periods == 1 else 500), 0)
        assert await wrong_rows(world, ada) == []


@pytest.mark.parametrize("point", ["perform.key_stored", "perform.done", "perform.recorded", "perform.committed"])
async def test_a_process_that_dies_while_it_issues_takes_a_period_once(world: World, point: str) -> None:
    ada, (id, _) = await drafts(world)
    await holding(world, ada, duration=Duration.PERIODS, periods=3)
    key = fresh("issue")
    async with killed_at(point):
        with pytest.raises(Killed):
            await finalize(world, ada, id, key)
    assert await left(world, ada) == (2 if point == "perform.committed" else 3)
    assert [(await finalize(world, ada, id, key)).total for _ in range(2)] == [eur(500)] * 2
    with pytest.raises(Refused) as refused:
        await finalize(world, ada, id, fresh("issue"))
    assert (refused.value.code, await left(world, ada)) == (RefusalCode.NOT_FOUND, 2)
    assert await wrong_rows(world, ada) == []


async def test_what_is_void_and_issued_while_a_coupon_is_redeemed_reduces_as_many_periods_as_it_is_short_of(
    world: World,
) -> None:
    ada, (id, _) = await drafts(world)
    await holding(world, ada, duration=Duration.ONCE)
    reduced = await finalize(world, ada, id, fresh("issue"))
    coupon = half_off(duration=Duration.ONCE)
    await by_admin(world, publish_coupon, coupon)
    command, keys = RedeemCoupon(coupon.code, None), [fresh("redeem") for _ in range(3)]
    calls = [perform(world.house.db, redeem_coupon, ada.actor, ada.id, command, key) for key in [*keys, *keys]]
    answers = await asyncio.gather(*calls[:3], void(world, ada, reduced.invoice), *calls[3:], return_exceptions=True)
    assert answers.pop(3) is None
    redeemed = {each.outcome for each in answers if isinstance(each, Performed)}
    refused = {each.code for each in answers if isinstance(each, Refused)}
    assert (len(redeemed), refused) == (1, {RefusalCode.ALREADY_EXISTS})
    assert await left_of_each(world, ada) == [1, 1]
    await until(world, ada, day(3, 1, 3))
    assert (await invoices_of(world, ada))[-1].total == eur(250)
    assert await left_of_each(world, ada) == [0, 0]
    assert await wrong_rows(world, ada) == []
