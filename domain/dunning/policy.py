"""Dunning policies: the tenant's own timeline, and what differs from it for a plan or a kind of customer."""

from dataclasses import dataclass

from domain.db import Primary, Row
from domain.ids import PlanId, TenantId
from domain.tax.rate import CustomerKind


@dataclass(frozen=True, slots=True)
class Policy:
    """One timeline, in days after the first failure; suspension never stands before the last retry.

    From ``restrict_day`` on only ``kept_features`` are left until the suspension; None: all of them. ``notice_days``
    are those of reminders; None: each retry's, and the day before access ends.
    """

    retry_days: tuple[int, ...]
    suspend_day: int
    give_up_day: int
    notice_days: tuple[int, ...] | None = None
    restrict_day: int | None = None
    kept_features: tuple[str, ...] = ()

    @property
    def reminders(self) -> tuple[int, ...]:
        """The days on which the customer is reminded, in order."""
        if self.notice_days is not None:
            return self.notice_days
        return tuple(sorted({*self.retry_days, *({self.suspend_day - 1} if self.suspend_day > 1 else ())}))


@dataclass(frozen=True, slots=True)
class Scope:
    """For what a policy holds: a plan or (None) all of them, and a kind of customer or any."""

    plan: PlanId | None = None
    kind: CustomerKind = CustomerKind.ANY


def _policy(row: Row) -> Policy:
    notices = row["notice_days"]
    return Policy(
        tuple(row["retry_days"]),
        row["suspend_day"],
        row["give_up_day"],
        None if notices is None else tuple(notices),
        row["restrict_day"],
        tuple(row["kept_features"] or ()),
    )


async def policy(db: Primary, tenant: TenantId) -> Policy:
    """The tenant's own timeline."""
    row = await db.fetchrow(
        """SELECT retry_days, suspend_day, give_up_day, notice_days, restrict_day, kept_features
             FROM dunning_policy WHERE tenant_id = $1""",
        tenant.uuid,
    )
    assert row is not None, "a tenant is created with a policy"
    return _policy(row)


async def policy_for(db: Primary, tenant: TenantId, scope: Scope) -> Policy:
    """The timeline of a plan before that of a kind of customer, and both before the tenant's own."""
    row = await db.fetchrow(
        """SELECT retry_days, suspend_day, give_up_day, notice_days, restrict_day, kept_features
             FROM dunning_timeline
            WHERE tenant_id = $1 AND scope = ANY ($2::uuid[]) AND customer_kind IN ('any', $3)
            ORDER BY scope = $1, customer_kind = 'any' LIMIT 1""",
        tenant.uuid,
        [tenant.uuid, *([scope.plan.uuid] if scope.plan else [])],
        scope.kind.value,
    )
    return _policy(row) if row else await policy(db, tenant)


async def policies(db: Primary, tenant: TenantId) -> list[tuple[Scope, Policy]]:
    """All of the tenant's timelines, its own first."""
    rows = await db.fetch(
        """SELECT scope, customer_kind, retry_days, suspend_day, give_up_day, notice_days, restrict_day, kept_features
             FROM dunning_timeline WHERE tenant_id = $1 ORDER BY scope <> $1, scope, customer_kind""",
        tenant.uuid,
    )
    return [
        (Scope(), await policy(db, tenant)),
        *(
            (Scope(None if row["scope"] == tenant.uuid else PlanId(row["scope"]), CustomerKind(row["customer_kind"])),
             _policy(row))
            for row in rows
        ),
    ]  # fmt: skip
