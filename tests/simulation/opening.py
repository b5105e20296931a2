"""The first minute of a run: a tenant with its offers, its provider and its clock."""

import random
import secrets
from collections.abc import Mapping
from typing import Any

import asyncpg

from domain.catalog.plan import PriceModel, ProrationClock, TrialEnd
from domain.catalog.publish import PublishPlan, PublishPrice, publish_plan, publish_price
from domain.catalog.publish_version import BEGINNING, PlanTerms
from domain.database import Database
from domain.money import Currency, Money
from domain.payments.payment import CaptureMode
from domain.payments.policy import PartialAuthorization, PaymentPolicy, SetPaymentPolicy, set_payment_policy
from domain.perform import perform
from domain.period import Unit
from domain.reactions.house import House
from domain.subscriptions.policy import SetSubscriptionPolicy, set_subscription_policy
from domain.tax.publish_rate import PublishTaxRate, publish_tax_rate
from domain.tax.rate import STANDARD, CustomerKind
from domain.tax.register import RegisterForTax, SetSellerTax, register_for_tax, set_seller_tax
from domain.tax.registration import Scheme
from domain.tenants.create_tenant import CreateTenant, TenantCreated, create_tenant, founding_house
from domain.tenants.tenant import free_shard_key
from domain.vault import Vault
from tests.simulation.acts import ALWAYS, WEIGHTS, holds, later_weights
from tests.simulation.catalog_model import Catalog, Edition, Offer
from tests.simulation.clock import SimClock
from tests.simulation.facts import read_facts
from tests.simulation.money_rules import draw_rules
from tests.simulation.mortal import Process
from tests.simulation.options import DISPUTED_FROM, DrawnCourse, Options, draw_options
from tests.simulation.provider import SimulatedProvider
from tests.simulation.tax_model import PublishedRate
from tests.simulation.town import ACCOUNT, Town
from tests.world import LONG_AGO, fresh

# Two dearer and a cheaper neighbour in one currency, another interval, a short one, other currencies.
CATALOG: tuple[tuple[str, int, str, Unit], ...] = (
    ("starter", 1000, "EUR", Unit.MONTH),
    ("team", 2000, "EUR", Unit.MONTH),
    ("business", 4999, "EUR", Unit.MONTH),
    ("yearly", 20000, "EUR", Unit.YEAR),
    ("weekly", 333, "EUR", Unit.WEEK),
    ("usd", 1100, "USD", Unit.MONTH),
    ("usd-more", 1999, "USD", Unit.MONTH),
    ("yen", 150, "JPY", Unit.MONTH),
    ("yen-week", 40, "JPY", Unit.WEEK),
    ("try", 1500, "EUR", Unit.MONTH),
    ("taste", 700, "EUR", Unit.WEEK),
    ("sample", 2900, "USD", Unit.MONTH),
    ("quarterly", 5000, "EUR", Unit.MONTH),
    ("gross", 1190, "EUR", Unit.MONTH),
    ("daily", 3100, "EUR", Unit.MONTH),
    ("flat", 9900, "EUR", Unit.MONTH),
)
QUARTER, INCLUSIVE, BY_DAY, FLAT = "quarterly", "gross", "daily", "flat"
# What begins with a trial: with a card and without, and each thing that may become of it for want of one.
TRIALS: dict[str, PlanTerms] = {
    "try": PlanTerms(trial_days=14, trial_needs_method=True, trial_end=TrialEnd.CANCEL),
    "taste": PlanTerms(trial_days=3, trial_end=TrialEnd.PAUSE),
    "sample": PlanTerms(trial_days=30, trial_end=TrialEnd.INVOICE),
}
LONG_TIME = 18  # how often time passes at least in a run that is to live through years
RATES = {"DE": 190_000, "FR": 200_000}  # parts in a million
VAULT = Vault(b"simulated house key of 32 bytes.")  # sealed texts are not what a run looks at


async def open_town(seed: int, pool: asyncpg.Pool, *, is_long: bool = False) -> Town:
    """The town of a seed. The tenant's own ids are drawn afresh, so that a seed can be run twice on one database."""
    drawn = draw_options(seed, WEIGHTS)
    weights = {name: weight or WEIGHTS[name] if name in ALWAYS else weight for name, weight in drawn.weights.items()}
    if is_long:
        weights |= {name: max(weights[name], LONG_TIME) for name in ("time", "advance")}
    options = Options(**{**vars_of(drawn), "weights": weights | later_weights(seed)})
    clock, chance = SimClock(), random.Random(f"actions {seed}")
    founder = House(Database(pool, pool, pool, clock, secrets.token_bytes, VAULT), {})
    slug, shard = fresh("town"), await free_shard_key(founder.db.primary)
    command = CreateTenant(slug, "Town GmbH", "TOWN", "1 Main Street, Berlin", "DE", "Europe/Berlin", (shard,))
    house = founding_house(slug, "TOWN", shard)
    tenant = (await perform(founder.db, create_tenant, founder.actor, house, command, "found")).outcome
    catalog = Catalog()
    for rank, row in enumerate(CATALOG):
        await _publish(founder, house, catalog, rank, *row)
    rules = SetSubscriptionPolicy(options.policy)
    await perform(founder.db, set_subscription_policy, founder.actor, house, rules, "policy")
    if holds(seed):
        later = SetPaymentPolicy(
            PaymentPolicy(CaptureMode.LATER, random.Random(seed).choice(list(PartialAuthorization)))
        )
        await perform(founder.db, set_payment_policy, founder.actor, house, later, "payments")
    if seed >= DISPUTED_FROM:
        for number, (operation, rules_of_money) in enumerate(draw_rules(seed)):
            await perform(founder.db, operation, founder.actor, house, rules_of_money, f"money-{number}")
    rates = await _register(founder, house, tenant, options)
    course = DrawnCourse(seed, options)
    provider = SimulatedProvider(slug, clock, course)
    entropy = random.Random(f"ids {seed}").randbytes
    process = Process(pool, clock, entropy, VAULT, {ACCOUNT: provider})
    facts = await read_facts(pool, shard, slug)
    return Town(
        seed, options, chance, clock, course, provider, pool, process, tenant, catalog, rates, founder, house, shard,
        facts, is_long=is_long,
    )  # fmt: skip


async def _register(founder: House, house: Any, tenant: TenantCreated, options: Options) -> list[PublishedRate]:
    """The sandbox entity is registered for tax in two countries, the live one nowhere."""
    rates = []
    for country, ppm in RATES.items():
        rate = PublishTaxRate(country, "", STANDARD, CustomerKind.ANY, "VAT", "VAT", ppm, False, "", LONG_AGO)
        done = (await perform(founder.db, publish_tax_rate, founder.actor, house, rate, f"rate-{country}")).outcome
        rates.append(PublishedRate(done.rate.uuid, country, STANDARD, "any", ppm, LONG_AGO, done.version, LONG_AGO))
        place = RegisterForTax(country, "", Scheme.DOMESTIC, f"{country} 1", LONG_AGO)
        await perform(founder.db, register_for_tax, founder.actor, tenant.sandbox_house, place, f"place-{country}")
    seller = SetSellerTax("", options.rounding)
    await perform(founder.db, set_seller_tax, founder.actor, tenant.sandbox_house, seller, "seller")
    return rates


def vars_of(options: Options) -> Mapping[str, Any]:
    """The options by name."""
    return {name: getattr(options, name) for name in Options.__dataclass_fields__}


async def _publish(
    founder: House, house: Any, catalog: Catalog, rank: int, code: str, minor: int, currency: str, unit: Unit
) -> None:  # fmt: skip
    by_day = code == BY_DAY
    terms = TRIALS.get(code, PlanTerms(proration=ProrationClock.DAY) if by_day else PlanTerms())
    plan = PublishPlan(code, code.capitalize(), f"The {code} plan", rank, terms)
    made = (await perform(founder.db, publish_plan, founder.actor, house, plan, f"plan-{code}")).outcome
    assert made.plan_version is not None
    catalog.editions.append(
        Edition(made.plan_version.uuid, made.plan, 1, BEGINNING, None, code, STANDARD, by_day, LONG_AGO, terms)
    )
    count, inclusive, flat = 3 if code == QUARTER else 1, code == INCLUSIVE, code == FLAT
    money, model = Money(minor, Currency(currency)), PriceModel.FLAT if flat else PriceModel.PER_SEAT
    price = PublishPrice(made.plan, money, unit, count, LONG_AGO, model, inclusive)
    done = (await perform(founder.db, publish_price, founder.actor, house, price, f"price-{code}")).outcome
    version = done.version
    offer = Offer(
        code, made.plan, done.price, minor, money.currency, unit.value, count, version, LONG_AGO, None, LONG_AGO,
        inclusive, flat,
    )  # fmt: skip
    catalog.offers.append(offer)
