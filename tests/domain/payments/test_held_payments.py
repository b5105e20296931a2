"""Money that is held before it is taken: captured in parts, let go, run out, and never taken for paid before it is."""

import asyncio
from datetime import timedelta
from itertools import permutations
from typing import TypeVar

import pytest

from domain.actor import Grant
from domain.ids import PaymentId
from domain.ledger.balance import balance
from domain.operation import Operation
from domain.payments.capture_payment import CapturePayment, capture_payment
from domain.payments.pay_invoice import PayInvoice, pay_invoice
from domain.payments.payment import CaptureMode, Payment, payment
from domain.payments.policy import PartialAuthorization, PaymentPolicy, SetPaymentPolicy, set_payment_policy
from domain.payments.settle_payment import News, SettlePayment, settle_payment
from domain.payments.void_payment import VoidPayment, void_payment
from domain.perform import perform
from domain.reactions.house import House
from domain.reactions.work import do_now
from domain.refusals import RefusalCode, Refused
from tests.domain.invoices.bills import eur
from tests.domain.payments.conftest import SideDoor
from tests.interruptions import LEASE_OVER, Killed, ahead, killed_at
from tests.lives import (
    attempts_at,
    buyer,
    by_house,
    invoices_of,
    is_entitled,
    receipt_numbers,
    start,
    subscription_of,
    wrong_rows,
)
from tests.world import EUR, Someone, World, fresh, make_world

ALL = None
C = TypeVar("C")
O = TypeVar("O")  # noqa: E741 - command and outcome, as in domain/operation.py


async def held(world: World, token: str = "tok_visa") -> tuple[Someone, Payment]:
    """A customer whose first invoice of 10.00 EUR is authorized and not taken."""
    ada = await buyer(world, "tok_lost_card")
    begun = await start(world, ada)
    await world.card(ada, token)
    command = PayInvoice(begun.invoice, None, CaptureMode.LATER)
    await by_staff(world, ada, pay_invoice, command)
    return ada, (await attempts_at(world, ada, begun.invoice))[-1]


async def by_staff(world: World, of: Someone, operation: Operation[C, O], command: C, *, key: str = "") -> None:
    """An operation of finance, and all that follows from it."""
    actor = world.staff(Grant.FINANCE)
    await perform(world.house.db, operation, actor, of.id, command, key or fresh("staff"))
    await do_now(world.house, of.id)


async def now(world: World, of: Someone, id: PaymentId) -> Payment:
    """The payment as it stands."""
    return await payment(world.house.db.primary, of.id, id)


def sums(of: Payment) -> tuple[int | None, int, int, int]:
    """What is held in all, taken, still to be taken, and let go."""
    return of.authorized.minor if of.authorized else None, of.captured.minor, of.capturable.minor, of.released.minor


@pytest.mark.row("C1")
async def test_a_held_payment_pays_nothing_and_opens_nothing_until_it_is_captured(
    world: World, provider: SideDoor
) -> None:
    ada, hold = await held(world)
    assert (hold.state.name, sums(hold), hold.posted_number) == ("authorized", (1000, 0, 1000, 0), None)
    assert hold.expires_at is not None
    (unpaid,) = await invoices_of(world, ada)
    assert (unpaid.state.name, unpaid.due, await provider.taken(ada)) == ("open", eur(1000), 0)
    assert (await subscription_of(world, ada)).state.name == "incomplete"
    assert not await is_entitled(world, ada)
    await by_staff(world, ada, capture_payment, CapturePayment(hold.id, ALL, final=True))
    taken = await now(world, ada, hold.id)
    assert (taken.state.name, sums(taken), taken.asked) == ("captured", (1000, 1000, 0, 0), None)
    assert ((await invoices_of(world, ada))[0].state.name, await provider.taken(ada)) == ("paid", 1000)
    assert await is_entitled(world, ada)
    assert await wrong_rows(world, ada) == []


@pytest.mark.row("C3")
async def test_parts_are_captured_until_nothing_is_left_and_always_add_up(world: World, provider: SideDoor) -> None:
    ada, hold = await held(world)
    for amount, final, expected in (
        (400, False, ("authorized", (1000, 400, 600, 0))),
        (500, False, ("authorized", (1000, 900, 100, 0))),
        (100, False, ("captured", (1000, 1000, 0, 0))),
    ):
        await by_staff(world, ada, capture_payment, CapturePayment(hold.id, eur(amount), final))
        taken = await now(world, ada, hold.id)
        assert (taken.state.name, sums(taken)) == expected
        assert await provider.taken(ada) == taken.captured.minor
        assert (await invoices_of(world, ada))[0].paid == taken.captured
    assert await wrong_rows(world, ada) == []


async def test_the_rest_of_a_final_part_is_let_go_and_its_invoice_stays_open(world: World, provider: SideDoor) -> None:
    ada, hold = await held(world)
    await by_staff(world, ada, capture_payment, CapturePayment(hold.id, eur(400), final=True))
    taken = await now(world, ada, hold.id)
    assert (taken.state.name, sums(taken), await provider.taken(ada)) == ("captured", (1000, 400, 0, 600), 400)
    (unpaid,) = await invoices_of(world, ada)
    assert (unpaid.state.name, unpaid.due, unpaid.is_partially_paid) == ("open", eur(600), True)
    await by_staff(world, ada, pay_invoice, PayInvoice(unpaid.id, None))
    assert (await invoices_of(world, ada))[0].state.name == "paid"
    assert await wrong_rows(world, ada) == []


@pytest.mark.row("C1")
async def test_a_hold_is_voided_and_nothing_was_ever_posted(world: World, provider: SideDoor) -> None:
    ada, hold = await held(world)
    await by_staff(world, ada, void_payment, VoidPayment(hold.id))
    gone = await now(world, ada, hold.id)
    assert (gone.state.name, sums(gone), gone.posted_number) == ("voided", (1000, 0, 0, 1000), None)
    assert (await provider.taken(ada), (await balance(world.house.db.primary, ada.id, EUR)).receivable.minor) == (
        0,
        1000,
    )
    await by_staff(world, ada, pay_invoice, PayInvoice(gone.invoice, None))
    assert (await invoices_of(world, ada))[0].state.name == "paid"
    assert await wrong_rows(world, ada) == []


@pytest.mark.row("C2")
async def test_a_hold_that_ran_out_cannot_be_captured_and_is_noticed_by_itself(
    world: World, provider: SideDoor
) -> None:
    ada, hold = await held(world)
    await provider.settle(hold.provider_ref, "expired")
    assert hold.expires_at is not None
    late = ahead(world.house, timedelta(days=7, minutes=1))
    await refused(late, world, ada, CapturePayment(hold.id, ALL, final=True), RefusalCode.AUTHORIZATION_EXPIRED)
    await do_now(late, ada.id)
    over = await now(world, ada, hold.id)
    assert (over.state.name, sums(over)) == ("expired", (1000, 0, 0, 1000))
    await refused(world.house, world, ada, CapturePayment(hold.id, ALL, final=True), RefusalCode.STATE_CONFLICT)
    assert await wrong_rows(world, ada) == []


async def test_a_capture_that_comes_too_late_for_the_provider_ends_as_expired(world: World, provider: SideDoor) -> None:
    ada, hold = await held(world)
    await provider.settle(hold.provider_ref, "expired")
    await by_staff(world, ada, capture_payment, CapturePayment(hold.id, ALL, final=True))
    over = await now(world, ada, hold.id)
    assert (over.state.name, over.asked, sums(over)) == ("expired", None, (1000, 0, 0, 1000))
    assert await provider.taken(ada) == 0


async def refused(house: House, world: World, of: Someone, command: CapturePayment, code: RefusalCode) -> None:
    """Finance asks in vain."""
    with pytest.raises(Refused) as error:
        await perform(house.db, capture_payment, world.staff(Grant.FINANCE), of.id, command, fresh("staff"))
    assert error.value.code is code


@pytest.mark.row("B10")
@pytest.mark.parametrize(
    ("rule", "expected", "paid"),
    [
        (PartialAuthorization.VOID, ("failed", "partially_authorized", (500, 0, 0, 500)), 0),
        (PartialAuthorization.CAPTURE, ("captured", None, (500, 500, 0, 0)), 500),
    ],
)
async def test_a_hold_of_less_than_was_asked_is_no_payment_unless_the_tenant_takes_a_part(
    house: House, provider: SideDoor, rule: PartialAuthorization, expected: tuple[str, str | None, object], paid: int
) -> None:
    world = await make_world(house)
    policy = SetPaymentPolicy(PaymentPolicy(partial_authorization=rule))
    await perform(house.db, set_payment_policy, house.actor, world.tenant.live_house, policy, fresh("policy"))
    ada, hold = await held(world, "tok_partial")
    assert (hold.state.name, hold.failure_code, sums(hold)) == expected
    (unpaid,) = await invoices_of(world, ada)
    assert (unpaid.state.name, unpaid.paid.minor, await provider.taken(ada)) == ("open", paid, paid)
    assert not hold.failure_hard
    assert await wrong_rows(world, ada) == []


@pytest.mark.row("C3")
async def test_fifty_captures_at_once_take_no_more_than_is_held(world: World, provider: SideDoor) -> None:
    ada, hold = await held(world)
    command = CapturePayment(hold.id, eur(400), final=False)
    tries = (
        perform(world.house.db, capture_payment, world.staff(Grant.FINANCE), ada.id, command, fresh("staff"))
        for _ in range(50)
    )
    done = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(not isinstance(each, BaseException) for each in done) == 1
    refusals = [each for each in done if isinstance(each, Refused)]
    assert all(each.code is RefusalCode.PAYMENT_IN_PROGRESS or each.retryable for each in refusals)
    await do_now(world.house, ada.id)
    assert sums(await now(world, ada, hold.id)) == (1000, 400, 600, 0)
    assert await provider.taken(ada) == 400


@pytest.mark.row("C14")
@pytest.mark.parametrize("point", ["perform.committed", "attempt.claimed", "attempt.answered", "relay.consumed"])
@pytest.mark.parametrize("what", ["capture", "void"])
async def test_wherever_a_worker_dies_the_next_one_takes_or_lets_go_once(
    world: World, provider: SideDoor, point: str, what: str
) -> None:
    ada, hold = await held(world)
    async with killed_at(point):
        with pytest.raises(Killed):
            if what == "capture":
                capture = CapturePayment(hold.id, eur(400), final=False)
                await by_staff(world, ada, capture_payment, capture, key="once")
            else:
                await by_staff(world, ada, void_payment, VoidPayment(hold.id), key="once")
    await do_now(ahead(world.house, LEASE_OVER), ada.id)
    after = await now(world, ada, hold.id)
    expected = ("authorized", (1000, 400, 600, 0)) if what == "capture" else ("voided", (1000, 0, 0, 1000))
    assert (after.state.name, sums(after), after.asked) == (*expected, None)
    assert await provider.taken(ada) == after.captured.minor
    assert await wrong_rows(world, ada) == []


@pytest.mark.row("B8")
@pytest.mark.parametrize("fault", ["error_after", "error_before", "garbage_after"])
async def test_a_capture_without_an_answer_is_asked_for_and_made_once(
    world: World, provider: SideDoor, fault: str
) -> None:
    ada, hold = await held(world, f"tok_capture_{fault}")
    await by_staff(world, ada, capture_payment, CapturePayment(hold.id, eur(400), final=False))
    lost = await now(world, ada, hold.id)
    assert (lost.state.name, lost.asked is not None) == ("unknown", True)
    await do_now(ahead(world.house, timedelta(minutes=2)), ada.id)
    after = await now(world, ada, hold.id)
    assert (after.state.name, sums(after), after.asked) == ("authorized", (1000, 400, 600, 0), None)
    assert await provider.taken(ada) == 400
    assert await wrong_rows(world, ada) == []


async def test_what_is_asked_anew_is_asked_for_as_often_as_what_was_asked_first(
    world: World, provider: SideDoor
) -> None:
    ada, hold = await held(world, "tok_capture_error_before")
    await by_staff(world, ada, capture_payment, CapturePayment(hold.id, eur(400), final=False))
    assert (await now(world, ada, hold.id)).queries == 1
    await do_now(ahead(world.house, timedelta(minutes=2)), ada.id)
    await provider.behave(world, ada, operations=["capture"], fault="unavailable")
    await by_staff(world, ada, capture_payment, CapturePayment(hold.id, eur(500), final=False))
    assert (await now(world, ada, hold.id)).queries == 0


@pytest.mark.row("C12")
async def test_the_news_of_a_hold_ends_the_same_in_any_order_and_number(world: World) -> None:
    steps = ((News.AUTHORIZED, 0, 1000), (News.CAPTURED, 400, 600), (News.CAPTURED, 900, 0))
    for order in permutations(steps):
        ada = await buyer(world, "tok_bank_held")
        begun = await start(world, ada)
        assert begun.payment is not None
        for news, captured, left in (*order, *order):
            command = SettlePayment(
                begun.payment, news, None, eur(captured), None, False, confirmed=True, authorized=eur(1000),
                capturable=eur(left),
            )  # fmt: skip
            await by_house(world, ada, settle_payment, command, follow=False)
        ended = await now(world, ada, begun.payment)
        assert (ended.state.name, sums(ended)) == ("succeeded", (1000, 900, 0, 100))
        (unpaid,) = await invoices_of(world, ada)
        assert (unpaid.state.name, unpaid.due, len(await receipt_numbers(world, ada))) == ("open", eur(100), 1)
        assert await wrong_rows(world, ada) == []
