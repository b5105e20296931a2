"""Documents of invoices that were issued: what they say follows from that day alone, and a machine can read them."""

import io
from dataclasses import replace

import facturx
import pytest
from pypdf import PdfReader

from domain.actor import Grant
from domain.corrections.void_invoice import VoidInvoice, void_invoice
from domain.ids import CreditNoteId, InvoiceId, ReceiptId
from domain.invoices.credit_note_document import credit_note_pdf, credit_note_xml
from domain.invoices.invoice_document import invoice_pdf, invoice_xml
from domain.invoices.presentation import CURRENT
from domain.payments.receipt_document import receipt_pdf
from domain.payments.void_credit_note import VoidCreditNote, void_credit_note
from domain.perform import perform
from domain.reactions.house import House
from domain.refusals import RefusalCode, Refused
from domain.subscriptions.change_plan import ChangePlan, change_plan
from domain.tax.register import RegisterForTax, register_for_tax
from domain.tax.registration import Scheme
from tests.domain.invoices.bills import SETUP, draft, issue, note, notes
from tests.domain.invoices.schematron import findings
from tests.lives import buyer, day, invoices_of, start, subscription_of, until
from tests.tax_kit import TAX_IDS, move, publish_rate, register, show_tax_id, vat
from tests.world import LONG_AGO, Someone, World, fresh, make_world


async def known_as(shop: World, number: str) -> None:
    """The German seller's tax number from now on."""
    command = RegisterForTax("DE", "", Scheme.DOMESTIC, number, LONG_AGO)
    actor, home = shop.staff(Grant.FINANCE), shop.tenant.sandbox_house
    await perform(shop.house.db, register_for_tax, actor, home, command, fresh("register"))


@pytest.fixture
async def shop(house: House) -> World:
    """A German tenant with a VAT id of its own."""
    made = await make_world(house)
    for rate in (vat("DE", 190_000), vat("FR", 200_000)):
        await publish_rate(made, rate)
    await known_as(made, TAX_IDS["DE"])
    return made


def text(pdf: bytes) -> str:
    return " ".join(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages).split())


async def paper(shop: World, of: Someone, id: InvoiceId) -> bytes:
    return await invoice_pdf(shop.house.db, of.id, id)


@pytest.mark.row("Y8")
async def test_a_taxed_invoice_is_the_same_on_paper_and_for_machines(shop: World) -> None:
    ada = await buyer(shop)
    bought = await start(shop, ada)
    pdf = await paper(shop, ada, bought.invoice)
    said = text(pdf)
    for phrase in ("Subtotal €10.00", "VAT 19% on €10.00 €1.90", "Total €11.90", f"Tax ID {TAX_IDS['DE']}"):
        assert phrase in said
    xml = await invoice_xml(shop.house.db, ada.id, bought.invoice)
    assert findings(xml.decode()) == []
    assert facturx.get_xml_from_pdf(pdf)[1] == xml
    assert "<ram:GrandTotalAmount>11.90<" in xml.decode()


async def test_a_french_business_is_told_that_it_owes_the_tax_and_under_which_id(shop: World) -> None:
    ada = await buyer(shop)
    await move(shop, ada, "FR")
    await show_tax_id(shop, ada, "FR")
    bought = await start(shop, ada)
    said = text(await paper(shop, ada, bought.invoice))
    for phrase in ("VAT, reverse charge on €10.00 €0.00", f"Tax ID {TAX_IDS['FR']}", "Reverse charge: the customer"):
        assert phrase in said
    xml = (await invoice_xml(shop.house.db, ada.id, bought.invoice)).decode()
    assert findings(xml) == []
    assert "VATEX-EU-AE" in xml and TAX_IDS["FR"] in xml


async def test_each_authority_over_the_buyers_place_has_its_number_of_the_seller_and_no_other(shop: World) -> None:
    for place, component, authority in (("CA", "GST", ""), ("CA-BC", "PST", "BC"), ("CA-QC", "QST", "QC")):
        await publish_rate(shop, vat(place, 50_000, component, authority=authority))
        await register(shop, place, Scheme.STATE if authority else Scheme.GST)
    ada = await buyer(shop)
    await move(shop, ada, "CA-QC")
    said = text(await paper(shop, ada, (await start(shop, ada)).invoice))
    assert "Tax ID CA 1, CA-QC 1" in said
    assert "CA-BC" not in said and TAX_IDS["DE"] not in said


async def test_unused_time_goes_back_at_the_rate_it_was_taxed_at(shop: World) -> None:
    ada = await buyer(shop)
    await start(shop, ada)
    await until(shop, ada, day(1, 11, 18))
    await move(shop, ada, "FR")
    await show_tax_id(shop, ada, "FR")
    await shop.do(ada, change_plan, ChangePlan((await subscription_of(shop, ada)).id, shop.prices["team"]))
    bill = (await invoices_of(shop, ada))[-1]
    said = text(await paper(shop, ada, bill.id))
    for phrase in ("Unused time: ", "VAT 19% on −€6.53 −€1.24", "VAT, reverse charge on €13.06 €0.00", "Total €5.29"):
        assert phrase in said
    assert findings((await invoice_xml(shop.house.db, ada.id, bill.id)).decode()) == []


@pytest.mark.row("E12")
async def test_who_moves_and_is_registered_anew_leaves_issued_documents_as_they_were(shop: World) -> None:
    ada = await buyer(shop)
    bought = await start(shop, ada)
    receipt = await shop.house.db.primary.fetchval(
        "SELECT id FROM receipt WHERE shard_key = $1 AND customer_id = $2", ada.id.shard, ada.id.uuid
    )
    paid = ReceiptId(ada.id.shard, receipt)
    first = await paper(shop, ada, bought.invoice), await receipt_pdf(shop.house.db, ada.id, paid)
    await move(shop, ada, "FR")
    await show_tax_id(shop, ada, "FR")
    await known_as(shop, "DE 999999999")
    assert (await paper(shop, ada, bought.invoice), await receipt_pdf(shop.house.db, ada.id, paid)) == first
    assert "Ada Lovelace" not in text(first[0])
    await until(shop, ada, day(2, 2))
    second = text(await paper(shop, ada, (await invoices_of(shop, ada))[-1].id))
    assert "Ada Lovelace" in second and "DE 999999999" in second


@pytest.mark.row("E9")
async def test_a_credit_note_is_a_document_that_stays_also_when_it_is_void(shop: World) -> None:
    ada = await buyer(shop)
    bought = await start(shop, ada)
    issued = await note(shop, ada, bought.invoice, 595, credit=595)
    pdf = await credit_note_pdf(shop.house.db, ada.id, issued.credit_note)
    (kept,) = await notes(shop, ada, bought.invoice)
    (bill,) = await invoices_of(shop, ada)
    said = text(pdf)
    for phrase in (
        kept.number, f"Corrects invoice {bill.number}", "VAT 19% on €5.00 €0.95", "Total credited €5.95",
        "Added to your credit €5.95", "Reason: The service was down.",
    ):  # fmt: skip
        assert phrase in said
    xml = await credit_note_xml(shop.house.db, ada.id, issued.credit_note)
    assert findings(xml.decode()) == []
    assert facturx.get_xml_from_pdf(pdf)[1] == xml
    assert bill.number in xml.decode()
    command = VoidCreditNote(issued.credit_note)
    await perform(shop.house.db, void_credit_note, shop.staff(Grant.FINANCE), ada.id, command, fresh("void"))
    assert await credit_note_pdf(shop.house.db, ada.id, issued.credit_note) == pdf


async def test_a_void_invoice_still_says_what_credit_had_paid_of_it(shop: World) -> None:
    ada = await buyer(shop, "tok_insufficient_funds")
    bought = await start(shop, ada)
    await note(shop, ada, bought.invoice, 1190)
    id = await draft(shop, ada, SETUP)
    await issue(shop, ada, id)
    first = await paper(shop, ada, id)
    command = VoidInvoice(id, "It was for somebody else.", False)
    await perform(shop.house.db, void_invoice, shop.staff(Grant.LEAD), ada.id, command, fresh("void"))
    assert await paper(shop, ada, id) == first


async def test_documents_are_issued_in_the_current_presentation(shop: World) -> None:
    ada = await buyer(shop)
    bought = await start(shop, ada)
    await note(shop, ada, bought.invoice, 595, credit=595)
    rows = await shop.house.db.primary.fetch(
        """SELECT i.presentation AS of_invoice, c.presentation AS of_note, r.presentation AS of_receipt
             FROM invoice i
             JOIN credit_note c ON c.shard_key = i.shard_key AND c.invoice_id = i.id
             JOIN receipt r ON r.shard_key = i.shard_key AND r.customer_id = i.customer_id
            WHERE i.shard_key = $1 AND i.customer_id = $2""",
        ada.id.shard,
        ada.id.uuid,
    )
    assert [tuple(row.values()) for row in rows] == [(CURRENT, CURRENT, CURRENT)]


async def test_a_seller_that_is_registered_nowhere_bills_outside_of_vat(world: World) -> None:
    ada = await buyer(world)
    bought = await start(world, ada)
    xml = (await invoice_xml(world.house.db, ada.id, bought.invoice)).decode()
    assert findings(xml) == []
    assert "VATEX-EU-O" in xml


async def test_a_number_that_is_no_vat_id_makes_no_reverse_charge_for_machines(shop: World) -> None:
    await register(shop, "DE")
    ada = await buyer(shop)
    await move(shop, ada, "FR")
    await show_tax_id(shop, ada, "FR")
    bought = await start(shop, ada)
    with pytest.raises(Refused) as refusal:
        await invoice_xml(shop.house.db, ada.id, bought.invoice)
    assert refusal.value.code is RefusalCode.STATE_CONFLICT
    assert PdfReader(io.BytesIO(await paper(shop, ada, bought.invoice))).attachments == {}


async def test_another_customer_s_credit_note_is_no_document(shop: World) -> None:
    ada, eve = await buyer(shop), await buyer(shop)
    bought = await start(shop, ada)
    issued = await note(shop, ada, bought.invoice, 100, credit=100)
    unknown = replace(issued.credit_note, uuid=bought.invoice.uuid)
    assert isinstance(unknown, CreditNoteId)
    for owner, id in ((eve.id, issued.credit_note), (ada.id, unknown)):
        for make in (credit_note_pdf, credit_note_xml):
            with pytest.raises(Refused) as refusal:
                await make(shop.house.db, owner, id)
            assert refusal.value.code is RefusalCode.NOT_FOUND
