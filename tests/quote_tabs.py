"""A customer with a subscription, its tabs, and all that can befall what it was quoted: for the test of quotes."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar

from domain.catalog.plan import ProrationClock
from domain.catalog.publish import publish_price
from domain.catalog.publish_coupon import publish_coupon
from domain.catalog.publish_version import PlanTerms, PublishPlanVersion, publish_plan_version
from domain.catalog.redeem import RedeemCoupon, redeem_coupon
from domain.catalog.redemption import EndRedemption, end_redemption
from domain.customers.customer import customer
from domain.ids import CouponRedemptionId, InvoiceId, PlanId, PriceId
from domain.invoices.line import Line, lines_of
from domain.ledger.balance import balance
from domain.operation import Operation
from domain.perform import perform
from domain.refusals import RefusalCode, Refused
from domain.subscriptions.binding import QUOTE_FOR, Binding
from domain.subscriptions.cancel import CancelAt, CancelSubscription, cancel_subscription
from domain.subscriptions.change import PlanChanging, Timing
from domain.subscriptions.change_plan import ChangePlan, change_plan
from domain.subscriptions.change_quantity import ChangeQuantity, change_quantity
from domain.subscriptions.next_invoice import PreviewNextInvoice, preview_next_invoice
from domain.subscriptions.subscription import Subscription
from tests.catalog_kit import by_admin, half_off, monthly, new_plan
from tests.lives import buy, by_house, invoices_of, subscription_of, until
from tests.tax_kit import publish_rate, vat
from tests.world import EUR, LONG_AGO, Someone, World

C = TypeVar("C")
O = TypeVar("O")  # noqa: E741 - command and outcome, as in domain/operation.py
# What may stand in the way of a change, quoted or not; of a quote only these, for they are of the state of things.
STATES = {RefusalCode.CHANGE_PENDING, RefusalCode.STATE_CONFLICT}


def said(line: Line) -> dict[str, Any]:
    """All that a line says, but for what is given back of it later."""
    kept = {name: getattr(line, name) for name in line.__slots__ if name not in ("given_back", "added", "components")}
    return {**kept, "tax": line.tax, "net": line.net, "gross": line.gross}


@dataclass
class Shop:
    """A customer of a plan, and another plan it may change to, which no other customer has."""

    world: World
    of: Someone
    plans: list[PlanId]
    prices: list[PriceId]
    redemption: CouponRedemptionId | None
    changes: int = 0
    quotes: list[tuple[ChangePlan, PlanChanging]] = field(default_factory=list)

    async def now(self) -> datetime:
        """The customer's time."""
        at = (await customer(self.world.house.db.primary, self.world.tenant.tenant, self.of.id)).clock_at
        assert at
        return at

    async def current(self) -> Subscription:
        """What the customer has."""
        return await subscription_of(self.world, self.of)

    async def stands(self) -> tuple[object, ...]:
        """All that a refused call could have changed."""
        db = self.world.house.db.primary
        sums = await balance(db, self.of.id, EUR)
        return await self.current(), await invoices_of(self.world, self.of), sums.receivable, sums.credit

    async def shown(self, operation: Operation[C, O], command: C) -> O | None:
        """What the operation would do; None where it would be refused."""
        db, actor = self.world.house.db, self.of.actor
        try:
            return (await perform(db, operation, actor, self.of.id, command, "preview", preview=True)).outcome
        except Refused as refused:
            assert refused.code in STATES, refused
            return None

    async def do(self, operation: Operation[C, O], command: C) -> O:
        """What the customer does, and all that follows."""
        done = await self.world.do(self.of, operation, command)
        return done.outcome

    async def lines(self, invoice: InvoiceId | None) -> list[dict[str, Any]]:
        """What an issued invoice says."""
        if invoice is None:
            return []
        found = await lines_of(self.world.house.db.primary, self.of.id, [invoice])
        return [said(line) for line in found[invoice]]

    async def is_as_shown(self, done: PlanChanging, shown: PlanChanging) -> None:
        """Line by line, and the invoice in all."""
        assert (done.digest, done.mode, done.due, done.total) == (shown.digest, shown.mode, shown.due, shown.total)
        assert (done.credit, done.charge, done.effective_at) == (shown.credit, shown.charge, shown.effective_at)
        assert await self.lines(done.invoice) == [said(line) for line in shown.lines]

    async def ask(self, price: int, quantity: int | None, timing: Timing) -> None:
        """A tab shows what a change costs."""
        of = await self.current()
        command = ChangePlan(of.id, self.prices[price], quantity, timing)
        shown = await self.shown(change_plan, command)
        if shown is not None:
            assert shown.worked_out_at and shown.version is not None
            at = shown.worked_out_at
            binding = Binding(at, at + QUOTE_FOR, shown.version, shown.digest)
            self.quotes.append((ChangePlan(of.id, command.price, quantity, timing, binding), shown))

    async def take(self, command: ChangePlan, shown: PlanChanging) -> bool:
        """The tab says yes: exactly that is charged, or nothing at all happens."""
        before, now = await self.stands(), await self.now()
        try:
            done = await self.do(change_plan, command)
        except Refused as refused:
            assert refused.code in {RefusalCode.QUOTE_STALE, *STATES}, refused
            assert await self.stands() == before
            return False
        assert command.quote and now < command.quote.expires_at
        await self.is_as_shown(done, shown)
        return True

    async def change_seats(self, quantity: int) -> None:
        """Another tab changes the seats, as its preview said."""
        command = ChangeQuantity((await self.current()).id, quantity)
        shown = await self.shown(change_quantity, command)
        if shown is not None:
            await self.is_as_shown(await self.do(change_quantity, command), shown)

    async def publish(self, plan: int, minor: int, *, in_the_past: bool) -> None:
        """Another price for new customers, from now on or as if since long ago."""
        self.changes += 1
        since = LONG_AGO + timedelta(days=self.changes) if in_the_past else await self.now()
        try:
            dearer = (await by_admin(self.world, publish_price, monthly(self.plans[plan], minor, since))).price
        except Refused as refused:
            assert refused.code is RefusalCode.INVALID_INPUT  # not after the version before it
            return
        self.prices[plan] = dearer

    async def new_version(self, plan: int, *, in_the_past: bool) -> None:
        """The plan's terms change: it is prorated by days."""
        self.changes += 1
        since = LONG_AGO + timedelta(days=self.changes) if in_the_past else await self.now()
        command = PublishPlanVersion(self.plans[plan], since, None, PlanTerms(proration=ProrationClock.DAY))
        try:
            await by_admin(self.world, publish_plan_version, command)
        except Refused as refused:
            assert refused.code is RefusalCode.INVALID_INPUT

    async def tax(self, ppm: int, *, in_the_past: bool) -> None:
        """Another rate, from now on or as a correction of the one there was."""
        since = LONG_AGO if in_the_past else await self.now()
        await publish_rate(self.world, vat("DE", ppm, effective_from=since))

    async def lose_coupon(self) -> None:
        """Support takes the coupon back."""
        if self.redemption is not None:
            await by_house(self.world, self.of, end_redemption, EndRedemption(self.redemption))
            self.redemption = None

    async def wait(self, seconds: int) -> None:
        """Time passes, and what is due is done."""
        await until(self.world, self.of, await self.now() + timedelta(seconds=seconds))

    async def renew(self) -> None:
        """The next invoice comes as it was shown."""
        of = await self.current()
        shown = await self.shown(preview_next_invoice, PreviewNextInvoice(of.id))
        if shown is None:
            return
        await until(self.world, self.of, shown.issued_at)
        issued = (await invoices_of(self.world, self.of))[-1]
        assert (issued.period_start, issued.issued_at, issued.total) == (
            shown.period_start,
            shown.issued_at,
            shown.total,
        )
        assert await self.lines(issued.id) == [said(line) for line in shown.lines]

    async def leave(self) -> None:
        """The subscription is cancelled at once, as its preview said; another one is bought."""
        command = CancelSubscription((await self.current()).id, CancelAt.NOW)
        shown, credit = await self.shown(cancel_subscription, command), await self.credit()
        if shown is None:
            return
        assert await self.do(cancel_subscription, command) == shown
        given = shown.given_back.minor if shown.given_back else 0
        assert await self.credit() == credit + given
        await buy(self.world, self.of, self.world.prices["starter"], 2)

    async def credit(self) -> int:
        """What the customer has in credit."""
        return (await balance(self.world.house.db.primary, self.of.id, EUR)).credit.minor


async def open_shop(world: World, of: Someone, *, coupon: bool) -> Shop:
    """Two seats of a small plan; a bigger one and a yearly one are on offer too."""
    plans, prices = [], []
    for minor in (1000, 2300):
        plan, _ = await new_plan(world)
        plans.append(plan)
        prices.append((await by_admin(world, publish_price, monthly(plan, minor))).price)
    redemption = None
    if coupon:
        code = half_off()
        await by_admin(world, publish_coupon, code)
        redemption = (await world.do(of, redeem_coupon, RedeemCoupon(code.code, None))).outcome.redemption
    await buy(world, of, prices[0], 2)
    return Shop(world, of, plans, [*prices, world.prices["yearly"]], redemption)
