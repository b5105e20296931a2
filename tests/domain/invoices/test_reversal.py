"""Giving parts of a charge back, before or after tax, in any order: together exactly the charge and its taxes."""

from dataclasses import replace
from datetime import UTC, datetime
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.invoices.line import Derivation, Line, charge_line
from domain.invoices.line_tax import TaxPart
from domain.invoices.reversal import MoreThanLeft, after, amount_left, gross_left, take, take_gross, tax_left
from domain.money import Money, share
from tests.examples_plugin import at_length
from tests.world import EUR


def charge(amount: int, rates: list[int], *, inclusive: bool) -> Line:
    """A charge with taxes of these rates in parts per million."""
    whole = Money(amount, EUR)
    line = charge_line(
        description="Seats", price=None, plan=None, quantity=1, unit_amount=whole,
        starts_at=datetime(2027, 1, 1, tzinfo=UTC), ends_at=datetime(2027, 2, 1, tzinfo=UTC), amount=whole,
        derivation=Derivation("rest", whole, 1, 1), tax_inclusive=inclusive,
    )  # fmt: skip
    denominator = 1_000_000 + (sum(rates) if inclusive else 0)
    taxes = [share(rate, denominator, whole) for rate in rates]
    net = whole - sum(taxes, Money(0, EUR)) if inclusive else whole
    nothing = Money(0, EUR)
    parts = [
        TaxPart(part, None, f"Tax {part}", "standard", rate, net, tax, nothing)
        for part, (rate, tax) in enumerate(zip(rates, taxes, strict=True), 1)
    ]
    return replace(line, components=tuple(parts))


charges = st.builds(
    charge,
    st.integers(0, 10_000_000),
    st.lists(st.integers(0, 300_000), max_size=3),
    inclusive=st.booleans(),
)
steps = st.lists(st.tuples(st.booleans(), st.integers(0, 1000)), max_size=8)


def walk(line: Line, parts: list[tuple[bool, int]]) -> list[Line]:
    """The charge after each step; a step takes so many thousandths of what is left, with tax or as the line counts."""
    states = [line]
    for with_tax, thousandths in parts:
        left = gross_left(line) if with_tax else amount_left(line)
        part = share(thousandths, 1000, left)
        line = after(line, take_gross(line, part) if with_tax else take(line, part))
        states.append(line)
    return states


@at_length
@given(charges, steps)
def test_parts_of_any_sizes_stay_within_the_charge_and_make_it_and_each_of_its_taxes_together(
    line: Line, parts: list[tuple[bool, int]]
) -> None:
    states = walk(line, [*parts, (False, 1000)])
    for state in states:
        assert 0 <= state.given_back.minor <= line.amount.minor
        assert all(0 <= part.given_back.minor <= part.amount.minor for part in state.components)
    end = states[-1]
    assert (amount_left(end).minor, tax_left(end).minor, gross_left(end).minor) == (0, 0, 0)
    assert [part.given_back for part in end.components] == [part.amount for part in line.components]
    assert end.given_back == line.amount


@at_length
@given(charges, st.booleans(), st.integers(0, 1000))
def test_a_part_is_net_and_tax_and_near_its_share_and_more_than_is_left_is_none(
    line: Line, with_tax: bool, thousandths: int
) -> None:
    left = gross_left(line) if with_tax else amount_left(line)
    for wrong in (left + Money(1 + thousandths, EUR), Money(-1 - thousandths, EUR)):
        with pytest.raises(MoreThanLeft):
            (take_gross if with_tax else take)(line, wrong)
    part = share(thousandths, 1000, line.gross if with_tax else line.amount)
    taken = take_gross(line, part) if with_tax else take(line, part)
    assert taken.net + taken.tax == taken.gross
    assert (taken.gross if with_tax or line.tax_inclusive else taken.net) == part
    whole = line.gross if with_tax else line.amount
    bound = 2 if with_tax else 1  # of an amount with tax, all taxes are rounded together first and split then
    if whole.minor:
        for each, of in zip(taken.components, line.components, strict=True):
            assert abs(each.amount.minor - Fraction(part.minor * of.amount.minor, whole.minor)) < bound
