"""What holds for every tax decision and every way to give it back: invariant 19."""

from dataclasses import replace
from fractions import Fraction
from random import Random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.money import Money, round_half_even, total
from domain.tax.apportion import apportion
from domain.tax.decide import PER_WHOLE, decide
from domain.tax.decision import LineTax, Rounding, TaxDecision, TaxQuestion
from domain.tax.reverse import remaining, reversed_tax
from domain.wire import canonical, from_json, to_json
from tests.domain.tax.questions import EUR, questions
from tests.examples_plugin import at_length


def exact_taxes(question: TaxQuestion, line: LineTax) -> list[Fraction]:
    """The tax of each component of a line before any rounding, from the rates that the line says it met."""
    asked = next(each for each in question.lines if each.position == line.position)
    charged = sum(component.rate_ppm for component in line.components)
    whole = PER_WHOLE + charged if asked.inclusive else PER_WHOLE
    return [Fraction(asked.amount.minor * component.rate_ppm, whole) for component in line.components]


def tax_of(decision: TaxDecision) -> int:
    return sum(line.tax.minor for line in decision.lines)


@pytest.mark.row("E3")
@at_length
@given(questions())
def test_net_and_tax_make_gross_exactly_and_the_summary_is_the_sum_of_the_lines(question: TaxQuestion) -> None:
    decision = decide(question)
    for asked, line in zip(question.lines, decision.lines, strict=True):
        assert line.net + line.tax == line.gross
        assert (line.gross if asked.inclusive else line.net) == asked.amount
        assert line.tax == total((component.amount for component in line.components), EUR)
        assert {component.taxable for component in line.components} == {line.net}
    assert total((each.amount for each in decision.summary), EUR).minor == tax_of(decision)
    assert len({(each.rate_id, each.treatment, each.name) for each in decision.summary}) == len(decision.summary)


@pytest.mark.row("E3")
@at_length
@given(questions(Rounding.LINE))
def test_by_line_each_component_is_rounded_once_half_to_even(question: TaxQuestion) -> None:
    for line in decide(question).lines:
        exact = exact_taxes(question, line)
        assert [component.amount.minor for component in line.components] == [
            round_half_even(tax.numerator, tax.denominator) for tax in exact
        ]
        assert abs(line.tax.minor - sum(exact)) < len(exact)


@pytest.mark.row("E3")
@at_length
@given(questions(Rounding.INVOICE))
def test_by_invoice_each_rate_is_rounded_once_and_no_line_is_a_whole_minor_unit_off(question: TaxQuestion) -> None:
    decision = decide(question)
    exact: dict[tuple[object, ...], Fraction] = {}
    for line in decision.lines:
        for component, tax in zip(line.components, exact_taxes(question, line), strict=True):
            assert abs(component.amount.minor - tax) < 1
            key = (component.rate_id, component.treatment, component.name)
            exact[key] = exact.get(key, Fraction(0)) + tax
    for each in decision.summary:
        tax = exact[each.rate_id, each.treatment, each.name]
        assert each.amount.minor == round_half_even(tax.numerator, tax.denominator)
    assert abs(tax_of(decision) - sum(exact.values())) < len(decision.summary)


@at_length
@given(questions())
def test_a_bill_and_its_negative_are_taxed_alike(question: TaxQuestion) -> None:
    negative = replace(question, lines=tuple(replace(each, amount=-each.amount) for each in question.lines))
    assert [-line.tax for line in decide(question).lines] == [line.tax for line in decide(negative).lines]


@at_length
@given(questions(Rounding.LINE), st.randoms(use_true_random=False))
def test_by_line_the_order_of_the_lines_changes_no_tax(question: TaxQuestion, chance: Random) -> None:
    mixed = list(question.lines)
    chance.shuffle(mixed)
    shuffled = {line.position: line for line in decide(replace(question, lines=tuple(mixed))).lines}
    assert all(shuffled[line.position] == line for line in decide(question).lines)


@pytest.mark.row("J7")
@at_length
@given(questions(negative=False), st.data())
def test_partial_reversals_sum_to_the_tax_at_one_hundred_percent(question: TaxQuestion, data: st.DataObject) -> None:
    asked = {each.position: each for each in question.lines}
    for line in decide(question).lines:
        amount, nothing = asked[line.position].amount, Money.zero(EUR)
        cuts = sorted(data.draw(st.lists(st.integers(0, amount.minor), max_size=5)))
        before, back = nothing, [nothing] * len(line.components)
        for cut in [*cuts, amount.minor]:
            part = Money(cut, EUR) - before
            components = reversed_tax(line.components, amount, before, part)
            assert all(each.amount.minor <= 0 for each in components)
            tax = total((each.amount for each in components), EUR)
            for each in components:
                assert each.taxable == (-part - tax if asked[line.position].inclusive else -part)
            left = remaining(line.components, amount, Money(cut, EUR))
            before, back = before + part, [sum_ + each.amount for sum_, each in zip(back, components, strict=True)]
            assert [each.amount for each in left] == [
                each.amount + given for each, given in zip(line.components, back, strict=True)
            ]
        assert back == [-component.amount for component in line.components]


@pytest.mark.row("J7")
@at_length
@given(questions(negative=False))
def test_a_full_reversal_gives_back_exactly_what_was_charged(question: TaxQuestion) -> None:
    asked = {each.position: each for each in question.lines}
    for line in decide(question).lines:
        amount = asked[line.position].amount
        back = reversed_tax(line.components, amount, Money.zero(EUR), amount)
        assert [(-each.taxable, -each.amount) for each in back] == [
            (each.taxable, each.amount) for each in line.components
        ]


@pytest.mark.row("E4")
@at_length
@given(questions())
def test_question_and_decision_come_back_from_their_stored_form_and_decide_the_same(question: TaxQuestion) -> None:
    decision = decide(question)
    stored = canonical(to_json(question)), canonical(to_json(decision))
    again = from_json(TaxQuestion, msgspec.json.decode(stored[0]))
    assert again == question
    assert from_json(TaxDecision, msgspec.json.decode(stored[1])) == decision == decide(again)


@at_length
@given(st.lists(st.fractions(-(10**6), 10**6, max_denominator=10**6), max_size=12))
def test_parts_of_a_rounded_sum_make_it_up_and_are_less_than_one_off(exact: list[Fraction]) -> None:
    whole = round_half_even(*sum(exact, Fraction(0)).as_integer_ratio())
    parts = apportion(whole, exact)
    assert sum(parts) == whole
    assert all(abs(part - amount) < 1 for part, amount in zip(parts, exact, strict=True))
    assert apportion(-whole, [-amount for amount in exact]) == tuple(-part for part in parts)


def test_of_equal_claims_the_greater_amount_is_served_first_then_the_earlier() -> None:
    half = Fraction(1, 2)
    assert apportion(6, [half, 2 + half, 2 + half]) == (0, 3, 3)
    assert apportion(1, [half, half]) == (1, 0)
    with pytest.raises(ValueError, match="not the rounded sum"):
        apportion(3, [half, half])


def test_no_more_is_given_back_than_was_charged() -> None:
    one, nothing = Money(1, EUR), Money.zero(EUR)
    for before, now in ((one, one), (-one, one), (nothing, -one)):
        with pytest.raises(ValueError, match="between nothing"):
            reversed_tax((), one, before, now)
