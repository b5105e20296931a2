"""Which version of a rate holds, how prices hold their tax, and where it is rounded."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.tax.decide import decide
from domain.tax.decision import Rounding
from domain.tax.rate import Rate
from tests.domain.tax.questions import line, question, rate

SUMMER_2020, NEW_YEAR_2021 = datetime(2020, 6, 30, 22, tzinfo=UTC), datetime(2020, 12, 31, 23, tzinfo=UTC)
SECOND = timedelta(seconds=1)
GERMANY = [
    rate("DE", 190_000),
    rate("DE", 160_000, effective_from=SUMMER_2020),
    rate("DE", 190_000, effective_from=NEW_YEAR_2021),
]


def ppm_at(when: datetime, rates: list[Rate] = GERMANY) -> int:
    decision = decide(question("DE", "DE", [line(10_000)], rates, when=when))
    return decision.summary[0].rate_ppm


@pytest.mark.row("E5")
def test_the_rate_of_the_instant_holds_to_the_second() -> None:
    """Germany, UStG § 28 (1): 16 % from 1 July to 31 December 2020, Berlin time."""
    assert [ppm_at(when) for when in (SUMMER_2020 - SECOND, SUMMER_2020)] == [190_000, 160_000]
    assert [ppm_at(when) for when in (NEW_YEAR_2021 - SECOND, NEW_YEAR_2021)] == [160_000, 190_000]


@pytest.mark.row("E5")
def test_of_two_versions_of_one_instant_the_greater_holds_whatever_the_order_they_are_read_in() -> None:
    corrected = rate("DE", 170_000, effective_from=SUMMER_2020, version=2)
    for rates in ([*GERMANY, corrected], [corrected, *GERMANY]):
        assert ppm_at(SUMMER_2020, rates) == 170_000
        assert ppm_at(NEW_YEAR_2021, rates) == 190_000


def test_an_inclusive_price_holds_its_tax_and_an_exclusive_one_gets_it_added() -> None:
    decision = decide(question("DE", "DE", [line(11_900, 1, inclusive=True), line(10_000, 2)], GERMANY))
    assert [(each.net.minor, each.tax.minor, each.gross.minor) for each in decision.lines] == [
        (10_000, 1_900, 11_900),
        (10_000, 1_900, 11_900),
    ]


def test_an_inclusive_price_stays_what_it_is_where_no_tax_is_charged() -> None:
    (only,) = decide(question("DE", "CH", [line(11_900, inclusive=True)], GERMANY)).lines
    assert (only.net.minor, only.tax.minor, only.gross.minor) == (11_900, 0, 11_900)


def test_two_taxes_inside_a_price_are_both_shares_of_the_net_amount() -> None:
    rates = [rate("DE", 50_000, "A"), rate("DE", 70_000, "B")]
    (only,) = decide(question("DE", "DE", [line(11_200, inclusive=True)], rates)).lines
    assert (only.net.minor, [each.amount.minor for each in only.components]) == (10_000, [500, 700])


def test_by_invoice_the_lines_share_the_tax_of_their_sum() -> None:
    lines = [line(33, number) for number in (1, 2, 3)]
    by_line, by_invoice = (
        decide(question("DE", "DE", lines, GERMANY, rounding=rounding))
        for rounding in (Rounding.LINE, Rounding.INVOICE)
    )
    assert [each.tax.minor for each in by_line.lines] == [6, 6, 6]  # 6.27 each
    assert [each.tax.minor for each in by_invoice.lines] == [7, 6, 6]  # 18.81 together
    assert by_invoice.summary[0].amount.minor == 19


def test_a_credit_beside_a_charge_lowers_the_tax_of_the_invoice() -> None:
    decision = decide(question("DE", "DE", [line(1306, 1), line(-653, 2)], GERMANY, rounding=Rounding.INVOICE))
    assert decision.summary[0].amount.minor == 124  # 653 x 19 % = 124.07
    assert [each.tax.minor for each in decision.lines] == [248, -124]


def test_half_a_minor_unit_goes_to_the_even_side_either_way() -> None:
    rates = [rate("DE", 50_000)]
    lines = [line(minor, number) for number, minor in enumerate((10, 30, -10, -30), 1)]
    assert [each.tax.minor for each in decide(question("DE", "DE", lines, rates)).lines] == [0, 2, 0, -2]


def test_an_invoice_without_lines_has_no_tax() -> None:
    decision = decide(question("DE", "DE", [], GERMANY))
    assert (decision.lines, decision.summary, decision.notes) == ((), (), ())
