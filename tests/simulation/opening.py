"""The first minute of a run: a tenant with its offers, its provider and its clock."""

import random
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import count
from typing import Any

from domain.catalog.plan import PriceModel, ProrationClock, TrialEnd
from domain.catalog.publish import PlanPublished, PublishPlan, PublishPrice, publish_plan, publish_price
from domain.catalog.publish_version import BEGINNING, PlanTerms
from domain.database import Database
from domain.money import Currency, Money
from domain.payments.payment import CaptureMode
from domain.payments.policy import PartialAuthorization, PaymentPolicy, SetPaymentPolicy, set_payment_policy
from domain.perform import perform
from domain.period import Unit
from domain.pool import Pool
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
from tests.simulation.acts_catalog import known_coupons, standing
from tests.simulation.catalog_model import Catalog, Edition, Offer
from tests.simulation.clock import Entropy, SimClock
from tests.simulation.money_rules import draw_rules
from tests.simulation.mortal import Process
from tests.simulation.options import DISPUTED_FROM, DrawnCourse, Options, draw_options
from tests.simulation.patience import draw_patience
from tests.simulation.provider import SimulatedProvider
from tests.simulation.reader import Reader
from tests.simulation.several import Step, perform_several
from tests.simulation.tax_model import PublishedRate
from tests.simulation.town import ACCOUNT, Town
from tests.simulation.turns import Turns
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
SPARED: dict[str, Any] = dict.fromkeys(
    ("lost_before", "lost_after", "late", "down", "deaf", "crash", "loss", "refunds_pend", "revived"), 0.0
) | {"news_lost": 1.0}
RATES = {"DE": 190_000, "FR": 200_000}  # parts in a million
VAULT = Vault(b"simulated house key of 32 bytes.")  # sealed texts are not what a run looks at


async def open_town(seed: int, pool: Pool, *, is_long: bool = False, spared: bool = False) -> Town:
    """The town of a seed; one that is spared has no faults, no delays and no webhooks.

    The tenant's own ids are drawn afresh, so that a seed can be run twice on one database.
    """
    drawn = draw_options(seed, WEIGHTS)
    weights = {name: weight or WEIGHTS[name] if name in ALWAYS else weight for name, weight in drawn.weights.items()}
    if is_long:
        weights |= {name: max(weights[name], LONG_TIME) for name in ("time", "advance")}
    options = Options(**{**vars_of(drawn), "weights": weights | later_weights(seed)})
    options = replace(options, **SPARED) if spared else options
    clock, chance = SimClock(), random.Random(f"actions {seed}")
    founder = House(Database(pool, pool, pool, clock, in_order(), VAULT), {})
    slug, shard = fresh("town"), await free_shard_key(founder.db.primary)
    command = CreateTenant(slug, "Town GmbH", "TOWN", "1 Main Street, Berlin", "DE", "Europe/Berlin", (shard,))
    house = founding_house(slug, "TOWN", shard)
    tenant = (await perform(founder.db, create_tenant, founder.actor, house, command, "found")).outcome
    steps: list[Step] = [_plan(rank, row[0]) for rank, row in enumerate(CATALOG)]
    steps += [_rate(country, ppm) for country, ppm in RATES.items()]
    steps.append((set_subscription_policy, SetSubscriptionPolicy(options.policy)))
    if holds(seed):
        mode = PaymentPolicy(CaptureMode.LATER, random.Random(seed).choice(list(PartialAuthorization)))
        steps.append((set_payment_policy, SetPaymentPolicy(mode)))
    steps += draw_rules(seed) if seed >= DISPUTED_FROM else ()
    done = await perform_several(founder, house, steps, "first")
    catalog = await _priced(founder, house, done)
    rates = [_known(done[len(CATALOG) + at], country, ppm) for at, (country, ppm) in enumerate(RATES.items())]
    await _register(founder, tenant, options)
    course = DrawnCourse(seed, options)
    provider = SimulatedProvider(slug, clock, course)
    entropy = random.Random(f"ids {seed}").randbytes
    process = Process(pool, Turns(random.Random(f"turns {seed}"), pool), clock, entropy, VAULT, {ACCOUNT: provider})
    reader = Reader(pool, shard, f"{ACCOUNT}:{slug}-")
    facts = await reader.read()
    return Town(
        seed, options, chance, clock, course, provider, pool, process, tenant, catalog, rates, founder, house, shard,
        reader, facts, draw_patience(seed), is_long=is_long,
    )  # fmt: skip


def in_order() -> Entropy:
    """Chance of ids that differ from run to run and still sort as they were drawn: invoices stand in the order of their
    legal entities, and from which of two one is taken is no chance of the machine's."""
    drawn = count()
    return lambda size: (next(drawn) & 0xFFF).to_bytes(2, "big") + secrets.token_bytes(size - 2)


async def _register(founder: House, tenant: TenantCreated, options: Options) -> None:
    """The sandbox entity is registered for tax in two countries, the live one nowhere."""
    places = [RegisterForTax(country, "", Scheme.DOMESTIC, f"{country} 1", LONG_AGO) for country in RATES]
    steps: list[Step] = [(register_for_tax, place) for place in places]
    steps.append((set_seller_tax, SetSellerTax("", options.rounding)))
    await perform_several(founder, tenant.sandbox_house, steps, "places")


def _rate(country: str, ppm: int) -> Step:
    return publish_tax_rate, PublishTaxRate(
        country, "", STANDARD, CustomerKind.ANY, "VAT", "VAT", ppm, False, "", LONG_AGO
    )


def _known(done: Any, country: str, ppm: int) -> PublishedRate:
    return PublishedRate(done.rate.uuid, country, STANDARD, "any", ppm, LONG_AGO, done.version, LONG_AGO)


def vars_of(options: Options) -> Mapping[str, Any]:
    """The options by name."""
    return {name: getattr(options, name) for name in Options.__dataclass_fields__}


def _terms(code: str) -> PlanTerms:
    return TRIALS.get(code, PlanTerms(proration=ProrationClock.DAY) if code == BY_DAY else PlanTerms())


def _plan(rank: int, code: str) -> Step:
    return publish_plan, PublishPlan(code, code.capitalize(), f"The {code} plan", rank, _terms(code))


async def _priced(founder: House, house: Any, plans: Sequence[PlanPublished]) -> Catalog:
    """The plans with their prices and the coupons that everybody may redeem, as the tenant now sells them."""
    catalog, steps = Catalog(), []
    for (code, minor, currency, unit), made in zip(CATALOG, plans, strict=False):
        assert made.plan_version is not None
        catalog.editions.append(
            Edition(
                made.plan_version.uuid, made.plan, 1, BEGINNING, None, code, STANDARD, code == BY_DAY, LONG_AGO,
                _terms(code),
            )
        )  # fmt: skip
        model = PriceModel.FLAT if code == FLAT else PriceModel.PER_SEAT
        count, money = 3 if code == QUARTER else 1, Money(minor, Currency(currency))
        price = PublishPrice(made.plan, money, unit, count, LONG_AGO, model, code == INCLUSIVE)
        steps.append((publish_price, price))
    done = await perform_several(founder, house, [*steps, *standing(plans)], "prices")
    for (code, *_), (_, price), sold in zip(CATALOG, steps, done, strict=False):
        catalog.offers.append(
            Offer(
                code, price.plan, sold.price, price.unit_amount.minor, price.unit_amount.currency,
                price.cadence_unit.value, price.cadence_count, sold.version, LONG_AGO, None, LONG_AGO,
                price.tax_inclusive, price.model is PriceModel.FLAT,
            )
        )  # fmt: skip
    catalog.coupons += known_coupons(plans, done[len(steps) :])
    return catalog
