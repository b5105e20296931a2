"""Publishing plans and prices, under the tenant's house customer."""

from dataclasses import dataclass
from datetime import datetime

from domain.actor import Grant
from domain.catalog.plan import PriceModel
from domain.catalog.publish_version import BEGINNING, PlanTerms, require_existing, require_later, store_version
from domain.db import Row, Tx
from domain.ids import PlanId, PlanVersionId, PriceId
from domain.money import Money
from domain.operation import operation
from domain.period import MAX_COUNT, Unit
from domain.refusals import RefusalCode, Refused
from domain.wire import added

UNIT_AMOUNT_MAX = 10**11  # ten thousand units of it, the most a subscription has, are still an amount
_PUBLISHERS = frozenset({Grant.SYSTEM, Grant.ADMIN})


@dataclass(frozen=True, slots=True)
class PublishPlan:
    """``code`` names the plan in the tenant for ever; a higher rank is an upgrade; the terms are its first version's.

    The first version holds from the beginning: from when on the plan is sold is what its prices say.
    """

    code: str
    name: str
    description: str
    rank: int
    terms: PlanTerms = added(PlanTerms())


@dataclass(frozen=True, slots=True)
class PlanPublished:
    """The plan of that code, and its first version."""

    plan: PlanId
    plan_version: PlanVersionId | None = None  # an outcome that was stored before there were versions names none


@operation("catalog.publish_plan", allowed=_PUBLISHERS)
async def publish_plan(tx: Tx, command: PublishPlan) -> PlanPublished:
    """ALREADY_EXISTS for a code that is taken; INVALID_INPUT and NOT_FOUND for terms as for their next version."""
    plan = await tx.fetchval(
        """INSERT INTO plan (id, tenant_id, code, name, description, rank, active, recorded_at)
           VALUES ($1, $2, $3, $4, $5, $6, true, $7) ON CONFLICT DO NOTHING RETURNING id""",
        tx.new_uuid(), tx.head.tenant.uuid, command.code, command.name, command.description, command.rank,
        tx.recorded_at,
    )  # fmt: skip
    if plan is None:
        raise Refused(RefusalCode.ALREADY_EXISTS, "There is a plan of that code already.", ("code",))
    family = command.terms.family or command.code
    version = await store_version(tx, PlanId(plan), 1, BEGINNING, None, family, command.terms)
    return PlanPublished(PlanId(plan), version)


@dataclass(frozen=True, slots=True)
class PublishPrice:
    """The price of one unit of a plan for one cadence and currency, from an instant on.

    From ``existing_from`` on, subscriptions on earlier versions move to it at their next term; None: they keep theirs.
    A private price is never on offer: a contract names it.
    """

    plan: PlanId
    unit_amount: Money
    cadence_unit: Unit
    cadence_count: int
    effective_from: datetime
    model: PriceModel = added(PriceModel.PER_SEAT)
    tax_inclusive: bool = added(False)
    private: bool = added(False)
    existing_from: datetime | None = added(None)


@dataclass(frozen=True, slots=True)
class PricePublished:
    """The new price version."""

    price: PriceId
    version: int


@operation("catalog.publish_price", allowed=_PUBLISHERS)
async def publish_price(tx: Tx, command: PublishPrice) -> PricePublished:
    """The next version of that plan, currency and cadence; an earlier one is never changed.

    INVALID_AMOUNT for a price below nothing or above UNIT_AMOUNT_MAX; INVALID_INPUT for a cadence that cannot be, a
    version that does not begin after the one before it, or a private price for existing customers; NOT_FOUND.
    """
    _check(command)
    owned = await tx.fetchval(
        "SELECT id FROM plan WHERE tenant_id = $1 AND id = $2", tx.head.tenant.uuid, command.plan.uuid
    )
    if owned is None:
        raise Refused(RefusalCode.NOT_FOUND, "There is no such plan.", ("planId",))
    last = await _last(tx, command)
    if not command.private:
        require_later(command.effective_from, last["effective_from"])
    price, version = PriceId(tx.new_uuid()), last["version"] + 1
    await tx.execute(
        """INSERT INTO price (id, tenant_id, plan_id, version, currency, unit_amount, cadence_unit, cadence_count,
               effective_from, model, tax_inclusive, private, existing_from, recorded_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)""",
        price.uuid, tx.head.tenant.uuid, command.plan.uuid, version, str(command.unit_amount.currency),
        command.unit_amount.minor, command.cadence_unit.value, command.cadence_count, command.effective_from,
        command.model.value, command.tax_inclusive, command.private, command.existing_from, tx.recorded_at,
    )  # fmt: skip
    return PricePublished(price, version)


def _check(command: PublishPrice) -> None:
    if not 0 <= command.unit_amount.minor <= UNIT_AMOUNT_MAX:
        message = f"A price is nothing to {UNIT_AMOUNT_MAX} minor units."
        raise Refused(RefusalCode.INVALID_AMOUNT, message, ("amount",))
    if not 1 <= command.cadence_count <= MAX_COUNT:
        raise Refused(RefusalCode.INVALID_INPUT, f"A period counts 1 to {MAX_COUNT} units.", ("intervalCount",))
    if command.private and command.existing_from is not None:
        message = "A private price is for the contract that names it, not for existing customers."
        raise Refused(RefusalCode.INVALID_INPUT, message, ("existingFrom",))
    require_existing(command.effective_from, command.existing_from)


async def _last(tx: Tx, command: PublishPrice) -> Row:
    """The greatest version of any such price, and from when on the last public one is on offer."""
    row = await tx.fetchrow(
        """SELECT coalesce(max(version), 0) AS version, max(effective_from) FILTER (WHERE NOT private) AS effective_from
             FROM price WHERE plan_id = $1 AND currency = $2 AND cadence_unit = $3 AND cadence_count = $4""",
        command.plan.uuid, str(command.unit_amount.currency), command.cadence_unit.value, command.cadence_count,
    )  # fmt: skip
    assert row is not None
    return row
