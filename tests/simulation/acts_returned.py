"""What was over and is not: the bank takes back what it had paid, and a refund ends once more, otherwise."""

from datetime import datetime
from uuid import UUID

from tests.simulation.acts_customers import Act
from tests.simulation.facts import Row
from tests.simulation.look import reference
from tests.simulation.provider_books import Charge
from tests.simulation.town import Town

CODES = ("insufficient_funds", "account_closed", "refused_by_customer")


def bank_takes_back(town: Town) -> Act | None:
    """The bank takes back a payment that had succeeded: any, but rather one that other things have happened to."""
    books, chance = town.provider.books, town.chance
    charges = [each for each in books.charges.values() if each.taken and town.provider.may_take_back(each)]
    if not charges:
        return None
    moved = {each.charge.ref for each in books.repayments.values()}
    moved |= {each.charge.ref for each in books.contests.values()}
    odd = [each for each in charges if each.ref in moved or each.held or each.revived]
    charge = chance.choice(odd if odd and chance.random() < 0.4 else charges)
    row = _payment_of(town, charge)
    # Whether the house would find it by itself: then nobody need tell it.
    looks = row is not None and row["state"] == "settling" and _looks_until(row) > town.clock.at
    told = not looks or chance.random() < 0.5
    code = chance.choice(CODES)
    state = row["state"] if row else "unheard of"
    town.note(f"{charge.taken} taken by {charge.ref.rpartition('-')[2]} ({state}), {'told' if told else 'not told'}")

    async def act() -> None:
        town.provider.take_back(charge, code, told=told)

    return act()


def turn_refund(town: Town) -> Act | None:
    """A refund that succeeded has failed after all, or the other way round: once, whatever was done about it since."""
    books, chance = town.provider.books, town.chance
    ended = [each for each in books.repayments.values() if each.state != "pending" and not each.turned]
    if not ended:
        return None
    failed = [each for each in ended if each.state == "failed"]
    repayment, code = chance.choice(failed if failed and chance.random() < 0.5 else ended), chance.choice(CODES)
    town.note(f"{repayment.money.minor} {repayment.state} as {repayment.ref.rpartition('-')[2]}")

    async def act() -> None:
        town.provider.turn(repayment, code)

    return act()


def _looks_until(row: Row) -> datetime:
    until: datetime = row["returnable_until"]
    return until


def _payment_of(town: Town, charge: Charge) -> Row | None:
    rows = town.facts.rows["payment"]
    return next((row for row in rows if _reference(town, row["id"]) == charge.reference), None)


def _reference(town: Town, payment: UUID) -> str:
    return reference(town.shard, "payment", payment)
