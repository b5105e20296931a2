"""Retiring plans and prices, under the tenant's house customer: nobody new gets them, and who has them keeps them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.actor import Grant
from domain.catalog.plan import Plan, Price, plan, plans_by_id, price, prices_by_id
from domain.db import Primary, Tx
from domain.ids import PlanId, PriceId, TenantId
from domain.operation import operation
from domain.refusals import RefusalCode, Refused

_RETIRERS = frozenset({Grant.SYSTEM, Grant.ADMIN})


@dataclass(frozen=True, slots=True)
class RetirePlan:
    """From when on nobody new gets the plan, at any of its prices; None: from now on."""

    plan: PlanId
    effective_at: datetime | None


@dataclass(frozen=True, slots=True)
class PlanRetired:
    """From when on it is not sold."""

    plan: PlanId
    retired_at: datetime


@operation("catalog.retire_plan", allowed=_RETIRERS)
async def retire_plan(tx: Tx, command: RetirePlan) -> PlanRetired:
    """NOT_FOUND; INVALID_INPUT for an instant that has passed; STATE_CONFLICT for a plan that is retired already.

    Subscriptions on it go on as they are, with their seats, renewals and changes that were asked for before; no other
    one is started on it or changed to it. What is to come can be put off or brought forward.
    """
    own = await plan(tx, tx.head.tenant, command.plan)
    at = _instant(tx, command.effective_at, own.retired_at, "planId")
    await tx.execute(
        "UPDATE plan SET retired_at = $3 WHERE tenant_id = $1 AND id = $2",
        tx.head.tenant.uuid,
        command.plan.uuid,
        at,
    )
    return PlanRetired(command.plan, at)


@dataclass(frozen=True, slots=True)
class RetirePrice:
    """From when on nobody new gets the price; None: from now on."""

    price: PriceId
    effective_at: datetime | None


@dataclass(frozen=True, slots=True)
class PriceRetired:
    """From when on it is not sold."""

    price: PriceId
    retired_at: datetime


@operation("catalog.retire_price", allowed=_RETIRERS)
async def retire_price(tx: Tx, command: RetirePrice) -> PriceRetired:
    """As for a plan. No earlier version is on offer again; the next one that is published is.

    Nobody is moved to it at a renewal any more; a contract that names it goes on, and no other is signed for it.
    """
    own = await price(tx, tx.head.tenant, command.price)
    at = _instant(tx, command.effective_at, own.retired_at, "priceId")
    await tx.execute(
        "UPDATE price SET retired_at = $3 WHERE tenant_id = $1 AND id = $2",
        tx.head.tenant.uuid,
        command.price.uuid,
        at,
    )
    return PriceRetired(command.price, at)


def _instant(tx: Tx, wanted: datetime | None, before: datetime | None, path: str) -> datetime:
    if before is not None and before <= tx.now:
        raise Refused(RefusalCode.STATE_CONFLICT, "That is not sold any more already.", (path,))
    if wanted is not None and wanted < tx.now:
        raise Refused(RefusalCode.INVALID_INPUT, "Nothing is retired in the past.", ("effectiveAt",))
    return tx.now if wanted is None else wanted


async def price_list(db: Primary, tenant: TenantId, after: PlanId | None, limit: int) -> list[tuple[Plan, list[Price]]]:
    """The tenant's plans, newest first, with all their prices, whether on offer, private or retired; the next page
    begins after the last plan of this one."""
    rows = await db.fetch(
        """SELECT id FROM plan WHERE tenant_id = $1 AND ($2::uuid IS NULL OR id < $2) ORDER BY id DESC LIMIT $3""",
        tenant.uuid,
        after.uuid if after else None,
        limit,
    )
    ids = [PlanId(row["id"]) for row in rows]
    named, priced = await plans_by_id(db, tenant, ids), await _prices_of(db, tenant, ids)
    return [(named[id], [each for each in priced if each.plan == id]) for id in ids]


async def _prices_of(db: Primary, tenant: TenantId, plans: Sequence[PlanId]) -> list[Price]:
    rows = await db.fetch(
        """SELECT id FROM price WHERE tenant_id = $1 AND plan_id = ANY ($2::uuid[])
            ORDER BY plan_id, currency, cadence_unit, cadence_count, version""",
        tenant.uuid,
        [each.uuid for each in plans],
    )
    ids = [PriceId(row["id"]) for row in rows]
    found = await prices_by_id(db, tenant, ids)
    return [found[id] for id in ids]
