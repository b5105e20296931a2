"""What the demo tenants sell: plans by the unit and by the seat, a trial, what each plan allows, and a coupon."""

from collections.abc import Awaitable
from datetime import UTC, datetime
from typing import Any, Protocol, TypeVar

from domain.catalog.coupon import Duration, Scope
from domain.catalog.feature import FeatureKind, PlanEntitlement, PublishFeature, publish_feature
from domain.catalog.plan import PriceModel, TrialEnd
from domain.catalog.publish import PublishPlan, PublishPrice, publish_plan, publish_price
from domain.catalog.publish_coupon import PublishCoupon, publish_coupon
from domain.catalog.publish_version import PlanTerms, PublishPlanVersion, publish_plan_version
from domain.ids import PlanId
from domain.money import Currency, Money
from domain.operation import Operation
from domain.period import Unit

C = TypeVar("C")
O = TypeVar("O")  # noqa: E741 - command and outcome, as in domain/operation.py

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)  # demo prices hold for every test clock

# Code, name, description, rank, EUR minor units a month, and the seats it allows; all but starter allow exports.
PLANS = (
    ("starter", "Starter", "For one person who wants to see whether it fits.", 1, 1000, 1),
    ("team", "Team", "For a team that bills its customers every day.", 2, 2000, 5),
    ("business", "Business", "For finance departments with auditors.", 3, 5000, 50),
)
SEATS = ("crew", "Crew", "By the seat, for crews that grow and shrink.", 4, 800)
TRIAL = ("studio", "Studio", "Two weeks to try it, without a payment method.", 5, 3000)
TRIAL_DAYS = 14  # two working weeks
OTHER_CURRENCIES = (("USD", 110), ("JPY", 150))  # percent of the EUR minor units: 10.00 EUR, 11.00 USD, 1500 JPY
CADENCES = ((Unit.MONTH, 1, 1), (Unit.YEAR, 1, 10))  # a year for the price of ten months
QUARTER = (Unit.MONTH, 3, 3)  # by the seat one may also pay a quarter at a time
WELCOME = PublishCoupon(
    "WELCOME20", "Welcome: 20 % off", 200_000, None, Duration.PERIODS, 3, (), Scope.ACCOUNT, None, None
)  # fmt: skip


class Do(Protocol):
    """Performs an operation of the tenant's house once under a key."""

    def __call__(self, operation: Operation[C, O], command: C, key: str) -> Awaitable[O]:
        """The outcome, of this run or of an earlier one."""


async def publish_catalog(do: Do) -> None:
    """Publishes everything; a second call performs nothing again."""
    await do(publish_feature, PublishFeature("seats", "Seats", FeatureKind.LIMIT), "feature:seats")
    await do(publish_feature, PublishFeature("exports", "Exports", FeatureKind.SWITCH), "feature:exports")
    for code, name, description, rank, minor, seats in PLANS:
        plan = (await do(publish_plan, PublishPlan(code, name, description, rank), f"plan:{code}")).plan
        await _prices(do, plan, code, minor)
        version = PublishPlanVersion(plan, LONG_AGO, LONG_AGO, _terms(seats, exports=seats > 1))
        await do(publish_plan_version, version, f"version:{code}:2")
    await _plan_of_terms(do, SEATS, _terms(1000, exports=True), (*CADENCES, QUARTER))
    await _plan_of_terms(do, TRIAL, _terms(10, exports=True, trial=True), CADENCES, PriceModel.FLAT)
    await do(publish_coupon, WELCOME, "coupon:welcome")


def _terms(seats: int, *, exports: bool, trial: bool = False) -> PlanTerms:
    allowed = [PlanEntitlement("seats", seats)] + [PlanEntitlement("exports", 1)] * exports
    if not trial:
        return PlanTerms(entitlements=tuple(allowed))
    return PlanTerms(trial_days=TRIAL_DAYS, trial_end=TrialEnd.PAUSE, entitlements=tuple(allowed))


async def _plan_of_terms(
    do: Do,
    row: tuple[str, str, str, int, int],
    terms: PlanTerms,
    cadences: Any,
    model: PriceModel = PriceModel.PER_SEAT,
) -> None:
    code, name, description, rank, minor = row
    plan = (await do(publish_plan, PublishPlan(code, name, description, rank, terms), f"plan:{code}")).plan
    await _prices(do, plan, code, minor, cadences, model)


async def _prices(
    do: Do, plan: PlanId, code: str, minor: int, cadences: Any = CADENCES, model: PriceModel = PriceModel.PER_SEAT
) -> None:
    amounts = [("EUR", minor), *((currency, minor * percent // 100) for currency, percent in OTHER_CURRENCIES)]
    for currency, amount in amounts:
        for unit, count, periods in cadences:
            price = PublishPrice(plan, Money(amount * periods, Currency(currency)), unit, count, LONG_AGO, model)
            span = unit.value if count == 1 else f"{count}{unit.value}"
            await do(publish_price, price, f"price:{code}:{currency}:{span}")
