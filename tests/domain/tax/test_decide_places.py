"""Golden cases: where a sale is taxed by public rules, each with its source."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from domain.money import Money
from domain.tax.decide import NoTaxRate, decide
from domain.tax.decision import Exemption, TaxDecision, TaxQuestion, Treatment
from domain.tax.rate import CustomerKind, Rate
from domain.tax.registration import Scheme
from domain.wire import from_json, to_json
from tests.domain.tax.questions import EUR, NOON, at, exemption, line, question, rate, registered
from tests.world import LONG_AGO

EUROPE = [rate("DE", 190_000), rate("FR", 200_000), rate("AT", 200_000), rate("ES", 210_000), rate("GB", 200_000)]
CANADA = [
    rate("CA", 50_000, "GST"), rate("CA-BC", 70_000, "PST", authority="BC"), rate("CA-ON", 130_000, "GST", name="HST"),
    rate("CA-QC", 99_750, "QST", authority="QC"),
]  # fmt: skip
CALIFORNIA = [
    rate("US-CA", 72_500, "state", authority="CA"), rate("US-CA-SF", 13_750, "district", authority="CA"),
    rate("US-CA", 0, "state", authority="CA", category="saas", exempt=True),
]  # fmt: skip
INDIA = [rate("IN", 180_000, "IGST"), rate("IN", 90_000, "CGST"), rate("IN", 90_000, "SGST")]
OSS = registered("DE", Scheme.OSS)


def met(asked: TaxQuestion) -> list[tuple[str, str, int]]:
    """The taxes of the first line: name, treatment, minor units."""
    return [(each.name, each.treatment.value, each.amount.minor) for each in decide(asked).lines[0].components]


def of_100(seller: str, buyer: str, rates: Sequence[Rate], *others: Any, **more: Any) -> list[tuple[str, str, int]]:
    """The taxes on 100.00."""
    return met(question(seller, buyer, [line(10_000)], rates, *others, **more))


def test_a_sale_at_home_bears_the_tax_of_the_country_to_anybody() -> None:
    """Directive 2006/112/EC art. 44 and 45: where the supply is made; Germany, UStG § 12 (1): 19 %."""
    assert of_100("DE", "DE", EUROPE) == [("VAT", "standard", 1900)]
    assert of_100("DE", "DE", EUROPE, tax_id="DE") == [("VAT", "standard", 1900)]


def test_a_business_of_another_member_state_accounts_for_the_tax_itself() -> None:
    """Directive 2006/112/EC art. 44 (place: where the customer is) and art. 196 (the customer is liable)."""
    asked = question("DE", "FR", [line(10_000)], EUROPE, [registered("DE"), OSS], tax_id="FR")
    assert met(asked) == [("VAT", "reverse_charge", 0)]
    decision = decide(asked)
    assert (decision.notes, decision.lines[0].gross) == (("reverse_charge",), Money(10_000, EUR))


def test_a_consumer_of_another_member_state_bears_its_own_tax_once_the_seller_declares_it() -> None:
    """Directive 2006/112/EC art. 58 (electronically supplied services), declared in the one-stop shop, art. 369b."""
    assert of_100("DE", "FR", EUROPE, [registered("DE"), OSS]) == [("VAT", "standard", 2000)]
    assert of_100("DE", "AT", EUROPE, [registered("DE"), registered("AT")]) == [("VAT", "standard", 2000)]


def test_the_one_stop_shop_is_for_other_member_states_and_never_for_sales_at_home() -> None:
    """Directive 2006/112/EC art. 369a: the Union scheme covers states where the seller is not established."""
    assert of_100("DE", "DE", EUROPE, [OSS]) == [("VAT", "unregistered", 0)]
    assert of_100("DE", "FR", EUROPE, [OSS]) == [("VAT", "standard", 2000)]


def test_below_the_threshold_a_consumer_of_another_member_state_bears_the_tax_of_the_seller() -> None:
    """Directive 2006/112/EC art. 59c: up to 10,000 EUR a year the place stays that of the supplier."""
    assert of_100("DE", "FR", EUROPE) == [("VAT", "standard", 1900)]


def test_a_business_that_is_known_by_an_id_of_the_sellers_country_is_taxed_there() -> None:
    """Implementing Regulation (EU) 282/2011 art. 18 and 20: the id says in which capacity and where it buys."""
    assert of_100("DE", "FR", EUROPE, [registered("DE"), OSS], tax_id="DE") == [("VAT", "standard", 1900)]


@pytest.mark.parametrize("buyer", ["CH", "US-NY", "GB", "ES-CN", "GP", "AX"])
def test_what_leaves_the_union_is_not_taxed(buyer: str) -> None:
    """Directive 2006/112/EC art. 44, 58, 59: taxed where the customer is; art. 6: islands outside the territory."""
    asked = question("DE", buyer, [line(10_000)], EUROPE, [registered("DE"), OSS])
    assert met(asked) == [("VAT", "export", 0)]
    assert decide(asked).notes == ("export",)


def test_monaco_counts_as_france_and_the_isle_of_man_as_the_united_kingdom() -> None:
    """Directive 2006/112/EC art. 7; the Isle of Man still by the Customs and Excise Agreement of 1979."""
    assert of_100("DE", "MC", EUROPE, [registered("DE"), OSS]) == [("VAT", "standard", 2000)]
    assert of_100("GB", "IM", EUROPE) == [("VAT", "standard", 2000)]


def test_a_seller_outside_the_union_taxes_its_consumers_under_the_one_stop_shop_alone() -> None:
    """Directive 2006/112/EC art. 359 (non-Union scheme), art. 196; UK VAT Act 1994 s. 7A for what it leaves untaxed."""
    abroad = [registered("GB"), registered("FR", Scheme.OSS)]
    assert of_100("GB", "GB", EUROPE, abroad) == [("VAT", "standard", 2000)]
    assert of_100("GB", "DE", EUROPE, abroad) == [("VAT", "standard", 1900)]
    assert of_100("GB", "DE", EUROPE, abroad, tax_id="DE") == [("VAT", "reverse_charge", 0)]
    assert of_100("GB", "DE", EUROPE, [registered("GB")], tax_id="DE") == [("VAT", "export", 0)]


def test_sales_tax_is_owed_only_in_states_where_the_seller_is_registered() -> None:
    """South Dakota v. Wayfair (2018): a duty to collect needs nexus; California: 7.25 % and San Francisco 1.375 %."""
    own = [registered("US-CA", Scheme.STATE)]
    assert of_100("US-NY", "US-CA", CALIFORNIA, own) == [("state", "standard", 725)]
    assert of_100("US-NY", "US-CA-SF", CALIFORNIA, own) == [("district", "standard", 138), ("state", "standard", 725)]
    assert of_100("US-CA", "US-NY", CALIFORNIA, own) == [("Sales tax", "unregistered", 0)]
    assert of_100("US-CA", "DE", CALIFORNIA, own) == [("Sales tax", "export", 0)]


def test_what_a_state_does_not_tax_is_a_rate_row_of_its_own() -> None:
    """California, 18 CCR § 1502 (f)(1)(D): software transferred electronically is not tangible, so not taxed."""
    own = [registered("US-CA", Scheme.STATE)]
    asked = question("US-CA", "US-CA-SF", [line(10_000, category="saas")], CALIFORNIA, own)
    assert met(asked) == [("state", "exempt", 0)]


def test_a_buyer_without_a_state_is_not_taxed_by_guess_and_staff_can_see_it() -> None:
    asked = question("US-CA", "US", [line(10_000)], CALIFORNIA, [registered("US-CA", Scheme.STATE)])
    assert (met(asked), decide(asked).notes) == ([("Sales tax", "unregistered", 0)], ("region_unknown",))


def test_what_a_province_exempts_its_country_taxes_all_the_same() -> None:
    """British Columbia exempts most books from PST (Bulletin PST 205); the GST of Canada is due on them."""
    rates = [*CANADA, rate("CA-BC", 0, "PST", authority="BC", category="books", exempt=True)]
    books, both = [line(10_000, category="books")], [registered("CA", Scheme.GST), registered("CA-BC", Scheme.STATE)]
    assert met(question("CA-ON", "CA-BC", books, rates, both)) == [("GST", "standard", 500), ("PST", "exempt", 0)]
    assert met(question("CA-ON", "CA-BC", books, rates)) == [("GST", "standard", 500)]


def test_canada_adds_the_provinces_tax_to_the_federal_one_or_replaces_it() -> None:
    """Excise Tax Act s. 165 (GST 5 %, HST Ontario 13 %); BC PST Act s. 34 (7 %); Québec, RLRQ T-0.1 s. 16 (9.975 %)."""
    everywhere = [registered("CA", Scheme.GST), registered("CA-BC", Scheme.STATE), registered("CA-QC", Scheme.STATE)]
    assert of_100("CA-ON", "CA-BC", CANADA, everywhere) == [("GST", "standard", 500), ("PST", "standard", 700)]
    assert of_100("CA-ON", "CA-ON", CANADA, everywhere) == [("HST", "standard", 1300)]
    assert of_100("CA-ON", "CA-QC", CANADA, everywhere) == [("GST", "standard", 500), ("QST", "standard", 998)]
    assert of_100("CA-ON", "CA-AB", CANADA, everywhere) == [("GST", "standard", 500)]
    assert of_100("CA-ON", "CA-BC", CANADA) == [("GST", "standard", 500)]


def test_india_splits_the_tax_inside_a_state_and_integrates_it_across_states() -> None:
    """IGST Act 2017 s. 7 and 8; a seller from abroad owes integrated tax, and a registered recipient owes it itself."""
    assert of_100("IN-KA", "IN-KA", INDIA) == [("CGST", "standard", 900), ("SGST", "standard", 900)]
    assert of_100("IN-KA", "IN-MH", INDIA) == [("IGST", "standard", 1800)]
    abroad = [registered("DE"), registered("IN", Scheme.GST)]
    assert of_100("DE", "IN-KA", INDIA, abroad) == [("IGST", "standard", 1800)]
    assert of_100("DE", "IN-KA", INDIA, abroad, tax_id="IN") == [("GST", "reverse_charge", 0)]


@pytest.mark.parametrize(("country", "ppm"), [("AU", 100_000), ("NZ", 150_000), ("SG", 90_000)])
def test_gst_from_abroad_is_for_consumers_alone(country: str, ppm: int) -> None:
    """Australia GST Act 1999 s. 9-25(7); New Zealand GST Act 1985 s. 8(4D); Singapore GST Act 1993 s. 14."""
    rates, abroad = [rate(country, ppm, "GST")], [registered("DE"), registered(country, Scheme.GST)]
    assert of_100(country, country, rates) == [("GST", "standard", ppm // 100)]
    assert of_100("DE", country, rates, abroad) == [("GST", "standard", ppm // 100)]
    assert of_100("DE", country, rates, abroad, tax_id=country) == [("GST", "reverse_charge", 0)]
    assert of_100("DE", country, rates, abroad, tax_id="FR") == [("GST", "standard", ppm // 100)]


def test_norwegian_businesses_account_for_the_tax_on_services_from_abroad() -> None:
    """Norway, VAT Act 2009 s. 3-30 and 11-3; to consumers the seller charges it, as the simplified scheme declares."""
    rates, abroad = [rate("NO", 250_000)], [registered("DE"), registered("NO")]
    assert of_100("DE", "NO", rates, abroad) == [("VAT", "standard", 2500)]
    assert of_100("DE", "NO", rates, abroad, tax_id="NO") == [("VAT", "reverse_charge", 0)]
    assert of_100("NO", "NO", rates, tax_id="NO") == [("VAT", "standard", 2500)]


@pytest.mark.parametrize("buyer", ["DE", "FR", "US-CA", "CH"])
def test_a_seller_that_is_registered_nowhere_charges_no_tax(buyer: str) -> None:
    (tax,) = of_100("DE", buyer, EUROPE, ())
    assert tax[1:] == ("unregistered", 0)


def test_a_registration_counts_from_its_first_instant_to_its_last() -> None:

    ended = replace(registered("DE"), registered_until=NOON)
    begun = replace(registered("DE"), registered_from=NOON)
    assert of_100("DE", "DE", EUROPE, [ended])[0][1] == "unregistered"
    assert of_100("DE", "DE", EUROPE, [begun])[0][1] == "standard"


def test_where_tax_is_owed_and_no_rate_is_published_nothing_is_decided() -> None:
    with pytest.raises(NoTaxRate, match="no rate for standard in FR"):
        of_100("DE", "FR", [rate("DE", 190_000)], [registered("DE"), OSS])


def test_a_certificate_frees_from_the_authority_that_it_names_while_it_is_valid() -> None:
    both = [registered("CA", Scheme.GST), registered("CA-BC", Scheme.STATE)]
    freed = [("GST", "standard", 500), ("PST", "exempt", 0)]
    taxed = [("GST", "standard", 500), ("PST", "standard", 700)]
    for certificate, expected in (
        (exemption("CA-BC"), freed),
        (exemption("CA-BC", "books"), taxed),
        (exemption("CA-ON"), taxed),
        (exemption("US-BC"), taxed),
        (exemption("CA-BC", until=NOON), taxed),
        (exemption("CA-BC", since=NOON), freed),
        (exemption("CA"), [("GST", "exempt", 0), ("PST", "standard", 700)]),
        (exemption("CA", whole=True), [("GST", "exempt", 0), ("PST", "exempt", 0)]),
    ):
        assert of_100("CA-BC", "CA-BC", CANADA, both, exemptions=[certificate]) == expected


def test_a_certificate_of_before_frees_in_all_regions_as_it_did() -> None:
    """Stored questions of before did not say so; they are decided again as they were."""
    old = {"id": str(exemption("US").id), "country": "US", "region": "", "category": "",
           "valid_from": to_json(LONG_AGO), "valid_until": None}  # fmt: skip
    assert from_json(Exemption, old).covers(at("US-CA"), "standard", NOON)
    assert not replace(from_json(Exemption, old), all_regions=False).covers(at("US-CA"), "standard", NOON)


def test_a_rate_for_businesses_goes_before_one_for_anybody() -> None:
    rates = [rate("CH", 81_000), rate("CH", 25_000, customer_kind=CustomerKind.BUSINESS)]
    assert of_100("CH", "CH", rates, tax_id="CH") == [("VAT", "standard", 250)]
    assert of_100("CH", "CH", rates) == [("VAT", "standard", 810)]


def test_zero_rated_and_exempt_are_told_apart() -> None:
    """Directive 2006/112/EC art. 132 and 135 (exempt); Ireland, VATCA 2010 schedule 2 (zero-rated)."""
    rates = [rate("IE", 230_000), rate("IE", 0, category="books"), rate("IE", 0, category="training", exempt=True)]
    asked = question("IE", "IE", [line(10_000, 1, "books"), line(10_000, 2, "training"), line(-5_000, 3)], rates)
    decision: TaxDecision = decide(asked)
    assert [each.treatment for each in decision.summary] == [Treatment.ZERO, Treatment.EXEMPT, Treatment.STANDARD]
    assert [line.gross.minor for line in decision.lines] == [10_000, 10_000, -6_150]
    assert decision.notes == ("exempt",)
