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
from domain.tax.decision import LineTax, Rounding, TaxComponent, TaxDecision, TaxQuestion
from domain.tax.reverse import remaining
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


# Drawing a question costs more than looking at its decision: so one draw serves every promise about such a question.
@pytest.mark.row("E3")
@pytest.mark.row("E4")
@at_length
@given(questions())
def test_a_decision_adds_up_and_is_the_same_when_it_is_stored_and_for_the_negative_bill(question: TaxQuestion) -> None:
    decision = decide(question)
    adds_up(question, decision)
    comes_back_from_its_stored_form(question, decision)
    negative = replace(question, lines=tuple(replace(each, amount=-each.amount) for each in question.lines))
    assert [-line.tax for line in decision.lines] == [line.tax for line in decide(negative).lines]


def adds_up(question: TaxQuestion, decision: TaxDecision) -> None:
    """Net and tax make gross exactly, and the summary is the sum of the lines."""
    for asked, line in zip(question.lines, decision.lines, strict=True):
        assert line.net + line.tax == line.gross
        assert (line.gross if asked.inclusive else line.net) == asked.amount
        assert line.tax == total((component.amount for component in line.components), EUR)
        assert {component.taxable for component in line.components} == {line.net}
    assert total((each.amount for each in decision.summary), EUR).minor == tax_of(decision)
    assert len({(each.rate_id, each.treatment, each.name) for each in decision.summary}) == len(decision.summary)


def comes_back_from_its_stored_form(question: TaxQuestion, decision: TaxDecision) -> None:
    """Question and decision are the same again, and the question is decided the same."""
    stored = canonical(to_json(question)), canonical(to_json(decision))
    again = from_json(TaxQuestion, msgspec.json.decode(stored[0]))
    assert again == question
    assert from_json(TaxDecision, msgspec.json.decode(stored[1])) == decision == decide(again)


@pytest.mark.row("E3")
@at_length
@given(questions(Rounding.LINE), st.randoms(use_true_random=False))
def test_by_line_each_component_is_rounded_once_half_to_even_in_any_order(
    question: TaxQuestion, chance: Random
) -> None:
    decision, mixed = decide(question), list(question.lines)
    chance.shuffle(mixed)
    shuffled = {line.position: line for line in decide(replace(question, lines=tuple(mixed))).lines}
    assert all(shuffled[line.position] == line for line in decision.lines)
    for line in decision.lines:
        exact = exact_taxes(question, line)
        assert [component.amount.minor for component in line.components] == [
            round_half_even(tax.numerator, tax.denominator) for tax in exact
        ]
        assert abs(line.tax.minor - sum(exact, Fraction())) < len(exact)


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
    assert abs(tax_of(decision) - sum(exact.values(), Fraction())) < len(decision.summary)


def given_back(
    components: tuple[TaxComponent, ...], amount: Money, before: Money, after: Money
) -> tuple[TaxComponent, ...]:
    """What goes back of each component between two sums that were given back of the charge."""
    pairs = zip(remaining(components, amount, before), remaining(components, amount, after), strict=True)
    return tuple(
        replace(now, taxable=now.taxable - then.taxable, amount=now.amount - then.amount) for then, now in pairs
    )


@pytest.mark.row("J7")
@at_length
@given(questions(negative=False), st.data())
def test_whole_and_partial_reversals_give_back_exactly_what_was_charged(
    question: TaxQuestion, data: st.DataObject
) -> None:
    asked = {each.position: each for each in question.lines}
    for line in decide(question).lines:
        amount, nothing = asked[line.position].amount, Money.zero(EUR)
        whole = given_back(line.components, amount, nothing, amount)
        assert [(-each.taxable, -each.amount) for each in whole] == [
            (each.taxable, each.amount) for each in line.components
        ]
        cuts = sorted(data.draw(st.lists(st.integers(0, amount.minor), max_size=5)))
        before, back = nothing, [nothing] * len(line.components)
        for cut in [*cuts, amount.minor]:
            part = Money(cut, EUR) - before
            components = given_back(line.components, amount, before, before + part)
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


@at_length
@given(st.lists(st.builds(Fraction, st.integers(-(10**12), 10**12), st.integers(1, 10**6)), max_size=12))
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
    one = Money(1, EUR)
    for so_far in (one + one, -one):
        with pytest.raises(ValueError, match="between nothing"):
            remaining((), one, so_far)
