"""Overdue debt blocks what a customer may use from its instant on and not before, and no longer than it is owed."""

import asyncio
from datetime import datetime, timedelta

import pytest

from domain.catalog.feature import FeatureKind, PlanEntitlement
from domain.catalog.publish_version import PlanTerms
from domain.corrections.void_invoice import VoidInvoice, void_invoice
from domain.ids import InvoiceId
from domain.money import Money
from domain.payments.debt_policy import DebtPolicy, DebtScope
from domain.payments.pay_invoice import PayInvoice, pay_invoice
from domain.payments.settle_payment import News
from domain.payments.void_credit_note import VoidCreditNote, void_credit_note
from domain.refusals import RefusalCode, Refused
from domain.subscriptions.change_plan import ChangePlan, change_plan
from domain.subscriptions.change_quantity import ChangeQuantity, change_quantity
from domain.subscriptions.entitlements import entitlements
from domain.subscriptions.start import StartSubscription, start_subscription
from domain.timeline.subscription_as_of import subscription_as_of
from tests.catalog_kit import monthly, new_feature, new_plan, new_price
from tests.domain.invoices.bills import note
from tests.families import BLOCKS, WAIT, billed, block, blocks_by, debtor, own_policy, put_under, tenant_policy
from tests.lives import attempts_at, buy, buyer, by_finance, day, start, subscription_of, tell, until, wrong_rows
from tests.subscription_lives import refusal
from tests.tax_kit import move
from tests.world import EUR, Someone, World, make_world

SECOND = timedelta(seconds=1)
BLOCKED_AT = day(1, 25)


async def usable(world: World, of: Someone, at: datetime) -> list[tuple[int, bool]]:
    """What the customer may use: how much, and whether debt keeps it from that."""
    found = await entitlements(world.house.db.primary, world.tenant.tenant, of.id, at)
    return [(each.value, each.blocked) for each in found]


async def with_plan(world: World, of: Someone) -> None:
    """Buys a plan that allows five of a feature."""
    feature = await new_feature(world, FeatureKind.LIMIT)
    plan, _ = await new_plan(world, PlanTerms(entitlements=(PlanEntitlement(feature, 5),)))
    await buy(world, of, await new_price(world, monthly(plan)))


async def in_debt(world: World, token: str = "tok_visa") -> Someone:
    """Has a plan that is paid for, and 100.00 EUR to pay on account until January 11."""
    ada = await buyer(world, token)
    await own_policy(world, ada, BLOCKS)
    await with_plan(world, ada)
    await billed(world, ada)
    return ada


@pytest.mark.row("Y10")
@pytest.mark.row("D18")
async def test_access_ends_at_the_instant_and_is_back_with_the_payment_and_the_past_stays(world: World) -> None:
    ada = await in_debt(world)
    await until(world, ada, BLOCKED_AT - SECOND)
    assert await block(world, ada, BLOCKED_AT - SECOND) is None
    assert await usable(world, ada, BLOCKED_AT - SECOND) == [(5, False)]
    await until(world, ada, BLOCKED_AT + SECOND)
    found = await block(world, ada, BLOCKED_AT + SECOND)
    assert found is not None
    assert (found.since, found.owed, found.by_family) == (BLOCKED_AT, Money(10_000, EUR), False)
    assert [each.owed_since for each in found.invoices] == [BLOCKED_AT - WAIT]
    assert await usable(world, ada, BLOCKED_AT + SECOND) == [(0, True)]
    await until(world, ada, day(1, 27))
    await world.do(ada, pay_invoice, PayInvoice(found.invoices[0].invoice, None))
    assert await block(world, ada, day(1, 27)) is None
    assert await usable(world, ada, day(1, 27)) == [(5, False)]
    await until(world, ada, day(1, 28))
    assert await block(world, ada, BLOCKED_AT + SECOND) == found  # what was so stays so
    assert await usable(world, ada, BLOCKED_AT + SECOND) == [(0, True)]
    of = await subscription_of(world, ada)
    past = [await subscription_as_of(world.house.db.primary, of, at) for at in (BLOCKED_AT - SECOND, day(1, 26))]
    assert [each and each.blocked for each in past] == [None, found]
    assert await wrong_rows(world, ada) == []


@pytest.mark.row("Y10")
async def test_a_blocked_customer_gets_nothing_more_but_may_go_down_and_pay(world: World) -> None:
    ada = await in_debt(world)
    of = await subscription_of(world, ada)
    await until(world, ada, day(1, 26))
    team = world.prices["team"]
    assert await refusal(world, ada, start_subscription, StartSubscription(team, 1)) is RefusalCode.BLOCKED_BY_DEBT
    assert await refusal(world, ada, change_plan, ChangePlan(of.id, team)) is RefusalCode.BLOCKED_BY_DEBT
    assert await refusal(world, ada, change_quantity, ChangeQuantity(of.id, 2)) is RefusalCode.BLOCKED_BY_DEBT
    plan, _ = await new_plan(world)
    cheaper = await new_price(world, monthly(plan, 100))
    await world.do(ada, change_plan, ChangePlan(of.id, cheaper))
    assert (await subscription_of(world, ada)).planned.price == cheaper
    found = await block(world, ada, day(1, 26))
    assert found
    both = (
        world.do(ada, pay_invoice, PayInvoice(found.invoices[0].invoice, None)),
        world.do(ada, start_subscription, StartSubscription(team, 1)),
    )
    answers = await asyncio.gather(*both, return_exceptions=True)
    assert not isinstance(answers[0], BaseException)
    if isinstance(answers[1], BaseException):  # it came first: now it is done
        await world.do(ada, start_subscription, StartSubscription(team, 1))
    assert await wrong_rows(world, ada) == []


@pytest.mark.row("Y10")
async def test_nobody_is_blocked_while_an_attempt_may_still_succeed(world: World) -> None:
    ada, id = await debtor(world, token="tok_error_after")
    await until(world, ada, day(1, 24))
    begun = (await world.do(ada, pay_invoice, PayInvoice(id, None))).outcome
    assert [each.state.name for each in await attempts_at(world, ada, id)] == ["unknown"]
    await until(world, ada, day(1, 26))
    assert await block(world, ada, day(1, 26)) is None
    await tell(world, ada, begun.payment, News.DECLINED)
    found = await block(world, ada, day(1, 26))
    assert found and found.since == day(1, 26)  # not from a time at which it could still have been paid
    assert await block(world, ada, day(1, 25, 12)) is None


@pytest.mark.row("Y10")
async def test_what_the_customer_alone_can_bring_on_does_not_put_the_block_off(world: World) -> None:
    ada, id = await debtor(world, token="tok_3ds")
    await until(world, ada, day(1, 26))
    await world.do(ada, pay_invoice, PayInvoice(id, None))
    assert [each.state.name for each in await attempts_at(world, ada, id)] == ["requires_action"]
    assert await block(world, ada, day(1, 26)) is not None


async def test_what_a_bank_took_back_blocks_only_after_its_days(world: World) -> None:
    ada, id = await debtor(world)
    paid = (await world.do(ada, pay_invoice, PayInvoice(id, None))).outcome
    await until(world, ada, day(2, 5))
    await tell(world, ada, paid.payment, News.RETURNED)
    assert await block(world, ada, day(2, 5)) is None
    found = await block(world, ada, day(2, 19, 1))
    assert found and found.since == day(2, 19)


@pytest.mark.row("Y10")
async def test_what_is_tolerated_does_not_block_and_a_minor_unit_more_does(world: World) -> None:
    ada, id = await debtor(world, blocks_by(DebtScope.OWN, Money(10_000, EUR)))
    await until(world, ada, day(1, 26))
    assert await block(world, ada, day(1, 26)) is None
    await own_policy(world, ada, blocks_by(DebtScope.OWN, Money(9_999, EUR)))
    found = await block(world, ada, day(1, 26))
    assert found and (found.since, found.owed) == (day(1, 26), Money(10_000, EUR))  # from when the rules hold
    await note(world, ada, id, 1)
    assert await block(world, ada, day(1, 26)) is None


async def test_what_is_owed_is_less_by_credit_and_notes_of_that_invoice_from_then_until_they_are_void(
    world: World,
) -> None:
    ada = await buyer(world)
    await own_policy(world, ada, BLOCKS)
    bought = await start(world, ada)
    await note(world, ada, bought.invoice, 400, credit=400)
    first, second = await billed(world, ada), await billed(world, ada)

    async def owed(at: datetime) -> dict[InvoiceId, int]:
        found = await block(world, ada, at)
        return {each.invoice: each.due.minor for each in found.invoices} if found else {}

    await until(world, ada, day(1, 26))
    assert await owed(day(1, 26)) == {first: 9_600, second: 10_000}
    less = await note(world, ada, second, 3_000)
    await until(world, ada, day(1, 28))
    await by_finance(world, ada, void_credit_note, VoidCreditNote(less.credit_note))
    await until(world, ada, day(1, 29))
    assert [await owed(day(1, on)) for on in (25, 27, 29)] == [
        {first: 9_600, second: due} for due in (10_000, 7_000, 10_000)
    ]


async def test_a_void_invoice_blocks_nobody(world: World) -> None:
    ada, id = await debtor(world)
    await until(world, ada, day(1, 26))
    assert await block(world, ada, day(1, 26))
    await by_finance(world, ada, void_invoice, VoidInvoice(id, "Wrong.", False))
    assert await block(world, ada, day(1, 26)) is None


@pytest.mark.row("Y10")
@pytest.mark.parametrize(
    ("scope", "blocked"),
    [
        (DebtScope.OWN, {"firm"}),
        (DebtScope.PARENTS, {"firm", "site"}),
        (DebtScope.FAMILY, {"group", "firm", "site", "sister"}),
    ],
)
async def test_whose_debt_counts_is_what_the_scope_says(world: World, scope: DebtScope, blocked: set[str]) -> None:
    family = {name: await world.customer() for name in ("group", "sister", "site")}
    family["firm"], _ = await debtor(world, None)
    for child, parent in (("site", "firm"), ("firm", "group"), ("sister", "group")):
        await put_under(world, family[child], family[parent])
    for each in family.values():
        await until(world, each, day(1, 26))
        await own_policy(world, each, blocks_by(scope))
    found = {name: await block(world, each, day(1, 26)) for name, each in family.items()}
    assert {name for name, each in found.items() if each} == blocked
    for name, told in found.items():
        if told and name != "firm":  # of the others it is told no more than that
            assert (told.owed.minor, told.invoices, told.by_family) == (0, (), True)
    if scope is not DebtScope.OWN:
        command = StartSubscription(world.prices["starter"], 1)
        await world.card(family["site"])
        with pytest.raises(Refused) as refused:
            await world.do(family["site"], start_subscription, command)
        assert refused.value.code is RefusalCode.BLOCKED_BY_DEBT
        await put_under(world, family["site"], None)
        assert await block(world, family["site"], day(1, 26)) is None


@pytest.mark.row("Y10")
async def test_a_tenants_rules_hold_from_when_they_are_set_and_a_customers_own_in_their_place(world: World) -> None:
    own = await make_world(world.house)
    ada = await own.customer(clock_at=None)
    await move(own, ada, "FR")  # where no law keeps access for longer
    await own.card(ada, "tok_insufficient_funds")
    await start(own, ada)  # owed at once, and nothing blocks without rules
    before = own.house.db.clock.now()
    assert await block(own, ada, before) is None
    await tenant_policy(own, DebtPolicy(0))
    now = own.house.db.clock.now()
    found = await block(own, ada, now)
    assert found and found.since > before
    assert await block(own, ada, before) is None
    await own_policy(own, ada, DebtPolicy(None))
    assert await block(own, ada, own.house.db.clock.now()) is None
    await own_policy(own, ada, None)
    assert await block(own, ada, own.house.db.clock.now()) is not None
    await tenant_policy(own, DebtPolicy())
    assert await block(own, ada, own.house.db.clock.now()) is None
    assert await block(own, ada, now) == found


@pytest.mark.row("Y10")
@pytest.mark.row("D12")
@pytest.mark.parametrize(("country", "days"), [("DE", 14), ("FR", 5), ("LU", 30)])
async def test_the_law_of_the_country_puts_the_block_off_and_never_forward(
    world: World, country: str, days: int
) -> None:
    ada, _ = await debtor(world, DebtPolicy(5))
    await move(world, ada, country)
    blocked_at = day(1, 11) + timedelta(days=days)
    await until(world, ada, blocked_at + SECOND)
    assert await block(world, ada, blocked_at - SECOND) is None
    found = await block(world, ada, blocked_at)
    assert found and found.since == blocked_at
    await own_policy(world, ada, DebtPolicy(60))
    assert await block(world, ada, blocked_at + timedelta(days=20)) is None


@pytest.mark.row("Y10")
async def test_where_we_collect_the_days_of_the_law_run_from_the_failure_and_not_from_the_bill(world: World) -> None:
    ada = await buyer(world, "tok_bank_held")
    await own_policy(world, ada, DebtPolicy(0))
    bought = await start(world, ada)
    await until(world, ada, day(1, 9))
    await tell(world, ada, bought.payment, News.DECLINED, follow=False)
    assert await block(world, ada, day(1, 22, 23)) is None
    found = await block(world, ada, day(1, 23))
    assert found and found.since == day(1, 23)
