"""Questions for the tax engine: small ones written by hand, and random ones for its properties."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from hypothesis import strategies as st

from domain.ids import TaxExemptionId, TaxRateId
from domain.money import Currency, Money
from domain.tax.decision import Exemption, Rounding, TaxableLine, TaxQuestion
from domain.tax.place import Place
from domain.tax.rate import STANDARD, CustomerKind, Rate
from domain.tax.registration import Registration, Scheme

EUR: Final = Currency("EUR")
LONG_AGO: Final = datetime(2020, 1, 1, tzinfo=UTC)
NOON: Final = datetime(2027, 3, 1, 12, tzinfo=UTC)
_counter = iter(range(1, 1 << 40))


def rate(place: str, percent_ppm: int, component: str = "VAT", **changed: Any) -> Rate:
    """A rate of the standard category for anybody since long ago; the place is written "DE" or "CA-BC"."""
    country, _, region = place.partition("-")
    made = Rate(
        TaxRateId(UUID(int=next(_counter))), country, region, STANDARD, CustomerKind.ANY, component, component,
        percent_ppm, False, "", LONG_AGO, 1,
    )  # fmt: skip
    return replace(made, **changed)


def registered(place: str, scheme: Scheme = Scheme.DOMESTIC) -> Registration:
    """A registration since long ago."""
    country, _, region = place.partition("-")
    return Registration(country, region, scheme, "a number", LONG_AGO)


def at(place: str) -> Place:
    """The place of a text like "US" or "US-CA-SF"."""
    country, _, region = place.partition("-")
    return Place(country, region)


def exemption(
    place: str, category: str = "", since: datetime = LONG_AGO, until: datetime | None = None, *, whole: bool = False
) -> Exemption:
    """A certificate for the place; a ``whole`` one is for all regions of the country."""
    country, _, region = place.partition("-")
    return Exemption(TaxExemptionId(1, UUID(int=next(_counter))), country, region, category, since, until, whole)


def line(minor: int, position: int = 1, category: str = STANDARD, *, inclusive: bool = False) -> TaxableLine:
    """A line in EUR."""
    return TaxableLine(position, category, Money(minor, EUR), inclusive)


def question(
    seller: str, buyer: str, lines: Sequence[TaxableLine], rates: Sequence[Rate],
    registrations: Sequence[Registration] | None = None, *, tax_id: str | None = None,
    exemptions: Sequence[Exemption] = (), rounding: Rounding = Rounding.LINE, when: datetime = NOON,
) -> TaxQuestion:  # fmt: skip
    """A question of a seller that is registered at home unless it is said otherwise."""
    own = (registered(seller[:2]),) if registrations is None else tuple(registrations)
    return TaxQuestion(
        at(seller), own, "a token", at(buyer), CustomerKind.BUSINESS if tax_id else CustomerKind.CONSUMER, tax_id,
        tuple(exemptions), when, rounding, tuple(rates), tuple(lines),
    )  # fmt: skip


_amounts = st.one_of(st.integers(-5_000, 5_000), st.integers(-(10**11), 10**11))
_percents = st.one_of(st.sampled_from([0, 50_000, 70_000, 99_750, 190_000, 255_000]), st.integers(0, 1_000_000))
_components = st.lists(st.sampled_from(["GST", "PST", "LOCAL"]), min_size=1, max_size=3, unique=True)
_categories = st.sampled_from([STANDARD, "books", "else"])  # the last has no rates of its own
_certificates = st.lists(st.sampled_from([exemption("CA-BC"), exemption("CA-BC", "books")]), max_size=1)
# Made once, since a strategy that is made within another is checked anew for each value that is drawn from it.
_minors, _switches, _roundings = st.lists(_amounts, min_size=1, max_size=8), st.booleans(), st.sampled_from(Rounding)
_provincial = st.sampled_from([(), (registered("CA-BC", Scheme.STATE),)])


@st.composite
def questions(draw: st.DrawFn, rounding: Rounding | None = None, *, negative: bool = True) -> TaxQuestion:
    """A domestic sale of up to 8 lines in three categories that meet up to three components each."""
    rates = [
        rate("CA-BC", draw(_percents), component, category=category, authority="" if component == "GST" else "BC")
        for category in (STANDARD, "books")
        for component in draw(_components)
    ]
    lines = [
        line(minor if negative else abs(minor), number, draw(_categories), inclusive=draw(_switches))
        for number, minor in enumerate(draw(_minors), 1)
    ]
    provincial = draw(_provincial)
    return question(
        "CA-ON", "CA-BC", lines, rates, [registered("CA", Scheme.GST), *provincial],
        exemptions=draw(_certificates), rounding=rounding or draw(_roundings),
    )  # fmt: skip
