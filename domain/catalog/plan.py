"""Plans and their prices. A price is an immutable version; the newest effective one is what a new customer gets."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.db import Primary, Row
from domain.ids import PlanId, PriceId, TenantId
from domain.money import Currency, Money
from domain.period import Cadence, Unit
from domain.refusals import RefusalCode, Refused


@dataclass(frozen=True, slots=True)
class Price:
    """What one unit of a plan costs for one period."""

    id: PriceId
    plan: PlanId
    version: int
    unit_amount: Money
    cadence: Cadence


@dataclass(frozen=True, slots=True)
class Plan:
    """What is sold; a higher rank is an upgrade."""

    id: PlanId
    code: str
    name: str
    description: str
    rank: int


def _price(row: Row) -> Price:
    return Price(
        PriceId(row["price_id"]),
        PlanId(row["plan_id"]),
        row["version"],
        Money(row["unit_amount"], Currency(row["currency"])),
        Cadence(Unit(row["cadence_unit"]), row["cadence_count"]),
    )


def _plan(row: Row) -> Plan:
    return Plan(PlanId(row["plan_id"]), row["code"], row["name"], row["description"], row["rank"])


async def plans(db: Primary, tenant: TenantId, at: datetime) -> list[tuple[Plan, list[Price]]]:
    """The tenant's active plans by rank, each with the prices that are effective at the instant."""
    rows = await db.fetch(
        """SELECT DISTINCT ON (p.rank, p.id, r.currency, r.cadence_unit, r.cadence_count)
                  p.id AS plan_id, p.code, p.name, p.description, p.rank, r.id AS price_id, r.version, r.currency,
                  r.unit_amount, r.cadence_unit, r.cadence_count
             FROM plan p JOIN price r ON r.plan_id = p.id
            WHERE p.tenant_id = $1 AND p.active AND r.effective_from <= $2
            ORDER BY p.rank, p.id, r.currency, r.cadence_unit, r.cadence_count, r.version DESC""",
        tenant.uuid,
        at,
    )
    found: dict[PlanId, tuple[Plan, list[Price]]] = {}
    for row in rows:
        plan = _plan(row)
        found.setdefault(plan.id, (plan, []))[1].append(_price(row))
    return list(found.values())


async def plans_by_id(db: Primary, tenant: TenantId, ids: Sequence[PlanId]) -> dict[PlanId, Plan]:
    """Those of the plans that are the tenant's, also ones that are no longer sold."""
    rows = await db.fetch(
        "SELECT id AS plan_id, code, name, description, rank FROM plan WHERE tenant_id = $1 AND id = ANY ($2::uuid[])",
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
    """A price that can be bought at the instant, with its plan; NOT_FOUND for any other id."""
    for candidate, prices in await plans(db, tenant, at):
        for price in prices:
            if price.id == id:
                return candidate, price
    raise Refused(RefusalCode.NOT_FOUND, "There is no such price on offer.", ("priceId",))


async def prices_by_id(db: Primary, tenant: TenantId, ids: Sequence[PriceId]) -> dict[PriceId, Price]:
    """Those of the prices that are the tenant's, also ones that are no longer offered."""
    rows = await db.fetch(
        """SELECT id AS price_id, plan_id, version, currency, unit_amount, cadence_unit, cadence_count FROM price
            WHERE tenant_id = $1 AND id = ANY ($2::uuid[])""",
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
