"""Every line explains itself: from its explanation alone anybody gets the same minor units."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as some

from domain.catalog.discount import Discount
from domain.catalog.publish_coupon import publish_coupon
from domain.catalog.redeem import RedeemCoupon, redeem_coupon
from domain.ids import InvoiceId, PlanVersionId
from domain.invoices.explanation import LineKind, TaxFormula, evaluate, explain, explains
from domain.invoices.line import Line, lines_of
from domain.money import Money
from domain.reactions.house import House
from domain.reconciliation.explanation_checks import lines_explain_themselves
from tests.catalog_kit import by_admin, half_off
from tests.domain.invoices.bills import eur
from tests.domain.invoices.line_kit import charges, coupons, discounted, taxed
from tests.examples_plugin import in_brief
from tests.lives import buyer, day, invoices_of, start, until
from tests.subscription_lives import switch
from tests.tax_kit import publish_rate, register, vat
from tests.world import EUR, Someone, World, make_world


@pytest.mark.row("X2")
@in_brief
@given(charges(), coupons(), some.integers(0, 300_000), some.sampled_from(("line", "invoice")))
def test_the_explanation_comes_to_the_line(
    lines: list[Line], offered: list[Discount], ppm: int, rounding: str
) -> None:  # fmt: skip
    rated = taxed(discounted(lines, offered), ppm, rounding)
    assert explains(rated)
    for line, why in zip(rated, explain(rated), strict=True):
        assert sum(step.evaluate().minor for step in why.discounts) == line.discount.minor
        assert evaluate(why).amount == line.amount
        residues = (why.residue, *(step.residue for step in why.discounts), *(step.residue for step in why.taxes))
        assert all(abs(residue) < 1 for residue in residues)


@in_brief
@given(charges(), coupons(), some.data())
def test_a_line_that_says_something_else_is_found(
    lines: list[Line], offered: list[Discount], data: some.DataObject
) -> None:
    rated = taxed(discounted(lines, offered), 190_000, "line")
    place = data.draw(some.integers(0, len(rated) - 1))
    line = rated[place]
    wrong = data.draw(
        some.sampled_from(
            (
                replace(line, list_amount=line.list_amount + eur(1)),
                replace(line, components=(replace(line.components[0], amount=line.components[0].amount + eur(1)),)),
                replace(line, unit_amount=line.unit_amount + eur(10_000_000)),
            )
        )
    )
    if wrong.derivation.numerator:
        assert not explains([*rated[:place], wrong, *rated[place + 1 :]])


@pytest.fixture(scope="module")
async def germany(house: House) -> World:
    """A tenant that charges 19 %."""
    own = await make_world(house)
    await publish_rate(own, vat("DE", 190_000))
    await register(own, "DE")
    return own


async def lines(world: World, of: Someone) -> dict[InvoiceId, tuple[Line, ...]]:
    """The lines of the customer's invoices, oldest first."""
    return await lines_of(world.house.db.primary, of.id, [each.id for each in await invoices_of(world, of)])


@pytest.mark.row("X2")
async def test_a_discounted_and_taxed_change_of_plan_names_every_version_it_came_from(germany: World) -> None:
    ada, coupon = await buyer(germany), half_off()
    await by_admin(germany, publish_coupon, coupon)
    await germany.do(ada, redeem_coupon, RedeemCoupon(coupon.code, None))
    await start(germany, ada)
    await until(germany, ada, day(1, 11, 18))
    await switch(germany, ada, germany.prices["team"])
    first, second = (await lines(germany, ada)).values()
    (began,) = explain(first)
    credit, charge = explain(second)
    assert [each.kind for each in (began, credit, charge)] == [
        LineKind.FULL_PERIOD, LineKind.UNUSED_TIME, LineKind.PRORATED,
    ]  # fmt: skip
    assert [type(each.plan_version) for each in (began, credit, charge)] == [PlanVersionId] * 3
    assert (began.price, charge.price) == (germany.prices["starter"], germany.prices["team"])
    assert [step.formula for each in (began, credit, charge) for step in each.taxes] == [
        TaxFormula.OF_NET, TaxFormula.REVERSED, TaxFormula.OF_NET,
    ]  # fmt: skip
    assert credit.taxes[0].basis == Money(95, EUR)  # 19 % of the 5.00 that were paid
    assert [evaluate(each).taxes for each in (began, credit, charge)] == [(eur(95),), (eur(-62),), (eur(124),)]
    assert explains(first)
    assert explains(second)
    assert await lines_explain_themselves(germany.house.db.primary, ada.id.shard) == []
