"""Features, and what a plan allows of them."""

from enum import Enum

import strawberry

from api.graph.arguments import ERRORS, MINTED, OPERATION
from api.graph.context import Info
from api.graph.outcome import OperationInfo, followed, performed
from api.graph.refusal import PublishFeatureError, as_error
from api.graph.texts import NAME, text
from api.scalars import IdempotencyKey, Int64
from domain.catalog import feature as domain
from domain.refusals import Refused


@strawberry.enum(description="How a feature is measured.")
class FeatureKind(Enum):
    """The kinds of features."""

    SWITCH = strawberry.enum_value("switch", description="On or off: 1 or 0.")
    LIMIT = strawberry.enum_value("limit", description="A number of something.")


@strawberry.type(description="Something that customers use as far as their plans allow.")
class Feature:
    """A feature."""

    code: str = strawberry.field(description="The tenant's own name for it; it never changes.")
    name: str = strawberry.field(description="The name that customers see.")
    kind: FeatureKind = strawberry.field(description="How it is measured.")

    @classmethod
    def of(cls, feature: domain.Feature) -> "Feature":
        """The domain's feature."""
        return cls(code=feature.code, name=feature.name, kind=FeatureKind(feature.kind.value))


@strawberry.type(description="What a plan version allows of a feature.")
class PlanEntitlement:
    """An entitlement of a plan."""

    feature: Feature = strawberry.field(description="The feature.")
    value: Int64 = strawberry.field(description="1 for a switch, else how much.")


@strawberry.input(description="What a plan version allows of a feature.")
class PlanEntitlementInput:
    """An entitlement of a plan."""

    feature: str = strawberry.field(description="The feature's code.")
    value: Int64 = strawberry.field(description="1 for a switch, else how much.")


@strawberry.input(description="Adds a feature that plans can allow.")
class PublishFeatureInput:
    """Input of publishFeature."""

    code: str = strawberry.field(description="The tenant's own name for it; it never changes.")
    name: str = strawberry.field(description="The name that customers see.")
    kind: FeatureKind = strawberry.field(description="How it is measured.")
    idempotency_key: IdempotencyKey = strawberry.field(description=MINTED)


@strawberry.type(description="The feature, which nobody may use before a plan version allows it.")
class PublishFeaturePayload:
    """Payload of publishFeature."""

    feature: Feature | None = strawberry.field(description="The feature.")
    operation: OperationInfo | None = strawberry.field(description=OPERATION)
    errors: list[PublishFeatureError] = strawberry.field(description=ERRORS)


async def publish_a_feature(info: Info, input: PublishFeatureInput) -> PublishFeaturePayload:
    """For admins."""
    try:
        home = info.context.staff_home()
        kind = domain.FeatureKind[input.kind.name]
        command = domain.PublishFeature(text(NAME, input.code, "code"), text(NAME, input.name, "name"), kind)
        done = await performed(info, domain.publish_feature, home, command, input.idempotency_key)
    except Refused as refused:
        return PublishFeaturePayload(feature=None, operation=None, errors=[as_error(refused)])
    operation = await followed(info, done, home)
    published = (await domain.features(info.context.db.primary, info.context.tenant))[done.outcome.code]
    return PublishFeaturePayload(feature=Feature.of(published), operation=operation, errors=[])


async def all_features(info: Info) -> list[Feature]:
    """The tenant's features by code."""
    found = await domain.features(info.context.db.primary, info.context.tenant)
    return [Feature.of(each) for each in found.values()]
