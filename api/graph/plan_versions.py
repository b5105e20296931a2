"""Versions of plans: the terms a subscription is pinned to, and publishing the next ones."""

from datetime import datetime
from enum import Enum

import strawberry

from api.graph.arguments import ERRORS, MINTED, OPERATION
from api.graph.context import Info
from api.graph.features import Feature, PlanEntitlement, PlanEntitlementInput
from api.graph.outcome import OperationInfo, followed, performed
from api.graph.refusal import PublishPlanVersionError, as_error
from api.graph.texts import NAME, id_of, text
from api.scalars import GlobalId, IdempotencyKey, Int64
from domain.catalog import feature, plan
from domain.catalog.publish_version import PlanTerms, PublishPlanVersion, publish_plan_version
from domain.ids import PlanId
from domain.refusals import Refused


@strawberry.enum(description="What a part of a period is counted in.")
class ProrationClock(Enum):
    """The clocks of proration."""

    SECOND = strawberry.enum_value("second", description="Seconds between pinned instants.")
    DAY = strawberry.enum_value("day", description="Whole days of the customer's own calendar.")


@strawberry.enum(description="What becomes of a subscription whose trial ends without a payment method.")
class TrialEnd(Enum):
    """The ends of trials."""

    CANCEL = strawberry.enum_value("cancel", description="It is canceled.")
    PAUSE = strawberry.enum_value("pause", description="It is paused until there is a payment method.")
    INVOICE = strawberry.enum_value("invoice", description="Its first invoice is issued, to be paid later.")


@strawberry.type(description="The trial that a plan begins with.")
class Trial:
    """A trial."""

    days: int = strawberry.field(description="How many days it lasts.")
    needs_payment_method: bool = strawberry.field(description="Whether a payment method is needed to begin it.")
    end: TrialEnd = strawberry.field(description="What becomes of it without a payment method.")


@strawberry.type(description="The terms of a plan from an instant on. A version never changes.")
class PlanVersion:
    """A plan version."""

    source: strawberry.Private[plan.PlanVersion]
    id: GlobalId = strawberry.field(description="The id that entitlements name as their source.")
    version: int = strawberry.field(description="Counts the versions of the plan.")
    effective_from: datetime = strawberry.field(description="From when on new customers get it.")
    existing_from: datetime | None = strawberry.field(
        description="From when on earlier customers move to it at their next term; null: they keep theirs."
    )
    family: str = strawberry.field(description="A customer has one subscription and one trial of a family.")
    tax_category: str = strawberry.field(description="What kind of goods it is to the tax office.")
    proration: ProrationClock = strawberry.field(description="What a part of a period is counted in.")
    trial: Trial | None = strawberry.field(description="The trial it begins with, if it has one.")

    @classmethod
    def of(cls, version: plan.PlanVersion) -> "PlanVersion":
        """The domain's version."""
        return cls(
            source=version,
            id=GlobalId(str(version.id)),
            version=version.version,
            effective_from=version.effective_from,
            existing_from=version.existing_from,
            family=version.family,
            tax_category=version.tax_category,
            proration=ProrationClock(version.proration.value),
            trial=_trial(version),
        )

    @strawberry.field(description="What it allows, by feature.")
    async def entitlements(self, info: Info) -> list[PlanEntitlement]:
        """What the version allows."""
        loaders, tenant = info.context.loaders, info.context.tenant
        known = await loaders.features.load(tenant)
        allowed = await loaders.plan_entitlements.load((tenant, self.source.id))
        return [PlanEntitlement(feature=Feature.of(known[each.feature]), value=Int64(each.value)) for each in allowed]


def _trial(version: plan.PlanVersion) -> Trial | None:
    if version.trial_end is None:
        return None
    end = TrialEnd(version.trial_end.value)
    return Trial(days=version.trial_days, needs_payment_method=version.trial_needs_method, end=end)


@strawberry.input(description="The terms of a plan version, all of them; what is left out has its default.")
class PlanTermsInput:
    """The terms."""

    family: str | None = strawberry.field(
        default=None, description="Left out: that of the version before, or the plan's code."
    )
    tax_category: str = strawberry.field(default="standard", description="What kind of goods it is to the tax office.")
    proration: ProrationClock = strawberry.field(
        default=ProrationClock.SECOND, description="What a part of a period is counted in."
    )
    trial_days: int = strawberry.field(default=0, description="How many days the trial lasts; 0: there is none.")
    trial_needs_payment_method: bool = strawberry.field(
        default=False, description="Whether a payment method is needed to begin the trial."
    )
    trial_end: TrialEnd | None = strawberry.field(
        default=None, description="What becomes of a trial without a payment method; every trial says it."
    )
    entitlements: list[PlanEntitlementInput] = strawberry.field(
        default_factory=list, description="What it allows, each feature once."
    )


def terms_of(given: PlanTermsInput | None) -> PlanTerms:
    """The domain's terms; refused INVALID_INPUT where a text cannot be meant."""
    if given is None:
        return PlanTerms()
    return PlanTerms(
        family=text(NAME, given.family, "terms", "family") if given.family is not None else None,
        tax_category=given.tax_category,
        proration=plan.ProrationClock[given.proration.name],
        trial_days=given.trial_days,
        trial_needs_method=given.trial_needs_payment_method,
        trial_end=plan.TrialEnd[given.trial_end.name] if given.trial_end else None,
        entitlements=tuple(
            feature.PlanEntitlement(text(NAME, each.feature, "terms", "entitlements", "feature"), each.value)
            for each in given.entitlements
        ),
    )


@strawberry.input(description="Adds the next version of a plan; earlier customers keep theirs unless it is for them.")
class PublishPlanVersionInput:
    """Input of publishPlanVersion."""

    plan_id: GlobalId = strawberry.field(description="The plan.")
    effective_from: datetime = strawberry.field(description="From when on new customers get it.")
    existing_from: datetime | None = strawberry.field(
        default=None, description="From when on earlier customers move to it at their next term; left out: never."
    )
    terms: PlanTermsInput | None = strawberry.field(default=None, description="What the version says.")
    idempotency_key: IdempotencyKey = strawberry.field(description=MINTED)


@strawberry.type(description="The new version of the plan.")
class PublishPlanVersionPayload:
    """Payload of publishPlanVersion."""

    plan_version: PlanVersion | None = strawberry.field(description="The version.")
    operation: OperationInfo | None = strawberry.field(description=OPERATION)
    errors: list[PublishPlanVersionError] = strawberry.field(description=ERRORS)


async def publish_a_version(info: Info, input: PublishPlanVersionInput) -> PublishPlanVersionPayload:
    """For admins."""
    try:
        home = info.context.staff_home()
        of = id_of(PlanId.parse, input.plan_id, "planId")
        command = PublishPlanVersion(of, input.effective_from, input.existing_from, terms_of(input.terms))
        done = await performed(info, publish_plan_version, home, command, input.idempotency_key)
    except Refused as refused:
        return PublishPlanVersionPayload(plan_version=None, operation=None, errors=[as_error(refused)])
    operation = await followed(info, done, home)
    published = await plan.plan_version(info.context.db.primary, info.context.tenant, done.outcome.plan_version)
    return PublishPlanVersionPayload(plan_version=PlanVersion.of(published), operation=operation, errors=[])
