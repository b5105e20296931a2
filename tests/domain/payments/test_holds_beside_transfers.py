"""Money that comes by hand while a hold stands: of the hold no more is taken than is still owed."""

from datetime import timedelta

import pytest

from domain.actor import Grant
from domain.payments.capture_payment import CapturePayment, capture_payment
from domain.payments.payment import Ask, Payment
from domain.payments.record_offline import Means, RecordOfflinePayment, record_offline
from domain.payments.settle_payment import News, SettlePayment, settle_payment
from domain.perform import perform
from domain.reactions.work import do_now
from domain.refusals import RefusalCode
from tests.domain.invoices.bills import eur, owed_and_credit
from tests.domain.payments.conftest import SideDoor
from tests.domain.payments.test_held_payments import ALL, by_staff, held, now, refused, sums
from tests.interruptions import LEASE_OVER, Killed, ahead, killed_at
from tests.lives import buyer, by_house, invoices_of, start, wrong_rows
from tests.world import Someone, World, fresh


async def recorded(world: World, of: Someone, hold: Payment, minor: int) -> None:
    """A transfer for the invoice of the hold."""
    command = RecordOfflinePayment(hold.invoice, Means.TRANSFER, fresh("transfer"), eur(minor))
    await by_staff(world, of, record_offline, command)


@pytest.mark.row("C3")
async def test_no_more_of_a_hold_is_taken_than_is_still_owed_beside_a_transfer(
    world: World, provider: SideDoor
) -> None:
    ada, hold = await held(world)
    await recorded(world, ada, hold, 600)
    await refused(world.house, world, ada, CapturePayment(hold.id, eur(401), False), RefusalCode.STATE_CONFLICT)
    await by_staff(world, ada, capture_payment, CapturePayment(hold.id, ALL, final=False))
    taken = await now(world, ada, hold.id)
    assert (taken.state.name, sums(taken), await provider.taken(ada)) == ("captured", (1000, 400, 0, 600), 400)
    assert (await invoices_of(world, ada))[0].state.name == "paid"
    assert await owed_and_credit(world, ada) == (0, 0)
    assert await wrong_rows(world, ada) == []


@pytest.mark.parametrize(("came", "state"), [(600, "authorized"), (1000, "voided")])
async def test_a_capture_that_was_not_sent_when_a_transfer_came_takes_nothing_beyond_what_is_owed(
    world: World, provider: SideDoor, came: int, state: str
) -> None:
    ada, hold = await held(world)
    command, finance = CapturePayment(hold.id, ALL, final=True), world.staff(Grant.FINANCE)
    await perform(world.house.db, capture_payment, finance, ada.id, command, fresh("staff"))
    await recorded(world, ada, hold, came)
    stands = await now(world, ada, hold.id)
    assert (stands.state.name, stands.asked, await provider.taken(ada)) == (state, None, 0)
    if state == "authorized":
        await by_staff(world, ada, capture_payment, command)
    assert [each.state.name for each in await invoices_of(world, ada)] == ["paid"]
    assert (await owed_and_credit(world, ada), await provider.taken(ada)) == ((0, 0), 1000 - came)
    assert await wrong_rows(world, ada) == []


async def test_a_capture_whose_worker_died_takes_nothing_beyond_what_is_owed_when_it_is_looked_at_again(
    world: World, provider: SideDoor
) -> None:
    ada, hold = await held(world)
    command, finance = CapturePayment(hold.id, ALL, final=True), world.staff(Grant.FINANCE)
    await perform(world.house.db, capture_payment, finance, ada.id, command, fresh("staff"))
    with pytest.raises(Killed):
        async with killed_at("hold.claimed"):
            await do_now(world.house, ada.id)
    await recorded(world, ada, hold, 600)
    await do_now(ahead(world.house, LEASE_OVER), ada.id)
    waits = await now(world, ada, hold.id)
    assert waits.asked is not None and await provider.taken(ada) == 0  # it may be on its way all the same
    forgotten = world.house.gateway(hold.provider_account).key_window
    await do_now(ahead(world.house, forgotten + timedelta(hours=1)), ada.id)
    stands = await now(world, ada, hold.id)
    assert (stands.state.name, stands.asked, await provider.taken(ada)) == ("authorized", None, 0)
    await by_staff(world, ada, capture_payment, command)
    assert (await owed_and_credit(world, ada), await provider.taken(ada)) == ((0, 0), 400)
    assert await wrong_rows(world, ada) == []


async def test_a_hold_that_is_heard_of_once_nothing_is_owed_is_let_go(world: World) -> None:
    ada = await buyer(world, "tok_bank_held")
    begun = await start(world, ada)
    assert begun.payment is not None
    await recorded(world, ada, await now(world, ada, begun.payment), 1000)
    command = SettlePayment(
        begun.payment, News.AUTHORIZED, None, eur(0), None, False, confirmed=True, authorized=eur(1000),
        capturable=eur(1000),
    )  # fmt: skip
    await by_house(world, ada, settle_payment, command, follow=False)
    asked = (await now(world, ada, begun.payment)).asked
    assert asked is not None and asked.what is Ask.VOID
