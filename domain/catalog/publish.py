"""Publishing plans and prices, under the tenant's house customer."""

from dataclasses import dataclass
from datetime import datetime

from domain.actor import Grant
from domain.db import Tx
from domain.ids import PlanId, PriceId
from domain.money import Money
from domain.operation import operation
from domain.period import MAX_COUNT, Unit
from domain.refusals import RefusalCode, Refused

UNIT_AMOUNT_MAX = 10**11  # ten thousand units of it, the most a subscription has, are still an amount
_PUBLISHERS = frozenset({Grant.SYSTEM, Grant.ADMIN})


@dataclass(frozen=True, slots=True)
class PublishPlan:
    """``code`` names the plan in the tenant for ever; a higher rank is an upgrade."""

    code: str
    name: str
    description: str
    rank: int


@dataclass(frozen=True, slots=True)
class PlanPublished:
    """The plan of that code."""

    plan: PlanId


@operation("catalog.publish_plan", allowed=_PUBLISHERS)
async def publish_plan(tx: Tx, command: PublishPlan) -> PlanPublished:
    """ALREADY_EXISTS for a code that is taken."""
    plan = await tx.fetchval(
        """INSERT INTO plan (id, tenant_id, code, name, description, rank, active, recorded_at)
           VALUES ($1, $2, $3, $4, $5, $6, true, $7) ON CONFLICT DO NOTHING RETURNING id""",
        tx.new_uuid(), tx.head.tenant.uuid, command.code, command.name, command.description, command.rank,
        tx.recorded_at,
    )  # fmt: skip
    if plan is None:
        raise Refused(RefusalCode.ALREADY_EXISTS, "There is a plan of that code already.", ("code",))
    return PlanPublished(PlanId(plan))


@dataclass(frozen=True, slots=True)
class PublishPrice:
    """The price of one unit of a plan for one cadence and currency, from an instant on."""

    plan: PlanId
    unit_amount: Money
    cadence_unit: Unit
    cadence_count: int
    effective_from: datetime


@dataclass(frozen=True, slots=True)
class PricePublished:
    """The new price version."""

    price: PriceId
    version: int


@operation("catalog.publish_price", allowed=_PUBLISHERS)
async def publish_price(tx: Tx, command: PublishPrice) -> PricePublished:
    """The next version of that plan, currency and cadence; an earlier one is never changed.

    INVALID_AMOUNT for a price below nothing or above UNIT_AMOUNT_MAX; INVALID_INPUT for a cadence that cannot be.
    """
    if not 0 <= command.unit_amount.minor <= UNIT_AMOUNT_MAX:
        message = f"A price is nothing to {UNIT_AMOUNT_MAX} minor units."
        raise Refused(RefusalCode.INVALID_AMOUNT, message, ("amount",))
    if not 1 <= command.cadence_count <= MAX_COUNT:
        raise Refused(RefusalCode.INVALID_INPUT, f"A period counts 1 to {MAX_COUNT} units.", ("intervalCount",))
    owned = await tx.fetchval(
        "SELECT id FROM plan WHERE tenant_id = $1 AND id = $2", tx.head.tenant.uuid, command.plan.uuid
    )
    if owned is None:
        raise Refused(RefusalCode.NOT_FOUND, "There is no such plan.", ("planId",))
    last = await tx.fetchval(
        """SELECT coalesce(max(version), 0) FROM price
            WHERE plan_id = $1 AND currency = $2 AND cadence_unit = $3 AND cadence_count = $4""",
        command.plan.uuid, str(command.unit_amount.currency), command.cadence_unit.value, command.cadence_count,
    )  # fmt: skip
    price = PriceId(tx.new_uuid())
    await tx.execute(
        """INSERT INTO price (id, tenant_id, plan_id, version, currency, unit_amount, cadence_unit, cadence_count,
               effective_from, recorded_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)""",
        price.uuid, tx.head.tenant.uuid, command.plan.uuid, last + 1, str(command.unit_amount.currency),
        command.unit_amount.minor, command.cadence_unit.value, command.cadence_count, command.effective_from,
        tx.recorded_at,
    )  # fmt: skip
    return PricePublished(price, last + 1)
