"""Corrections of tax in tests: a German shop whose rate turns out to have been another one."""

from domain.actor import Grant
from domain.corrections.correct_tax import CorrectTax, TaxCorrected, correct_tax
from domain.ids import InvoiceId
from domain.invoices.invoice import Invoice, invoice
from domain.ledger.account import Account
from domain.money import Money
from domain.payments.issue_credit_note import IssueCreditNote, issue_credit_note
from domain.perform import perform
from domain.reactions.house import House
from domain.reactions.work import do_now
from domain.tax.register import RegisterForTax, register_for_tax
from domain.tax.registration import Scheme
from tests.domain.invoices.bills import on
from tests.lives import buyer, invoices_of, start
from tests.tax_kit import publish_rate, vat
from tests.world import EUR, LONG_AGO, Someone, World, fresh, make_world


def eur(minor: int) -> Money:
    """Minor units of euros."""
    return Money(minor, EUR)


async def german_shop(house: House, number: str = "DE 1", *, shard_keys: int = 1) -> World:
    """A German tenant, registered for VAT at home under that number, whose rate is 19 %."""
    made = await make_world(house, shard_keys=shard_keys)
    await publish_rate(made, vat("DE", 190_000))
    command = RegisterForTax("DE", "", Scheme.DOMESTIC, number, LONG_AGO)
    actor, home = made.staff(Grant.FINANCE), made.tenant.sandbox_house
    await perform(house.db, register_for_tax, actor, home, command, fresh("register"))
    return made


async def rate_is(shop: World, ppm: int) -> None:
    """The next version of the rate, since ever."""
    await publish_rate(shop, vat("DE", ppm))


async def corrected(
    shop: World, who: Someone, id: InvoiceId, *, refund: bool = False, collect: bool = True, key: str | None = None
) -> TaxCorrected:
    """The correction by finance, and all that follows."""
    command = CorrectTax(id, "The rate was wrong.", refund, collect)
    done = await perform(shop.house.db, correct_tax, shop.staff(Grant.FINANCE), who.id, command, key or fresh("fix"))
    await do_now(shop.house, who.id)
    return done.outcome


async def bought(shop: World, token: str = "tok_visa") -> tuple[Someone, Invoice]:
    """A customer and its first invoice of 10.00 and 1.90."""
    ada = await buyer(shop, token)
    await start(shop, ada)
    (of,) = await invoices_of(shop, ada)
    assert (of.total, of.tax) == (eur(1190), eur(190))
    return ada, of


async def credited(shop: World, who: Someone, id: InvoiceId, amount: int) -> None:
    """A credit note of staff over that much with tax, to the customer's credit where it was paid."""
    of = await invoice(shop.house.db.primary, who.id, id)
    excess = eur(max(0, amount - of.due.minor))
    command = IssueCreditNote(id, "goodwill", "Sorry.", (), eur(amount), None, excess, None)
    actor = shop.staff(Grant.FINANCE)
    await perform(shop.house.db, issue_credit_note, actor, who.id, command, fresh("note"))
    await do_now(shop.house, who.id)


async def tax_payable(shop: World, who: Someone) -> int:
    """What is owed on of the customer's taxes."""
    return await on(shop.house.db.primary, who.id, Account.TAX_PAYABLE)
