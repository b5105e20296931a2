"""Features: what plans let their customers use, on or off or so much of it; each plan version says which."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from domain.actor import Grant
from domain.db import Primary, Tx
from domain.ids import PlanVersionId, TenantId
from domain.operation import operation
from domain.refusals import RefusalCode, Refused

MAX_FEATURES = 200  # of a tenant; a page of a portal shows them all
MAX_LIMIT = 10**15  # of anything counted; beyond it a limit is none
_PLACE = ("terms", "entitlements")  # where a plan says what it allows


class FeatureKind(Enum):
    """On or off, or a number of something."""

    SWITCH = "switch"
    LIMIT = "limit"


@dataclass(frozen=True, slots=True)
class Feature:
    """Something that customers use; its code names it in the tenant for ever."""

    code: str
    name: str
    kind: FeatureKind


@dataclass(frozen=True, slots=True)
class PlanEntitlement:
    """What a plan version allows: 1 for a switch, else how much."""

    feature: str
    value: int


async def features(db: Primary, tenant: TenantId) -> dict[str, Feature]:
    """The tenant's features by code."""
    rows = await db.fetch("SELECT code, name, kind FROM feature WHERE tenant_id = $1 ORDER BY code", tenant.uuid)
    return {row["code"]: Feature(row["code"], row["name"], FeatureKind(row["kind"])) for row in rows}


def require_value(feature: Feature, value: int, least: int = 0, path: tuple[str, ...] = ("value",)) -> None:
    """INVALID_INPUT unless the value is one of that kind: 0 or 1 for a switch, 0 to MAX_LIMIT for a limit."""
    most = 1 if feature.kind is FeatureKind.SWITCH else MAX_LIMIT
    low = least if feature.kind is FeatureKind.SWITCH else 0
    if not low <= value <= most:
        raise Refused(RefusalCode.INVALID_INPUT, f"A {feature.kind.value} has {low} to {most} here.", path)


async def plan_entitlements(
    db: Primary, tenant: TenantId, versions: Sequence[PlanVersionId]
) -> dict[PlanVersionId, tuple[PlanEntitlement, ...]]:
    """What each of the tenant's plan versions allows, by feature code."""
    rows = await db.fetch(
        """SELECT plan_version_id, feature_code, value FROM plan_entitlement
            WHERE tenant_id = $1 AND plan_version_id = ANY ($2::uuid[]) ORDER BY plan_version_id, feature_code""",
        tenant.uuid,
        [version.uuid for version in versions],
    )
    found: dict[PlanVersionId, tuple[PlanEntitlement, ...]] = dict.fromkeys(versions, ())
    for row in rows:
        version = PlanVersionId(row["plan_version_id"])
        found[version] = (*found[version], PlanEntitlement(row["feature_code"], row["value"]))
    return found


async def store_entitlements(tx: Tx, version: PlanVersionId, given: Sequence[PlanEntitlement]) -> None:
    """Writes what a new plan version allows; NOT_FOUND for an unknown feature, INVALID_INPUT for a doubled one or a
    value that its kind cannot have."""
    known = await features(tx, tx.head.tenant)
    for each in given:
        if each.feature not in known:
            raise Refused(RefusalCode.NOT_FOUND, "There is no such feature.", _PLACE)
        require_value(known[each.feature], each.value, least=1, path=(*_PLACE, "value"))
    if len({each.feature for each in given}) != len(given):
        raise Refused(RefusalCode.INVALID_INPUT, "A plan says once what it allows of a feature.", _PLACE)
    await tx.execute(
        """INSERT INTO plan_entitlement (plan_version_id, tenant_id, feature_code, kind, value)
           SELECT $1, $2, e.feature_code, e.kind, e.value
             FROM unnest($3::text[], $4::text[], $5::bigint[]) AS e (feature_code, kind, value)""",
        version.uuid, tx.head.tenant.uuid, [each.feature for each in given],
        [known[each.feature].kind.value for each in given], [each.value for each in given],
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class PublishFeature:
    """``code`` names the feature in the tenant for ever."""

    code: str
    name: str
    kind: FeatureKind


@dataclass(frozen=True, slots=True)
class FeaturePublished:
    """The feature of that code."""

    code: str


@operation("catalog.publish_feature", allowed=frozenset({Grant.SYSTEM, Grant.ADMIN}))
async def publish_feature(tx: Tx, command: PublishFeature) -> FeaturePublished:
    """ALREADY_EXISTS for a code that is taken; STATE_CONFLICT beyond MAX_FEATURES."""
    if len(await features(tx, tx.head.tenant)) >= MAX_FEATURES:
        raise Refused(RefusalCode.STATE_CONFLICT, f"A tenant has at most {MAX_FEATURES} features.")
    stored = await tx.fetchval(
        """INSERT INTO feature (tenant_id, code, name, kind, recorded_at) VALUES ($1, $2, $3, $4, $5)
           ON CONFLICT DO NOTHING RETURNING code""",
        tx.head.tenant.uuid, command.code, command.name, command.kind.value, tx.recorded_at,
    )  # fmt: skip
    if stored is None:
        raise Refused(RefusalCode.ALREADY_EXISTS, "There is a feature of that code already.", ("code",))
    return FeaturePublished(command.code)
