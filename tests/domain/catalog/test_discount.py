"""Discounts are split exactly: parts sum to the whole, nothing falls below zero, and the order of lines is free."""

from collections import Counter
from dataclasses import replace
from fractions import Fraction
from random import Random
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as some

from domain.catalog.discount import (
    PPM,
    Discount,
    Discountable,
    LineDiscount,
    Working,
    discounts,
    used_on_whole_periods,
)
from domain.ids import CouponRedemptionId, PlanId
from domain.money import Money
from tests.examples_plugin import at_length
from tests.world import EUR

PLANS = [PlanId(UUID(int=number)) for number in range(3)]


def redemption(number: int) -> CouponRedemptionId:
    """A redemption of that number."""
    return CouponRedemptionId(1, UUID(int=number))


def eur(minor: int) -> Money:
    """An amount in EUR."""
    return Money(minor, EUR)


ANY = Working(PPM, None, eur(0), eur(0))  # what a discount followed from is no part of what it is


def percent(ppm: int, number: int = 1, *plans: PlanId, recurring: bool = True) -> Discount:
    """A percentage that recurs."""
    return Discount(redemption(number), "percent", ppm, None, frozenset(plans), recurring)


def amount(minor: int, number: int = 1, *plans: PlanId) -> Discount:
    """An amount each period."""
    return Discount(redemption(number), "amount", None, eur(minor), frozenset(plans), True)


def charge(minor: int, plan: PlanId | None = PLANS[0], whole: bool = True) -> Discountable:
    """A charge for a plan."""
    return Discountable(plan, eur(minor), whole)


minors = some.integers(0, 100) | some.integers(0, 10**12)
charges = some.lists(
    some.builds(Discountable, some.sampled_from([*PLANS, None]), minors.map(eur), some.booleans()), max_size=6
)
plan_sets = some.frozensets(some.sampled_from(PLANS), max_size=2)
kinds = some.tuples(some.integers(1, PPM), some.none()) | some.tuples(some.none(), some.integers(1, 10**12).map(eur))
coupons = some.lists(some.tuples(kinds, plan_sets, some.booleans()), max_size=5).map(
    lambda drawn: [
        Discount(redemption(number), "coupon", ppm, off, plans, recurring)
        for number, ((ppm, off), plans, recurring) in enumerate(drawn)
    ]
)


def taken(found: tuple[tuple[LineDiscount, ...], ...], of: CouponRedemptionId) -> list[int]:
    """What a redemption took off each charge."""
    return [sum(each.amount.minor for each in line if each.redemption == of) for line in found]


def is_for(discount: Discount, of: Discountable) -> bool:
    """The rule in words: its plans, and whole periods unless it is a percentage that recurs."""
    prorated_too = discount.percent_ppm is not None and discount.recurring
    return (not discount.plans or of.plan in discount.plans) and (of.whole_period or prorated_too)


@pytest.mark.row("I14")
@at_length
@given(coupons, charges)
def test_parts_sum_to_the_whole_and_each_is_within_a_minor_unit_of_its_share(
    available: list[Discount], given_charges: list[Discountable]
) -> None:
    found = discounts(available, given_charges)
    left = [each.amount.minor for each in given_charges]
    by_kind = sorted(available, key=lambda each: each.percent_ppm is None)  # percentages first, in their order
    for discount in by_kind:
        places = [place for place, each in enumerate(given_charges) if is_for(discount, each)]
        base = sum(left[place] for place in places)
        parts = taken(found, discount.redemption)
        if discount.percent_ppm is not None:
            exact = Fraction(base * discount.percent_ppm, PPM)
            assert abs(sum(parts) - exact) <= Fraction(1, 2)
        else:
            assert discount.amount is not None
            assert sum(parts) == min(discount.amount.minor, base)
        for place, part in enumerate(parts):
            share = Fraction(sum(parts) * left[place], base) if place in places and base else Fraction(0)
            assert abs(part - share) < 1
            assert 0 <= part <= left[place]
            left[place] -= part


@pytest.mark.row("I14")
@at_length
@given(coupons, charges, some.randoms(use_true_random=False))
def test_the_order_of_the_charges_matters_only_between_charges_that_are_alike(
    available: list[Discount], given_charges: list[Discountable], random: Random
) -> None:
    order = list(range(len(given_charges)))
    random.shuffle(order)
    straight = discounts(available, given_charges)
    shuffled = discounts(available, [given_charges[place] for place in order])
    assert Counter(
        (each.plan, each.amount, each.whole_period, sum(one.amount.minor for one in line))
        for each, line in zip(given_charges, straight, strict=True)
    ) == Counter(
        (given_charges[place].plan, given_charges[place].amount, given_charges[place].whole_period,
         sum(one.amount.minor for one in line))
        for place, line in zip(order, shuffled, strict=True)
    )  # fmt: skip


@at_length
@given(coupons, charges)
def test_nothing_is_taken_twice_and_what_is_used_reduced_a_whole_period(
    available: list[Discount], given_charges: list[Discountable]
) -> None:
    found = discounts(available, given_charges)
    for line, of in zip(found, given_charges, strict=True):
        assert sum(each.amount.minor for each in line) <= of.amount.minor
        assert all(each.amount.minor > 0 for each in line)
        assert len({each.redemption for each in line}) == len(line)
    whole = {each.redemption for of, line in zip(given_charges, found, strict=True) if of.whole_period for each in line}
    assert set(used_on_whole_periods(given_charges, found)) == whole


def test_percentages_come_first_each_on_what_is_left_and_amounts_come_last() -> None:
    available = [amount(500, 1), percent(200_000, 2), percent(500_000, 3)]
    (line,) = discounts(available, [charge(10_000)])
    assert [(each.redemption, each.amount.minor) for each in line] == [
        (redemption(2), 2000),
        (redemption(3), 4000),
        (redemption(1), 500),
    ]


def test_a_percentage_of_several_charges_is_rounded_once() -> None:
    found = discounts([percent(100_000)], [charge(5), charge(5), charge(5)])  # a tenth of 15 is 1.5, to even 2
    assert [sum(each.amount.minor for each in line) for line in found] == [1, 1, 0]


def test_an_amount_is_for_whole_periods_and_a_percentage_that_recurs_for_parts_as_well() -> None:
    part = charge(1000, whole=False)
    assert discounts([amount(100)], [part]) == ((),)
    assert discounts([percent(500_000, recurring=False)], [part]) == ((),)
    assert taken(discounts([percent(500_000)], [part]), redemption(1)) == [500]


def test_a_coupon_of_some_plans_leaves_the_others_alone() -> None:
    both = [charge(1000, PLANS[0]), charge(1000, PLANS[1]), charge(1000, None)]
    assert taken(discounts([amount(400, 1, PLANS[1])], both), redemption(1)) == [0, 400, 0]
    assert taken(discounts([amount(900)], both), redemption(1)) == [300, 300, 300]


def test_more_than_a_charge_is_never_taken() -> None:
    assert taken(discounts([amount(5000)], [charge(1000), charge(0)]), redemption(1)) == [1000, 0]
    assert discounts([percent(PPM, 1), amount(1, 2)], [charge(1000)]) == (
        (LineDiscount(redemption(1), eur(1000), ANY),),
    )
    assert discounts([percent(PPM)], []) == ()


def test_a_credit_is_not_a_charge() -> None:
    with pytest.raises(ValueError, match="credit"):
        discounts([], [replace(charge(0), amount=eur(-1))])
