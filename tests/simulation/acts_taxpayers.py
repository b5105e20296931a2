"""What changes the taxes of a customer: it moves, it stores or withdraws a tax id, it is exempt or no longer."""

from datetime import timedelta

from domain.actor import Grant
from domain.corrections.correct_tax import CorrectTax, correct_tax
from domain.customers.change_billing_person import ChangeBillingPerson, change_billing_person
from domain.customers.keep_tax_identity import (
    StoreTaxIdentity,
    WithdrawTaxIdentity,
    store_tax_identity,
    withdraw_tax_identity,
)
from domain.customers.tax_exemption import AddTaxExemption, EndTaxExemption, add_tax_exemption, end_tax_exemption
from domain.ids import InvoiceId, TaxExemptionId, TaxIdentityId
from domain.refusals import RefusalCode as No
from tests.simulation.acts_customers import Act, prompt
from tests.simulation.tax_model import COUNTRIES
from tests.simulation.town import Town

TAX_IDS = {"DE": "DE136695976", "FR": "FR40303265045"}  # their check digits are right
HOMES = ("DE", "DE", "FR", "AT", "GB", "US")


def relocate(town: Town) -> Act | None:
    """A customer moves, often in the middle of a period; what was issued stays."""
    if not town.patrons:
        return None
    patron, country = town.chance.choice(town.patrons), town.chance.choice(HOMES)
    town.note(f"{patron} to {country}")

    async def act() -> None:
        command = ChangeBillingPerson(country, "", name="N", email="e@example.test", address="B")
        await town.call("relocate", change_billing_person, patron.actor, patron.id, command)

    return act()


def identify(town: Town) -> Act | None:
    """A customer stores a tax id, so that it counts as a business in that country, or withdraws one."""
    if not town.patrons:
        return None
    patron, country = town.chance.choice(town.patrons), town.chance.choice(tuple(TAX_IDS))
    known = town.facts.of("tax_identity", customer_id=patron.id.uuid)
    gone = town.chance.choice(known) if known and town.chance.random() < 0.5 else None
    town.note(f"{country if gone is None else 'no more'} for {patron}")

    async def act() -> None:
        if gone is None:
            stored = StoreTaxIdentity(country, TAX_IDS[country])
            await town.call("identify", store_tax_identity, patron.actor, patron.id, stored, may=[No.ALREADY_EXISTS])
        else:
            withdrawn = WithdrawTaxIdentity(TaxIdentityId(patron.id.shard, gone["id"]))
            await town.call("withdraw id", withdraw_tax_identity, patron.actor, patron.id, withdrawn)

    return act()


def exempt(town: Town) -> Act | None:
    """Staff files a certificate, from a day that is past or to come, for a time or until it is ended."""
    if not town.patrons:
        return None
    chance = town.chance
    patron, country = chance.choice(town.patrons), chance.choice(COUNTRIES)
    now, category = town.now_of(patron).replace(microsecond=0), chance.choice(("", "", "standard", "reduced"))
    begins = now + timedelta(days=chance.choice((-20, 0, 15)))
    until = chance.choice((None, begins + timedelta(days=chance.randint(1, 60))))
    town.note(f"{patron} in {country} from {begins:%Y-%m-%d}")

    async def act() -> None:
        command = AddTaxExemption(country, "", category, begins, until, certificate="C 1")
        await town.call("exempt", add_tax_exemption, town.staff(Grant.FINANCE), patron.id, command)

    return act()


def unexempt(town: Town) -> Act | None:
    """A certificate ends earlier than it said."""
    rows = town.facts.rows["tax_exemption"]
    if not rows:
        return None
    row = town.chance.choice(rows)
    patron = town.patron_of(row["customer_id"])
    ends = max(town.now_of(patron).replace(microsecond=0), row["valid_from"] + timedelta(days=1))
    must = No.STATE_CONFLICT if row["valid_until"] and row["valid_until"] <= ends else None

    async def act() -> None:
        command = EndTaxExemption(TaxExemptionId(patron.id.shard, row["id"]), ends)
        await town.call("unexempt", end_tax_exemption, town.staff(Grant.FINANCE), patron.id, command, must=must)

    return act()


def correct(town: Town) -> Act | None:
    """Staff corrects the tax of an invoice, which mostly changes nothing; what was too little may be borne."""
    rows = town.facts.rows["invoice"]
    if not rows:
        return None
    chance = town.chance
    row = chance.choice(rows)
    patron = town.patron_of(row["customer_id"])
    refund, collect = chance.random() < 0.5, chance.random() < 0.5
    town.note(f"{row['number_text']} ({row['state']}), refund {refund}, collect {collect}")

    async def act() -> None:
        command = CorrectTax(InvoiceId(patron.id.shard, row["id"]), "The rate was wrong", refund, collect)
        may = [No.PAYMENT_IN_PROGRESS]
        await town.call("correct", correct_tax, town.staff(Grant.FINANCE), patron.id, command, may=may)
        await prompt(town, patron)

    return act()
