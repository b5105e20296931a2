"""Binding quotes: taken at once, too late, or after somebody else changed what they were made of."""

from dataclasses import dataclass

from domain.customers.change_billing_person import ChangeBillingPerson, change_billing_person
from domain.ids import SubscriptionId
from domain.perform import perform
from domain.refusals import RefusalCode as No
from domain.refusals import Refused
from domain.subscriptions.binding import QUOTE_FOR, Binding
from domain.subscriptions.change import PlanChanging
from domain.subscriptions.change_plan import ChangePlan, change_plan
from tests.simulation.acts_customers import Act, prompt
from tests.simulation.town import Broken, Patron, Town

MOST_QUOTES = 4  # that lie about at once; the oldest is forgotten first


@dataclass(frozen=True)
class Quoted:
    """A quote that somebody was shown, and the call that would take it."""

    patron: Patron
    command: ChangePlan
    shown: PlanChanging


def quote(town: Town) -> Act | None:
    """A customer asks what a change of plan would cost, and keeps the answer."""
    rows = [row for row in town.facts.rows["subscription"] if row["state"] in ("active", "trialing")]
    if not rows:
        return None
    row = town.chance.choice(rows)
    patron = town.patron_of(row["customer_id"])
    offer = town.chance.choice(town.catalog.on_offer(town.now_of(patron), patron.currency))
    command = ChangePlan(SubscriptionId(patron.id.shard, row["id"]), offer.price, town.chance.choice((None, 1, 4)))
    town.note(f"{row['unit_amount']} -> {offer} for {patron}")

    async def act() -> None:
        db, key = town.process.house.db, town.new_key()
        try:
            done = await perform(db, change_plan, patron.actor, patron.id, command, key, preview=True)
        except Refused as refused:
            town.note(f"refused {refused.code}")
            return
        town.quotes = [*town.quotes[1 - MOST_QUOTES :], Quoted(patron, command, done.outcome)]

    return act()


def take(town: Town) -> Act | None:
    """A customer takes a quote: it costs what was shown, or is refused as stale."""
    if not town.quotes:
        return None
    quoted = town.quotes.pop(town.chance.randrange(len(town.quotes)))
    patron, shown = quoted.patron, quoted.shown
    at, version = shown.worked_out_at, shown.version
    assert at is not None and version is not None
    binding = Binding(at, at + QUOTE_FOR, version, shown.digest)
    command = ChangePlan(quoted.command.subscription, quoted.command.price, quoted.command.quantity, quote=binding)
    town.note(f"of {at:%Y-%m-%d %H:%M:%S} for {patron}")
    may = (
        No.QUOTE_STALE, No.STATE_CONFLICT, No.CHANGE_PENDING, No.ALREADY_EXISTS, No.PAYMENT_METHOD_REQUIRED,
        No.NOT_FOUND,  # another version was published meanwhile, for a day before the quote
    )  # fmt: skip

    moves = town.chance.choice(("FR", "US", "DE")) if town.chance.random() < 0.25 else None

    now, row = town.now_of(patron), town.facts.one("subscription", id=command.subscription.uuid)
    stale = now >= at + QUOTE_FOR or row["version"] != version

    async def act() -> None:
        if moves:  # to where other taxes are charged, with the quote in the hand
            moving = ChangeBillingPerson(moves, "", name="N", email="e@example.test", address="Q")
            await town.call("move", change_billing_person, patron.actor, patron.id, moving)
            await town.look()
        done = await town.call("take", change_plan, patron.actor, patron.id, command, may=may)
        if done and stale:
            raise Broken(f"a quote of {at} for version {version} was taken at {now}, version {row['version']}: {done}")
        if done and _price_of(done) != _price_of(shown):
            raise Broken(f"17: what was quoted as {shown} became {done}")
        await prompt(town, patron)

    return act()


def _price_of(change: PlanChanging) -> tuple[object, ...]:
    """What a customer was promised."""
    return change.credit, change.charge, change.total, change.due, change.effective_at, change.mode
