"""A life that passes every point between two effects, and ends the process at each: it goes on and costs the same."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, TypeVar

import pytest

from dev.story.documents import ADD_METHOD
from domain.actor import Grant
from domain.invoices.manual_line import ManualLine
from domain.money import Money
from domain.operation import Operation
from domain.payments.capture_payment import CapturePayment, capture_payment
from domain.payments.gateway import MethodFacts
from domain.payments.method import StoreMethod, methods_in_order, store_method
from domain.payments.order_methods import RemoveMethod, remove_method
from domain.payments.pay_invoice import PayInvoice, pay_invoice
from domain.payments.payment import CaptureMode, Payment
from domain.payments.request_refund import RequestRefund, request_refund
from domain.perform import perform
from domain.points import POINTS
from domain.reactions.provider_events import apply
from domain.reactions.work import do_now
from domain.subscriptions.start import StartSubscription, start_subscription
from tests.api_callers import Api, key
from tests.domain.invoices.bills import draft, issue
from tests.interruptions import LEASE_OVER, Killed, ahead, killed_at
from tests.lives import attempts_at, invoices_of, wrong_rows
from tests.webhook_desk import Desk, key_of
from tests.world import ACCOUNT, EUR, Someone, World, fresh

C = TypeVar("C")
O = TypeVar("O")  # noqa: E741 - command and outcome, as in domain/operation.py
AT_THE_DOOR = "method.answered"
"""Reached by the API alone, before anything is committed."""
MINE = ("perform.", "relay.", "due.", "inbox.", "attempt.", "hold.", "refund.", "detach.")
PASSED = sorted(point for point in POINTS if point.startswith(MINE))
"""The points of this life; what else has points (a dispute, a delivery to a tenant) has tests of its own at them."""


class Life:
    """What one customer does, step by step; each step under a key of its own, so that it can be taken again."""

    def __init__(self, world: World, desk: Desk, who: Someone) -> None:
        self.world, self.desk, self.who = world, desk, who
        self.steps: list[Callable[[], Awaitable[None]]] = [
            self.add_card, self.buy, self.hear_of_it, self.add_lost_card, self.hold, self.take_a_part, self.give_back,
            self.forget_a_card,
        ]  # fmt: skip
        self._mark = fresh("card")

    async def add_card(self) -> None:
        """One that is good."""
        await self._add(f"tok_visa#{self._mark}")

    async def add_lost_card(self) -> None:
        """One on which nothing is ever charged."""
        await self._add(f"tok_lost_card#{self._mark}")

    async def _add(self, token: str) -> None:
        facts = await self.world.house.gateway(ACCOUNT).add_method(token, "customer")
        assert isinstance(facts, MethodFacts)
        command = StoreMethod(ACCOUNT, token, facts.method_ref, facts.kind, facts.brand, facts.last4)
        await perform(self.world.house.db, store_method, self.who.actor, self.who.id, command, token)
        await do_now(self.world.house, self.who.id)

    async def buy(self) -> None:
        """A subscription, charged at once."""
        command = StartSubscription(self.world.prices["starter"], 1)
        await perform(self.world.house.db, start_subscription, self.who.actor, self.who.id, command, "buy")
        await do_now(self.world.house, self.who.id)

    async def hear_of_it(self) -> None:
        """The provider tells of the charge."""
        (event,) = await self.desk.events_of((await self._payments())[0].provider_ref)
        await self.desk.deliver(event)
        await apply(ahead(self.world.house, LEASE_OVER), key_of(event))

    async def hold(self) -> None:
        """An invoice of staff, declined at first, is authorized on the good card."""
        if len(await invoices_of(self.world, self.who)) == 1:
            work = ManualLine("Work", 1, Money(600, EUR))
            await issue(self.world, self.who, await draft(self.world, self.who, work))
        owed = (await invoices_of(self.world, self.who))[-1].id
        good = (await methods_in_order(self.world.house.db.primary, self.who.id))[-1].id
        await self._by_finance(pay_invoice, PayInvoice(owed, good, CaptureMode.LATER), "hold")

    async def take_a_part(self) -> None:
        """Of which a part is taken."""
        await self._by_finance(
            capture_payment, CapturePayment((await self._payments())[-1].id, Money(400, EUR), True), "take"
        )

    async def give_back(self) -> None:
        """And some of it given back."""
        id = (await self._payments())[0].id
        await self._by_finance(request_refund, RequestRefund(id, Money(300, EUR), "goodwill"), "give")

    async def forget_a_card(self) -> None:
        """The lost one, if it is still there."""
        methods = await methods_in_order(self.world.house.db.primary, self.who.id)
        if len(methods) == 2:
            command = RemoveMethod(methods[0].id)
            await perform(self.world.house.db, remove_method, self.who.actor, self.who.id, command, "forget")
        await do_now(ahead(self.world.house, LEASE_OVER), self.who.id)

    async def _by_finance(self, operation: Operation[C, O], command: C, name: str) -> None:
        actor = self.world.staff(Grant.FINANCE)
        await perform(self.world.house.db, operation, actor, self.who.id, command, name)
        await do_now(self.world.house, self.who.id)

    async def _payments(self) -> list[Payment]:
        invoices = await invoices_of(self.world, self.who)
        return [each for one in invoices for each in await attempts_at(self.world, self.who, one.id)]


async def go_on(life: Life) -> None:
    """What another worker finds to do once the leases of the dead one are over."""
    await do_now(ahead(life.world.house, 2 * LEASE_OVER), life.who.id)
    await do_now(ahead(life.world.house, timedelta(minutes=5)), life.who.id)


async def ended(life: Life) -> Any:
    """What the customer paid and has, by our books and by the provider's."""
    payments = await life._payments()
    books = await life.desk.books(life.who)
    return (
        [(one.state.name, one.paid.minor, one.due.minor) for one in await invoices_of(life.world, life.who)],
        [(each.captured.minor, each.released.minor, each.refunds_reserved.minor) for each in payments],
        (books["captured_minor"], books["refunded_minor"], len(books["payments"])),
        len(await methods_in_order(life.world.house.db.primary, life.who.id)),
    )


@pytest.mark.row("C14")
@pytest.mark.parametrize("point", PASSED)
async def test_a_life_that_dies_at_a_point_goes_on_and_costs_what_it_costs(
    world: World, desk: Desk, point: str
) -> None:
    life, deaths = Life(world, desk, await world.customer()), 0
    for step in life.steps:
        if deaths == 0:
            async with killed_at(point):
                try:
                    await step()
                except Killed:
                    deaths += 1
            if deaths == 0:
                continue
            await go_on(life)
        await step()
    await go_on(life)
    assert deaths == 1, "nobody came by this point"
    assert await ended(life) == (
        [("paid", 1000, 0), ("open", 400, 200)],
        [(1000, 0, 300), (0, 0, 0), (400, 200, 0)],
        ({"EUR": 1400}, {"EUR": 300}, 3),
        1,
    )
    assert await wrong_rows(world, life.who) == []


async def test_a_method_whose_answer_was_lost_with_the_process_is_added_by_the_same_call(api: Api) -> None:
    guest, given = await api.guest(), {"token": "tok_visa", "idempotencyKey": key()}
    async with killed_at(AT_THE_DOOR):
        with pytest.raises(Killed):
            await guest.call(ADD_METHOD, **given)
    stored = await guest.do(ADD_METHOD, **given)
    assert not stored["operation"]["replayed"]
    assert len(await methods_in_order(api.world.house.db.primary, guest.who.id)) == 1
