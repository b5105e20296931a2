"""What the tenant publishes while its customers live: prices, plan versions, tax rates, coupons.

The process that publishes does not crash here: what a version says is known for sure, and everything else leans on it.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from domain.catalog.coupon import Duration, Scope
from domain.catalog.plan import PriceModel, ProrationClock
from domain.catalog.publish import PlanPublished, PublishPrice, publish_price
from domain.catalog.publish_coupon import EndCoupon, PublishCoupon, end_coupon, publish_coupon
from domain.catalog.publish_version import PlanTerms, PublishPlanVersion, publish_plan_version
from domain.money import Currency, Money
from domain.operation import Operation
from domain.perform import perform
from domain.period import Unit
from domain.tax.publish_rate import PublishTaxRate, publish_tax_rate
from domain.tax.rate import CustomerKind
from tests.simulation.acts_customers import Act
from tests.simulation.catalog_model import Coupon, Edition, Offer
from tests.simulation.clock import START
from tests.simulation.several import Step
from tests.simulation.tax_model import COUNTRIES, PublishedRate
from tests.simulation.town import Town

SECOND = timedelta(seconds=1)
MOST_VERSIONS = 60  # of prices in one run; more says nothing new and makes every later look longer
AHEAD = (timedelta(0), timedelta(hours=1), timedelta(days=20), timedelta(days=100), timedelta(days=300))


# What everybody may redeem from the first day on: code, parts in a million, amount, duration, periods, whole account,
# and whether it is only for the first few plans.
STANDING = (
    ("FIRST", 300_000, None, Duration.ONCE, None, False, False),
    ("HALF", 500_000, None, Duration.PERIODS, 2, True, False),
    ("MINUS", None, 99, Duration.FOREVER, None, True, False),
    ("WELCOME", None, 450, Duration.ONCE, None, False, False),
    ("SOME", 100_000, None, Duration.FOREVER, None, True, True),
)
FEW, EURO = 3, Currency("EUR")


def standing(plans: Sequence[PlanPublished]) -> list[Step]:
    """What publishes the coupons that everybody may redeem, the amounts in euros."""
    steps: list[Step] = []
    for code, percent, amount, duration, periods, account, few in STANDING:
        money, scope = Money(amount, EURO) if amount else None, Scope.ACCOUNT if account else Scope.SUBSCRIPTION
        of = tuple(each.plan for each in plans[:FEW]) if few else ()
        steps.append(
            (publish_coupon, PublishCoupon(code, code, percent, money, duration, periods, of, scope, None, None))
        )
    return steps


def known_coupons(plans: Sequence[PlanPublished], done: Sequence[Any]) -> Iterator[Coupon]:
    """The same, as the catalog of the town knows them."""
    for (code, percent, amount, duration, periods, account, few), made in zip(STANDING, done, strict=True):
        once, named = duration is Duration.ONCE, frozenset(each.plan.uuid for each in plans[:FEW] if few)
        yield Coupon(
            made.coupon, code, percent, amount, EURO if amount else None, once, 1 if once else periods, named, account,
            None, None,
        )  # fmt: skip


async def publish(town: Town, operation: Operation[Any, Any], command: Any) -> Any:
    """The outcome of an operation of the tenant itself; whatever was to strike a process strikes after it."""
    db, mortal = town.founder.db, town.process.mortal
    strike, mortal.strike = mortal.strike, None
    try:
        return (await perform(db, operation, town.founder.actor, town.house, command, town.new_key())).outcome
    finally:
        mortal.strike = strike


def _begins(town: Town, after: datetime) -> tuple[datetime, datetime | None]:
    """From when on a version is for new customers, and from when on for existing ones, if ever."""
    chance = town.chance
    begins = max(after + SECOND, town.clock.at.replace(microsecond=0) + chance.choice(AHEAD) - timedelta(days=10))
    return begins, chance.choice((None, begins, begins + timedelta(days=chance.randint(1, 90))))


def reprice(town: Town) -> Act | None:
    """The next version of a price: dearer or cheaper, for new customers or for all, with tax in it or without."""
    if len(town.catalog.offers) >= MOST_VERSIONS:
        return None
    chance = town.chance
    used, series = {row["plan_id"] for row in town.facts.rows["subscription"]}, list(town.catalog.versions())
    in_use = [offer for offer in series if offer.plan.uuid in used]
    last = chance.choice(in_use if in_use and chance.random() < 0.7 else series)
    minor = max(1, last.minor * chance.choice((50, 90, 110, 133, 200)) // 100 + chance.choice((0, 1, 7)))
    begins, existing = _begins(town, last.effective_from)
    inclusive = last.inclusive if chance.random() < 0.7 else not last.inclusive
    flat = last.flat if chance.random() < 0.9 else not last.flat
    town.note(f"{last} to {minor} from {begins:%Y-%m-%d}, existing {existing and existing.date()}")

    async def act() -> None:
        await put_on_sale(town, last, minor, begins, existing, inclusive=inclusive, flat=flat)

    return act()


async def put_on_sale(
    town: Town, of: Offer, minor: int, begins: datetime, existing: datetime | None, *, inclusive: bool, flat: bool,
    private: bool = False,
) -> Offer:  # fmt: skip
    """Publishes a version of a price; the catalog of the town knows it from then on."""
    model = PriceModel.FLAT if flat else PriceModel.PER_SEAT
    command = PublishPrice(
        of.plan, Money(minor, of.currency), Unit(of.unit), of.count, begins, model, inclusive, private, existing
    )
    done = await publish(town, publish_price, command)
    made = Offer(
        of.code, of.plan, done.price, minor, of.currency, of.unit, of.count, done.version, begins, existing,
        town.clock.at, inclusive, flat, private,
    )  # fmt: skip
    town.catalog.offers.append(made)
    return made


def edition(town: Town) -> Act | None:
    """The next version of a plan: another family, another way to count days, another tax category."""
    chance = town.chance
    used = {row["plan_id"] for row in town.facts.of("subscription", ended_at=None)}
    in_use = [each for each in town.catalog.editions if each.plan.uuid in used]
    plan = chance.choice(in_use if in_use and chance.random() < 0.7 else town.catalog.editions).plan
    before = [each for each in town.catalog.editions if each.plan == plan][-1]
    family = before.family
    if chance.random() < 0.2:
        family = chance.choice(sorted({each.family for each in town.catalog.editions} | {"elsewhere"}))
    by_day, category = chance.random() < 0.5, chance.choice(("standard", "standard", "reduced"))
    begins, existing = _begins(town, before.effective_from)
    old: PlanTerms = before.terms
    terms = PlanTerms(
        family, category, ProrationClock.DAY if by_day else ProrationClock.SECOND, old.trial_days,
        old.trial_needs_method, old.trial_end,
    )  # fmt: skip
    town.note(f"{before.family} v{before.version + 1}: {family}, by day {by_day}, {category} from {begins:%Y-%m-%d}")

    async def act() -> None:
        done = await publish(town, publish_plan_version, PublishPlanVersion(plan, begins, existing, terms))
        id, version, now = done.plan_version.uuid, done.version, town.clock.at
        town.catalog.editions.append(Edition(id, plan, version, begins, existing, family, category, by_day, now, terms))

    return act()


def rate(town: Town) -> Act:
    """A tax rate changes on a day to come, or is corrected for a day that is past."""
    chance = town.chance
    country, category = chance.choice(COUNTRIES), chance.choice(("standard", "reduced"))
    kind = chance.choice((CustomerKind.ANY, CustomerKind.ANY, CustomerKind.BUSINESS))
    ppm = chance.choice((0, 70_000, 99_750, 160_000, 210_000, 255_000))
    days = chance.choice((-400, -30, -1, 0, 10, 100))
    known = [each.effective_from for each in town.rates if (each.country, each.category) == (country, category)]
    anew = START.replace(hour=0) + (town.clock.at - START) // timedelta(days=1) * timedelta(days=1)
    begins = chance.choice(known) if known and chance.random() < 0.3 else anew + timedelta(days=days)
    town.note(f"{category} in {country} for {kind.value} {ppm} from {begins:%Y-%m-%d}")

    async def act() -> None:
        command = PublishTaxRate(country, "", category, kind, "VAT", "VAT", ppm, False, "", begins)
        done = await publish(town, publish_tax_rate, command)
        town.rates.append(
            PublishedRate(done.rate.uuid, country, category, kind.value, ppm, begins, done.version, town.clock.at)
        )

    return act()


def coupon(town: Town) -> Act:
    """A coupon: percent or amount, once, for some periods or for ever, for some plans or any, limited or not."""
    chance = town.chance
    percent = chance.choice((1, 100_000, 333_333, 500_000, 1_000_000)) if chance.random() < 0.6 else None
    currency = chance.choice(("EUR", "EUR", "USD", "JPY"))
    amount = None if percent else chance.choice((1, 99, 700, 5_000))
    duration = chance.choice(tuple(Duration))
    periods = chance.randint(1, 4) if duration is Duration.PERIODS else None
    plans = tuple(chance.sample(list(dict.fromkeys(each.plan for each in town.catalog.offers)), 6))
    plans, account = plans if chance.random() < 0.5 else (), chance.random() < 0.4
    until = town.clock.at + timedelta(days=chance.randint(1, 200)) if chance.random() < 0.2 else None
    most, code = chance.choice((None, 1, 2)), f"C{town.new_key()[5:]}".rjust(4, "C")
    town.note(f"{code}: {percent or amount} {duration.value} {periods}, at most {most}")

    async def act() -> None:
        command = PublishCoupon(
            code, code, percent, Money(amount, Currency(currency)) if amount else None, duration, periods,
            plans, Scope.ACCOUNT if account else Scope.SUBSCRIPTION, until, most,
        )  # fmt: skip
        done = await publish(town, publish_coupon, command)
        money, once = Currency(currency) if amount else None, duration is Duration.ONCE
        named = frozenset(each.uuid for each in plans)
        lasts = 1 if once else periods
        made = Coupon(done.coupon, code, percent, amount, money, once, lasts, named, account, until, most)
        town.catalog.coupons.append(made)

    return act()


def withdraw(town: Town) -> Act | None:
    """A coupon ends: nobody redeems it any more, who has it keeps it."""
    living = [each for each in town.catalog.coupons if each.code not in town.catalog.ended]
    if not living:
        return None
    ending = town.chance.choice(living)
    town.note(ending.code)

    async def act() -> None:
        await publish(town, end_coupon, EndCoupon(ending.id))
        town.catalog.ended.add(ending.code)

    return act()
