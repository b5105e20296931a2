"""Saving a tenant's dunning policy: one timeline, whose suspension never stands before its last retry."""

from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from domain.actor import Grant
from domain.db import Tx
from domain.ids import TenantId
from domain.operation import operation
from domain.refusals import RefusalCode, Refused

MAX_RETRIES = 20  # issuers take more tries than that for an attack
MAX_DAY = 365  # what is unpaid for a year is lost


@dataclass(frozen=True, slots=True)
class SaveDunningPolicy:
    """Days after the first failure: of each retry, of suspension, of giving up. Cases that are open keep theirs."""

    retry_days: tuple[int, ...]
    suspend_day: int
    give_up_day: int


@dataclass(frozen=True, slots=True)
class DunningPolicySaved:
    """Whose policy it is, and from when on new cases follow it."""

    tenant: TenantId
    saved_at: datetime


@operation("dunning.save_policy", allowed=frozenset({Grant.SYSTEM, Grant.ADMIN}))
async def save_dunning_policy(tx: Tx, command: SaveDunningPolicy) -> DunningPolicySaved:
    """INVALID_INPUT for retries that are none, too many or not in order, for a suspension before the last retry, and
    for giving up before the suspension or after MAX_DAY."""
    _check(command)
    await tx.execute(
        "UPDATE dunning_policy SET retry_days = $2, suspend_day = $3, give_up_day = $4 WHERE tenant_id = $1",
        tx.head.tenant.uuid, list(command.retry_days), command.suspend_day, command.give_up_day,
    )  # fmt: skip
    return DunningPolicySaved(tx.head.tenant, tx.recorded_at)


def _check(of: SaveDunningPolicy) -> None:
    days = of.retry_days
    if not 1 <= len(days) <= MAX_RETRIES:
        raise Refused(RefusalCode.INVALID_INPUT, f"A policy has 1 to {MAX_RETRIES} retries.", ("retryDays",))
    if days[0] < 1 or any(later <= day for day, later in pairwise(days)):
        raise Refused(RefusalCode.INVALID_INPUT, "Each retry is on a later day, the first after a day.", ("retryDays",))
    if of.suspend_day < days[-1]:
        raise Refused(RefusalCode.INVALID_INPUT, "Nobody is suspended before the last retry.", ("suspendDay",))
    if not of.suspend_day < of.give_up_day <= MAX_DAY:
        message = f"A case is given up after the suspension, on day {MAX_DAY} at the latest."
        raise Refused(RefusalCode.INVALID_INPUT, message, ("giveUpDay",))
