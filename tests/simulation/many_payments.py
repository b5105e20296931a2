"""Many payments against a hostile provider: events are lost, doubled and late, answers are lost, workers die.

All is drawn from a seed; which of several flows goes first is up to the machine.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TypeVar

from domain import points
from domain.actor import Grant
from domain.corrections.finalize_draft import FinalizeDraft, finalize_draft
from domain.invoices.edit_draft import CreateInvoice, create_invoice
from domain.invoices.manual_line import ManualLine
from domain.money import Money
from domain.payments.payment import Payment
from domain.payments.request_refund import RequestRefund, request_refund
from domain.perform import perform
from domain.reactions.house import House
from domain.reactions.provider_events import apply
from domain.reactions.work import do_now
from domain.refusals import Refused
from tests.interruptions import LEASE_OVER, Killed
from tests.mishaps import later
from tests.simulation.both_books import payments_of_all
from tests.webhook_desk import Desk, Event, key_of
from tests.world import EUR, Someone, World, fresh

DROPPED, DOUBLED, LATE = 5, 20, 30  # percent of the provider's events
KILLED = 1  # percent of the points that anybody at work comes by: about one death in three payments
REFUNDED = 5  # percent of the invoices after which something is given back
FLOWS = 4  # customers at work at once
ROUNDS = 20  # invoices of one customer: each has but one method, and with it one kind of trouble
PAGE = 1000  # of the provider's list of events: its longest
# How methods behave, and how many customers of a hundred have such a one: five lose the answers to all their charges.
METHODS = {
    "tok_visa": 66,
    "tok_error_after": 2,
    "tok_hangup_after": 2,
    "tok_error_before": 1,
    "tok_bank": 8,
    "tok_3ds_once": 5,
    "tok_insufficient_funds_times_1": 6,
    "tok_bank_insufficient_funds": 2,
    "tok_stolen_card": 2,
    "tok_unavailable": 3,
    "tok_rate_limited": 3,
}
# When workers look in the end: long after every lease, then as often as an unknown outcome is asked for.
LOOKS = tuple(timedelta(hours=hours) for hours in (2, 6, 12, 48, 96))

T = TypeVar("T")


@dataclass
class Crowd:
    """Customers who pay, the mail between the provider and us, and what befell whom."""

    world: World
    desk: Desk
    chance: random.Random
    people: list[Someone] = field(default_factory=list)
    on_their_way: list[Event] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    counted: Counter[str] = field(default_factory=Counter)
    deaths: Counter[str] = field(default_factory=Counter)
    last_event: str = ""

    def happens(self, percent: int) -> bool:
        """Whether something happens now that happens so often."""
        return self.chance.random() * 100 < percent

    @contextmanager
    def mortal(self) -> Iterator[None]:
        """Whoever works may die at any point."""

        def strike(point: str) -> None:
            if self.happens(KILLED):
                raise Killed(point)

        points.on_reached.append(strike)
        try:
            yield
        finally:
            points.on_reached.remove(strike)

    async def persist(self, whose: str, act: Callable[[House], Awaitable[object]]) -> None:
        """Does it under keys of its own; after each death the next worker does it, once the leases are over."""
        while True:
            try:
                await act(later(self.world.house, LEASE_OVER * self.deaths[whose]))
                return
            except Killed:
                self.deaths[whose] += 1
                self.counted["killed"] += 1

    async def join(self) -> None:
        """One more customer."""
        who = await self.world.customer()
        await self.world.card(who, self.chance.choices(list(METHODS), list(METHODS.values()))[0])
        self.people.append(who)

    async def bill(self, who: Someone) -> None:
        """Finance issues an invoice, which is charged at once; the customer comes where the bank wants to see it."""
        finance, name = self.world.staff(Grant.FINANCE), fresh("bill")
        line = ManualLine("Work", 1, Money(self.chance.randrange(100, 10_000), EUR))
        refunds = self.happens(REFUNDED)

        async def issue(house: House) -> None:
            draft = CreateInvoice((line,), None, None)
            made = await perform(house.db, create_invoice, finance, who.id, draft, f"{name}-1")
            issued = FinalizeDraft(made.outcome.draft)
            await perform(house.db, finalize_draft, finance, who.id, issued, f"{name}-2")
            await do_now(house, who.id)

        await self.persist(str(who.id), issue)
        self.counted["invoices"] += 1
        for each in await payments_of_all(self.world, who):
            if each.state.name == "requires_action":
                await self.desk.provider.get(each.action_url or "", params={"outcome": "complete"})  # again is nothing
            elif refunds and each.refundable.minor > 1:
                refunds = False
                await self._give_back(who, each, f"{name}-3")

    async def _give_back(self, who: Someone, of: Payment, key: str) -> None:
        command = RequestRefund(of.id, Money(of.refundable.minor // 2, EUR), "goodwill")

        async def ask(house: House) -> None:
            with suppress(Refused):  # more than a customer may get back in a time: a person decides
                await perform(house.db, request_refund, self.world.staff(Grant.FINANCE), who.id, command, key)
            await do_now(house, who.id)

        await self.persist(str(who.id), ask)
        self.counted["refunds"] += 1

    async def collect_mail(self) -> None:
        """Takes what the provider has to tell since the last time; some of it is lost, and some comes twice."""
        ours = {str(who.id) for who in self.people}
        while events := await self._page():
            self.last_event = events[-1]["id"]
            for event in events:
                if event["object"].get("metadata", {}).get("customer") in ours:
                    self._post(event)

    async def _page(self) -> list[Event]:
        asked = {"limit": str(PAGE)} | ({"after": self.last_event} if self.last_event else {})
        answer = await self.desk.provider.get("/v1/events", params=asked)
        events: list[Event] = answer.json()["events"]
        return events

    def _post(self, event: Event) -> None:
        self.counted["events"] += 1
        if self.happens(DROPPED):
            self.counted["dropped"] += 1
            return
        copies = 2 if self.happens(DOUBLED) else 1
        self.counted["doubled"] += copies - 1
        self.on_their_way += [event] * copies

    async def deliver(self, *, all_of_it: bool = False) -> None:
        """Hands in what is on its way, in any order; what is late comes with the next delivery, or the one after."""
        now: list[Event] = []
        late: list[Event] = []
        for event in self.on_their_way:
            (late if not all_of_it and self.happens(LATE) else now).append(event)
        self.on_their_way = late
        self.counted["late"] += len(late)
        self.chance.shuffle(now)
        await in_flows(now, self._hand_in)

    async def _hand_in(self, event: Event) -> None:
        async def take(house: House) -> None:
            await self.desk.take(event, house)

        await self.persist(event["object"]["id"], take)
        self.kept.append(key_of(event))

    async def look(self, after: timedelta) -> None:
        """Workers do what is due by then."""
        house = later(self.world.house, after)
        await in_flows(self.people, lambda who: do_now(house, who.id))
        await in_flows(self.kept, lambda key: apply(house, key))


async def in_flows(things: Sequence[T], act: Callable[[T], Awaitable[object]]) -> None:
    """Does it to each of them, a few at a time."""
    places = asyncio.Semaphore(FLOWS)

    async def one(thing: T) -> None:
        async with places:
            await act(thing)

    await asyncio.gather(*(one(thing) for thing in things))


async def pay_many(world: World, desk: Desk, seed: int, payments: int) -> Crowd:
    """That many invoices are issued and charged; then the faults end, and workers look until nothing is open."""
    crowd = Crowd(world, desk, random.Random(seed))
    await crowd.collect_mail()  # what others left there
    rounds = min(ROUNDS, max(1, payments // 20))
    for _ in range(-(-payments // rounds)):
        await crowd.join()
    with crowd.mortal():
        for _ in range(rounds):
            await in_flows(crowd.people, crowd.bill)
            await crowd.collect_mail()
            await crowd.deliver()
    for after in LOOKS:
        await settle_open_debits(crowd)
        await crowd.collect_mail()
        await crowd.deliver(all_of_it=True)
        await crowd.look(after)
    return crowd


async def settle_open_debits(crowd: Crowd) -> None:
    """Banks decide, which takes them a second in the sandbox."""
    for who in crowd.people:
        for each in await payments_of_all(crowd.world, who):
            if each.state.name == "processing" and each.provider_ref is not None:
                await crowd.desk.provider.post(f"/admin/settle/{each.provider_ref}", json={})
