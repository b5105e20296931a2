"""What customers do about what is overdue: pay in parts, name a day, and say which of their cards is tried first."""

from datetime import timedelta

from domain.dunning.choose_payday import ChoosePayday, choose_payday
from domain.dunning.split_invoice import SplitInvoice, split_invoice
from domain.ids import InvoiceId, PaymentMethodId
from domain.payments.order_methods import OrderMethods, RemoveMethod, order_methods, remove_method
from domain.refusals import RefusalCode as No
from tests.simulation.acts_customers import Act, prompt
from tests.simulation.facts import Row
from tests.simulation.look import LIVING_CASE
from tests.simulation.town import Patron, Town


def _overdue(town: Town) -> tuple[Row, Patron] | None:
    """Mostly a case that goes on, sometimes any."""
    rows = [row for row in town.facts.rows["dunning_case"] if row["state"] in LIVING_CASE]
    if not rows or town.chance.random() < 0.05:
        rows = town.facts.rows["dunning_case"]
    if not rows:
        return None
    row = town.chance.choice(rows)
    return row, town.patron_of(row["customer_id"])


BUSY = (No.STATE_CONFLICT, No.PAYMENT_IN_PROGRESS, No.PAYMENT_METHOD_REQUIRED, No.INVALID_INPUT)


def split(town: Town) -> Act | None:
    """A customer splits an overdue invoice, in more parts or days than it may at times."""
    found = _overdue(town)
    if found is None:
        return None
    row, patron = found
    parts, days = town.chance.choice((2, 2, 3, 4, 1)), town.chance.choice((1, 5, 10, 40))
    town.note(f"in {parts}, {days} days apart, for {patron}")

    async def act() -> None:
        command = SplitInvoice(InvoiceId(patron.id.shard, row["invoice_id"]), parts, days)
        await town.call("split", split_invoice, patron.actor, patron.id, command, may=(*BUSY, No.INVALID_AMOUNT))
        await prompt(town, patron)

    return act()


def payday(town: Town) -> Act | None:
    """A customer names the day on which it has money."""
    found = _overdue(town)
    if found is None:
        return None
    row, patron = found
    day = (town.now_of(patron) + timedelta(days=town.chance.randint(-1, 15))).date()
    town.note(f"{day} for {patron}")

    async def act() -> None:
        command = ChoosePayday(InvoiceId(patron.id.shard, row["invoice_id"]), day)
        await town.call("payday", choose_payday, patron.actor, patron.id, command, may=BUSY)
        await prompt(town, patron)

    return act()


def order(town: Town) -> Act | None:
    """A customer puts its cards in another order, or takes one away."""
    many = [
        rows for rows in town.facts.by("payment_method", "customer_id").values()
        if len([row for row in rows if row["removed_at"] is None]) > 1
    ]  # fmt: skip
    if not many:
        return None
    rows = [row for row in town.chance.choice(many) if row["removed_at"] is None]
    patron = town.patron_of(rows[0]["customer_id"])
    ids = [PaymentMethodId(patron.id.shard, row["id"]) for row in rows]
    town.chance.shuffle(ids)
    away = town.chance.random() < 0.25
    town.note(f"{'one of ' if away else ''}{len(ids)} of {patron}")

    async def act() -> None:
        if away:
            gone, may = RemoveMethod(ids[0]), (No.PAYMENT_IN_PROGRESS, No.METHOD_NEEDED)
            await town.call("remove card", remove_method, patron.actor, patron.id, gone, may=may)
        else:
            await town.call("order", order_methods, patron.actor, patron.id, OrderMethods(tuple(ids)))
        await prompt(town, patron)

    return act()
