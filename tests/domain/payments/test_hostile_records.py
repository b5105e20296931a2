"""Money that staff record, where a process dies in the middle and where two people do the same at once."""

import asyncio

import pytest

from domain.actor import Grant
from domain.payments.pay_invoice import PayInvoice, pay_invoice
from domain.payments.payment import payment
from domain.payments.record_offline import Means, OfflineRecorded, RecordOfflinePayment, record_offline
from domain.payments.reverse_offline import OfflineReversed, ReverseOfflinePayment, reverse_offline
from domain.perform import perform
from domain.reactions.work import do_now
from domain.refusals import Refused
from tests.domain.invoices.bills import eur, owed_and_credit
from tests.domain.payments.conftest import SideDoor
from tests.domain.payments.test_offline_payments import owing, record
from tests.interruptions import LEASE_OVER, Killed, ahead, killed_at
from tests.lives import attempts_at, buyer, invoices_of, receipt_numbers, start, wrong_rows
from tests.world import Someone, World, fresh

DEATHS = [
    "perform.begun",
    "perform.key_stored",
    "perform.locked",
    "perform.done",
    "perform.recorded",
    "perform.committed",
    "relay.consumed",
    "relay.deleted",
]


async def recorded_once(world: World, of: Someone, command: RecordOfflinePayment, key: str) -> OfflineRecorded:
    """Finance records it under the key, and what follows is done."""
    done = await perform(world.house.db, record_offline, world.staff(Grant.FINANCE), of.id, command, key)
    await do_now(world.house, of.id)
    return done.outcome


async def reversed_once(world: World, of: Someone, command: ReverseOfflinePayment, key: str) -> OfflineReversed:
    """Finance takes it back under the key, and what follows is done."""
    done = await perform(world.house.db, reverse_offline, world.staff(Grant.FINANCE), of.id, command, key)
    await do_now(world.house, of.id)
    return done.outcome


@pytest.mark.row("C14")
@pytest.mark.parametrize("point", DEATHS)
async def test_wherever_a_process_dies_a_record_and_its_reversal_are_booked_once(world: World, point: str) -> None:
    ada = await owing(world)
    (owed,) = await invoices_of(world, ada)
    command = RecordOfflinePayment(owed.id, Means.TRANSFER, fresh("RF"), eur(1000))
    async with killed_at(point):
        with pytest.raises(Killed):
            await recorded_once(world, ada, command, "record")
    recorded = await recorded_once(world, ada, command, "record")
    await do_now(ahead(world.house, LEASE_OVER), ada.id)
    assert (await owed_and_credit(world, ada), len(await receipt_numbers(world, ada))) == ((0, 0), 1)
    back = ReverseOfflinePayment(recorded.payment, "The cheque bounced.")
    async with killed_at(point):
        with pytest.raises(Killed):
            await reversed_once(world, ada, back, "reverse")
    await reversed_once(world, ada, back, "reverse")
    await do_now(ahead(world.house, 2 * LEASE_OVER), ada.id)
    assert await owed_and_credit(world, ada) == (1000, 0)
    assert (await payment(world.house.db.primary, ada.id, recorded.payment)).returned == eur(1000)
    assert await wrong_rows(world, ada) == []


async def test_one_reference_for_two_customers_at_once_is_booked_for_one_of_them(world: World) -> None:
    ada, ben, reference = await owing(world), await owing(world), fresh("E2E")
    tries = [record(world, of, reference=reference, follow=False) for of in (ada, ben) * 10]
    done = await asyncio.gather(*tries, return_exceptions=True)
    assert len({each.payment for each in done if isinstance(each, OfflineRecorded)}) == 1
    assert {type(each) for each in done} == {OfflineRecorded, Refused}
    assert sorted([await owed_and_credit(world, each) for each in (ada, ben)]) == [(0, 0), (1000, 0)]
    assert await wrong_rows(world, ada) == await wrong_rows(world, ben) == []


async def test_a_record_is_reversed_once_however_many_do_it_at_once(world: World) -> None:
    ada = await owing(world)
    recorded = await record(world, ada)
    back = ReverseOfflinePayment(recorded.payment, "It was recalled.")
    tries = (
        perform(world.house.db, reverse_offline, world.staff(Grant.FINANCE), ada.id, back, fresh("back"))
        for _ in range(20)
    )
    done = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(not isinstance(each, BaseException) for each in done) == 1
    assert await owed_and_credit(world, ada) == (1000, 0)
    assert await wrong_rows(world, ada) == []


@pytest.mark.parametrize("sent", [False, True], ids=["never sent", "sent in vain"])
async def test_a_charge_that_waits_for_the_provider_is_not_sent_once_its_invoice_is_paid_another_way(
    world: World, provider: SideDoor, sent: bool
) -> None:
    ada = await buyer(world, "tok_lost_card")
    owed = (await start(world, ada)).invoice
    await world.card(ada, "tok_unavailable" if sent else "tok_visa")
    await perform(world.house.db, pay_invoice, ada.actor, ada.id, PayInvoice(owed, None), fresh("pay"))
    if sent:
        await do_now(world.house, ada.id)
    await record(world, ada, follow=False)
    await do_now(ahead(world.house, LEASE_OVER), ada.id)
    tries = [each.state.name for each in await attempts_at(world, ada, owed)]
    assert tries == ["failed", "voided", "succeeded"]
    assert await provider.taken(ada) == 0
    assert await owed_and_credit(world, ada) == (0, 0)
    assert await wrong_rows(world, ada) == []
