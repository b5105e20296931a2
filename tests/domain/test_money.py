from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.currencies import EXPONENTS
from domain.money import (
    MAX_MINOR,
    AmountOutOfRange,
    Currency,
    CurrencyMismatch,
    Money,
    NothingToAllocateTo,
    UnknownCurrency,
    allocate,
    share,
    total,
)

EUR, JPY, KWD, USD = Currency("EUR"), Currency("JPY"), Currency("KWD"), Currency("USD")

currencies = st.sampled_from(sorted(EXPONENTS)).map(Currency)
minors = st.integers(-MAX_MINOR, MAX_MINOR)
weights = st.lists(st.integers(0, 10**9), min_size=1, max_size=30).filter(any)


def eur(minor: int) -> Money:
    return Money(minor, EUR)


@pytest.mark.parametrize("code", ["eur", "EU", "EURO", "", "XXX", "XAU", "BGN", "HRK", "DEM", "EUR ", "\0", "ＥＵＲ"])
def test_what_is_not_an_active_currency_is_refused(code: str) -> None:
    with pytest.raises(UnknownCurrency):
        Currency(code)


def test_every_currency_counts_in_the_minor_unit_of_the_standard() -> None:
    digits = {code: Currency(code).exponent for code in EXPONENTS}
    assert len(digits) == 165
    assert {code for code, exponent in digits.items() if exponent == 3} == {
        "BHD",
        "IQD",
        "JOD",
        "KWD",
        "LYD",
        "OMR",
        "TND",
    }
    assert {code for code, exponent in digits.items() if exponent == 4} == {"CLF", "UYW"}
    assert digits["EUR"] == 2 and digits["JPY"] == digits["UGX"] == digits["ISK"] == 0


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (Money(1234, EUR), "12.34"),
        (Money(-5, EUR), "-0.05"),
        (Money(0, EUR), "0.00"),
        (Money(1200, JPY), "1200"),
        (Money(1250, KWD), "1.250"),
        (Money(-MAX_MINOR, KWD), "-1000000000000.000"),
    ],
)
def test_an_amount_is_written_with_the_digits_of_its_currency(amount: Money, text: str) -> None:
    assert amount.decimal == text


@given(minors, currencies)
def test_an_amount_written_as_a_decimal_is_the_same_number(minor: int, currency: Currency) -> None:
    assert Decimal(Money(minor, currency).decimal).scaleb(currency.exponent) == minor


@pytest.mark.parametrize("wrong", [True, 1.0, "1", None, Fraction(1)])
def test_only_an_integer_is_an_amount(wrong: Any) -> None:
    with pytest.raises(TypeError):
        Money(wrong, EUR)
    with pytest.raises(TypeError):
        share(wrong, 2, eur(1))
    with pytest.raises(TypeError):
        allocate(eur(1), [wrong])


def test_an_amount_beyond_the_bound_is_refused_however_it_arises() -> None:
    most = eur(MAX_MINOR)
    ways: tuple[Callable[[], object], ...] = (
        lambda: eur(MAX_MINOR + 1),
        lambda: -most - eur(1),
        lambda: most + eur(1),
        lambda: most * 2,
        lambda: share(2, 1, most),
    )
    for too_much in ways:
        with pytest.raises(AmountOutOfRange):
            too_much()


def test_nine_thousand_of_the_largest_amount_sum_inside_a_bigint() -> None:
    assert 9_000 * MAX_MINOR < 2**63


def test_an_amount_of_nothing_is_an_amount() -> None:
    assert bool(eur(0)), "who asks for the truth of an amount that may be missing asks whether it is there"


def test_two_currencies_never_meet_in_one_calculation() -> None:
    euros, dollars = eur(100), Money(100, USD)
    for mix in (
        lambda: euros + dollars,
        lambda: euros - dollars,
        lambda: euros < dollars,
        lambda: euros >= dollars,
        lambda: total([euros, dollars], EUR),
    ):
        with pytest.raises(CurrencyMismatch):
            mix()
    assert euros != dollars
    assert Money.zero(EUR) != Money.zero(USD)


@given(minors, minors)
def test_amounts_add_subtract_and_compare_like_their_integers(a: int, b: int) -> None:
    half_a, half_b = a // 2, b // 2
    assert (eur(half_a) + eur(half_b)).minor == half_a + half_b
    assert (eur(half_a) - eur(half_b)).minor == half_a - half_b
    assert (-eur(a)).minor == -a and abs(eur(a)).minor == abs(a)
    assert (eur(a) < eur(b), eur(a) <= eur(b), eur(a) > eur(b), eur(a) >= eur(b)) == (a < b, a <= b, a > b, a >= b)


@pytest.mark.parametrize(
    ("part", "whole", "minor", "rounded"),
    [(1, 2, 1, 0), (1, 2, 3, 2), (1, 2, 5, 2), (1, 2, -1, 0), (1, 2, -3, -2), (1, 3, 100, 33), (2, 3, 100, 67)],
)
def test_a_share_is_rounded_once_with_a_tie_to_the_even_unit(part: int, whole: int, minor: int, rounded: int) -> None:
    assert share(part, whole, eur(minor)) == eur(rounded)


@given(st.integers(0, 10**9), st.integers(1, 10**9), minors)
def test_a_share_is_the_nearest_amount_and_mirrors_with_the_sign(part: int, whole: int, minor: int) -> None:
    part = min(part, whole)
    result = share(part, whole, eur(minor))
    assert abs(result.minor - Fraction(minor * part, whole)) <= Fraction(1, 2)
    assert share(part, whole, eur(-minor)) == -result
    assert share(whole, whole, eur(minor)) == eur(minor)


@pytest.mark.parametrize("whole", [0, -1])
def test_a_share_of_no_whole_is_refused(whole: int) -> None:
    with pytest.raises(ValueError, match="positive"):
        share(1, whole, eur(1))


@given(minors, weights)
def test_parts_sum_to_the_whole_and_lie_within_one_unit_of_the_exact_share(minor: int, parts: list[int]) -> None:
    result = allocate(eur(minor), parts)
    assert total(result, EUR) == eur(minor)
    for amount, weight in zip(result, parts, strict=True):
        assert abs(amount.minor - Fraction(minor * weight, sum(parts))) < 1
        assert amount.minor * minor >= 0
        assert weight or amount.minor == 0
    assert allocate(eur(-minor), parts) == tuple(-amount for amount in result)


@given(minors, weights, st.randoms(use_true_random=False))
def test_the_order_of_lines_changes_nothing_but_which_of_equal_lines_gets_the_odd_unit(
    minor: int, parts: list[int], random: Random
) -> None:
    shuffled = list(parts)
    random.shuffle(shuffled)
    assert _by_weight(minor, parts) == _by_weight(minor, shuffled)


def _by_weight(minor: int, parts: list[int]) -> list[tuple[int, int]]:
    return sorted((weight, amount.minor) for weight, amount in zip(parts, allocate(eur(minor), parts), strict=True))


def test_odd_units_go_to_the_largest_remainder_then_the_greater_weight_then_the_earlier_line() -> None:
    assert allocate(eur(100), [1, 1, 1]) == (eur(34), eur(33), eur(33))
    assert allocate(eur(2), [1, 1, 1]) == (eur(1), eur(1), eur(0))
    assert allocate(eur(1), [1, 3, 3, 1]) == (eur(0), eur(1), eur(0), eur(0))
    assert allocate(eur(2), [5, 3]) == (eur(1), eur(1))  # remainders 1/4 and 3/4: the larger remainder
    assert allocate(eur(2), [1, 3]) == (eur(0), eur(2))  # remainders 1/2 and 1/2: the greater weight
    assert allocate(eur(-100), [0, 2, 1]) == (eur(0), eur(-67), eur(-33))


def test_nothing_is_split_over_no_weight_but_a_sum_is_not() -> None:
    assert allocate(eur(0), [0, 0]) == (eur(0), eur(0))
    assert allocate(eur(0), []) == ()
    for no_weight in ([], [0, 0]):
        with pytest.raises(NothingToAllocateTo):
            allocate(eur(1), no_weight)
    with pytest.raises(ValueError, match="negative"):
        allocate(eur(1), [2, -1])
