"""What comes of itself where a town is asked to bear too much: debts are made an end of, and who renews most leaves.

All of it by operations that staff and customers have. So that a life is not spent on it, it comes at some steps alone.
"""

from collections import Counter
from random import Random
from typing import Any

from domain.actor import Grant
from domain.corrections.give_up_invoice import GiveUpInvoice, give_up_invoice
from domain.corrections.void_invoice import VoidInvoice, void_invoice
from domain.ids import InvoiceId, SubscriptionId
from domain.money import Money
from domain.payments.gateway import MethodFacts
from domain.payments.method import StoreMethod, store_method
from domain.payments.pay_invoice import PayInvoice, pay_invoice
from domain.payments.record_offline import Means, RecordOfflinePayment, record_offline
from domain.reactions.work import do_now
from domain.refusals import RefusalCode as No
from domain.subscriptions.cancel import CancelAt, CancelSubscription, cancel_subscription
from domain.subscriptions.change import Timing
from domain.subscriptions.change_plan import ChangePlan, change_plan
from tests.simulation.acts_customers import Act
from tests.simulation.acts_staff import given_beyond
from tests.simulation.facts import Row
from tests.simulation.look import OPEN_PAYMENT
from tests.simulation.town import ACCOUNT, Patron, Town

EACH = 5  # steps; what is refused today is not asked for again and again
ROOM = 12  # renewals that a town sees before anybody counts
FULL_LIFE = 1000  # steps that a patience is drawn for
LIVING = ("active", "trialing", "past_due", "grace", "suspended", "paused", "pending_cancellation")
UNITS = ("week", "month", "year")  # who renews most often is asked first
BUSY = (No.STATE_CONFLICT, No.PAYMENT_IN_PROGRESS, No.PAYMENT_METHOD_REQUIRED, No.NOTHING_DUE)


def impatient(town: Town, step: int) -> str | None:
    """The act that the town's patience asks for now, if any."""
    if step % EACH:
        return None
    if town.patience.debts is not None and _owed(town) > town.patience.debts:
        return "end debts"
    pace = town.patience.renewals
    return "thin out" if pace is not None and _renewals(town) > ROOM + pace * step / FULL_LIFE else None


def _owed(town: Town) -> int:
    return max((len(rows) for rows in _debts(town).values()), default=0)


def _debts(town: Town) -> dict[Any, list[Row]]:
    """The open invoices of each customer that no payment is under way for: nothing can be done about the others."""
    under_way = {row["invoice_id"] for state in sorted(OPEN_PAYMENT) for row in town.facts.of("payment", state=state)}
    found: dict[Any, list[Row]] = {}
    for row in town.facts.of("invoice", state="open"):
        if row["id"] not in under_way:
            found.setdefault(row["customer_id"], []).append(row)
    return found


def _renewals(town: Town) -> int:
    return _renewed(town).total()


def _renewed(town: Town) -> Counter[Any]:
    """How often each subscription was."""
    return town.facts.made_of(
        "invoice",
        "renewed",
        lambda rows: Counter(row["subscription_id"] for row in rows if row["reason"].startswith("renewal")),
    )


def end_debts(town: Town) -> Act | None:
    """Who owes most pays it all by a card that works or by transfers, or staff gives it up, voids it, and cancels."""
    debts = _debts(town)
    if not debts:
        return None
    chance = Random(f"debts {town.seed} {len(town.journal)}")
    patron = max((town.patron_of(id) for id in debts), key=lambda each: len(debts[each.id.uuid]))
    way = chance.choice(("pay", "pay", "transfer", "give up", "give up", "void"))
    leaves = way in ("give up", "void") and chance.random() < 0.7
    town.note(f"{way} {len(debts[patron.id.uuid])} of {patron}{', who leaves' if leaves else ''}")

    async def act() -> None:
        for row in town.facts.of("subscription", customer_id=patron.id.uuid) if leaves else ():
            if row["state"] in LIVING:
                await cancel(town, patron, row, CancelAt.NOW)
        if way == "pay":
            await _bring_card(town, patron)
        for row in debts[patron.id.uuid]:
            await _end(town, patron, row, way)
        await do_now(town.process.house, patron.id)

    return act()


async def _end(town: Town, patron: Patron, row: Row, way: str) -> None:
    id, amount = InvoiceId(patron.id.shard, row["id"]), Money(row["due"], patron.currency)
    reference = f"{town.new_key()}-{town.tenant.tenant}"
    finance = town.staff(Grant.FINANCE)
    match way:
        case "pay":
            await town.call(way, pay_invoice, patron.actor, patron.id, PayInvoice(id, None), may=BUSY)
        case "transfer":
            sent = RecordOfflinePayment(id, Means.TRANSFER, reference, amount)
            await town.call(way, record_offline, finance, patron.id, sent, may=BUSY)
        case "give up":
            given_up = GiveUpInvoice(id, "It will not come any more")
            await town.call(way, give_up_invoice, finance, patron.id, given_up, may=BUSY)
        case _:
            void = VoidInvoice(id, "Nobody insists on it", replace=False)
            await town.call(way, void_invoice, finance, patron.id, void, may=(*BUSY, *given_beyond(town, row)))
    await town.look()  # what was done is no change of the call that follows


async def _bring_card(town: Town, patron: Patron) -> None:
    token = f"good#{town.new_key()}"
    facts = await town.provider.add_method(token, str(patron.id))
    assert isinstance(facts, MethodFacts)
    command = StoreMethod(ACCOUNT, token, facts.method_ref, facts.kind, facts.brand, facts.last4)
    await town.call("add card", store_method, patron.actor, patron.id, command)
    await town.look()


async def cancel(town: Town, patron: Patron, row: Row, at: CancelAt) -> None:
    """Staff ends a subscription for its customer, where that can be done now."""
    command = CancelSubscription(SubscriptionId(patron.id.shard, row["id"]), at)
    await town.call("cancel", cancel_subscription, town.staff(Grant.LEAD), patron.id, command, may=BUSY)
    await town.look()


def thin_out(town: Town) -> Act | None:
    """Whoever renews most often has had enough: it leaves, or pays by the year from its next period on."""
    living = [row for row in town.facts.rows["subscription"] if row["state"] in LIVING]
    short = [row for row in living if row["cadence_unit"] != "year" and row["state"] != "pending_cancellation"]
    if not short:
        return None
    renewed = _renewed(town)
    row = min(short, key=lambda each: (UNITS.index(each["cadence_unit"]), -renewed[each["id"]]))
    patron, chance = town.patron_of(row["customer_id"]), Random(f"thin {town.seed} {len(town.journal)}")
    offers = town.catalog.on_offer(town.now_of(patron), patron.currency)
    yearly = [offer for offer in offers if offer.unit == "year"]
    at = chance.choice((CancelAt.NOW, CancelAt.NOW, CancelAt.PERIOD_END))
    by_year = bool(yearly) and row["state"] == "active" and chance.random() < 0.4
    how = "by year" if by_year else at.value
    town.note(f"{renewed[row['id']]} times by the {row['cadence_unit']}, {patron}, {how}")

    async def act() -> None:
        if by_year:
            command = ChangePlan(SubscriptionId(patron.id.shard, row["id"]), yearly[0].price, 1, Timing.NOW)
            may = (*BUSY, No.CHANGE_PENDING, No.ALREADY_EXISTS)
            await town.call("by year", change_plan, town.staff(Grant.LEAD), patron.id, command, may=may)
        else:
            await cancel(town, patron, row, at)
        await do_now(town.process.house, patron.id)

    return act()
