"""What customers and staff do. Each action draws first and acts when awaited; None where there is nothing to act on."""

from collections.abc import Coroutine
from datetime import timedelta
from typing import Any

from domain.actor import portal
from domain.customers.create_customer import CreateCustomer, CustomerCreated, create_customer
from domain.ids import InvoiceId, PaymentId, SubscriptionId
from domain.money import Currency, Money
from domain.payments.gateway import MethodFacts
from domain.payments.method import StoreMethod, store_method
from domain.payments.pay_invoice import PayInvoice, pay_invoice
from domain.payments.request_refund import RequestRefund, request_refund
from domain.reactions.work import do_now
from domain.refusals import RefusalCode as No
from domain.subscriptions.change_plan import ChangePlan, change_plan
from domain.subscriptions.start import StartSubscription, start_subscription
from tests.simulation.catalog_model import Offer
from tests.simulation.clock import START
from tests.simulation.facts import Row
from tests.simulation.options import FIRST
from tests.simulation.town import ACCOUNT, Patron, Town

MOST_PATRONS = 4  # enough to mix them up; more would share the same number of steps
Act = Coroutine[Any, Any, None]


def arrive(town: Town) -> Act | None:
    """A new customer signs up, in real time or on a test clock."""
    if len(town.patrons) >= MOST_PATRONS:
        return None
    chance = town.chance
    on_clock, zone = chance.random() < town.options.test_clocks, chance.choice(town.options.zones)
    currency = Currency(chance.choice(("EUR", "EUR", "EUR", "USD", "JPY")))
    clock_at = START + timedelta(seconds=chance.randint(0, 90 * 24 * 3600)) if on_clock else None
    country = chance.choice(("DE", "DE", "FR", "AT", "US"))
    name = f"patron-{town.new_key()}-{town.tenant.tenant}"
    command = CreateCustomer(
        name, currency, zone, "en", country, clock_at, "simulation", name, name="N", email="e@example.test", address="A"
    )

    async def act() -> None:
        entity = town.tenant.sandbox_house if on_clock else town.tenant.live_house
        made = await town.call("arrive", create_customer, town.process.house.actor, entity, command)
        if made:
            welcome(town, command, made)

    return act()


def welcome(town: Town, command: CreateCustomer, made: CustomerCreated) -> None:
    """Makes a patron of a customer that was created."""
    actor = portal(town.tenant.tenant, made.customer, str(made.user), "simulated")
    on_clock = command.clock_at is not None
    town.patrons.append(
        Patron(command.reference, made.customer, actor, command.currency, command.time_zone, on_clock, command.country)
    )


def _somebody(town: Town, table: str) -> Patron:
    """Anybody, but rather somebody who has no row in the table yet."""
    owners = {row["customer_id"] for row in town.facts.rows[table]}
    without = [patron for patron in town.patrons if patron.id.uuid not in owners]
    return town.chance.choice(without if without and town.chance.random() < 0.7 else town.patrons)


def add_card(town: Town) -> Act | None:
    """A customer stores a payment method, which becomes the default."""
    if not town.patrons:
        return None
    patron = _somebody(town, "payment_method")
    has_none = not town.facts.of("payment_method", customer_id=patron.id.uuid)
    token = f"{town.chance.choice(FIRST if has_none else town.options.cards)}#{town.new_key()}"
    town.note(f"{token} for {patron}")
    return store(town, patron, token)


def rescue(town: Town) -> Act | None:
    """Somebody who is behind with a payment brings a card that works, at once or after a while."""
    behind = [row for row in town.facts.rows["dunning_case"] if row["state"] in ("retrying", "grace", "suspended")]
    if not behind:
        return None
    row = town.chance.choice(behind)
    token = f"{town.chance.choice(('good', 'good', '3ds', 'bank'))}#{town.new_key()}"
    town.note(f"{token} for a case in {row['state']}")
    return store(town, town.patron_of(row["customer_id"]), token)


def store(town: Town, patron: Patron, token: str) -> Act:
    async def act() -> None:
        facts = await town.provider.add_method(token, str(patron.id))
        assert isinstance(facts, MethodFacts)
        command = StoreMethod(ACCOUNT, token, facts.method_ref, facts.kind, facts.brand, facts.last4)
        await town.call("add card", store_method, patron.actor, patron.id, command)
        await prompt(town, patron)

    return act()


async def prompt(town: Town, patron: Patron) -> None:
    """What the process that took a call does right after it, unless it was drawn to be lazy."""
    if town.chance.random() < town.options.prompt:
        await do_now(town.process.house, patron.id)


def _offer(town: Town, patron: Patron) -> Offer:
    """Mostly an offer in the patron's currency, sometimes one in another or one that is over or private."""
    luck = town.chance.random()
    everywhere = town.catalog.on_offer(town.now_of(patron))
    fitting = [offer for offer in everywhere if offer.currency == patron.currency]
    return town.chance.choice(fitting if luck < 0.9 else everywhere if luck < 0.96 else town.catalog.offers)


def _tried(town: Town, patron: Patron) -> Offer | None:
    """Sometimes what the patron had a trial of before, and has not any more."""
    living = {row["plan_id"] for row in town.facts.of("subscription", customer_id=patron.id.uuid, ended_at=None)}
    taken = {row["family"] for row in town.facts.of("trial_taken", customer_id=patron.id.uuid)}
    offers = town.catalog.on_offer(town.now_of(patron), patron.currency)
    tried = [offer for offer in offers if offer.code in taken and offer.plan.uuid not in living]
    return town.chance.choice(tried) if tried and town.chance.random() < 0.5 else None


def _refusal(town: Town, patron: Patron, offer: Offer, quantity: int) -> No | None:
    """Why nobody sells that to the patron now, if nobody does; what a contract gives it may be sold."""
    if offer not in town.catalog.on_offer(town.now_of(patron)) and not _agreed(town, patron, offer):
        return No.NOT_FOUND
    if quantity == 0 or (offer.flat and quantity != 1):
        return No.INVALID_INPUT
    return No.CURRENCY_MISMATCH if offer.currency != patron.currency else None


def _agreed(town: Town, patron: Patron, offer: Offer) -> bool:
    now, rows = town.now_of(patron), town.facts.of("contract", customer_id=patron.id.uuid, price_id=offer.price.uuid)
    return any(row["starts_at"] <= now < row["ends_at"] for row in rows)


def start(town: Town) -> Act | None:
    """A customer starts a subscription; sometimes in a foreign currency or for nobody."""
    if not town.patrons:
        return None
    patron = _somebody(town, "subscription")
    offer, quantity = _tried(town, patron) or _offer(town, patron), town.chance.choice((1, 1, 1, 2, 7, 0))
    quantity = 1 if offer.flat and town.chance.random() < 0.8 else quantity
    town.note(f"{offer} x {quantity} for {patron}")
    trial = town.chance.random() < 0.8
    must = _refusal(town, patron, offer, quantity)

    async def act() -> None:
        command = StartSubscription(offer.price, quantity, trial)
        may = (No.ALREADY_EXISTS, No.PAYMENT_METHOD_REQUIRED)
        await town.call("start", start_subscription, patron.actor, patron.id, command, may=may, must=must)
        await prompt(town, patron)

    return act()


def _any_row(town: Town, table: str) -> tuple[Row, Patron] | None:
    rows = town.facts.rows[table]
    if not rows:
        return None
    row = town.chance.choice(rows)
    return row, town.patron_of(row["customer_id"])


def pay(town: Town) -> Act | None:
    """A customer pays an invoice, whatever its state."""
    found = _any_row(town, "invoice")
    if found is None:
        return None
    row, patron = found
    town.note(f"{row['number_text']} ({row['state']})")
    may = (No.NOTHING_DUE, No.PAYMENT_IN_PROGRESS, No.PAYMENT_METHOD_REQUIRED)

    async def act() -> None:
        command = PayInvoice(InvoiceId(patron.id.shard, row["id"]), None)
        await town.call("pay", pay_invoice, patron.actor, patron.id, command, may=may)
        await prompt(town, patron)

    return act()


def change(town: Town) -> Act | None:
    """A customer changes the plan: mostly up, but also down, to another interval, to the same."""
    rows = town.facts.rows["subscription"]
    if not rows:
        return None
    active = [row for row in rows if row["state"] in ("active", "trialing")]
    unpaid = {row["subscription_id"] for row in town.facts.of("invoice", state="open")}
    early = [row for row in active if row["id"] in unpaid]
    row = town.chance.choice(town.chance.choice([each for each in (rows, active, active, active, early) if each]))
    patron = town.patron_of(row["customer_id"])
    dearer = [offer for offer in town.catalog.on_offer(town.now_of(patron)) if _is_dearer(offer, row)]
    offer = town.chance.choice(dearer) if dearer and town.chance.random() < 0.6 else _offer(town, patron)
    town.note(f"{row['unit_amount']} -> {offer} for {patron}")
    may = (No.STATE_CONFLICT, No.CHANGE_PENDING, No.ALREADY_EXISTS, No.PAYMENT_METHOD_REQUIRED)
    refusal = _refusal(town, patron, offer, 1)
    foreign = (refusal,) if refusal else ()

    async def act() -> None:
        command = ChangePlan(SubscriptionId(patron.id.shard, row["id"]), offer.price)
        await town.call("change", change_plan, patron.actor, patron.id, command, may=(*may, *foreign))
        await prompt(town, patron)

    return act()


def _is_dearer(offer: Offer, of: Row) -> bool:
    same = (offer.unit, offer.count, str(offer.currency)) == (of["cadence_unit"], of["cadence_count"], of["currency"])
    return bool(same and offer.minor > of["unit_amount"])


def refund(town: Town) -> Act | None:
    """Staff gives back a part, the whole, too much, nothing, or another currency."""
    found = _any_row(town, "payment")
    if found is None:
        return None
    row, patron = found
    left = row["captured"] - row["refunds_reserved"] if row["kind"] == "provider" else 0
    left = 0 if row["returned"] else left - row["disputes_reserved"]
    kind = town.chance.choice(("part", "part", "rest", "above", "zero", "foreign"))
    amount = {"part": max(1, left // 3), "rest": left, "above": left + 1, "zero": 0, "foreign": 1}[kind]
    currency = Currency("KWD") if kind == "foreign" else patron.currency
    town.note(f"{kind} of payment in {row['state']}")
    must = {"foreign": No.CURRENCY_MISMATCH, "zero": No.INVALID_AMOUNT, "above": No.EXCEEDS_CAPTURED}.get(kind)
    # The credit that a payment became may be used up, and then its invoice has not so much to give back.
    may: tuple[No, ...] = (No.EXCEEDS_INVOICED, No.EXCEEDS_CAPTURED if kind == "part" else No.INVALID_AMOUNT)
    if row["kind"] != "provider":  # it would need an account to go to
        must, may = None, (*may, No.INVALID_INPUT, No.EXCEEDS_CAPTURED, No.INVALID_AMOUNT, No.CURRENCY_MISMATCH)
    if row["state"] == "authorized":  # what is only held is voided instead, whatever else is wrong with it
        must, may = None, (*may, No.STATE_CONFLICT, No.EXCEEDS_CAPTURED, No.INVALID_AMOUNT, No.CURRENCY_MISMATCH)

    async def act() -> None:
        command = RequestRefund(PaymentId(patron.id.shard, row["id"]), Money(amount, currency), "goodwill")
        await town.call("refund", request_refund, town.staff(), patron.id, command, may=may, must=must)
        await prompt(town, patron)

    return act()


def visit(town: Town) -> Act | None:
    """A customer completes or fails what the bank asked of them; others never come."""
    waiting = [charge for charge in town.provider.books.charges.values() if charge.state == "action"]
    if not waiting:
        return None
    charge, failure = town.chance.choice(waiting), town.chance.choice((None, None, "authentication_failed"))

    async def act() -> None:
        town.provider.settle(charge.ref, failure)

    return act()
