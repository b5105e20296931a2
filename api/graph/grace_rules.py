"""What the law of a country asks for before access may end: seen by staff, published by admins."""

import strawberry

from api.graph.arguments import ERRORS, MINTED, OPERATION
from api.graph.context import Info
from api.graph.dunning_policy import KIND
from api.graph.outcome import OperationInfo, followed, performed
from api.graph.refusal import PublishGraceRuleError, as_error
from api.graph.tax_rates import TaxCustomerKind
from api.scalars import IdempotencyKey
from domain.payments import grace_rule as domain
from domain.refusals import Refused
from domain.tax.rate import CustomerKind

COUNTRY = "The ISO 3166 code of the customers' country, two capitals."
DAYS = "The days after the first failure before which access does not end, 0 to 90."
NOTICE = "The days for which the customer must have known when access ends, 0 to 90."


@strawberry.type(description="The rule of a country. It can only lengthen what a dunning policy gives.")
class GraceRule:
    """A rule that holds."""

    country: str = strawberry.field(description=COUNTRY)
    customer_kind: TaxCustomerKind = strawberry.field(description=KIND)
    min_days: int = strawberry.field(description=DAYS)
    notice_days: int = strawberry.field(description=NOTICE)
    source: str = strawberry.field(description="The law that it is taken from.")
    version: int = strawberry.field(description="Grows with each publication; 0 is built in.")

    @classmethod
    def of(cls, rule: domain.GraceRule) -> "GraceRule":
        """The domain's rule."""
        return cls(
            country=rule.country,
            customer_kind=TaxCustomerKind(rule.kind.value),
            min_days=rule.min_days,
            notice_days=rule.notice_days,
            source=rule.source,
            version=rule.version,
        )


async def grace_rules_of(info: Info) -> list[GraceRule]:
    """The rules that hold for the tenant."""
    return [GraceRule.of(each) for each in await domain.grace_rules(info.context.db.primary, info.context.tenant)]


@strawberry.input(description="Adds the next version of a country's rule, for cases that open from now on.")
class PublishGraceRuleInput:
    """Input of publishGraceRule."""

    country: str = strawberry.field(description=COUNTRY)
    customer_kind: TaxCustomerKind = strawberry.field(default=TaxCustomerKind.ANY, description=KIND)
    min_days: int = strawberry.field(description=DAYS)
    notice_days: int = strawberry.field(description=NOTICE)
    source: str = strawberry.field(description="The law that it is taken from, in up to 500 characters.")
    idempotency_key: IdempotencyKey = strawberry.field(description=MINTED)


@strawberry.type(description="The new version.")
class PublishGraceRulePayload:
    """Payload of publishGraceRule."""

    grace_rule: GraceRule | None = strawberry.field(description="The rule that holds now.")
    operation: OperationInfo | None = strawberry.field(description=OPERATION)
    errors: list[PublishGraceRuleError] = strawberry.field(description=ERRORS)


async def publish_a_rule(info: Info, input: PublishGraceRuleInput) -> PublishGraceRulePayload:
    """For admins."""
    kind = CustomerKind[input.customer_kind.name]
    try:
        home = info.context.staff_home()
        command = domain.PublishGraceRule(input.country, kind, input.min_days, input.notice_days, input.source)
        done = await performed(info, domain.publish_grace_rule, home, command, input.idempotency_key)
    except Refused as refused:
        return PublishGraceRulePayload(grace_rule=None, operation=None, errors=[as_error(refused)])
    operation = await followed(info, done, home)
    rules = await grace_rules_of(info)
    found = next(each for each in rules if (each.country, each.customer_kind) == (input.country, input.customer_kind))
    return PublishGraceRulePayload(grace_rule=found, operation=operation, errors=[])
