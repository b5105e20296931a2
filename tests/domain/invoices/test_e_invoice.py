import io
import subprocess
import sys
from dataclasses import replace
from datetime import date
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Any

import facturx
import pytest
from lxml import etree
from pypdf import PdfReader

from domain.invoices.document import render_credit_note, render_invoice
from domain.invoices.document_facts import InvoiceFacts, LineTax, TaxSum
from domain.invoices.e_invoice import NotRepresentable, e_credit_note, e_invoice
from domain.money import Currency, Money
from tests.domain.invoices.documents import EUR, credit_note, taxed, taxed_invoice
from tests.domain.invoices.schematron import findings

ROOT = Path(__file__).parents[3]
TREATMENTS = [
    ("standard", 190_000, "S"),
    ("standard", 55_000, "S"),
    ("standard", 250_000, "S"),
    ("zero", 0, "Z"),
    ("exempt", 0, "E"),
    ("reverse_charge", 0, "AE"),
    ("export", 0, "G"),
    ("unregistered", 0, "O"),
]


def values(xml: str, tag: str) -> list[str]:
    return [each.text or "" for each in etree.fromstring(xml.encode()).iterfind(f".//{{*}}{tag}")]


@pytest.mark.row("Y8")
@pytest.mark.parametrize(("treatment", "ppm", "category"), TREATMENTS)
def test_an_invoice_of_every_treatment_keeps_every_rule_of_the_standard(
    treatment: str, ppm: int, category: str
) -> None:
    facts = taxed_invoice(treatment, ppm)
    xml = e_invoice(facts)
    assert findings(xml) == []
    assert set(values(xml, "CategoryCode")) == {category}
    assert values(xml, "GrandTotalAmount") == [facts.total.decimal]
    assert values(xml, "DuePayableAmount") == [facts.due.decimal]
    assert values(xml, "IssuerAssignedID") == ["PO-7781/B"]
    assert "SPRING10" in values(xml, "Reason")


@pytest.mark.parametrize(("treatment", "ppm", "category"), TREATMENTS)
def test_a_credit_note_of_every_treatment_keeps_them_and_names_its_invoice(
    treatment: str, ppm: int, category: str
) -> None:
    facts = credit_note(treatment, ppm)
    xml = e_credit_note(facts)
    assert findings(xml) == []
    assert set(values(xml, "CategoryCode")) == {category}
    assert values(xml, "TypeCode")[0] == "381"
    assert values(xml, "IssuerAssignedID") == [facts.corrects]
    assert values(xml, "GrandTotalAmount") == [facts.total.decimal]


def test_prices_that_hold_their_tax_and_two_rates_keep_the_rules_too() -> None:
    assert findings(e_invoice(taxed_invoice(included=True))) == []
    low, low_tax = taxed("standard", 70_000)
    facts = taxed_invoice()
    whole = facts.total + low_tax.taxable + low_tax.amount
    both = replace(
        facts, lines=(*facts.lines, *low), taxes=(*facts.taxes, low_tax), total=whole, due=whole - facts.applied_credit
    )
    xml = e_invoice(both)
    assert findings(xml) == []
    assert sorted(set(values(xml, "RateApplicablePercent"))) == ["19", "7"]


@pytest.mark.parametrize("said", ["", "\x00 & <b> ]]>", "\ufffe'\"", "株式会社 شركة", "x" * 2_000])
def test_whatever_a_name_says_the_xml_is_well_formed_and_keeps_the_rules(said: str) -> None:
    facts = taxed_invoice()
    lines = tuple(replace(line, text=said) for line in facts.lines)
    buyer = replace(facts.buyer, name=said or "Somebody", address=(said,) * 5)
    assert findings(e_invoice(replace(facts, lines=lines, buyer=buyer, notes=(said,)))) == []


@pytest.mark.parametrize(
    ("was", "becomes", "rules"),
    [
        ("<ram:GrandTotalAmount>1905.75<", "<ram:GrandTotalAmount>1905.76<", {"BR-CO-15", "BR-CO-16"}),
        ("<ram:DuePayableAmount>1900.75<", "<ram:DuePayableAmount>1905.75<", {"BR-CO-16"}),
        (">S</ram:CategoryCode>", ">Z</ram:CategoryCode>", {"BR-Z-05", "BR-Z-09"}),
        (">S</ram:CategoryCode>", ">AE</ram:CategoryCode>", {"BR-AE-05", "BR-AE-10"}),
        ("<ram:CalculatedAmount>304.28<", "<ram:CalculatedAmount>300.28<", {"BR-CO-14", "BR-S-09"}),
        ("<ram:LineTotalAmount>108.00<", "<ram:LineTotalAmount>109.00<", {"BR-CO-10", "BR-S-08"}),
        ("<ram:CountryID>FR<", "<ram:CountryID>ZZ<", {"000568"}),
        ('schemeID="VA">DE136695976<', 'schemeID="VA">136695976<', {"BR-CO-09"}),
    ],
)
def test_a_wrong_invoice_is_found_by_the_rules(was: str, becomes: str, rules: set[str]) -> None:
    xml = e_invoice(taxed_invoice())
    assert was in xml
    assert rules <= {found.removeprefix("FX-SCH-A-") for found in findings(xml.replace(was, becomes))}


def test_quantity_times_price_less_discounts_is_the_amount_of_each_line() -> None:
    for facts in (taxed_invoice(), taxed_invoice(included=True)):
        root = etree.fromstring(e_invoice(facts).encode())
        for item in root.iterfind(".//{*}IncludedSupplyChainTradeLineItem"):

            def figures(tag: str, of: Any = item) -> list[Decimal]:
                return [Decimal(each.text) for each in of.iterfind(f".//{{*}}{tag}")]

            (price,), (quantity,), (amount,) = map(figures, ("ChargeAmount", "BilledQuantity", "LineTotalAmount"))
            assert price >= 0
            assert price * quantity - sum(figures("ActualAmount")) == amount


def unlike(**changed: Any) -> InvoiceFacts:
    return replace(taxed_invoice(), **changed)


@pytest.mark.parametrize(
    "facts",
    [
        unlike(seller=replace(taxed_invoice().seller, country="US")),
        unlike(seller=replace(taxed_invoice().seller, tax_id=None)),
        unlike(buyer=replace(taxed_invoice().buyer, country="")),
        unlike(buyer=replace(taxed_invoice().buyer, country="US")),
        replace(taxed_invoice("reverse_charge", 0), buyer=replace(taxed_invoice().buyer, tax_id=None)),
        replace(
            taxed_invoice("reverse_charge", 0),
            buyer=replace(taxed_invoice().buyer, country="AU", tax_id="83914571673"),
        ),
    ],
)
def test_what_the_standard_cannot_say_is_refused(facts: InvoiceFacts) -> None:
    with pytest.raises(NotRepresentable):
        e_invoice(facts)


def test_two_taxes_on_a_line_and_three_digits_are_refused() -> None:
    facts = taxed_invoice()
    second = LineTax("PST", "standard", 0, Money(0, EUR))
    with pytest.raises(NotRepresentable):
        e_invoice(replace(facts, lines=tuple(replace(line, taxes=(*line.taxes, second)) for line in facts.lines)))
    dinar = Currency("KWD")
    lines, tax = taxed(currency=dinar)
    whole, nothing = tax.taxable + tax.amount, Money(0, dinar)
    in_dinar = replace(facts, lines=lines, taxes=(tax,), total=whole, applied_credit=nothing, paid=nothing, due=whole)
    with pytest.raises(NotRepresentable):
        e_invoice(in_dinar)


def test_a_tax_that_was_rounded_line_by_line_to_another_sum_is_refused() -> None:
    facts, yen = taxed_invoice(), Currency("JPY")

    def rounded(off: int) -> InvoiceFacts:
        tax = LineTax("VAT", "standard", 190_000, Money(19 + off, yen))
        line = replace(facts.lines[0], amount=Money(100, yen), unit_price=None, discounts=(), taxes=(tax,))
        return replace(
            facts, lines=(line,), taxes=(TaxSum("VAT", "standard", 190_000, line.amount, tax.amount),),
            total=line.amount + tax.amount, applied_credit=Money(0, yen), paid=Money(0, yen),
            due=line.amount + tax.amount,
        )  # fmt: skip

    assert findings(e_invoice(rounded(0))) == []
    for off in (-1, 1):
        with pytest.raises(NotRepresentable):
            e_invoice(rounded(off))


def test_untaxed_and_taxed_lines_together_are_refused() -> None:
    facts = taxed_invoice()
    free = replace(facts.lines[0], taxes=(LineTax("VAT", "unregistered", 0, Money(0, EUR)),))
    taxes = (
        *(replace(tax, taxable=tax.taxable) for tax in facts.taxes),
        TaxSum("VAT", "unregistered", 0, free.net, Money(0, EUR)),
    )
    whole = facts.total + free.net
    with pytest.raises(NotRepresentable):
        e_invoice(replace(facts, lines=(*facts.lines, free), taxes=taxes, total=whole, due=whole - Money(500, EUR)))


@pytest.mark.row("Y8")
@pytest.mark.parametrize("locale", ["en", "ja", "ar"])
def test_a_reader_of_e_invoices_finds_it_inside_the_pdf(locale: str) -> None:
    facts = taxed_invoice()
    xml = e_invoice(facts)
    pdf = render_invoice(facts, locale, attached=xml)
    name, found = facturx.get_xml_from_pdf(pdf, check_xsd=True)
    assert (name, found) == ("factur-x.xml", xml.encode())
    root: Any = PdfReader(io.BytesIO(pdf)).trailer["/Root"]
    (attached,) = [each.get_object() for each in root["/AF"]]
    assert attached["/AFRelationship"] == "/Alternative"
    assert attached["/EF"]["/F"]["/Subtype"] == "/text/xml"
    assert root["/Names"]["/EmbeddedFiles"]["/Names"][0] == "factur-x.xml"


def test_the_pdf_still_is_an_archivable_one_and_says_what_it_holds() -> None:
    pdf = render_credit_note(credit_note(), "de", attached=e_credit_note(credit_note()))
    reader = PdfReader(io.BytesIO(pdf))
    root: Any = reader.trailer["/Root"]
    metadata = etree.fromstring(root["/Metadata"].get_data())
    fx, pdfa = "urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#", "http://www.aiim.org/pdfa/ns/id/"
    said = {each.tag: each.text for each in metadata.iter() if isinstance(each.tag, str)}
    assert said[f"{{{pdfa}}}part"] == "3"
    assert said[f"{{{pdfa}}}conformance"] == "B"
    assert said[f"{{{fx}}}DocumentFileName"] == "factur-x.xml"
    assert said[f"{{{fx}}}ConformanceLevel"] == "EN 16931"
    # PDF/A wants each property of a schema of our own described once.
    names = [each.text for each in metadata.iter("{http://www.aiim.org/pdfa/ns/property#}name")]
    assert {"DocumentFileName", "DocumentType", "Version", "ConformanceLevel"} <= set(names)
    schemas = list(metadata.iter("{http://www.aiim.org/pdfa/ns/extension/}schemas"))
    assert len(schemas) == 1
    assert "NL-C-2026-000012" in reader.pages[0].extract_text()
    assert reader.metadata is not None and reader.metadata.title == "Rechnungskorrektur NL-C-2026-000012"


def test_the_bytes_are_the_same_in_any_process_and_zone() -> None:
    script = (
        "import hashlib, sys; from domain.invoices.document import render_invoice as render;"
        "from domain.invoices.e_invoice import e_invoice as say;"
        "from tests.domain.invoices.documents import taxed_invoice as made;"
        "sys.stdout.write(hashlib.sha256(render(made(), 'ar', attached=say(made()))).hexdigest())"
    )
    own = sha256(render_invoice(taxed_invoice(), "ar", attached=e_invoice(taxed_invoice()))).hexdigest()
    for zone, seed in (("UTC", "1"), ("Pacific/Apia", "2")):
        environment = {"TZ": zone, "PYTHONHASHSEED": seed}
        done = subprocess.run(
            [sys.executable, "-c", script], cwd=ROOT, capture_output=True, check=True, text=True, env=environment
        )
        assert done.stdout == own


def test_what_is_billed_for_days_names_them() -> None:
    xml = e_invoice(taxed_invoice())
    dates = values(xml, "DateTimeString")
    assert date(2026, 1, 11).strftime("%Y%m%d") in dates
    assert date(2026, 2, 28).strftime("%Y%m%d") in dates
