"""Why a bill changed: reasons that sum exactly to the difference, and each named for what it is."""

from dataclasses import replace
from itertools import pairwise
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as some

from domain.catalog.coupon import Duration
from domain.catalog.discount import Discount
from domain.catalog.publish_coupon import publish_coupon
from domain.catalog.redeem import RedeemCoupon, redeem_coupon
from domain.ids import CouponRedemptionId, PriceId
from domain.invoices.compare import BilledLine, Reason, Why, compare
from domain.invoices.line import Derivation, Line, lines_of
from domain.invoices.line_tax import TaxPart
from domain.money import share, total
from domain.period import Cadence, Unit
from domain.reactions.house import House
from domain.subscriptions.change import Timing
from tests.catalog_kit import by_admin, half_off
from tests.domain.invoices.bills import eur
from tests.domain.invoices.line_kit import RATE, charge, charges, coupons, discounted, taxed
from tests.examples_plugin import in_brief
from tests.lives import buyer, day, invoices_of, start, until
from tests.subscription_lives import seats, switch
from tests.tax_kit import publish_rate, register, vat
from tests.world import EUR, make_world

MONTH, YEAR = Cadence(Unit.MONTH, 1), Cadence(Unit.YEAR, 1)
VAT = 190_000


def billed(lines: list[Line], cadence: Cadence | None = MONTH) -> list[BilledLine]:
    """The lines as they stand on an invoice."""
    return [BilledLine(position, line, cadence) for position, line in enumerate(lines, 1)]


_kinds = some.sampled_from(("charge", "charge", "credit", "written", "true_up"))
_names, _prices = some.sampled_from(("a", "b")), some.integers(1, 3)
_rates, _roundings = some.sampled_from((0, 70_000, VAT)), some.sampled_from(("line", "invoice"))
_cadences = some.sampled_from((MONTH, YEAR, None))


@some.composite
def bills(draw: some.DrawFn) -> list[BilledLine]:
    """Charges, credits, lines of staff and true-ups, with coupons and tax."""
    lines = []
    for line in discounted(draw(charges()), draw(coupons())):
        kind = draw(_kinds)
        of, nothing = line.derivation, eur(0)
        plain = replace(line, discount=nothing, reductions=())
        if kind == "credit":
            back = replace(of, formula="unused")
            line = replace(plain, list_amount=-plain.list_amount, derivation=back)
        elif kind == "written":
            line = replace(plain, price=None, description=draw(_names))
        elif kind == "true_up":
            line = replace(plain, price=None, derivation=replace(of, formula="commitment"))
        else:
            line = replace(line, price=PriceId(UUID(int=draw(_prices))))
        lines.append(line)
    treated = taxed(lines, draw(_rates), draw(_roundings))
    return billed(treated, draw(_cadences))


@pytest.mark.row("X2")
@in_brief
@given(bills(), bills(), some.booleans())
def test_the_reasons_sum_to_the_difference_and_the_way_back_is_as_long(
    one: list[BilledLine], other: list[BilledLine], alike: bool
) -> None:
    reasons = compare(one, other, EUR, alike=alike)
    gross = [total((each.line.gross for each in side), EUR) for side in (one, other)]
    assert total((reason.amount for reason in reasons), EUR) == gross[1] - gross[0]
    assert all(reason.amount for reason in reasons)
    back = compare(other, one, EUR, alike=alike)
    assert total((reason.amount for reason in back), EUR) == gross[0] - gross[1]
    assert compare(one, one, EUR, alike=True) == ()


def why(one: list[Line], other: list[Line], *, to: Cadence = MONTH) -> list[tuple[Why, int]]:
    """Kinds and amounts of the reasons."""
    reasons: tuple[Reason, ...] = compare(billed(one), billed(other, to), EUR, alike=True)
    return [(reason.why, reason.amount.minor) for reason in reasons]


def half(*lines: Line) -> list[Line]:
    """The lines at half their price."""
    id = CouponRedemptionId(1, UUID(int=9))
    return discounted(list(lines), [Discount(id, "half", 500_000, None, frozenset(), True)])


def test_each_factor_is_named_for_what_it_is() -> None:
    plain = charge(1000)
    dearer, more = charge(1200, price=2), charge(1000, quantity=3)
    part = charge(1000, part=(1, 2))
    assert why([plain], [dearer]) == [(Why.PRICE, 200)]
    assert why([plain], [charge(10_000, price=3)], to=YEAR) == [(Why.PERIOD_LENGTH, 9000)]
    assert why([plain], [more]) == [(Why.QUANTITY, 2000)]
    assert why([plain], [part]) == [(Why.PRORATION, -500)]
    assert why([plain], half(plain)) == [(Why.DISCOUNT_STARTED, -500)]
    assert why(half(plain), [plain]) == [(Why.DISCOUNT_ENDED, 500)]
    assert why(half(plain), half(dearer)) == [(Why.PRICE, 200), (Why.DISCOUNT_CHANGED, -100)]
    assert why([plain], taxed([plain], VAT, "line")) == [(Why.TAX_TREATMENT, 190)]
    assert why(taxed([plain], VAT, "line"), taxed([plain], 70_000, "line")) == [(Why.TAX_RATE, -120)]
    assert why([plain], [plain, replace(plain, price=None)]) == [(Why.ONE_OFF, 1000)]
    assert why([plain], []) == [(Why.REMOVED, -1000)]
    assert why([], [plain]) == [(Why.ADDED, 1000)]


def test_what_a_dearer_price_costs_is_said_with_its_tax() -> None:
    one, other = (taxed([charge(minor, price=minor)], VAT, "line") for minor in (1000, 2000))
    assert why(one, other) == [(Why.PRICE, 1190)]


def test_an_exempt_customer_sees_the_treatment_and_not_the_rate() -> None:
    (line,) = taxed([charge(1000)], VAT, "line")
    free = TaxPart(1, RATE, "VAT", "exempt", 0, eur(1000), eur(0), eur(0))
    assert why([line], [replace(line, components=(free,))]) == [(Why.TAX_TREATMENT, -190)]


def test_unused_time_is_proration() -> None:
    paid = charge(1000)
    back = replace(paid, list_amount=-share(1, 3, eur(1000)), derivation=Derivation("unused", eur(1000), 1, 3))
    assert why([paid], [paid, back]) == [(Why.PRORATION, -333)]


@pytest.mark.row("X2")
async def test_what_really_changed_from_bill_to_bill_is_named_and_sums_up(house: House) -> None:
    world = await make_world(house)
    await publish_rate(world, vat("DE", 180_000))
    await publish_rate(world, vat("DE", 120_000, effective_from=day(4, 15)))
    await register(world, "DE")
    ada, coupon = await buyer(world), half_off(duration=Duration.PERIODS, periods=2)
    await by_admin(world, publish_coupon, coupon)
    await world.do(ada, redeem_coupon, RedeemCoupon(coupon.code, None))
    await start(world, ada)
    await until(world, ada, day(3, 10))
    await seats(world, ada, 4, Timing.PERIOD_END)
    await until(world, ada, day(5, 10))
    await switch(world, ada, world.prices["team"], Timing.PERIOD_END)
    await until(world, ada, day(6, 3))
    issued = await invoices_of(world, ada)
    lines = await lines_of(house.db.primary, ada.id, [each.id for each in issued])
    found = [why(list(lines[one.id]), list(lines[other.id])) for one, other in pairwise(issued)]
    assert found == [
        [], [(Why.DISCOUNT_ENDED, 590)], [(Why.QUANTITY, 3540)], [(Why.TAX_RATE, -240)], [(Why.PRICE, 4480)],
    ]  # fmt: skip
    whole = dict(why(list(lines[issued[0].id]), list(lines[issued[-1].id])))
    assert whole.keys() == {Why.DISCOUNT_ENDED, Why.QUANTITY, Why.TAX_RATE, Why.PRICE}
    assert sum(whole.values()) == (issued[-1].total - issued[0].total).minor
