"""Plans, their versions and prices. Both are immutable; the newest effective one is what a new customer gets.

Who bought earlier keeps what was bought, until a later version says from when on it is for existing customers too:
from the next term that begins then.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from domain.db import Primary, Row
from domain.ids import PlanId, PlanVersionId, PriceId, TenantId
from domain.money import Currency, Money
from domain.period import Cadence, Unit
from domain.refusals import RefusalCode, Refused


class PriceModel(Enum):
    """What a price is multiplied by: nothing, so that one is sold, or the number of seats."""

    FLAT = "flat"
    PER_SEAT = "per_seat"


class ProrationClock(Enum):
    """What a part of a period is counted in."""

    SECOND = "second"
    DAY = "day"


class TrialEnd(Enum):
    """What becomes of a subscription whose trial ends without a payment method."""

    CANCEL = "cancel"
    PAUSE = "pause"
    INVOICE = "invoice"


@dataclass(frozen=True, slots=True)
class Price:
    """What one unit of a plan costs for one period; a private one is sold by contract alone.

    ``retired_at`` is from when on it is not sold any more, as it or its plan was retired; who has it keeps it.
    """

    id: PriceId
    plan: PlanId
    version: int
    unit_amount: Money
    cadence: Cadence
    model: PriceModel
    tax_inclusive: bool
    private: bool
    retired_at: datetime | None = None

    def is_sold_at(self, at: datetime) -> bool:
        """Whether it was not retired by then."""
        return self.retired_at is None or at < self.retired_at

    def require_quantity(self, quantity: int) -> None:
        """INVALID_INPUT where the price is flat and the quantity is not one."""
        if self.model is PriceModel.FLAT and quantity != 1:
            raise Refused(RefusalCode.INVALID_INPUT, "A flat price is sold once.", ("quantity",))


@dataclass(frozen=True, slots=True)
class Plan:
    """What is sold; a higher rank is an upgrade. ``retired_at`` is from when on it is not sold any more."""

    id: PlanId
    code: str
    name: str
    description: str
    rank: int
    retired_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class PlanVersion:
    """The terms of a plan from an instant on. One customer has one subscription and one trial of a family.

    ``existing_from`` is from when on subscriptions on earlier versions move to it at their next term; None: never.
    """

    id: PlanVersionId
    plan: PlanId
    version: int
    effective_from: datetime
    existing_from: datetime | None
    family: str
    tax_category: str
    proration: ProrationClock
    trial_days: int
    trial_needs_method: bool
    trial_end: TrialEnd | None


def _price(row: Row) -> Price:
    return Price(
        PriceId(row["price_id"]),
        PlanId(row["plan_id"]),
        row["version"],
        Money(row["unit_amount"], Currency(row["currency"])),
        Cadence(Unit(row["cadence_unit"]), row["cadence_count"]),
        PriceModel(row["model"]),
        row["tax_inclusive"],
        row["private"],
        row["retired_at"],
    )


def _version(row: Row) -> PlanVersion:
    return PlanVersion(
        id=PlanVersionId(row["id"]),
        plan=PlanId(row["plan_id"]),
        version=row["version"],
        effective_from=row["effective_from"],
        existing_from=row["existing_from"],
        family=row["family"],
        tax_category=row["tax_category"],
        proration=ProrationClock(row["proration"]),
        trial_days=row["trial_days"],
        trial_needs_method=row["trial_needs_method"],
        trial_end=TrialEnd(row["trial_end"]) if row["trial_end"] else None,
    )


def _plan(row: Row) -> Plan:
    return Plan(
        PlanId(row["plan_id"]), row["code"], row["name"], row["description"], row["rank"], row["plan_retired_at"]
    )


async def plans(db: Primary, tenant: TenantId, at: datetime) -> list[tuple[Plan, list[Price]]]:
    """The plans on offer by rank, each with the prices that hold then; a retired one brings no earlier one back."""
    rows = await db.fetch(
        """SELECT DISTINCT ON (p.rank, p.id, r.currency, r.cadence_unit, r.cadence_count)
                  p.id AS plan_id, p.code, p.name, p.description, p.rank, r.id AS price_id, r.version, r.currency,
                  r.unit_amount, r.cadence_unit, r.cadence_count, r.model, r.tax_inclusive, r.private,
                  p.retired_at AS plan_retired_at, least(p.retired_at, r.retired_at) AS retired_at
             FROM plan p JOIN price r ON r.plan_id = p.id
            WHERE p.tenant_id = $1 AND p.active AND r.effective_from <= $2 AND NOT r.private
            ORDER BY p.rank, p.id, r.currency, r.cadence_unit, r.cadence_count, r.version DESC""",
        tenant.uuid,
        at,
    )
    found: dict[PlanId, tuple[Plan, list[Price]]] = {}
    for plan, price in ((_plan(row), _price(row)) for row in rows):
        if price.is_sold_at(at):
            found.setdefault(plan.id, (plan, []))[1].append(price)
    return list(found.values())


async def plans_by_id(db: Primary, tenant: TenantId, ids: Sequence[PlanId]) -> dict[PlanId, Plan]:
    """Those of the plans that are the tenant's, also ones that are no longer sold."""
    rows = await db.fetch(
        """SELECT id AS plan_id, code, name, description, rank, retired_at AS plan_retired_at
             FROM plan WHERE tenant_id = $1 AND id = ANY ($2::uuid[])""",
        tenant.uuid,
        [id.uuid for id in ids],
    )
    return {each.id: each for each in map(_plan, rows)}


async def plan(db: Primary, tenant: TenantId, id: PlanId) -> Plan:
    """The tenant's plan of that id, else NOT_FOUND."""
    found = (await plans_by_id(db, tenant, [id])).get(id)
    if found is None:
        raise Refused(RefusalCode.NOT_FOUND, "There is no such plan.", ("planId",))
    return found


async def offered_price(db: Primary, tenant: TenantId, id: PriceId, at: datetime) -> tuple[Plan, Price]:
    """A price that can be bought at the instant, with its plan; NOT_FOUND for any other id, STATE_CONFLICT for one that
    was retired."""
    for candidate, prices in await plans(db, tenant, at):
        for price in prices:
            if price.id == id:
                return candidate, price
    once = (await prices_by_id(db, tenant, [id])).get(id)
    if once is not None and not once.private and not once.is_sold_at(at):
        raise Refused(RefusalCode.STATE_CONFLICT, "That is not sold any more.", ("priceId",))
    raise Refused(RefusalCode.NOT_FOUND, "There is no such price on offer.", ("priceId",))


async def prices_by_id(db: Primary, tenant: TenantId, ids: Sequence[PriceId]) -> dict[PriceId, Price]:
    """Those of the prices that are the tenant's, also ones that are no longer offered."""
    rows = await db.fetch(
        """SELECT r.id AS price_id, r.plan_id, r.version, r.currency, r.unit_amount, r.cadence_unit, r.cadence_count,
                  r.model, r.tax_inclusive, r.private, least(p.retired_at, r.retired_at) AS retired_at
             FROM price r JOIN plan p ON p.id = r.plan_id
            WHERE r.tenant_id = $1 AND r.id = ANY ($2::uuid[])""",
        tenant.uuid,
        [id.uuid for id in ids],
    )
    return {each.id: each for each in map(_price, rows)}


async def price(db: Primary, tenant: TenantId, id: PriceId) -> Price:
    """Any price of the tenant, also one that is no longer offered; else NOT_FOUND."""
    found = (await prices_by_id(db, tenant, [id])).get(id)
    if found is None:
        raise Refused(RefusalCode.NOT_FOUND, "There is no such price.", ("priceId",))
    return found


async def price_at_renewal(db: Primary, tenant: TenantId, id: PriceId, at: datetime) -> Price:
    """The price of a term that begins at the instant: the subscription's own, or a later version for existing ones.

    Only versions of the same plan, currency, cadence and model count that were not retired themselves; a private price
    stays. NOT_FOUND for no price.
    """
    row = await db.fetchrow(
        """SELECT n.id AS price_id, n.plan_id, n.version, n.currency, n.unit_amount, n.cadence_unit, n.cadence_count,
                  n.model, n.tax_inclusive, n.private, n.retired_at
             FROM price o
             JOIN price n ON n.plan_id = o.plan_id AND n.currency = o.currency AND n.cadence_unit = o.cadence_unit
                         AND n.cadence_count = o.cadence_count AND n.model = o.model AND n.version > o.version
            WHERE o.tenant_id = $1 AND o.id = $2 AND NOT o.private AND NOT n.private AND n.existing_from <= $3
              AND (n.retired_at IS NULL OR n.retired_at > $3)
            ORDER BY n.version DESC LIMIT 1""",
        tenant.uuid,
        id.uuid,
        at,
    )
    return _price(row) if row else await price(db, tenant, id)


async def public_price(
    db: Primary, tenant: TenantId, plan: PlanId, currency: Currency, cadence: Cadence, at: datetime
) -> Price | None:
    """The price that everybody gets for the plan at the instant, in that currency and for that interval, if any."""
    row = await db.fetchrow(
        """SELECT r.id AS price_id, r.plan_id, r.version, r.currency, r.unit_amount, r.cadence_unit, r.cadence_count,
                  r.model, r.tax_inclusive, r.private, least(p.retired_at, r.retired_at) AS retired_at
             FROM price r JOIN plan p ON p.id = r.plan_id
            WHERE r.tenant_id = $1 AND r.plan_id = $2 AND r.currency = $3 AND r.cadence_unit = $4
              AND r.cadence_count = $5 AND NOT r.private AND r.effective_from <= $6
            ORDER BY r.version DESC LIMIT 1""",
        tenant.uuid,
        plan.uuid,
        str(currency),
        cadence.unit.value,
        cadence.count,
        at,
    )
    found = _price(row) if row else None
    return found if found is not None and found.is_sold_at(at) else None


async def plan_versions(db: Primary, tenant: TenantId, plans: Sequence[PlanId]) -> dict[PlanId, list[PlanVersion]]:
    """All versions of those of the plans that are the tenant's, oldest first."""
    rows = await db.fetch(
        """SELECT id, plan_id, version, effective_from, existing_from, family, tax_category, proration, trial_days,
                  trial_needs_method, trial_end
             FROM plan_version WHERE tenant_id = $1 AND plan_id = ANY ($2::uuid[]) ORDER BY plan_id, version""",
        tenant.uuid,
        [plan.uuid for plan in plans],
    )
    found: dict[PlanId, list[PlanVersion]] = {}
    for version in map(_version, rows):
        found.setdefault(version.plan, []).append(version)
    return found


async def plan_version(db: Primary, tenant: TenantId, id: PlanVersionId) -> PlanVersion:
    """The tenant's plan version of that id, else NOT_FOUND."""
    row = await db.fetchrow(
        """SELECT id, plan_id, version, effective_from, existing_from, family, tax_category, proration, trial_days,
                  trial_needs_method, trial_end
             FROM plan_version WHERE tenant_id = $1 AND id = $2""",
        tenant.uuid,
        id.uuid,
    )
    if row is None:
        raise Refused(RefusalCode.NOT_FOUND, "There is no such version of a plan.", ("planId",))
    return _version(row)


async def current_version(db: Primary, tenant: TenantId, plan: PlanId, at: datetime) -> PlanVersion:
    """The version that is sold at the instant; NOT_FOUND for a plan that is not the tenant's, or not sold yet."""
    versions = (await plan_versions(db, tenant, [plan])).get(plan, [])
    effective = [each for each in versions if each.effective_from <= at]
    if not effective:
        raise Refused(RefusalCode.NOT_FOUND, "There is no such plan.", ("planId",))
    return effective[-1]


async def version_at_renewal(db: Primary, tenant: TenantId, pinned: PlanVersionId, at: datetime) -> PlanVersion:
    """The version of a term that begins at the instant: the pinned one, or a later one that is for existing ones."""
    own = await plan_version(db, tenant, pinned)
    later = [
        each
        for each in (await plan_versions(db, tenant, [own.plan]))[own.plan]
        if each.version > own.version and each.existing_from is not None and each.existing_from <= at
    ]
    return later[-1] if later else own
