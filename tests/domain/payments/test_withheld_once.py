"""Credit that stands for disputed money, and what befalls that money: in any order, at once, twice, with a crash."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from itertools import permutations
from typing import Any

import pytest

from domain.actor import Actor, Grant
from domain.operation import Operation
from domain.payments.claim_exception import ClaimException, claim_exception
from domain.payments.dispute_calls import DisputeStatus
from domain.payments.exception_case import Kind, Resolution
from domain.payments.open_exception import OpenException, open_exception
from domain.payments.payment import payments_of
from domain.payments.record_offline import Means, RecordOfflinePayment, record_offline
from domain.payments.refund import Means as RefundMeans
from domain.payments.refund import refunds_of
from domain.payments.request_refund import RequestRefund, request_refund
from domain.payments.resolve_exception import ResolveException, resolve_exception
from domain.payments.reverse_offline import ReverseOfflinePayment, reverse_offline
from domain.payments.settle_dispute import settle_dispute
from domain.payments.settle_payment import News, SettlePayment, settle_payment
from domain.payments.settle_refund import RefundNews, SettleRefund, settle_refund
from domain.payments.void_credit_note import VoidCreditNote, void_credit_note
from domain.perform import perform
from domain.reactions.house import House
from domain.reactions.work import do_now
from domain.refusals import RefusalCode, Refused
from tests.domain.invoices.bills import credit, eur, note, notes, owed_and_credit
from tests.domain.payments.test_offline_payments import owing
from tests.interruptions import Killed, killed_at
from tests.lives import buyer, by_finance, by_house, give_back, invoices_of, start, tell, wrong_rows
from tests.withheld_kit import lost, opened, paid_by_both, paid_in_two_parts
from tests.world import Someone, World, fresh


@dataclass(frozen=True)
class Act:
    """An operation with all it is given, its key too: performed again it is the same one."""

    world: World
    of: Someone
    operation: Operation[Any, Any]
    command: Any
    actor: Actor
    key: str

    async def __call__(self) -> None:
        """Performs it, and not what follows."""
        await perform(self.world.house.db, self.operation, self.actor, self.of.id, self.command, self.key)


def act(world: World, of: Someone, operation: Operation[Any, Any], command: Any, actor: Actor | None = None) -> Act:
    """What finance does, or somebody else."""
    return Act(world, of, operation, command, actor or world.staff(Grant.FINANCE), fresh("act"))


async def bounce_and_dispute(world: World) -> tuple[Someone, tuple[Act, Act, Act]]:
    """Who has 6.00 of credit of an invoice paid by a cheque of 4.00 and a card, and what befalls it: its bank takes
    the 6.00 of the card back, the cheque bounces, and another one comes. 4.00 of credit are left then."""
    ada = await owing(world)
    cheque, by_card = await paid_by_both(world, ada, 400)
    await note(world, ada, by_card.invoice, 600, credit=600)
    again = RecordOfflinePayment(by_card.invoice, Means.CHEQUE, fresh("cheque"), eur(400))
    return ada, (
        act(world, ada, settle_dispute, opened(by_card, 600), world.house.actor),
        act(world, ada, reverse_offline, ReverseOfflinePayment(cheque.payment, "The cheque bounced.")),
        act(world, ada, record_offline, again),
    )


@pytest.mark.row("C4")
@pytest.mark.parametrize("order", list(permutations(range(3))))
async def test_a_dispute_a_bounce_and_another_cheque_leave_the_same_in_any_order(
    world: World, order: tuple[int, ...]
) -> None:
    ada, acts = await bounce_and_dispute(world)
    for at in order:
        for _ in range(2):
            await acts[at]()
        await do_now(world.house, ada.id)
        assert await wrong_rows(world, ada) == []
    assert await owed_and_credit(world, ada) == (0, 400)


@pytest.mark.row("C4")
async def test_a_dispute_a_bounce_and_another_cheque_at_once_leave_the_same(world: World) -> None:
    for _ in range(3):
        ada, acts = await bounce_and_dispute(world)
        await asyncio.gather(*(each() for each in acts * 2))
        await do_now(world.house, ada.id)
        assert (await owed_and_credit(world, ada), await wrong_rows(world, ada)) == ((0, 400), [])


async def to_bounce(house: House, world: World) -> tuple[World, Someone, Act]:
    """A cheque that bounces beside a dispute: 4.00 are owed then, and none is credit."""
    ada, (dispute, bounce, _) = await bounce_and_dispute(world)
    await dispute()
    return world, ada, bounce


async def to_be_paid_again(house: House, world: World) -> tuple[World, Someone, Act]:
    """The same once another cheque has come: 4.00 of credit stand for that one."""
    ada, (dispute, bounce, again) = await bounce_and_dispute(world)
    for each in (dispute, bounce):
        await each()
    return world, ada, again


async def to_be_returned(house: House, world: World) -> tuple[World, Someone, Act]:
    """One part that is returned beside a dispute of the other one: 5.00 are owed then, and none is credit."""
    own, ada, one, other = await paid_in_two_parts(house)
    await note(own, ada, one.invoice, 500, credit=500)
    await lost(own, ada, other, 500)
    returned = SettlePayment(one.id, News.RETURNED, None, eur(500), "no_funds", False, confirmed=True)
    return own, ada, act(own, ada, settle_payment, returned, own.house.actor)


async def to_fail(house: House, world: World) -> tuple[World, Someone, Act]:
    """The same where 3.00 of credit come of a refund that fails after it was returned."""
    own, ada, one, other = await paid_in_two_parts(house)
    await note(own, ada, one.invoice, 300, credit=300)
    await give_back(own, ada, one.id, eur(300), follow=False)
    (sent,) = await refunds_of(own.house.db.primary, ada.id, one.id)
    pending = SettleRefund(sent.id, RefundNews.PENDING, fresh("refund"), None)
    await by_house(own, ada, settle_refund, pending, follow=False)
    await lost(own, ada, other, 500)
    await tell(own, ada, one.id, News.RETURNED, captured=eur(500), follow=False)
    failed = SettleRefund(sent.id, RefundNews.FAILED, None, "account_closed")
    return own, ada, act(own, ada, settle_refund, failed, own.house.actor)


Begin = Callable[[House, World], Awaitable[tuple[World, Someone, Act]]]


@pytest.mark.row("C4")
@pytest.mark.parametrize("point", ["perform.recorded", "perform.committed"])
@pytest.mark.parametrize(
    ("begin", "then"),
    [(to_bounce, (400, 0)), (to_be_paid_again, (0, 400)), (to_be_returned, (500, 0)), (to_fail, (500, 0))],
)
async def test_a_process_that_dies_as_disputed_money_goes_or_comes_withholds_once(
    house: House, world: World, begin: Begin, then: tuple[int, int], point: str
) -> None:
    own, ada, last = await begin(house, world)
    async with killed_at(point):
        with pytest.raises(Killed):
            await last()
    for _ in range(2):
        await last()
        await do_now(own.house, ada.id)
    assert (await owed_and_credit(own, ada), await wrong_rows(own, ada)) == (then, [])


@pytest.mark.row("C4")
@pytest.mark.parametrize("decided_first", [False, True])
async def test_credit_does_not_stand_for_a_part_that_staff_find_was_never_charged(
    house: House, decided_first: bool
) -> None:
    own, ada, one, other = await paid_in_two_parts(house)
    await note(own, ada, one.invoice, 500, credit=500)
    for step in (decided_first, not decided_first):
        if step:
            told = OpenException(Kind.PAYMENT_CONTRADICTED, one.id, None, "Not taken, says the provider.")
            case = (await by_house(own, ada, open_exception, told)).exception
            assert case is not None
            await act(own, ada, claim_exception, ClaimException(case), own.staff(Grant.SUPPORT, "sam"))()
            never = ResolveException(case, Resolution.CONFIRM_NOT_CHARGED, "Their books say so.", None)
            await act(own, ada, resolve_exception, never)()
        else:
            await act(own, ada, settle_dispute, opened(other, 500), own.house.actor)()
    assert (await owed_and_credit(own, ada), await wrong_rows(own, ada)) == ((500, 0), [])


@pytest.mark.row("C4")
@pytest.mark.parametrize(("credited", "disputed", "stays"), [(1500, 2000, 0), (1500, 1000, 1000), (1500, 500, 1500)])
@pytest.mark.parametrize("before", [True, False])
async def test_what_was_refunded_as_credit_is_withheld_where_its_bank_has_it_too(
    world: World, credited: int, disputed: int, stays: int, before: bool
) -> None:
    ada = await buyer(world)
    await start(world, ada, quantity=2)
    (first,) = await invoices_of(world, ada)
    (paid,) = await payments_of(world.house.db.primary, ada.id, first.id)
    as_credit = RequestRefund(paid.id, eur(credited), "goodwill", means=RefundMeans.CREDIT)
    if before:
        await by_finance(world, ada, request_refund, as_credit)
        taken = await lost(world, ada, paid, disputed)
        assert (await credit(world, ada), await wrong_rows(world, ada)) == (stays, [])
        await by_house(world, ada, settle_dispute, replace(taken, status=DisputeStatus.WON))
        assert (await credit(world, ada), await wrong_rows(world, ada)) == (credited, [])
    else:
        await lost(world, ada, paid, disputed)
        most = min(credited, 2000 - disputed)
        if most:
            await by_finance(world, ada, request_refund, replace(as_credit, amount=eur(most)))
        assert (await credit(world, ada), await wrong_rows(world, ada)) == (most, [])


@pytest.mark.row("C4")
async def test_a_dispute_and_a_refund_as_credit_at_once_leave_no_more_than_was_paid(world: World) -> None:
    for _ in range(3):
        ada = await buyer(world)
        await start(world, ada, quantity=2)
        (first,) = await invoices_of(world, ada)
        (paid,) = await payments_of(world.house.db.primary, ada.id, first.id)
        as_credit = RequestRefund(paid.id, eur(1500), "goodwill", means=RefundMeans.CREDIT)
        acts = (
            act(world, ada, settle_dispute, opened(paid, 1000), world.house.actor),
            act(world, ada, request_refund, as_credit),
        )
        done = await asyncio.gather(*(each() for each in acts * 2), return_exceptions=True)
        await do_now(world.house, ada.id)
        refusals = [each.code for each in done if isinstance(each, Refused)]
        assert refusals in ([], [RefusalCode.EXCEEDS_CAPTURED] * 2)
        assert (await credit(world, ada), await wrong_rows(world, ada)) == (0 if refusals else 1000, [])


@pytest.mark.row("C4")
@pytest.mark.parametrize(("disputed", "stays"), [((500, 500), 1000), ((1000, 800), 200), ((2000,), 0)])
async def test_disputes_of_one_payment_withhold_what_was_refunded_as_credit_of_it_once(
    world: World, disputed: tuple[int, ...], stays: int
) -> None:
    ada = await buyer(world)
    await start(world, ada, quantity=2)
    (first,) = await invoices_of(world, ada)
    (paid,) = await payments_of(world.house.db.primary, ada.id, first.id)
    as_credit = RequestRefund(paid.id, eur(1500), "goodwill", means=RefundMeans.CREDIT)
    await by_finance(world, ada, request_refund, as_credit)
    for minor in disputed:
        await lost(world, ada, paid, minor)
    assert (await credit(world, ada), await wrong_rows(world, ada)) == (stays, [])


@pytest.mark.row("C4")
@pytest.mark.parametrize("void", [False, True])
async def test_other_credit_does_not_stand_for_what_was_refunded_as_credit(world: World, void: bool) -> None:
    ada = await buyer(world)
    await start(world, ada, quantity=2)
    (first,) = await invoices_of(world, ada)
    (paid,) = await payments_of(world.house.db.primary, ada.id, first.id)
    await world.card(ada)
    other = await start(world, ada, "team")
    await note(world, ada, other.invoice, 700, credit=700)
    await give_back(world, ada, paid.id, eur(500))
    as_credit = RequestRefund(paid.id, eur(500), "goodwill", means=RefundMeans.CREDIT)
    await by_finance(world, ada, request_refund, as_credit)
    if void:
        *_, given = await notes(world, ada, first.id)
        await by_finance(world, ada, void_credit_note, VoidCreditNote(given.id))
    await lost(world, ada, paid, 2000)
    assert (await credit(world, ada), await wrong_rows(world, ada)) == (700, [])


@pytest.mark.row("C4")
@pytest.mark.parametrize("at", [0, 1])
async def test_of_two_notes_of_which_one_is_withheld_either_can_be_void(world: World, at: int) -> None:
    ada = await buyer(world)
    await start(world, ada, quantity=2)
    (first,) = await invoices_of(world, ada)
    (paid,) = await payments_of(world.house.db.primary, ada.id, first.id)
    as_credit = RequestRefund(paid.id, eur(500), "goodwill", means=RefundMeans.CREDIT)
    await by_finance(world, ada, request_refund, as_credit)
    await note(world, ada, first.id, 500, credit=500)
    await lost(world, ada, paid, 1500)
    assert await credit(world, ada) == 500
    given = await notes(world, ada, first.id)
    await by_finance(world, ada, void_credit_note, VoidCreditNote(given[at].id))
    assert (await credit(world, ada), await wrong_rows(world, ada)) == (500, [])


@pytest.mark.row("C4")
async def test_what_was_refunded_as_credit_is_withheld_for_one_of_two_disputes_that_have_it(world: World) -> None:
    ada = await owing(world)
    cheque, by_card = await paid_by_both(world, ada, 600)
    as_credit = RequestRefund(by_card.id, eur(200), "goodwill", means=RefundMeans.CREDIT)
    await by_finance(world, ada, request_refund, as_credit)
    await note(world, ada, by_card.invoice, 600, credit=600)
    for minor in (400, 200):
        await lost(world, ada, by_card, minor)
    bounced = ReverseOfflinePayment(cheque.payment, "The cheque bounced.")
    await act(world, ada, reverse_offline, bounced)()
    assert (await owed_and_credit(world, ada), await wrong_rows(world, ada)) == ((600, 400), [])
