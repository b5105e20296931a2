"""Logs of commands: what customers on test clocks ask for, written down without an id, and performed in any order."""

import random
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from domain.catalog.redeem import RedeemCoupon, redeem_coupon
from domain.customers.advance_clock import AdvanceClock, advance_clock
from domain.customers.create_customer import CreateCustomer, create_customer
from domain.ids import SubscriptionId
from domain.money import Currency
from domain.payments.gateway import MethodFacts
from domain.payments.method import StoreMethod, store_method
from domain.perform import perform
from domain.reactions.work import do_now
from domain.refusals import Refused
from domain.subscriptions.cancel import CancelAt, CancelSubscription, cancel_subscription
from domain.subscriptions.change_plan import ChangePlan, change_plan
from domain.subscriptions.change_quantity import ChangeQuantity, change_quantity
from domain.subscriptions.start import StartSubscription, start_subscription
from tests.simulation.acts_customers import welcome
from tests.simulation.acts_time import perform_one
from tests.simulation.clock import START
from tests.simulation.town import ACCOUNT, Patron, Town
from tests.simulation.waiting import waiting

LATER = ("advance", "advance", "advance", "change", "seats", "redeem", "card", "start", "cancel")
LENGTH = 9  # commands of one customer
STEPS = (3, 11, 33)  # days by which a clock is sent forward
CARDS = ("good", "good", "soft", "once", "hard")  # whose answer is the same at any time
CODES = ("FIRST", "HALF", "MINUS", "SOME")
ZONES = ("Europe/Berlin", "America/New_York", "Pacific/Apia", "UTC")
REST = timedelta(days=40)  # time for what was begun last


@dataclass(frozen=True)
class Entry:
    """One command of the customer of that number."""

    customer: int
    what: str
    which: int


def draw_log(seed: int, customers: int) -> list[Entry]:
    """The commands of all customers, those of one after those of another."""
    chance, log = random.Random(f"log {seed}"), []
    for customer in range(customers):
        names = ("card", "start", *chance.choices(LATER, k=LENGTH - 2))
        log += [Entry(customer, name, chance.randrange(1000)) for name in names]
    return log


def shuffled(log: Iterable[Entry], seed: int) -> list[Entry]:
    """The same commands, those of each customer in their order, those of different ones in another."""
    queues: dict[int, list[Entry]] = {}
    for entry in log:
        queues.setdefault(entry.customer, []).append(entry)
    chance, mixed = random.Random(f"order {seed}"), []
    while queues:
        customer = chance.choice(sorted(queues))
        mixed.append(queues[customer].pop(0))
        if not queues[customer]:
            del queues[customer]
    return mixed


def split(log: Iterable[Entry]) -> list[Entry]:
    """The same commands, but each way that a clock is sent is gone in three parts."""
    return [part for entry in log for part in (_thirds(entry) if entry.what == "advance" else (entry,))]


def _thirds(entry: Entry) -> tuple[Entry, ...]:
    return tuple(Entry(entry.customer, f"advance {part}", entry.which) for part in (1, 2, 3))


async def perform_log(town: Town, log: Sequence[Entry]) -> dict[int, Counter[Any]]:
    """What the log left behind for each customer, and how it was refused; nothing of it names an id."""
    try:
        return await _performed(town, log)
    finally:
        await town.reader.close()


async def _performed(town: Town, log: Sequence[Entry]) -> dict[int, Counter[Any]]:
    patrons = {number: await _arrive(town, number) for number in sorted({entry.customer for entry in log})}
    refused: dict[int, Counter[Any]] = {number: Counter() for number in patrons}
    for entry in log:
        patron = patrons[entry.customer]
        await town.look()
        try:
            await _perform(town, patron, entry)
        except Refused as no:
            refused[entry.customer]["refused", entry.what, no.code] += 1
        await _follow(town, patron)
    for patron in patrons.values():
        await _send(town, patron, REST)
        await _follow(town, patron)
    await town.look()
    return {number: _left(town, patron) + refused[number] for number, patron in patrons.items()}


async def _arrive(town: Town, number: int) -> Patron:
    zone, clock_at = ZONES[number % len(ZONES)], START + timedelta(days=29 * number, seconds=12345 * number)
    name = f"patron-{number}-{town.tenant.tenant}"
    command = CreateCustomer(
        name, Currency("EUR"), zone, "en", "DE", clock_at, "simulation", name, name="N", email="e@x.test", address="A"
    )
    house = town.process.house
    made = (await perform(house.db, create_customer, house.actor, town.tenant.sandbox_house, command, name)).outcome
    welcome(town, command, made)
    await town.look()
    return town.patrons[-1]


async def _perform(town: Town, patron: Patron, entry: Entry) -> None:
    db, which = town.process.house.db, entry.which
    what, _, part = entry.what.partition(" ")
    mine = town.facts.of("subscription", customer_id=patron.id.uuid)
    offers = [each for each in town.catalog.offers if each.currency == patron.currency]
    offer, of = offers[which % len(offers)], mine[which % len(mine)] if mine else None
    command: tuple[Any, Any] | None = None
    match what:
        case "advance":
            days = STEPS[which % len(STEPS)]
            third = days // 3 if part else 0
            await _send(town, patron, timedelta(days=third if part in ("1", "2") else days - 2 * third))
        case "card":
            token = f"{CARDS[which % len(CARDS)]}#{town.new_key()}"
            facts = await town.provider.add_method(token, str(patron.id))
            assert isinstance(facts, MethodFacts)
            command = store_method, StoreMethod(ACCOUNT, token, facts.method_ref, facts.kind, facts.brand, facts.last4)
        case "start":
            command = start_subscription, StartSubscription(offer.price, 1 if offer.flat else 1 + which % 2)
        case "redeem":
            command = redeem_coupon, RedeemCoupon(CODES[which % len(CODES)], None)
        case "change" if of:
            command = change_plan, ChangePlan(SubscriptionId(town.shard, of["id"]), offer.price)
        case "seats" if of:
            command = change_quantity, ChangeQuantity(SubscriptionId(town.shard, of["id"]), 1 + which % 7)
        case "cancel" if of:
            at = (CancelAt.NOW, CancelAt.PERIOD_END)[which % 2]
            command = cancel_subscription, CancelSubscription(SubscriptionId(town.shard, of["id"]), at)
    if command:
        await perform(db, command[0], patron.actor, patron.id, command[1], town.new_key())


async def _send(town: Town, patron: Patron, by: timedelta) -> None:
    await town.look()
    command = AdvanceClock(town.now_of(patron) + by)
    await perform(town.process.house.db, advance_clock, patron.actor, patron.id, command, town.new_key())


async def _follow(town: Town, patron: Patron) -> None:
    """All that follows, the customer's own work first and then what workers find."""
    await do_now(town.process.house, patron.id)
    while pieces := await waiting(town):
        for piece in pieces:
            await perform_one(town, piece)


def _left(town: Town, patron: Patron) -> Counter[Any]:
    shown = {
        "account_balance": ("kind", "currency", "balance"),
        # The instant of an end lies anywhere within the hour of renewals, by the id.
        "subscription": ("state", "quantity", "unit_amount", "period_start", "period_end"),
        "invoice": ("reason", "period_start", "period_end", "currency", "total", "tax", "due", "state"),
        "invoice_line": ("kind", "quantity", "unit_amount", "amount", "discount", "starts_at", "ends_at"),
        "payment": ("attempt_number", "amount", "captured", "state", "failure_code"),
        "credit_note": ("kind", "total", "refunded", "credited", "state"),
        "dunning_case": ("state", "retries_done"),
    }
    return Counter(
        (table, *(row[name].partition(":")[0] if name == "reason" else row[name] for name in names))
        for table, names in shown.items()
        for row in town.facts.of(table, customer_id=patron.id.uuid)
    )
