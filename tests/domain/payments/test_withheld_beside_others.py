"""Credit withheld for a dispute, while notes and invoices are void, payments returned, or other credit comes."""

from dataclasses import replace

import pytest

from domain.corrections.void_invoice import VoidInvoice, void_invoice
from domain.invoices.invoice import Invoice
from domain.ledger.account import Account
from domain.payments.dispute_calls import DisputeStatus
from domain.payments.excess import excess_of
from domain.payments.pay_invoice import PayInvoice, pay_invoice
from domain.payments.payment import Payment, payment, payments_of
from domain.payments.record_offline import Means, RecordOfflinePayment, record_offline
from domain.payments.refund import refunds_of
from domain.payments.settle_dispute import settle_dispute
from domain.payments.settle_payment import News
from domain.payments.settle_refund import RefundNews, SettleRefund, settle_refund
from domain.payments.void_credit_note import VoidCreditNote, void_credit_note
from domain.reactions.house import House
from domain.refusals import RefusalCode, Refused
from domain.subscriptions.cancel import CancelAt, CancelSubscription, cancel_subscription
from domain.subscriptions.change_quantity import ChangeQuantity, change_quantity
from domain.subscriptions.policy import SubscriptionPolicy, Unused
from tests.domain.invoices.bills import credit, eur, note, notes, on, owed_and_credit
from tests.domain.payments.test_offline_payments import owing, record, reverse
from tests.lives import buyer, by_finance, by_house, day, give_back, invoices_of, start, tell, until, wrong_rows
from tests.subscription_lives import rules
from tests.takeover_kit import grown
from tests.withheld_kit import lost, paid_by_both, paid_in_two_parts
from tests.world import EUR, Someone, World, fresh, make_world


async def half_withheld(world: World) -> tuple[Someone, Payment, Invoice]:
    """Who paid 20.00, which its bank took back, and 10.00 for a change that took 10.00 over: of the 20.00 of credit for
    that change 10.00 are withheld, and 10.00 of credit are for something else. The change's payment and invoice."""
    ada = await grown(world, 4)
    await start(world, ada, "team")
    first, second, third = await invoices_of(world, ada)
    (older,), (newer,) = [await payments_of(world.house.db.primary, ada.id, each.id) for each in (first, second)]
    assert [each.captured.minor for each in (older, newer)] == [2000, 1000]
    await lost(world, ada, older, 2000)
    await note(world, ada, second.id, 2000, credit=2000)
    assert await credit(world, ada) == 1000
    await note(world, ada, third.id, 1000, credit=1000)
    return ada, newer, second


@pytest.mark.row("C4")
async def test_a_note_whose_credit_was_withheld_is_not_taken_back_with_other_credit(world: World) -> None:
    ada, _, second = await half_withheld(world)
    (given,) = await notes(world, ada, second.id)
    with pytest.raises(Refused) as refused:
        await by_finance(world, ada, void_credit_note, VoidCreditNote(given.id))
    assert (refused.value.code, await credit(world, ada)) == (RefusalCode.INSUFFICIENT_BALANCE, 2000)
    assert await wrong_rows(world, ada) == []


@pytest.mark.row("C4")
async def test_an_invoice_that_is_void_leaves_nothing_withheld_of_other_credit(world: World) -> None:
    ada, newer, second = await half_withheld(world)
    await tell(world, ada, newer.id, News.RETURNED, captured=eur(1000))
    await by_finance(world, ada, void_invoice, VoidInvoice(second.id, "Billed by mistake.", replace=False))
    assert (await credit(world, ada), await wrong_rows(world, ada)) == (1000, [])


@pytest.mark.row("C4")
async def test_a_note_that_is_void_sets_free_what_was_withheld_for_it(world: World) -> None:
    ada = await buyer(world)
    await start(world, ada, quantity=2)
    (first,) = await invoices_of(world, ada)
    (paid,) = await payments_of(world.house.db.primary, ada.id, first.id)
    for _ in range(2):
        await note(world, ada, first.id, 1000, credit=1000)
    await lost(world, ada, paid, 1000)
    assert await credit(world, ada) == 1000
    by_mistake, _ = await notes(world, ada, first.id)
    await by_finance(world, ada, void_credit_note, VoidCreditNote(by_mistake.id))
    assert (await credit(world, ada), await wrong_rows(world, ada)) == (1000, [])


async def paid_twice(world: World) -> tuple[Someone, Payment]:
    """Who has 10.00 of credit, since they came by the card after a cheque had paid the invoice; what came by it."""
    ada = await buyer(world, "tok_bank_held")
    begun = await start(world, ada)
    cheque = RecordOfflinePayment(begun.invoice, Means.CHEQUE, fresh("cheque"), eur(1000))
    await by_finance(world, ada, record_offline, cheque)
    await tell(world, ada, begun.payment, News.CAPTURED)
    assert begun.payment is not None
    assert await credit(world, ada) == 1000
    return ada, await payment(world.house.db.primary, ada.id, begun.payment)


@pytest.mark.row("C4")
@pytest.mark.parametrize("goodwill", [0, 1000])
async def test_what_was_withheld_of_a_payment_that_is_returned_as_well_is_not_credit_again(
    world: World, goodwill: int
) -> None:
    ada, paid = await paid_twice(world)
    dispute = await lost(world, ada, paid, 1000)
    assert await credit(world, ada) == 0
    if goodwill:
        await world.card(ada)
        other = await start(world, ada, "team")
        await note(world, ada, other.invoice, goodwill, credit=goodwill)
    await tell(world, ada, paid.id, News.RETURNED, captured=eur(1000))
    assert await credit(world, ada) == 0, "the bank has given it back twice, and other credit once"
    db = world.house.db.primary
    lost_by_it = await on(db, ada.id, Account.DISPUTE_LOSSES)
    await by_house(world, ada, settle_dispute, replace(dispute, status=DisputeStatus.LOST))
    await note(
        world, ada, (await invoices_of(world, ada))[0].id, 100, credit=100
    )  # what is withheld is looked at again
    assert (await credit(world, ada), await on(db, ada.id, Account.DISPUTE_LOSSES)) == (100, lost_by_it)
    assert await wrong_rows(world, ada) == []


@pytest.mark.row("C4")
async def test_new_credit_is_not_withheld_for_a_payment_too_many_that_was_returned_after_its_dispute(
    world: World,
) -> None:
    ada, paid = await paid_twice(world)
    await world.card(ada)
    await start(world, ada, "team")  # with that credit
    await lost(world, ada, paid, 1000)
    await tell(world, ada, paid.id, News.RETURNED, captured=eur(1000))
    assert await credit(world, ada) == 0
    await note(world, ada, (await invoices_of(world, ada))[0].id, 100, credit=100)  # of what the cheque had paid
    assert (await credit(world, ada), await wrong_rows(world, ada)) == (100, [])


@pytest.mark.row("C4")
@pytest.mark.parametrize("bounced_first", [False, True])
async def test_credit_does_not_stand_for_a_cheque_that_bounced_beside_a_dispute(
    world: World, bounced_first: bool
) -> None:
    ada = await owing(world)
    cheque, by_card = await paid_by_both(world, ada, 400)
    await note(world, ada, by_card.invoice, 600, credit=600)
    if bounced_first:
        await reverse(world, ada, cheque)
    await lost(world, ada, by_card, 600)
    if not bounced_first:
        assert await credit(world, ada) == 400
        await reverse(world, ada, cheque)
    assert (await owed_and_credit(world, ada), await wrong_rows(world, ada)) == ((400, 0), [])


@pytest.mark.row("C4")
@pytest.mark.parametrize("by_card_again", [False, True])
async def test_credit_that_was_withheld_for_a_cheque_that_bounced_is_there_again_once_that_is_paid(
    world: World, by_card_again: bool
) -> None:
    ada = await owing(world)
    cheque, by_card = await paid_by_both(world, ada, 400)
    await note(world, ada, by_card.invoice, 600, credit=600)
    await lost(world, ada, by_card, 600)
    await reverse(world, ada, cheque)
    if by_card_again:
        await world.do(ada, pay_invoice, PayInvoice((await invoices_of(world, ada))[0].id, None))
    else:
        await record(world, ada, 400, means=Means.CHEQUE)
    assert (await owed_and_credit(world, ada), await wrong_rows(world, ada)) == ((0, 400), [])


@pytest.mark.row("C4")
async def test_credit_of_another_invoice_does_not_stand_for_credit_that_was_used_up_and_is_lost(world: World) -> None:
    ada = await owing(world)
    cheque, card = await paid_by_both(world, ada, 600)
    first = card.invoice
    more = RecordOfflinePayment(first, Means.CHEQUE, fresh("cheque"), eur(700))
    extra = await by_finance(world, ada, record_offline, more)
    other = await start(world, ada, "team")  # with that credit
    await reverse(world, ada, extra)
    await note(world, ada, other.invoice, 500, credit=500)
    await lost(world, ada, card, 400)
    assert await credit(world, ada) == 500
    await reverse(world, ada, cheque)
    assert (await owed_and_credit(world, ada), await wrong_rows(world, ada)) == ((600, 500), [])
    assert await excess_of(world.house.db.primary, ada.id, first, EUR) == eur(0)


@pytest.mark.row("C4")
async def test_what_was_withheld_of_a_payment_that_is_lost_does_not_stand_for_a_dispute_of_another(
    world: World,
) -> None:
    ada = await owing(world)
    (billed,) = await invoices_of(world, ada)
    await world.card(ada)
    await world.do(ada, pay_invoice, PayInvoice(billed.id, None))
    late, paid = await payments_of(world.house.db.primary, ada.id, billed.id)
    await tell(world, ada, late.id, News.CAPTURED)  # it was taken after all
    await lost(world, ada, late, 1000)
    await tell(world, ada, late.id, News.RETURNED, captured=eur(1000))
    await note(world, ada, billed.id, 500, credit=500)
    assert await owed_and_credit(world, ada) == (0, 500)
    await lost(world, ada, paid, 1000)
    assert (await owed_and_credit(world, ada), await wrong_rows(world, ada)) == ((0, 0), [])


@pytest.mark.row("C4")
@pytest.mark.parametrize("fails_first", [False, True])
async def test_credit_of_a_refund_that_failed_does_not_stand_for_a_part_that_was_returned(
    house: House, fails_first: bool
) -> None:
    own, ada, one, other = await paid_in_two_parts(house)
    db = own.house.db.primary
    await note(own, ada, one.invoice, 300, credit=300)
    await give_back(own, ada, one.id, eur(300), follow=False)
    (sent,) = await refunds_of(db, ada.id, one.id)
    pending = SettleRefund(sent.id, RefundNews.PENDING, fresh("refund"), None)
    await by_house(own, ada, settle_refund, pending, follow=False)
    await lost(own, ada, other, 500)
    for step in (fails_first, not fails_first):
        if step:
            await by_house(own, ada, settle_refund, SettleRefund(sent.id, RefundNews.FAILED, None, "account_closed"))
        else:
            await tell(own, ada, one.id, News.RETURNED, captured=eur(500), follow=False)
    assert (await owed_and_credit(own, ada), await wrong_rows(own, ada)) == ((500, 0), [])


@pytest.mark.row("C4")
@pytest.mark.parametrize("returned_first", [False, True])
async def test_credit_does_not_stand_for_a_part_that_was_returned_beside_a_dispute_of_another(
    house: House, returned_first: bool
) -> None:
    own, ada, one, other = await paid_in_two_parts(house)
    await note(own, ada, one.invoice, 500, credit=500)
    for step in (returned_first, not returned_first):
        if step:
            await tell(own, ada, one.id, News.RETURNED, captured=eur(500), follow=False)
        else:
            await lost(own, ada, other, 500)
    assert (await credit(own, ada), await wrong_rows(own, ada)) == (0, [])


@pytest.mark.row("D13")
async def test_what_went_back_over_two_changes_does_not_go_back_over_one_of_them_again(house: House) -> None:
    own = await make_world(house)
    await rules(own, SubscriptionPolicy(cancel_now=Unused.REFUND))
    ada = await buyer(own)
    seats = (await start(own, ada, quantity=2)).subscription
    await note(own, ada, (await start(own, ada, "team")).invoice, 2000, credit=2000)
    for of_month, quantity in ((16, 4), (20, 6)):
        await until(own, ada, day(1, of_month, 12))
        await own.do(ada, change_quantity, ChangeQuantity(seats, quantity))
    await own.do(ada, cancel_subscription, CancelSubscription(seats, CancelAt.NOW))
    first, _, second, _ = await invoices_of(own, ada)
    (paid,) = await payments_of(own.house.db.primary, ada.id, first.id)
    assert paid.refunds_reserved == eur(1000), "all that the first change had taken over of it"
    with pytest.raises(Refused) as refused:
        await note(own, ada, second.id, 250, refund=250)
    assert refused.value.code is RefusalCode.EXCEEDS_CAPTURED
    await give_back(own, ada, paid.id, eur(1000))
    assert await wrong_rows(own, ada) == []
