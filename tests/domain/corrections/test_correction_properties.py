"""Whatever was charged, credited and corrected before: with its correction, an invoice bears what today's rates say."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.ids import PriceId
from domain.invoices.corrected_tax import components_of, parts_of
from domain.invoices.line import Derivation, Line, charge_line
from domain.invoices.reversal import after, amount_left, gross_left, take, take_gross, tax_left
from domain.money import Money, total
from domain.tax.correction import Correction, Standing, difference
from domain.tax.decide import decide
from domain.tax.decision import Rounding, TaxComponent, TaxDecision, TaxQuestion
from domain.tax.reverse import remaining
from tests.domain.tax.questions import EUR, NOON, line, question, rate
from tests.examples_plugin import in_brief


def billed(question: TaxQuestion, decision: TaxDecision) -> list[Line]:
    """The lines as they were issued."""
    taxes = {line.position: line.components for line in decision.lines}
    return [_charge(each.amount, each.inclusive, taxes[each.position]) for each in question.lines]


def _charge(amount: Money, inclusive: bool, components: tuple[TaxComponent, ...]) -> Line:
    line = charge_line(
        description="x", price=PriceId(UUID(int=1)), plan=None, quantity=1, unit_amount=amount, starts_at=NOON,
        ends_at=NOON + timedelta(days=1), amount=amount, derivation=Derivation("rest", amount, 1, 1),
        tax_inclusive=inclusive,
    )  # fmt: skip
    return replace(line, components=parts_of(line, components))


Cut = tuple[bool, int]  # with tax or before it, and how many thousandths of what is left


def credited(line: Line, cuts: list[Cut]) -> Line:
    """Some credit notes on it, over amounts before tax or with it."""
    for gross, part in cuts:
        left = gross_left(line) if gross else amount_left(line)
        amount = Money(left.minor * part // 1000, EUR)
        line = after(line, take_gross(line, amount) if gross else take(line, amount))
    return line


def correction_of(lines: list[Line], today: TaxDecision, before: TaxDecision) -> Correction:
    """What the operation would issue."""
    standing = [
        Standing(place, line.amount, line.tax_inclusive, line.given_back, components_of(line))
        for place, line in zip((each.position for each in today.lines), lines, strict=True)
    ]
    return difference(EUR, standing, today, before)


def corrected(line: Line, found: tuple[TaxComponent, ...], document: UUID) -> Line:
    """The line once its correction was issued: its old taxes are given back, the new ones stand."""
    old = {part.part: part.left for part in line.standing}
    components, added = (
        tuple(replace(part, given_back=part.given_back + old.get(part.part, Money.zero(EUR))) for part in parts)
        for parts in (line.components, line.added)
    )
    new = tuple(replace(part, correction=document) for part in parts_of(line, found[len(old) :]))
    return replace(line, components=components, added=(*added, *new))


CUTS = st.lists(st.tuples(st.booleans(), st.integers(0, 1000)), max_size=3)
AMOUNTS = st.one_of(st.integers(0, 5_000), st.integers(0, 10**11))
PERCENTS = st.one_of(st.sampled_from([0, 50_000, 70_000, 99_750, 190_000]), st.integers(0, 1_000_000))


def asked(lines: list[tuple[int, bool]], percents: list[int], rounding: Rounding) -> TaxQuestion:
    """A sale at home that meets one tax or two."""
    rates = [rate("DE", ppm, component) for ppm, component in zip(percents, ("GST", "PST"), strict=False)]
    sold = [line(minor, number, inclusive=inclusive) for number, (minor, inclusive) in enumerate(lines, 1)]
    return question("DE", "DE", sold, rates, rounding=rounding)


SALES = st.builds(
    asked,
    st.lists(st.tuples(AMOUNTS, st.booleans()), min_size=1, max_size=4),
    st.lists(PERCENTS, min_size=1, max_size=2),
    st.sampled_from(Rounding),
)


@pytest.mark.row("E6")
@in_brief
@given(SALES, st.lists(st.tuples(PERCENTS, CUTS), min_size=1, max_size=2))
def test_charged_and_corrected_make_what_todays_versions_say(
    sale: TaxQuestion, versions: list[tuple[int, list[Cut]]]
) -> None:
    before = decide(sale)
    lines = billed(sale, before)
    for number, (ppm, cuts) in enumerate(versions, 1):
        lines = [credited(each, cuts[place % 2 :]) for place, each in enumerate(lines)]
        rates = tuple(replace(each, rate_ppm=ppm) for each in sale.rates)
        today = decide(replace(sale, rates=rates))
        found = {each.position: each for each in correction_of(lines, today, before).lines}
        for place, decided in enumerate(today.lines):
            charge, change = lines[place], found.get(decided.position)
            if change is None:
                continue
            wanted = remaining(decided.components, charge.amount, charge.given_back)
            owed = gross_left(charge) + change.gross
            assert tax_left(charge) + change.tax == total((each.amount for each in wanted), EUR)
            lines[place] = corrected(charge, change.components, UUID(int=number))
            assert components_of(lines[place]) == wanted
            assert gross_left(lines[place]) == owed
            assert not charge.tax_inclusive or owed == amount_left(charge)
        assert correction_of(lines, today, today).lines == ()
        before = today
    for each in lines:
        gone = after(each, take(each, amount_left(each)))
        assert (tax_left(gone), gross_left(gone)) == (Money.zero(EUR), Money.zero(EUR))
