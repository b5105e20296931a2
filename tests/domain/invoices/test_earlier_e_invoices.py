"""Documents with an e-invoice inside that would be refused today stay the bytes that left the house."""

import hashlib
import io
from dataclasses import replace

import asyncpg
import pytest
from pypdf import PdfReader

from domain.actor import Grant
from domain.ids import InvoiceId
from domain.invoices.document import render_invoice
from domain.invoices.document_facts import InvoiceFacts, LineTax, TaxSum
from domain.invoices.e_invoice import NotRepresentable, e_invoice
from domain.invoices.invoice import invoice
from domain.invoices.invoice_document import invoice_facts, invoice_pdf, invoice_xml
from domain.invoices.issued import RenderDiffers, billed
from domain.invoices.presentation import ALL_CHECKS, Check
from domain.money import Money, total
from domain.perform import perform
from domain.reactions.house import House
from domain.refusals import RefusalCode, Refused
from domain.tax.register import RegisterForTax, register_for_tax
from domain.tax.registration import Scheme
from tests.domain.corrections.correction_kit import german_shop
from tests.domain.invoices.documents import EUR, taxed_invoice
from tests.lives import buyer, start
from tests.tax_kit import TAX_IDS, move, publish_rate, show_tax_id, vat
from tests.world import LONG_AGO, Someone, fresh


def unnamed() -> InvoiceFacts:
    """Reverse charge to a buyer with a number that is no VAT id."""
    of = taxed_invoice("reverse_charge", 0)
    return replace(of, buyer=replace(of.buyer, tax_id="12345"))


def rounded_often() -> InvoiceFacts:
    """Three hundred small lines, each of whose taxes is rounded down."""
    of = taxed_invoice("standard", 190_000)
    tax, one = LineTax("VAT", "standard", 190_000, Money(2, EUR)), Money(13, EUR)
    lines = tuple(
        replace(of.lines[2], text=f"Hour {each}", amount=one, quantity=1, unit_price=one, taxes=(tax,))
        for each in range(300)
    )
    net, whole = total((line.net for line in lines), EUR), Money(600, EUR)
    summed = (TaxSum("VAT", "standard", 190_000, net, whole),)
    return replace(of, lines=lines, taxes=summed, total=net + whole, due=net + whole - of.applied_credit)


# The first half of the SHA-256 of what was rendered before the check was there.
WITHOUT = {
    Check.BUYER_ID: (unnamed, "1e0c53c9f7ecc0d81037aef4f417988d"),
    Check.RATE: (rounded_often, "e1d633e34a92c161606a44d064260e2d"),
}


@pytest.mark.row("E12")
@pytest.mark.parametrize("check", WITHOUT)
def test_what_a_check_came_too_late_for_is_rendered_as_before_it(check: Check) -> None:
    facts, digest = WITHOUT[check][0](), WITHOUT[check][1]
    attached = e_invoice(facts, ALL_CHECKS - {check})
    assert hashlib.sha256(render_invoice(facts, "en", 2, attached)).hexdigest()[:32] == digest
    with pytest.raises(NotRepresentable):
        e_invoice(facts)


async def left_as(owner_url: str, of: Someone, id: InvoiceId, locale: str, document: bytes) -> None:
    """The document left the house as these bytes, in the second presentation."""
    connection = await asyncpg.connect(owner_url)
    try:
        await connection.execute("UPDATE invoice SET presentation = 2 WHERE id = $1", id.uuid)
        await connection.execute(
            """INSERT INTO issued_document (shard_key, customer_id, subject, locale, sha256, recorded_at)
               VALUES ($1, $2, $3, $4, $5, now())""",
            id.shard, of.id.uuid, id.uuid, locale, hashlib.sha256(document).digest(),
        )  # fmt: skip
    finally:
        await connection.close()


@pytest.mark.row("E12")
async def test_a_document_whose_e_invoice_is_refused_by_now_is_given_as_it_left(house: House, owner_url: str) -> None:
    shop = await german_shop(house, TAX_IDS["DE"])
    await publish_rate(shop, vat("AU", 100_000))
    own = RegisterForTax("AU", "", Scheme.GST, TAX_IDS["DE"], LONG_AGO)
    home = shop.tenant.sandbox_house
    await perform(house.db, register_for_tax, shop.staff(Grant.FINANCE), home, own, fresh("register"))
    ada = await buyer(shop)
    await move(shop, ada, "AU")
    await show_tax_id(shop, ada, "AU")  # who accounts for the tax by a number that is no VAT id of the Union
    (first, second) = [(await start(shop, ada, code)).invoice for code in ("starter", "team")]
    with pytest.raises(Refused) as refusal:
        await invoice_xml(house.db, ada.id, first)
    assert refusal.value.code is RefusalCode.STATE_CONFLICT
    facts = invoice_facts(await billed(house.db, await invoice(house.db.primary, ada.id, first)))
    xml = e_invoice(facts, frozenset()).encode()
    pdf = render_invoice(facts, "en", 2, xml.decode())
    await left_as(owner_url, ada, first, "en", pdf)
    await left_as(owner_url, ada, first, "factur-x", xml)
    assert await invoice_pdf(house.db, ada.id, first) == pdf
    assert await invoice_xml(house.db, ada.id, first) == xml
    assert PdfReader(io.BytesIO(await invoice_pdf(house.db, ada.id, second))).attachments == {}
    await left_as(owner_url, ada, second, "factur-x", b"something else")
    with pytest.raises(RenderDiffers):
        await invoice_xml(house.db, ada.id, second)
