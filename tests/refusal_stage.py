"""The stage on which every refusal is produced: customers each in a state of its own, and the ids of what they have."""

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar

import asyncpg

from domain.actor import Grant
from domain.catalog.coupon import Scope
from domain.catalog.end_exception import EndException, end_exception
from domain.catalog.entitlement import GrantEntitlement, grant_entitlement
from domain.catalog.feature import MAX_FEATURES, FeatureKind
from domain.catalog.publish_coupon import EndCoupon, end_coupon, publish_coupon
from domain.catalog.redeem import RedeemCoupon, redeem_coupon
from domain.catalog.redemption import EndRedemption, end_redemption
from domain.corrections.void_invoice import VoidInvoice, void_invoice
from domain.customers.keep_tax_identity import (
    JudgeTaxIdentity,
    StoreTaxIdentity,
    judge_tax_identity,
    store_tax_identity,
)
from domain.customers.tax_exemption import AddTaxExemption, add_tax_exemption
from domain.customers.tax_place import StateTaxPlace, state_tax_place
from domain.ids import CouponId, InvoiceId, PlanId
from domain.invoices.billing_terms import SetBillingTerms, set_billing_terms
from domain.invoices.manual_line import ManualLine
from domain.invoices.sign_contract import SignContract, sign_contract
from domain.ledger.period_close import ClosePeriod, close_period
from domain.money import Money
from domain.operation import Operation
from domain.payments.void_credit_note import VoidCreditNote, void_credit_note
from domain.perform import perform
from domain.period import Unit
from domain.subscriptions.cancel_scheduled import CancelScheduledChange, cancel_scheduled_change
from domain.subscriptions.change import Timing
from domain.subscriptions.change_plan import ChangePlan, change_plan
from domain.subscriptions.pause import PauseSubscription, pause_subscription
from tests.api.test_portal_quotes import quoted
from tests.api_callers import Api, Caller, Guest
from tests.catalog_kit import by_admin, half_off, monthly, new_feature, new_plan, new_price
from tests.domain.invoices.bills import draft, drafted, issue, note
from tests.lives import buy, by_finance, by_house, day, publish, start, subscription_of, until
from tests.payment_stage import payer, refusing_payments
from tests.refund_stage import held_back, refunded, to_pay
from tests.tax_kit import TAX_IDS, move, publish_rate, register, vat
from tests.world import EUR, NEW_YEAR, USD, Someone, World, fresh

C = TypeVar("C")
O = TypeVar("O")  # noqa: E741 - command and outcome, as in domain/operation.py

WORK = ManualLine("Work", 1, Money(600, EUR))
JUNE = datetime(2020, 6, 10, tzinfo=UTC)
SPRING = datetime(2021, 4, 1, tzinfo=UTC)  # when nobody else of the tenant buys, so that taxes meet nobody else


@dataclass
class Players:
    """Who calls, and the ids and codes that a call can name."""

    api: Api
    callers: dict[str, Caller]
    ids: dict[str, str] = field(default_factory=dict)

    @property
    def world(self) -> World:
        """The tenant."""
        return self.api.world

    async def guest(self, name: str, card: str | None = None, clock_at: datetime | None = NEW_YEAR) -> Guest:
        """Another customer, known by that name."""
        guest = self.callers[name] = await self.api.guest(card, clock_at=clock_at)
        self.ids |= {f"{name} customer": guest.id, f"{name} user": guest.who.actor.subject}
        return guest

    def given(self, value: Any) -> Any:
        """The input with the ids in the place of their names."""
        if isinstance(value, str) and value.startswith("$"):
            return self.ids[value[1:]]
        return {key: self.given(each) for key, each in value.items()} if isinstance(value, dict) else value


async def staff_of(api: Api) -> dict[str, Caller]:
    """One of each role that mutations ask for."""
    roles = {"support": Grant.SUPPORT, "finance": Grant.FINANCE, "admin": Grant.ADMIN}
    return {name: await api.staff(role) for name, role in roles.items()}


async def stage_of_refusals(api: Api, owner: asyncpg.Connection) -> Players:
    """Everybody that the table of refusals names."""
    players = Players(api, await staff_of(api), {code: str(price) for code, price in api.world.prices.items()})
    await _owner(players)
    await _bare(players)
    await _pending(players)
    await _freed(players)
    await _coupons(players)
    await _over(players)
    await _renewing(players)
    await refusing_payments(players, owner)
    players.ids |= await refunded(api, players.callers["support"], await players.guest("holder", "tok_lost_card"))
    await _unpriced(players)
    await _taxed(players, SPRING)
    await _gone(players, owner)
    await players.guest("live", clock_at=None)
    erased = (await players.guest("erased", "tok_visa")).who
    players.ids["erased draft"] = str(await draft(players.world, erased, WORK, WORK))
    await _erase(owner, erased)
    return players


async def _owner(players: Players) -> None:
    """Has two subscriptions, and used up the credit that was given back of the first."""
    guest, world, ids = await players.guest("owner", "tok_visa"), players.world, players.ids
    own = await start(world, guest.who)
    await start(world, guest.who, "team")
    ids |= {"own": str(own.subscription), "payment": str(own.payment)}
    ids["stale"] = (await quoted(guest, ids["own"], ids["yearly"]))["id"]
    yearly = ChangePlan(own.subscription, world.prices["yearly"], timing=Timing.PERIOD_END)
    await world.do(guest.who, change_plan, yearly)  # what another tab did, and undid
    await world.do(guest.who, cancel_scheduled_change, CancelScheduledChange(own.subscription))
    given = await note(world, guest.who, own.invoice, 600, credit=600)
    ids |= {"paid by credit": str(await _issued(players, guest)), "used note": str(given.credit_note)}
    certificate = AddTaxExemption("US", "CA", "", day(1, 1), day(1, 1, year=2028), "1")
    ids["exemption"] = str((await by_support(world, guest.who, add_tax_exemption, certificate)).exemption)
    ids["reference"] = (await guest.data("{ viewer { customer { reference } } }"))["viewer"]["customer"]["reference"]


async def _issued(players: Players, guest: Guest) -> InvoiceId:
    id = await draft(players.world, guest.who, WORK)
    await issue(players.world, guest.who, id)
    return id


async def _bare(players: Players) -> None:
    """Has no card; and an open invoice, a void one, a void credit note, and a contract."""
    guest, world, ids = await players.guest("bare"), players.world, players.ids
    billed, void = await _issued(players, guest), await _issued(players, guest)
    noted = (await note(world, guest.who, billed, 100)).credit_note
    await by_finance(world, guest.who, void_credit_note, VoidCreditNote(noted))
    await by_finance(world, guest.who, void_invoice, VoidInvoice(void, "Wrong.", False))
    signed = SignContract(world.prices["starter"], Money(0, EUR), day(1, 1), day(1, 1, year=2028), 0, None)
    await by_finance(world, guest.who, sign_contract, signed)
    ids |= {"billed": str(billed), "void": str(void), "void note": str(noted)}


async def _pending(players: Players) -> None:
    """Two for whom a charge waits for the bank: that of a change, and that of a first invoice."""
    pending, world = await players.guest("pending", "tok_visa"), players.world
    begun = await start(world, pending.who)
    await world.card(pending.who, "tok_3ds")
    await world.do(pending.who, change_plan, ChangePlan(begun.subscription, world.prices["team"]))
    waiting = await players.guest("waiting", "tok_3ds")
    first = await start(world, waiting.who)
    players.ids |= {
        "pending": str(begun.subscription), "waiting": str(first.subscription), "waited for": str(first.invoice),
    }  # fmt: skip


async def _freed(players: Players) -> None:
    """Has no card and two subscriptions that cost nothing, one asleep for longer than its week."""
    guest, world = await players.guest("freed"), players.world
    await by_finance(world, guest.who, set_billing_terms, SetBillingTerms(30, None))
    nothing = Money(0, EUR)
    free = await buy(world, guest.who, await publish(world, nothing))
    slept = await buy(world, guest.who, await publish(world, nothing, Unit.WEEK))
    await world.do(guest.who, pause_subscription, PauseSubscription(slept.subscription, None))
    await until(world, guest.who, day(1, 10))
    await by_finance(world, guest.who, set_billing_terms, SetBillingTerms(0, None))
    players.ids |= {"freed": str(free.subscription), "slept": str(slept.subscription)}


async def _coupons(players: Players) -> None:
    """A coupon in each state, and a feature."""
    world, ids, owner = players.world, players.ids, players.callers["owner"]
    assert isinstance(owner, Guest)
    dollar: dict[str, object] = {"percent_ppm": None, "amount": Money(100, USD)}
    plan = await world.house.db.primary.fetchval("SELECT plan_id FROM price WHERE id = $1", world.prices["team"].uuid)
    only: dict[str, object] = {"plans": (PlanId(plan),), "scope": Scope.SUBSCRIPTION}
    made: dict[str, dict[str, object]] = {
        "redeemed": {},
        "over": {},
        "used up": {"max_redemptions": 1},
        "dollars": dollar,
        "elsewhere": only,
        "ended": {},
    }
    for name, terms in made.items():
        coupon = half_off(**terms)
        ids[name] = coupon.code
        ids[f"{name} coupon"] = str((await by_admin(world, publish_coupon, coupon)).coupon)
    await by_admin(world, end_coupon, EndCoupon(CouponId.parse(ids["over coupon"])))
    for name in ("redeemed", "used up", "ended"):
        redeemed = (await world.do(owner.who, redeem_coupon, RedeemCoupon(ids[name], None))).outcome.redemption
    await by_house(world, owner.who, end_redemption, EndRedemption(redeemed))
    ids |= {"ended redemption": str(redeemed), "feature": await new_feature(world, FeatureKind.SWITCH)}


async def _over(players: Players) -> None:
    """A tax id that was found invalid, and an exception from what plans allow that has ended."""
    world, ids, owner = players.world, players.ids, players.callers["owner"]
    assert isinstance(owner, Guest)
    stored = (await world.do(owner.who, store_tax_identity, StoreTaxIdentity("AU", TAX_IDS["AU"]))).outcome.identity
    await by_support(world, owner.who, judge_tax_identity, JudgeTaxIdentity(stored, False))
    grant = GrantEntitlement(ids["feature"], 1, None, None, "A good one.")
    granted = await by_support(world, owner.who, grant_entitlement, grant)
    await by_support(world, owner.who, end_exception, EndException(granted.exception, None))
    ids |= {"invalid": str(stored), "ended exception": str(granted.exception)}


async def by_support(world: World, of: Someone, operation: Operation[C, O], command: C) -> O:
    """What support does."""
    actor = world.staff(Grant.SUPPORT)
    return (await perform(world.house.db, operation, actor, of.id, command, fresh("support"))).outcome


async def _renewing(players: Players) -> None:
    """Within the hour in which the draft of a renewal stands."""
    guest, world = await players.guest("renewing", "tok_visa"), players.world
    await start(world, guest.who)
    of = await subscription_of(world, guest.who)
    await until(world, guest.who, of.renew_at(of.period.end) + timedelta(minutes=1))
    players.ids["renewal"] = str(await drafted(world, guest.who))


async def _unpriced(players: Players) -> None:
    """Pauses because the contract of its private price is over, and its plan has no public one."""
    guest, world = await players.guest("unpriced", "tok_visa"), players.world
    plan, _ = await new_plan(world)
    price = await new_price(world, replace(monthly(plan), private=True))
    signed = SignContract(price, Money(0, EUR), day(1, 1), day(2, 1), 0, None)
    contract = (await by_finance(world, guest.who, sign_contract, signed)).contract
    begun = await buy(world, guest.who, price)
    await until(world, guest.who, day(2, 2))
    players.ids |= {"unpriced": str(begun.subscription), "over contract": str(contract)}


async def _taxed(players: Players, at: datetime, card: str = "tok_3ds") -> None:
    """Was charged too much tax; unless another card is given, by a charge that waits for the bank."""
    world, guest = players.world, await players.guest("taxed", card, at)
    await publish_rate(world, vat("NO", 250_000))
    await register(world, "NO", since=at, until=at + timedelta(days=1))
    await move(world, guest.who, "NO")
    bought = await start(world, guest.who)
    await publish_rate(world, vat("NO", 150_000))
    players.ids["taxed"] = str(bought.invoice)


async def _gone(players: Players, owner: asyncpg.Connection) -> None:
    """Was charged too little tax, at the wrong place, and was erased."""
    guest, world = await players.guest("gone", "tok_visa", SPRING), players.world
    players.ids["gone"] = str((await start(world, guest.who)).invoice)
    place = StateTaxPlace("NO", "", None, SPRING, None)
    await by_finance(world, guest.who, state_tax_place, place)
    await _erase(owner, guest.who)


async def _erase(owner: asyncpg.Connection, who: Someone) -> None:
    await owner.execute(
        "DELETE FROM billing_person WHERE shard_key = $1 AND customer_id = $2", who.id.shard, who.id.uuid
    )  # as what erases a customer will


async def stage_of_closed_books(api: Api, owner: asyncpg.Connection) -> Players:
    """A customer of a tenant of its own, in a month whose books are closed, and as many features as there can be."""
    players = Players(api, await staff_of(api), {code: str(price) for code, price in api.world.prices.items()})
    guest, world = await players.guest("late", "tok_visa", JUNE), players.world
    own = await start(world, guest.who)
    two = await buy(world, guest.who, await publish(world, Money(500, EUR)), 2)
    slept = await buy(world, guest.who, await publish(world, Money(100, EUR), Unit.WEEK))
    await world.do(guest.who, pause_subscription, PauseSubscription(slept.subscription, None))
    await until(world, guest.who, JUNE + timedelta(days=8))
    unpaid = await draft(world, guest.who, replace(WORK, unit_amount=Money(5000, EUR)), net_days=30)
    await issue(world, guest.who, unpaid)
    recorded, payable = await (await payer(api, guest)).recorded(unpaid, fresh("RF")), await to_pay(world, guest.who)
    noted = (await note(world, guest.who, own.invoice, 100, credit=100)).credit_note  # last: a bill would use it up
    players.ids |= {
        "recorded": str(recorded), "payable": str(payable),
        "customer": guest.id, "own": str(own.subscription), "payment": str(own.payment), "paid": str(own.invoice),
        "seats": str(two.subscription), "slept": str(slept.subscription), "note": str(noted), "open": str(unpaid),
        "draft": str(await draft(world, guest.who, WORK)),
    }  # fmt: skip
    signed = SignContract(world.prices["team"], Money(500, EUR), JUNE, JUNE + timedelta(days=90), 0, None)
    players.ids["contract"] = str((await by_finance(world, guest.who, sign_contract, signed)).contract)
    await _taxed(players, JUNE, "tok_visa")
    players.ids["awaiting"] = await held_back(api, players.callers["support"], guest, str(own.payment))
    month, home = ClosePeriod(date(2020, 6, 1)), world.tenant.sandbox_house
    await perform(world.house.db, close_period, world.staff(Grant.FINANCE), home, month, fresh("close"))
    await owner.execute(
        """INSERT INTO feature (tenant_id, code, name, kind, recorded_at)
           SELECT $1, 'f' || n, 'F', 'switch', now() FROM generate_series(1, $2::int) AS n""",
        world.tenant.tenant.uuid, MAX_FEATURES,
    )  # fmt: skip
    return players
