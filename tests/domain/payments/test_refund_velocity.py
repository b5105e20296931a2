"""How much somebody gets or gives back in a time counts together, in however many parts and ways."""

import asyncpg
import pytest

from domain.actor import Grant
from domain.ids import PaymentId
from domain.money import Currency, Money
from domain.payments.issue_credit_note import IssueCreditNote, issue_credit_note
from domain.payments.refund_approval import Because
from domain.payments.refund_policy import RefundLimit, RefundPolicy, SetRefundPolicy, set_refund_policy
from domain.payments.refund_request import refund_asked
from domain.payments.request_refund import RequestRefund, request_refund
from domain.perform import perform
from domain.refusals import RefusalCode
from tests.lives import buy, buyer, day, invoices_of, until
from tests.refund_kit import answer, asked, done, now, paid
from tests.world import EUR, USD, Someone, World, fresh, make_world


@pytest.mark.row("J6")
async def test_who_gets_or_gives_much_in_a_week_waits_for_a_lead(world: World) -> None:
    own = await make_world(world.house)
    rules = RefundPolicy(
        limits=(RefundLimit(Grant.SUPPORT, Money(500, EUR)),), customer_count=2, customer_sum=900, staff_count=3,
        staff_sum=10_000,
    )  # fmt: skip
    home = own.tenant.live_house
    await perform(own.house.db, set_refund_policy, own.house.actor, home, SetRefundPolicy(rules), fresh("rules"))
    ada, id = await paid(own, 1000)

    async def because(of: Someone, paid_by: PaymentId, minor: int, name: str) -> Because | None:
        given = await asked(own, of, paid_by, minor, name=name)
        if (await now(own, of, given)).state.name != "awaiting_approval":
            return None
        return (await refund_asked(own.house.db.primary, given)).because

    assert [await because(ada, id, minor, "sue") for minor in (100, 501, 100)] == [
        None, Because.AMOUNT, Because.CUSTOMER,
    ]  # fmt: skip
    await until(own, ada, day(1, 9))
    assert await because(ada, id, 1, "sam") is None  # the week is over
    assert await because(ada, id, 200, "sal") is None
    await until(own, ada, day(1, 16))  # to the instant a week later: neither counts any more
    assert [await because(ada, id, 30, name) for name in ("sia", "sol")] == [None, None]
    eve, of_eve = await paid(own, 1000)
    assert await because(eve, of_eve, 1, "sue") is Because.STAFF  # her fourth, of whomever
    assert await because(eve, of_eve, 500, "sam") is None
    assert await because(eve, of_eve, 400, "sal") is Because.CUSTOMER


@pytest.mark.row("J6")
async def test_what_staff_give_back_counts_by_currency_and_week_and_not_what_is_given_back_in_play(
    world: World, owner_url: str
) -> None:
    own = await make_world(world.house)
    rules = SetRefundPolicy(RefundPolicy(staff_count=1))
    await perform(own.house.db, set_refund_policy, own.house.actor, own.tenant.live_house, rules, fresh("rules"))

    async def waits(of: Someone, currency: Currency = EUR) -> bool:
        price = own.prices["usd"] if currency == USD else own.prices["starter"]
        await own.card(of)
        begun = await buy(own, of, price)
        assert begun.payment
        command = RequestRefund(begun.payment, Money(1, currency), "It did not work.")
        given = (await done(own, of, own.staff(Grant.SUPPORT), request_refund, command)).refund
        return (await now(own, of, given)).state.name == "awaiting_approval"

    assert [await waits(await own.customer()) for _ in range(2)] == [False, True]
    assert not await waits(await own.customer(currency=USD), USD)
    assert [await waits(await own.customer(clock_at=None)) for _ in range(2)] == [False, True]
    owner = await asyncpg.connect(owner_url)
    try:  # a week goes by
        await owner.execute("UPDATE staff_refunds SET day = day - 7 WHERE tenant_id = $1", own.tenant.tenant.uuid)
    finally:
        await owner.close()
    assert [await waits(await own.customer()) for _ in range(2)] == [False, True]


async def test_what_came_to_nothing_is_not_counted_as_given_back(world: World) -> None:
    own = await make_world(world.house)
    rules = SetRefundPolicy(RefundPolicy(customer_count=1))
    await perform(own.house.db, set_refund_policy, own.house.actor, own.tenant.live_house, rules, fresh("rules"))
    ada = await buyer(own, "tok_refund_refused")
    begun = await buy(own, ada, own.prices["starter"])
    assert begun.payment
    tried = [await asked(own, ada, begun.payment, 100, name=name) for name in ("sue", "sam")]
    assert [(await now(own, ada, each)).state.name for each in tried] == ["failed", "failed"]


@pytest.mark.row("J6")
async def test_a_credit_note_is_no_way_round_the_approval(world: World) -> None:
    ada, _ = await paid(world, 200_000)
    (billed,) = await invoices_of(world, ada)
    nothing = Money(0, EUR)

    async def try_it(role: Grant, minor: int) -> str:
        amount = Money(minor, EUR)
        command = IssueCreditNote(billed.id, "goodwill", "A part.", (), amount, amount, nothing, nothing)
        return await answer(world, ada, world.staff(role, "lea"), issue_credit_note, command)

    tries = ((Grant.LEAD, 100_001), (Grant.LEAD, 60_000), (Grant.LEAD, 39_000), (Grant.LEAD, 1_001))
    assert [await try_it(*each) for each in tries] == [RefusalCode.FORBIDDEN, "done", "done", RefusalCode.FORBIDDEN]
    assert await try_it(Grant.FINANCE, 1_001) == RefusalCode.FORBIDDEN  # the customer has got much lately
    assert await try_it(Grant.FINANCE, 1_000) == "done"
