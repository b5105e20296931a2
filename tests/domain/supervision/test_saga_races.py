"""What a saga asks for is performed later than it is asked for: what happened in between decides."""

from datetime import datetime, timedelta

import pytest

from domain.actor import Grant
from domain.dunning.case import cases
from domain.ids import InvoiceId
from domain.operation import Performed
from domain.payments.pay_invoice import PayInvoice, PaymentBegun, pay_invoice
from domain.perform import perform
from domain.reactions.events import drain
from domain.reactions.work import do_now
from domain.sagas.definition import SagaKind
from domain.subscriptions.renew import FinalizeInvoice, finalize_invoice
from domain.supervision.look import LookAtSaga, look_at_saga
from domain.supervision.resume import ResumeSaga, resume_saga
from tests.lives import by_house, day, subscription_of, until, wrong_rows
from tests.mishaps import failing, later
from tests.saga_kit import STATED, Beginning, beginning, lose_event, newest, stands, state_of, unbilled
from tests.world import World, fresh

pytestmark = pytest.mark.row("L4")
SOON = timedelta(minutes=1)  # more than a failed try is put off


async def taken_back_late(world: World) -> Beginning:
    """A change that nobody paid in its time; staff resumed its saga, and the way back that it asked for has failed."""
    life = await beginning(world, SagaKind.PAID_CHANGE)
    await world.card(life.who, "tok_insufficient_funds")
    await life.charge(await life.begin())
    await lose_event(world, life.who, "payment.failed")
    await life.go_on()
    await world.card(life.who)
    await resumed_in_vain(world, life, day(1, 12))
    assert await stands(world, life.who) == ("compensating", "charge")
    return life


async def resumed_in_vain(world: World, life: Beginning, at: datetime) -> None:
    """Staff resumed the saga after its time, and what it asked for then has failed and is tried again."""
    id = (await newest(world, life.who)).id
    await by_house(world, life.who, look_at_saga, LookAtSaga(id, trouble="Work failed too often: a test."))
    await until(world, life.who, at)
    assert (await stands(world, life.who))[0] == "stuck"
    support = world.staff(Grant.SUPPORT)
    await perform(world.house.db, resume_saga, support, life.who.id, ResumeSaga(id, STATED), fresh("resume"))
    with failing(ValueError("a mistake of ours"), 1, after=1):  # the look goes well
        await drain(world.house, life.who.id)


async def again(world: World, life: Beginning, invoice: InvoiceId) -> Performed[PaymentBegun]:
    """The customer pays with its other card; nothing that follows from it is done."""
    return await perform(
        world.house.db, pay_invoice, life.who.actor, life.who.id, PayInvoice(invoice, None), fresh("pay")
    )


async def test_a_change_that_is_paid_while_its_way_back_is_tried_again_takes_effect(world: World) -> None:
    life = await taken_back_late(world)
    invoice = (await newest(world, life.who)).invoice
    assert invoice is not None
    begun = await perform(
        world.house.db, pay_invoice, life.who.actor, life.who.id, PayInvoice(invoice, None), fresh("p")
    )
    await life.charge(begun.outcome.payment)
    assert await state_of(world, life.who, invoice) == "paid"
    await do_now(later(world.house, SOON), life.who.id)
    assert (await subscription_of(world, life.who)).price == world.prices["team"]
    assert await stands(world, life.who) == ("completed", "charge")
    assert await wrong_rows(world, life.who) == []


async def test_a_change_whose_payment_begins_while_its_way_back_is_tried_again_waits_for_it(world: World) -> None:
    life = await taken_back_late(world)
    invoice = (await newest(world, life.who)).invoice
    assert invoice is not None
    begun = await perform(
        world.house.db, pay_invoice, life.who.actor, life.who.id, PayInvoice(invoice, None), fresh("p")
    )
    with failing(ValueError("a mistake of ours"), 1, after=2):  # the way back is performed, and nothing further
        await drain(later(world.house, SOON), life.who.id)
    assert await state_of(world, life.who, invoice) == "open"
    await life.charge(begun.outcome.payment)
    await do_now(later(world.house, 2 * SOON), life.who.id)
    assert (await subscription_of(world, life.who)).price == world.prices["team"]
    assert await stands(world, life.who) == ("completed", "charge")
    assert await wrong_rows(world, life.who) == []


async def test_a_trial_is_not_dunned_for_what_its_customer_began_to_pay_meanwhile(world: World) -> None:
    life = await beginning(world, SagaKind.TRIAL, "tok_insufficient_funds")
    await life.begin()
    await until(world, life.who, day(1, 15, 1))
    issued = await by_house(
        world, life.who, finalize_invoice, FinalizeInvoice(await unbilled(world, life.who)), follow=False
    )
    await life.charge(issued.payment)
    await lose_event(world, life.who, "payment.failed")
    await until(world, life.who, day(1, 16, 1))
    await world.card(life.who, "tok_3ds")
    await resumed_in_vain(world, life, day(1, 18))
    await life.charge((await again(world, life, issued.invoice)).outcome.payment)
    await do_now(later(world.house, SOON), life.who.id)
    assert await cases(world.house.db.primary, life.who.id) == []
    assert (await subscription_of(world, life.who)).state.name == "active"
    assert await wrong_rows(world, life.who) == []
