"""Saving a dunning policy: one timeline, whose suspension never stands before its last retry."""

from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from domain.actor import Grant
from domain.catalog.feature import features
from domain.catalog.plan import plans_by_id
from domain.db import Tx
from domain.dunning.policy import Policy, Scope
from domain.ids import PlanId, TenantId
from domain.operation import operation
from domain.refusals import RefusalCode, Refused
from domain.tax.rate import CustomerKind
from domain.wire import added

MAX_RETRIES = 20  # issuers take more tries than that for an attack
MAX_NOTICES = 20  # more of them is not read
MAX_GRACE = 30  # access for longer than a month without payment is a gift; a country's rule may still ask for more
MAX_DAY = 365  # what is unpaid for a year is lost


@dataclass(frozen=True, slots=True)
class SaveDunningPolicy:
    """Days after the first failure: of each retry, of suspension, of giving up. Cases that are open keep theirs.

    See ``Policy`` for the other days, and ``Scope`` for the plan and the kind of customer: by default it is the
    tenant's own policy.
    """

    retry_days: tuple[int, ...]
    suspend_day: int
    give_up_day: int
    notice_days: tuple[int, ...] | None = added(None)
    restrict_day: int | None = added(None)
    kept_features: tuple[str, ...] = added(())
    plan: PlanId | None = added(None)
    kind: CustomerKind = added(CustomerKind.ANY)

    @property
    def policy(self) -> Policy:
        """The timeline that it saves."""
        return Policy(
            self.retry_days, self.suspend_day, self.give_up_day, self.notice_days, self.restrict_day, self.kept_features
        )


@dataclass(frozen=True, slots=True)
class DunningPolicySaved:
    """Whose policy it is, and from when on new cases follow it."""

    tenant: TenantId
    saved_at: datetime


@operation("dunning.save_policy", allowed=frozenset({Grant.SYSTEM, Grant.ADMIN}))
async def save_dunning_policy(tx: Tx, command: SaveDunningPolicy) -> DunningPolicySaved:
    """INVALID_INPUT for retries or notices that are too many or not in order, for no retry where there is any grace,
    for a suspension before the last retry or after MAX_GRACE, for giving up before the suspension or after MAX_DAY, and
    for a restriction that is not before the suspension; NOT_FOUND for a plan or feature that is not the tenant's."""
    _check(command.policy)
    _check_restriction(command.policy)
    if command.plan is not None and command.plan not in await plans_by_id(tx, tx.head.tenant, [command.plan]):
        raise Refused(RefusalCode.NOT_FOUND, "There is no such plan.", ("planId",))
    if not set(command.kept_features) <= set(await features(tx, tx.head.tenant)):
        raise Refused(RefusalCode.NOT_FOUND, "There is no such feature.", ("keptFeatures",))
    await _store(tx, Scope(command.plan, command.kind), command.policy)
    return DunningPolicySaved(tx.head.tenant, tx.recorded_at)


async def _store(tx: Tx, scope: Scope, of: Policy) -> None:
    kept = None if of.restrict_day is None else list(of.kept_features)
    notices = None if of.notice_days is None else list(of.notice_days)
    days = (list(of.retry_days), of.suspend_day, of.give_up_day, notices, of.restrict_day, kept)
    if scope == Scope():
        await tx.execute(
            """UPDATE dunning_policy SET retry_days = $2, suspend_day = $3, give_up_day = $4, notice_days = $5,
                      restrict_day = $6, kept_features = $7
                WHERE tenant_id = $1""",
            tx.head.tenant.uuid, *days,
        )  # fmt: skip
        return
    await tx.execute(
        """INSERT INTO dunning_timeline (tenant_id, scope, customer_kind, retry_days, suspend_day, give_up_day,
               notice_days, restrict_day, kept_features, recorded_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
           ON CONFLICT (tenant_id, scope, customer_kind) DO UPDATE SET retry_days = EXCLUDED.retry_days,
              suspend_day = EXCLUDED.suspend_day, give_up_day = EXCLUDED.give_up_day,
              notice_days = EXCLUDED.notice_days, restrict_day = EXCLUDED.restrict_day,
              kept_features = EXCLUDED.kept_features, recorded_at = EXCLUDED.recorded_at""",
        tx.head.tenant.uuid, (scope.plan or tx.head.tenant).uuid, scope.kind.value, *days, tx.recorded_at,
    )  # fmt: skip


def _check(of: Policy) -> None:
    days = of.retry_days
    if not (1 if of.suspend_day else 0) <= len(days) <= MAX_RETRIES:
        raise Refused(RefusalCode.INVALID_INPUT, f"A policy has 1 to {MAX_RETRIES} retries.", ("retryDays",))
    if not _in_order(days):
        raise Refused(RefusalCode.INVALID_INPUT, "Each retry is on a later day, the first after a day.", ("retryDays",))
    if not max((0, *days)) <= of.suspend_day <= MAX_GRACE:
        message = f"Nobody is suspended before the last retry, nor after day {MAX_GRACE}."
        raise Refused(RefusalCode.INVALID_INPUT, message, ("suspendDay",))
    if not of.suspend_day < of.give_up_day <= MAX_DAY:
        message = f"A case is given up after the suspension, on day {MAX_DAY} at the latest."
        raise Refused(RefusalCode.INVALID_INPUT, message, ("giveUpDay",))
    notices = of.notice_days or ()
    if len(notices) > MAX_NOTICES or not _in_order(notices) or any(day >= of.give_up_day for day in notices):
        message = f"Up to {MAX_NOTICES} notices are each on a later day, the last before the case is given up."
        raise Refused(RefusalCode.INVALID_INPUT, message, ("noticeDays",))


def _in_order(days: tuple[int, ...]) -> bool:
    return all(day >= 1 for day in days[:1]) and all(day < later for day, later in pairwise(days))


def _check_restriction(of: Policy) -> None:
    if of.restrict_day is None:
        if of.kept_features:
            message = "Features are kept from a day on; say which."
            raise Refused(RefusalCode.INVALID_INPUT, message, ("restrictDay",))
        return
    if not 0 <= of.restrict_day < of.suspend_day:
        message = "Features are taken away before the suspension, or with the failure at the earliest."
        raise Refused(RefusalCode.INVALID_INPUT, message, ("restrictDay",))
    if len(set(of.kept_features)) != len(of.kept_features):
        raise Refused(RefusalCode.INVALID_INPUT, "Name each feature once.", ("keptFeatures",))
