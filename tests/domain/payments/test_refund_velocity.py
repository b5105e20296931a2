"""How much somebody gets or gives back in a time counts together, in however many parts and ways."""

import pytest

from domain.actor import Grant
from domain.ids import PaymentId
from domain.money import Money
from domain.payments.issue_credit_note import IssueCreditNote, issue_credit_note
from domain.payments.refund_approval import Because
from domain.payments.refund_policy import RefundLimit, RefundPolicy, SetRefundPolicy, set_refund_policy
from domain.payments.refund_request import refund_asked
from domain.perform import perform
from domain.refusals import RefusalCode
from tests.lives import day, invoices_of, until
from tests.refund_kit import answer, asked, now, paid
from tests.world import EUR, Someone, World, fresh, make_world


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
