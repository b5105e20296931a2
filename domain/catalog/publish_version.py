"""Publishing the next version of a plan: who buys later gets it, who bought earlier only from a term it names."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from domain.actor import Grant
from domain.catalog.feature import PlanEntitlement, store_entitlements
from domain.catalog.plan import ProrationClock, TrialEnd, plan_versions
from domain.db import Tx
from domain.ids import PlanId, PlanVersionId
from domain.operation import operation
from domain.refusals import RefusalCode, Refused

BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)  # of a first version: before anything that is ever sold
MAX_TRIAL_DAYS = 730  # two years; what is longer is a free plan
_WORD = re.compile(r"[a-z0-9][a-z0-9_.-]{0,199}")


@dataclass(frozen=True, slots=True)
class PlanTerms:
    """What a plan version says. ``family`` None is that of the version before, or the plan's code for the first."""

    family: str | None = None
    tax_category: str = "standard"
    proration: ProrationClock = ProrationClock.SECOND
    trial_days: int = 0
    trial_needs_method: bool = False
    trial_end: TrialEnd | None = None
    entitlements: tuple[PlanEntitlement, ...] = ()


@dataclass(frozen=True, slots=True)
class PublishPlanVersion:
    """The terms of a plan from an instant on; ``existing_from`` is from when on they are for existing customers too."""

    plan: PlanId
    effective_from: datetime
    existing_from: datetime | None
    terms: PlanTerms


@dataclass(frozen=True, slots=True)
class PlanVersionPublished:
    """The new plan version."""

    plan: PlanId
    plan_version: PlanVersionId
    version: int


@operation("catalog.publish_plan_version", allowed=frozenset({Grant.SYSTEM, Grant.ADMIN}))
async def publish_plan_version(tx: Tx, command: PublishPlanVersion) -> PlanVersionPublished:
    """NOT_FOUND for no plan of the tenant; INVALID_INPUT for a version that does not begin after the one before it,
    and for terms that cannot be; refusals of entitlements as for ``store_entitlements``."""
    before = (await plan_versions(tx, tx.head.tenant, [command.plan])).get(command.plan)
    if not before:
        raise Refused(RefusalCode.NOT_FOUND, "There is no such plan.", ("planId",))
    require_later(command.effective_from, before[-1].effective_from)
    require_existing(command.effective_from, command.existing_from)
    number, family = before[-1].version + 1, command.terms.family or before[-1].family
    id = await store_version(
        tx, command.plan, number, command.effective_from, command.existing_from, family, command.terms
    )
    return PlanVersionPublished(command.plan, id, number)


def require_later(effective_from: datetime, before: datetime | None) -> None:
    """INVALID_INPUT for a version that begins with or before the one it follows: they would overlap."""
    if before is not None and effective_from <= before:
        message = "A version begins after the one before it."
        raise Refused(RefusalCode.INVALID_INPUT, message, ("effectiveFrom",))


def require_existing(effective_from: datetime, existing_from: datetime | None) -> None:
    """INVALID_INPUT for a version that would be for existing customers before it is for new ones."""
    if existing_from is not None and existing_from < effective_from:
        message = "A version is for existing customers when it is for new ones, or later."
        raise Refused(RefusalCode.INVALID_INPUT, message, ("existingFrom",))


async def store_version(
    tx: Tx, plan: PlanId, number: int, effective_from: datetime, existing_from: datetime | None, family: str,
    terms: PlanTerms,
) -> PlanVersionId:  # fmt: skip
    """Writes a version with its entitlements; INVALID_INPUT for terms that cannot be."""
    _check(family, terms)
    id = PlanVersionId(tx.new_uuid())
    await tx.execute(
        """INSERT INTO plan_version (id, tenant_id, plan_id, version, effective_from, existing_from, family,
               tax_category, proration, trial_days, trial_needs_method, trial_end, recorded_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)""",
        id.uuid, tx.head.tenant.uuid, plan.uuid, number, effective_from, existing_from, family, terms.tax_category,
        terms.proration.value, terms.trial_days, terms.trial_needs_method,
        terms.trial_end.value if terms.trial_end else None, tx.recorded_at,
    )  # fmt: skip
    if terms.entitlements:
        await store_entitlements(tx, id, terms.entitlements)
    return id


def _check(family: str, terms: PlanTerms) -> None:
    if not family.strip():
        raise Refused(RefusalCode.INVALID_INPUT, "A family has a name.", ("terms", "family"))
    if not _WORD.fullmatch(terms.tax_category):
        message = "A tax category is written in small letters, digits, dots, dashes and underscores."
        raise Refused(RefusalCode.INVALID_INPUT, message, ("terms", "taxCategory"))
    if not 0 <= terms.trial_days <= MAX_TRIAL_DAYS:
        message = f"A trial has at most {MAX_TRIAL_DAYS} days."
        raise Refused(RefusalCode.INVALID_INPUT, message, ("terms", "trialDays"))
    if terms.trial_days and terms.trial_end is None:
        message = "A trial says what becomes of it at its end."
        raise Refused(RefusalCode.INVALID_INPUT, message, ("terms", "trialEnd"))
    if not terms.trial_days and (terms.trial_end is not None or terms.trial_needs_method):
        message = "Without days there is no trial to speak of."
        raise Refused(RefusalCode.INVALID_INPUT, message, ("terms", "trialDays"))
