"""Entitlements: what plans allow, highest first, and the exceptions that staff make for a customer, which win."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.actor import Grant
from domain.catalog.feature import Feature, FeatureKind, PlanEntitlement, features, require_value
from domain.db import Primary, Row, Tx
from domain.ids import CustomerId, EntitlementExceptionId, PlanVersionId
from domain.operation import operation
from domain.refusals import RefusalCode, Refused


@dataclass(frozen=True, slots=True)
class Entitlement:
    """What a customer may use: on is 1 and off is 0 for a switch, else how much; and which fact says so.

    ``blocked``: overdue debt keeps it from that, so the value is 0.
    """

    feature: str
    kind: FeatureKind
    value: int
    source: PlanVersionId | EntitlementExceptionId
    blocked: bool = False


@dataclass(frozen=True, slots=True)
class EntitlementException:
    """What a customer may use from an instant to another (None: for good), whatever its plans say, and why."""

    id: EntitlementExceptionId
    feature: str
    kind: FeatureKind
    value: int
    starts_at: datetime
    ends_at: datetime | None
    reason: str

    def holds_at(self, at: datetime) -> bool:
        """Whether the instant lies in its span; the end does not."""
        return self.starts_at <= at and (self.ends_at is None or at < self.ends_at)


def _exception(row: Row) -> EntitlementException:
    return EntitlementException(
        id=EntitlementExceptionId(row["shard_key"], row["id"]),
        feature=row["feature_code"],
        kind=FeatureKind(row["kind"]),
        value=row["value"],
        starts_at=row["starts_at"],
        ends_at=row["ends_at"],
        reason=row["reason"],
    )


async def exceptions(db: Primary, customer: CustomerId) -> list[EntitlementException]:
    """All exceptions of the customer, those that are over or to come too, oldest first."""
    rows = await db.fetch(
        """SELECT shard_key, id, feature_code, kind, value, starts_at, ends_at, reason FROM entitlement_exception
            WHERE shard_key = $1 AND customer_id = $2 ORDER BY starts_at, id""",
        customer.shard,
        customer.uuid,
    )
    return [_exception(row) for row in rows]


def combined(
    known: dict[str, Feature],
    allowed: Sequence[tuple[PlanVersionId, Sequence[PlanEntitlement]]],
    made: Sequence[EntitlementException],
    at: datetime,
) -> list[Entitlement]:
    """By feature code: the highest of what the plan versions allow, and in its place what an exception says then.

    Of two exceptions for one feature the one that began later wins, of two that began together the newer.
    """
    found: dict[str, Entitlement] = {}
    for version, entitlements in allowed:
        for each in entitlements:
            before = found.get(each.feature)
            if before is None or each.value > before.value:
                found[each.feature] = Entitlement(each.feature, known[each.feature].kind, each.value, version)
    for one in sorted(made, key=lambda one: (one.starts_at, one.id)):
        if one.holds_at(at):
            found[one.feature] = Entitlement(one.feature, one.kind, one.value, one.id)
    return [found[code] for code in sorted(found)]


@dataclass(frozen=True, slots=True)
class GrantEntitlement:
    """An exception from ``starts_at`` (None: now) to ``ends_at`` (None: for good); 0 takes a feature away."""

    feature: str
    value: int
    starts_at: datetime | None
    ends_at: datetime | None
    reason: str


@dataclass(frozen=True, slots=True)
class EntitlementGranted:
    """The exception."""

    exception: EntitlementExceptionId


@operation("catalog.grant_entitlement", allowed=frozenset({Grant.SUPPORT, Grant.LEAD, Grant.ADMIN}), begins=True)
async def grant_entitlement(tx: Tx, command: GrantEntitlement) -> EntitlementGranted:
    """NOT_FOUND for no feature of the tenant; INVALID_INPUT for a value of another kind, a span that begins before
    now (what was so stays so) or ends before it begins, and for no reason."""
    if tx.head.kind == "house":
        raise Refused(RefusalCode.NOT_FOUND, "There is no such customer.", ("customerId",))
    feature = (await features(tx, tx.head.tenant)).get(command.feature)
    if feature is None:
        raise Refused(RefusalCode.NOT_FOUND, "There is no such feature.", ("feature",))
    require_value(feature, command.value)
    starts_at = command.starts_at or tx.now
    _check_span(tx.now, starts_at, command.ends_at)
    if not command.reason.strip():
        raise Refused(RefusalCode.INVALID_INPUT, "An exception has a reason.", ("reason",))
    id = tx.new_id(EntitlementExceptionId)
    await tx.execute(
        """INSERT INTO entitlement_exception (shard_key, id, tenant_id, customer_id, feature_code, kind, value,
               starts_at, ends_at, reason, recorded_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)""",
        id.shard, id.uuid, tx.head.tenant.uuid, tx.customer.uuid, feature.code, feature.kind.value, command.value,
        starts_at, command.ends_at, command.reason, tx.recorded_at,
    )  # fmt: skip
    tx.emit("entitlement.granted", exception=id)
    return EntitlementGranted(id)


def _check_span(now: datetime, starts_at: datetime, ends_at: datetime | None) -> None:
    if starts_at < now:
        raise Refused(RefusalCode.INVALID_INPUT, "An exception begins now or later.", ("startsAt",))
    if ends_at is not None and ends_at <= starts_at:
        raise Refused(RefusalCode.INVALID_INPUT, "An exception ends after it begins.", ("endsAt",))
