"""Money that comes by hand while a hold stands: of the hold no more is taken than is still owed."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import TypeVar

import pytest

from domain.actor import Grant
from domain.payments.capture_payment import CapturePayment, capture_payment
from domain.payments.gateway import Authorized, Captured, Gateway, Unavailable
from domain.payments.gateways.bulkhead import Fence
from domain.payments.hold_calls import ask_hold
from domain.payments.pay_invoice import PayInvoice, pay_invoice
from domain.payments.payment import Ask, CaptureMode, Payment
from domain.payments.policy import PartialAuthorization, PaymentPolicy, SetPaymentPolicy, set_payment_policy
from domain.payments.record_offline import Means, RecordOfflinePayment, record_offline
from domain.payments.settle_payment import News, SettlePayment, settle_payment
from domain.perform import perform
from domain.reactions.house import House
from domain.reactions.work import do_now
from domain.refusals import RefusalCode
from tests.domain.invoices.bills import eur, owed_and_credit
from tests.domain.payments.conftest import SideDoor
from tests.domain.payments.test_held_payments import ALL, by_staff, held, now, refused, sums
from tests.interruptions import LEASE_OVER, Killed, ahead, killed_at
from tests.lives import attempts_at, buyer, by_house, invoices_of, start, wrong_rows
from tests.webhook_desk import Desk
from tests.world import Someone, World, fresh, make_world

T = TypeVar("T")


async def recorded(world: World, of: Someone, hold: Payment, minor: int) -> None:
    """A transfer for the invoice of the hold."""
    command = RecordOfflinePayment(hold.invoice, Means.TRANSFER, fresh("transfer"), eur(minor))
    await by_staff(world, of, record_offline, command)


class Overtaken(Fence):
    """A gateway to whose answer about a capture something else comes first."""

    def __init__(self, gateway: Gateway, meanwhile: Callable[[], Awaitable[None]]) -> None:
        super().__init__(gateway)
        self._meanwhile = meanwhile

    async def _call(self, kind: str, call: Callable[[], Awaitable[T]]) -> T | Unavailable:
        answer = await call()
        if kind == "capture":
            await self._meanwhile()
        return answer


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


@pytest.mark.parametrize(("came", "state"), [(600, "authorized"), (1000, "voided")])
async def test_a_capture_whose_worker_died_takes_nothing_beyond_what_is_owed_when_it_is_looked_at_again(
    world: World, provider: SideDoor, came: int, state: str
) -> None:
    ada, hold = await held(world)
    command, finance = CapturePayment(hold.id, ALL, final=True), world.staff(Grant.FINANCE)
    await perform(world.house.db, capture_payment, finance, ada.id, command, fresh("staff"))
    with pytest.raises(Killed):
        async with killed_at("hold.claimed"):
            await do_now(world.house, ada.id)
    await recorded(world, ada, hold, came)
    await do_now(ahead(world.house, LEASE_OVER), ada.id)
    asked = (await now(world, ada, hold.id)).asked
    assert asked is not None and asked.what is Ask.CAPTURE  # it may be on its way all the same
    assert await provider.taken(ada) == 0
    forgotten = world.house.gateway(hold.provider_account).key_window
    await do_now(ahead(world.house, forgotten + timedelta(hours=1)), ada.id)
    stands = await now(world, ada, hold.id)
    assert (stands.state.name, stands.asked, await provider.taken(ada)) == (state, None, 0)
    if state == "authorized":
        await by_staff(world, ada, capture_payment, command)
    assert (await owed_and_credit(world, ada), await provider.taken(ada)) == ((0, 0), 1000 - came)
    assert await wrong_rows(world, ada) == []


@pytest.mark.row("C3")
@pytest.mark.parametrize(
    ("came", "state", "amounts", "credit"),
    [
        (500, "authorized", (1000, 400, 600, 0), 0),
        (600, "succeeded", (1000, 400, 0, 600), 0),
        (1000, "succeeded", (1000, 400, 0, 600), 400),
    ],
)
@pytest.mark.parametrize("way", ["answer", "event", "question"])
async def test_a_capture_that_a_transfer_overtook_lets_the_rest_of_its_hold_go_once_nothing_is_owed(
    world: World, desk: Desk, way: str, came: int, state: str, amounts: tuple[int, int, int, int], credit: int
) -> None:
    ada, hold = await held(world)
    house, account = world.house, hold.provider_account
    transfer = RecordOfflinePayment(hold.invoice, Means.TRANSFER, fresh("transfer"), eur(came))

    async def meanwhile() -> None:
        await by_house(world, ada, record_offline, transfer, follow=False)

    command, finance = CapturePayment(hold.id, eur(400), final=False), world.staff(Grant.FINANCE)
    await perform(house.db, capture_payment, finance, ada.id, command, fresh("staff"))
    if way == "answer":
        await do_now(replace(house, gateways={account: Overtaken(house.gateway(account), meanwhile)}), ada.id)
    else:
        with pytest.raises(Killed):
            async with killed_at("attempt.answered"):
                await do_now(house, ada.id)
        await meanwhile()
        stands = await now(world, ada, hold.id)
        assert (sums(stands), stands.asked and stands.asked.what) == ((1000, 0, 1000, 0), Ask.CAPTURE)
    for event in await desk.events_of(hold.provider_ref) if way == "event" else ():
        assert await desk.take(event) in ("applied", "stale")
    await do_now(ahead(house, LEASE_OVER), ada.id)
    after = await now(world, ada, hold.id)
    assert (after.state.name, sums(after), after.asked) == (state, amounts, None)
    assert await owed_and_credit(world, ada) == (600 - min(came, 600), credit)
    assert await wrong_rows(world, ada) == []


@pytest.mark.parametrize(
    ("came", "state", "amounts"), [(700, "captured", (500, 300, 0, 200)), (1000, "voided", (500, 0, 0, 500))]
)
async def test_of_a_hold_of_less_than_was_asked_only_what_a_transfer_left_owed_is_taken(
    house: House, provider: SideDoor, came: int, state: str, amounts: tuple[int, int, int, int]
) -> None:
    world = await make_world(house)
    policy = SetPaymentPolicy(PaymentPolicy(partial_authorization=PartialAuthorization.CAPTURE))
    await perform(house.db, set_payment_policy, house.actor, world.tenant.live_house, policy, fresh("policy"))
    ada = await buyer(world, "tok_lost_card")
    begun = await start(world, ada)
    await world.card(ada, "tok_partial")
    command = PayInvoice(begun.invoice, None, CaptureMode.LATER)
    await perform(house.db, pay_invoice, world.staff(Grant.FINANCE), ada.id, command, fresh("hold"))
    with pytest.raises(Killed):
        async with killed_at("attempt.answered"):
            await do_now(house, ada.id)
    (_, unknown) = await attempts_at(world, ada, begun.invoice)
    await recorded(world, ada, unknown, came)
    await do_now(ahead(house, 2 * LEASE_OVER), ada.id)
    hold = await now(world, ada, unknown.id)
    assert (hold.state.name, sums(hold), await provider.taken(ada)) == (state, amounts, 1000 - came)
    assert ((await invoices_of(world, ada))[0].state.name, await owed_and_credit(world, ada)) == ("paid", (0, 0))
    assert await wrong_rows(world, ada) == []


@pytest.mark.parametrize(
    ("point", "taken"), [("hold.claimed", 400), ("attempt.answered", 400), ("attempt.answered", 1000)]
)
async def test_a_worker_that_read_a_capture_before_another_marked_it_sends_it_only_where_it_did_not_arrive(
    world: World, provider: SideDoor, point: str, taken: int
) -> None:
    ada, hold = await held(world)
    command, finance = CapturePayment(hold.id, eur(taken), final=False), world.staff(Grant.FINANCE)
    await perform(world.house.db, capture_payment, finance, ada.id, command, fresh("staff"))
    read = await now(world, ada, hold.id)
    assert read.asked is not None
    with pytest.raises(Killed):
        async with killed_at(point):
            await do_now(world.house, ada.id)
    if await provider.taken(ada):  # then another request would fail
        await provider.behave(world, ada, operations=["capture"], fault="error_before")
    gateway, at = world.house.gateway(hold.provider_account), world.house.db.clock.now()
    told = (await ask_hold(world.house.db, gateway, read, read.asked, at)).answer
    assert isinstance(told, Authorized | Captured) and await provider.taken(ada) == taken
    await do_now(ahead(world.house, LEASE_OVER), ada.id)
    stands = await now(world, ada, hold.id)
    assert (sums(stands), stands.asked) == ((1000, taken, 1000 - taken, 0), None)
    assert (await owed_and_credit(world, ada), await provider.taken(ada)) == ((1000 - taken, 0), taken)
    assert await wrong_rows(world, ada) == []


async def test_a_worker_that_read_an_earlier_capture_sends_none_again_and_marks_no_later_one_as_sent(
    world: World, provider: SideDoor
) -> None:
    ada, hold = await held(world)
    db, finance, gateway = world.house.db, world.staff(Grant.FINANCE), world.house.gateway(hold.provider_account)
    await perform(db, capture_payment, finance, ada.id, CapturePayment(hold.id, eur(400), final=False), fresh("staff"))
    read = await now(world, ada, hold.id)
    assert read.asked is not None
    await do_now(world.house, ada.id)
    await provider.behave(world, ada, operations=["capture"], fault="error_before")
    assert isinstance((await ask_hold(db, gateway, read, read.asked, db.clock.now())).answer, Authorized)
    await perform(db, capture_payment, finance, ada.id, CapturePayment(hold.id, eur(300), final=False), fresh("staff"))
    assert isinstance((await ask_hold(db, gateway, read, read.asked, db.clock.now())).answer, Authorized)
    later = (await now(world, ada, hold.id)).asked
    assert later is not None and (later.total, later.sent_at) == (eur(700), None)


@pytest.mark.parametrize(("came", "what"), [(400, None), (1000, Ask.VOID)])
async def test_a_hold_that_is_heard_of_after_a_transfer_is_let_go_once_nothing_is_owed(
    world: World, came: int, what: Ask | None
) -> None:
    ada = await buyer(world, "tok_bank_held")
    begun = await start(world, ada)
    assert begun.payment is not None
    await recorded(world, ada, await now(world, ada, begun.payment), came)
    command = SettlePayment(
        begun.payment, News.AUTHORIZED, None, eur(0), None, False, confirmed=True, authorized=eur(1000),
        capturable=eur(1000),
    )  # fmt: skip
    await by_house(world, ada, settle_payment, command, follow=False)
    asked = (await now(world, ada, begun.payment)).asked
    assert (asked and asked.what) is what


async def test_a_hold_whose_last_owed_part_was_taken_another_way_is_let_go_with_one_ask(world: World) -> None:
    ada, hold = await held(world)
    command, finance = CapturePayment(hold.id, eur(400), final=False), world.staff(Grant.FINANCE)
    await perform(world.house.db, capture_payment, finance, ada.id, command, fresh("staff"))
    asks = (await now(world, ada, hold.id)).asks
    cash = RecordOfflinePayment(hold.invoice, Means.CASH, fresh("cash"), eur(600))
    await by_house(world, ada, record_offline, cash, follow=False)
    told = SettlePayment(
        hold.id, News.AUTHORIZED, hold.provider_ref, eur(400), "not_capturable", False, confirmed=True,
        authorized=eur(1000), capturable=eur(600),
    )  # fmt: skip
    await by_house(world, ada, settle_payment, told, follow=False)
    stands = await now(world, ada, hold.id)
    assert (stands.asked and stands.asked.what, stands.asks) == (Ask.VOID, asks + 1)
