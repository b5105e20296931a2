"""What staff decides about a customer's bills: when a change counts, what is given up, what a contract says."""

from datetime import timedelta

from domain.actor import Grant
from domain.corrections.give_up_invoice import GiveUpInvoice, give_up_invoice
from domain.ids import InvoiceId, SubscriptionId
from domain.invoices.sign_contract import SignContract, sign_contract
from domain.money import Money
from domain.refusals import RefusalCode as No
from domain.subscriptions.change import Timing
from domain.subscriptions.change_plan import ChangePlan, change_plan
from domain.subscriptions.start import StartSubscription, start_subscription
from tests.simulation.acts_catalog import put_on_sale
from tests.simulation.acts_customers import Act, prompt
from tests.simulation.clock import START
from tests.simulation.town import Town

TERMS = (timedelta(days=8), timedelta(days=40), timedelta(days=200))  # shorter than a period, and of several


def arrange(town: Town) -> Act | None:
    """Staff changes a plan at a time of its own choice: now although it is cheaper, in a new cycle, or later."""
    rows = [row for row in town.facts.rows["subscription"] if row["state"] in ("active", "trialing")]
    if not rows:
        return None
    row = town.chance.choice(rows)
    patron = town.patron_of(row["customer_id"])
    offer = town.chance.choice(town.catalog.on_offer(town.now_of(patron), patron.currency))
    timing = town.chance.choice((Timing.NOW, Timing.NOW, Timing.NEW_CYCLE, Timing.PERIOD_END))
    quantity = 1 if offer.flat else town.chance.choice((None, 1, 3))
    town.note(f"{row['unit_amount']} -> {offer} {timing.value} for {patron}")
    may = (
        No.STATE_CONFLICT, No.CHANGE_PENDING, No.ALREADY_EXISTS, No.PAYMENT_METHOD_REQUIRED, No.PAYMENT_IN_PROGRESS,
    )  # fmt: skip

    async def act() -> None:
        command = ChangePlan(SubscriptionId(patron.id.shard, row["id"]), offer.price, quantity, timing)
        await town.call("arrange", change_plan, town.staff(Grant.LEAD), patron.id, command, may=may)
        await prompt(town, patron)

    return act()


def give_up(town: Town) -> Act | None:
    """Staff gives up an invoice that will not be paid."""
    rows = town.facts.of("invoice", state="open")
    if not rows:
        return None
    row = town.chance.choice(rows)
    patron = town.patron_of(row["customer_id"])
    town.note(row["number_text"])

    async def act() -> None:
        command = GiveUpInvoice(InvoiceId(patron.id.shard, row["id"]), "Nobody is there any more")
        may = (No.STATE_CONFLICT, No.PAYMENT_IN_PROGRESS)
        await town.call("give up", give_up_invoice, town.staff(Grant.FINANCE), patron.id, command, may=may)
        await prompt(town, patron)

    return act()


def contract(town: Town) -> Act | None:
    """A private price is agreed on for a term, with a commitment; mostly the customer buys at it right away."""
    if not town.patrons:
        return None
    chance = town.chance
    patron = chance.choice(town.patrons)
    now = town.now_of(patron).replace(microsecond=0)
    of = chance.choice(town.catalog.on_offer(max(now, START), patron.currency))
    begins = now + chance.choice((timedelta(0), timedelta(0), timedelta(days=-20), timedelta(days=5)))
    ends = now + chance.choice(TERMS) + timedelta(seconds=chance.randint(0, 90_000))
    commitment, days = of.minor * chance.choice((0, 1, 3, 30)), chance.choice((0, 0, 14))
    at_once = chance.random() < 0.7
    town.note(f"{of} for {patron}, {commitment} until {ends:%Y-%m-%d}")

    async def act() -> None:
        private = await put_on_sale(
            town, of, max(1, of.minor * 2 // 3), now, None, inclusive=of.inclusive, flat=of.flat, private=True
        )  # fmt: skip
        await town.look()  # what was published is no change of the call that follows
        signed = SignContract(private.price, Money(commitment, patron.currency), begins, ends, days, None)
        may = [No.ALREADY_EXISTS]
        done = await town.call("sign", sign_contract, town.staff(Grant.FINANCE), patron.id, signed, may=may)
        if done and at_once:
            command = StartSubscription(private.price, 1, trial=False)
            bought = (No.ALREADY_EXISTS, No.PAYMENT_METHOD_REQUIRED)
            early = begins > now
            await town.look()  # a refusal must change nothing from here on
            await town.call(
                "buy", start_subscription, patron.actor, patron.id, command, may=bought,
                must=No.NOT_FOUND if early else None,
            )  # fmt: skip
        await prompt(town, patron)

    return act()
