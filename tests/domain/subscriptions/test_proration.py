from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.money import Currency, CurrencyMismatch, Money, share
from domain.period import Anchor, Cadence, NotPinned, Period, Unit, period
from domain.subscriptions.proration import (
    Basis,
    Derivation,
    Formula,
    OutsidePeriod,
    PeriodPrice,
    ProrationQuote,
    Slice,
    cancellation,
    plan_change,
    unused,
)
from tests.examples_plugin import at_length, in_brief

EUR = Currency("EUR")
JANUARY = Period(datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC))
DAY_11_AT_18 = datetime(2026, 1, 11, 18, tzinfo=UTC)

prices = st.integers(0, 10**10)
offsets = st.integers(0, JANUARY.seconds - 1)


def eur(minor: int) -> Money:
    return Money(minor, EUR)


def monthly(minor: int, quantity: int = 1) -> PeriodPrice:
    return PeriodPrice(eur(minor), quantity)


def invoiced_for_january(minor: int) -> Slice:
    return Slice(JANUARY.start, JANUARY.end, eur(minor))


def after(seconds: int) -> datetime:
    return JANUARY.start + timedelta(seconds=seconds)


def change(live: Slice, minor: int, at: datetime, quantity: int = 1) -> tuple[ProrationQuote, Slice]:
    quote = plan_change([live], monthly(minor, quantity), JANUARY, at)
    assert quote.live is not None
    return quote, quote.live


@pytest.mark.row("D4")
def test_ten_to_twenty_on_day_11_at_18_credits_653_and_charges_1306() -> None:
    quote, _ = change(invoiced_for_january(1000), 2000, DAY_11_AT_18)
    assert (quote.credit, quote.charge, quote.net) == (eur(653), eur(1306), eur(653))
    assert [line.amount for line in quote.lines] == [eur(-653), eur(1306)]
    assert {(line.start, line.end) for line in quote.lines} == {(DAY_11_AT_18, JANUARY.end)}


@pytest.mark.row("D4")
def test_twenty_to_ten_at_the_same_time_gives_the_difference_back() -> None:
    quote, _ = change(invoiced_for_january(2000), 1000, DAY_11_AT_18)
    assert quote.net == eur(-653)


def test_each_line_can_be_evaluated_again_and_tells_what_rounding_took() -> None:
    quote, _ = change(invoiced_for_january(1000), 2000, DAY_11_AT_18)
    credit, charged = (line.derivation for line in quote.lines)
    left, whole = 1_749_600, 2_678_400  # 20.25 and 31 days
    assert credit == Derivation(Formula.UNUSED, eur(1000), left, whole)
    assert charged == Derivation(Formula.REST, eur(2000), left, whole)
    assert credit.residue == Fraction(-1000 * left, whole) + 653
    assert charged.residue == Fraction(2000 * left, whole) - 1306
    assert [line.derivation.evaluate() for line in quote.lines] == [line.amount for line in quote.lines]


def test_the_credit_is_a_share_of_what_was_invoiced_whatever_the_plan_costs_today() -> None:
    discounted = invoiced_for_january(900)
    quote, _ = change(discounted, 2000, DAY_11_AT_18)
    assert quote.credit == eur(588)


@at_length
@given(prices, st.integers(-10, JANUARY.seconds + 10))
def test_what_is_unused_is_its_share_of_what_was_invoiced_to_half_a_unit(minor: int, seconds: int) -> None:
    paid = invoiced_for_january(minor)
    credit = unused(paid, after(seconds))
    assert eur(0) <= credit <= paid.amount
    assert abs(
        credit.minor - Fraction(minor * min(max(JANUARY.seconds - seconds, 0), JANUARY.seconds), JANUARY.seconds)
    ) <= Fraction(1, 2)


@at_length
@given(prices, st.lists(st.tuples(prices, offsets), max_size=8))
def test_no_change_of_a_chain_credits_more_than_its_slice_was_invoiced(
    first: int, changes: list[tuple[int, int]]
) -> None:
    live = invoiced_for_january(first)
    for minor, seconds in sorted(changes, key=lambda item: item[1]):
        quote, following = change(live, minor, after(seconds))
        assert eur(0) <= quote.credit <= live.amount
        assert quote.credit == unused(live, after(seconds))
        live = following


@pytest.mark.row("D6")
@at_length
@given(prices, st.lists(st.tuples(prices, offsets), max_size=8))
def test_a_chain_of_changes_costs_the_sum_of_its_longest_constant_segments(
    first: int, changes: list[tuple[int, int]]
) -> None:
    in_order = sorted(changes, key=lambda item: item[1])
    live, cost = invoiced_for_january(first), eur(first)
    for minor, seconds in in_order:
        quote, live = change(live, minor, after(seconds))
        cost += quote.net
    assert cost == eur(sum(_segment_cost(*segment) for segment in _constant_segments(first, in_order)))


def _constant_segments(first: int, changes: list[tuple[int, int]]) -> list[tuple[int, int, int]]:
    """(price, from, to) in seconds of January, neighbours of one price merged, empty ones left out."""
    segments: list[tuple[int, int, int]] = []
    points = [(first, 0), *changes]
    for (price, start), (_, end) in zip(points, [*points[1:], (0, JANUARY.seconds)], strict=True):
        if start == end:
            continue
        if segments and segments[-1][0] == price:
            price, start, _ = segments.pop()
        segments.append((price, start, end))
    return segments


def _segment_cost(price: int, start: int, end: int) -> int:
    whole = JANUARY.seconds
    return share(whole - start, whole, eur(price)).minor - share(whole - end, whole, eur(price)).minor


@at_length
@given(prices, prices, prices, offsets, offsets)
def test_a_change_that_is_undone_at_the_same_instant_costs_nothing(
    first: int, second: int, third: int, earlier: int, later: int
) -> None:
    earlier, later = sorted((earlier, later))
    _, live = change(invoiced_for_january(first), second, after(earlier))
    there, between = change(live, third, after(later))
    back, restored = change(between, second, after(later))
    assert there.net + back.net == eur(0)
    assert unused(restored, after(later)) == unused(live, after(later))


@in_brief
@given(prices, prices, prices, offsets)
def test_a_detour_at_the_same_instant_costs_the_same_as_the_direct_change(
    first: int, detour: int, last: int, seconds: int
) -> None:
    at, paid = after(seconds), invoiced_for_january(first)
    there, between = change(paid, detour, at)
    onward, _ = change(between, last, at)
    direct, _ = change(paid, last, at)
    assert there.net + onward.net == direct.net


@at_length
@given(prices, st.lists(st.tuples(prices, offsets), min_size=1, max_size=6))
def test_a_chain_stays_within_half_a_unit_per_line_of_the_exact_cost(
    first: int, changes: list[tuple[int, int]]
) -> None:
    live, cost, exact, price, since = invoiced_for_january(first), first, Fraction(0), first, 0
    for minor, seconds in sorted(changes, key=lambda item: item[1]):
        quote, live = change(live, minor, after(seconds))
        cost += quote.net.minor
        exact += Fraction(price * (seconds - since), JANUARY.seconds)
        price, since = minor, seconds
    exact += Fraction(price * (JANUARY.seconds - since), JANUARY.seconds)
    assert abs(cost - exact) <= Fraction(2 * len(changes), 2)


@pytest.mark.row("D6")
@in_brief
@given(st.integers(1, 10_000), st.lists(st.tuples(st.integers(0, 500), offsets), max_size=6))
def test_seats_that_change_many_times_cost_the_area_under_their_steps(
    unit: int, changes: list[tuple[int, int]]
) -> None:
    in_order = sorted(changes, key=lambda item: item[1])
    live, cost = invoiced_for_january(unit * 3), unit * 3
    for seats, seconds in in_order:
        quote, live = change(live, unit, after(seconds), quantity=seats)
        cost += quote.net.minor
    steps = _constant_segments(3, in_order)
    parts = (Fraction(unit * seats * (end - start), JANUARY.seconds) for seats, start, end in steps)
    area = sum(parts, Fraction())
    assert abs(cost - area) <= len(changes)


@in_brief
@given(prices, offsets, offsets)
def test_a_change_to_the_same_price_is_free_and_alters_no_later_credit(minor: int, earlier: int, later: int) -> None:
    earlier, later = sorted((earlier, later))
    paid = invoiced_for_january(minor)
    first, live = change(paid, minor, after(earlier))
    second = cancellation([live], EUR, after(later))
    assert first.net == eur(0)
    assert second.credit == unused(paid, after(later))


def test_a_new_interval_starts_a_cycle_now_and_charges_it_in_full() -> None:
    anchor = Anchor.at(DAY_11_AT_18, "Europe/Berlin", Cadence(Unit.YEAR))
    quote = plan_change([invoiced_for_january(1000)], monthly(10_000), period(anchor, 0), DAY_11_AT_18)
    assert (quote.credit, quote.charge) == (eur(653), eur(10_000))
    assert quote.live == Slice(DAY_11_AT_18, period(anchor, 0).end, eur(10_000), Basis(eur(10_000), 365 * 86_400))


def test_a_period_with_a_change_of_clocks_is_shared_by_its_real_seconds() -> None:
    anchor = Anchor.at(datetime(2026, 2, 28, 23, tzinfo=UTC), "Europe/Berlin", Cadence(Unit.MONTH))
    march = period(anchor, 0)
    assert march.seconds == 31 * 86_400 - 3_600
    quote = plan_change([], monthly(march.seconds), march, datetime(2026, 3, 31, 21, tzinfo=UTC))
    assert quote.charge == eur(3_600)


def test_a_cancellation_credits_what_is_left_and_charges_nothing() -> None:
    quote = cancellation([invoiced_for_january(1000)], EUR, DAY_11_AT_18)
    assert (quote.credit, quote.charge, quote.live) == (eur(653), eur(0), None)


def test_after_the_end_of_a_slice_nothing_of_it_is_left() -> None:
    assert cancellation([invoiced_for_january(1000)], EUR, JANUARY.end).lines == ()
    assert unused(invoiced_for_january(1000), JANUARY.start - timedelta(days=9)) == eur(1000)


def test_a_first_plan_after_a_free_trial_has_nothing_to_credit() -> None:
    quote = plan_change([], monthly(2000), JANUARY, DAY_11_AT_18)
    assert (quote.credit, quote.charge) == (eur(0), eur(1306))


def test_a_slice_that_was_reduced_later_is_its_own_basis() -> None:
    _, live = change(invoiced_for_january(1000), 2000, DAY_11_AT_18)
    reduced = replace(live, amount=eur(1000), basis=None)
    halfway = DAY_11_AT_18 + (JANUARY.end - DAY_11_AT_18) / 2
    assert unused(reduced, halfway) == eur(500)
    with pytest.raises(ValueError, match="basis"):
        replace(live, amount=eur(1000))


def test_a_discount_is_part_of_the_price_and_never_more_than_it() -> None:
    assert PeriodPrice(eur(1000), 3, eur(500)).net == eur(2500)
    with pytest.raises(ValueError, match="discount"):
        PeriodPrice(eur(1000), 3, eur(3001))


@pytest.mark.parametrize("at", [JANUARY.end, JANUARY.start - timedelta(seconds=1)])
def test_a_change_outside_the_period_is_refused(at: datetime) -> None:
    with pytest.raises(OutsidePeriod):
        plan_change([invoiced_for_january(1000)], monthly(2000), JANUARY, at)


def test_an_instant_that_is_not_pinned_is_refused() -> None:
    for at in (DAY_11_AT_18 + timedelta(microseconds=1), DAY_11_AT_18.replace(tzinfo=None)):
        with pytest.raises(NotPinned):
            plan_change([invoiced_for_january(1000)], monthly(2000), JANUARY, at)
        with pytest.raises(NotPinned):
            unused(invoiced_for_january(1000), at)


def test_a_change_to_another_currency_is_refused() -> None:
    dollars = PeriodPrice(Money(2000, Currency("USD")))
    with pytest.raises(CurrencyMismatch):
        plan_change([invoiced_for_january(1000)], dollars, JANUARY, DAY_11_AT_18)
    with pytest.raises(CurrencyMismatch):
        PeriodPrice(eur(1000), 1, Money(0, Currency("USD")))


def test_negative_prices_quantities_and_amounts_are_refused() -> None:
    for wrong in (lambda: monthly(-1), lambda: monthly(1, -1), lambda: invoiced_for_january(-1)):
        with pytest.raises(ValueError, match="negative"):
            wrong()


def test_a_slice_without_length_is_refused() -> None:
    with pytest.raises(ValueError, match="ends after"):
        Slice(JANUARY.start, JANUARY.start, eur(1))
