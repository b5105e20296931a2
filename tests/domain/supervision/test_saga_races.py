"""What a saga asks for is performed later than it is asked for: what happened in between decides."""

from datetime import timedelta

import pytest

from domain.actor import Grant
from domain.ids import InvoiceId
from domain.operation import Performed
from domain.payments.pay_invoice import PayInvoice, PaymentBegun, pay_invoice
from domain.perform import perform
from domain.reactions.events import drain
from domain.reactions.work import do_now
from domain.sagas.definition import SagaKind
from domain.supervision.look import LookAtSaga, look_at_saga
from domain.supervision.resume import ResumeSaga, resume_saga
from tests.lives import by_house, day, subscription_of, until, wrong_rows
from tests.mishaps import failing, later
from tests.saga_kit import STATED, Beginning, beginning, lose_event, newest, stands, state_of
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
    found = await newest(world, life.who)
    await by_house(world, life.who, look_at_saga, LookAtSaga(found.id, trouble="Work failed too often: a test."))
    await world.card(life.who)
    await until(world, life.who, day(1, 12))
    assert await stands(world, life.who) == ("stuck", "charge")
    command = ResumeSaga(found.id, STATED)
    await perform(world.house.db, resume_saga, world.staff(Grant.SUPPORT), life.who.id, command, fresh("resume"))
    with failing(ValueError("a mistake of ours"), 1, after=1):  # the look goes well
        await drain(world.house, life.who.id)
    assert await stands(world, life.who) == ("compensating", "charge")
    return life


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
