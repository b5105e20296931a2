"""Finance closes the books of a legal entity up to the end of a month."""

from datetime import date
from typing import Annotated

import strawberry

from api.graph.arguments import ERRORS, MINTED, OPERATION
from api.graph.context import Info
from api.graph.legal_entities import LegalEntity
from api.graph.mutation_field import mutation_field as _mutation
from api.graph.outcome import OperationInfo, followed, performed
from api.graph.refusal import Refusal, as_error, errors_of
from api.graph.tax_registrations import ENTITY
from api.scalars import IdempotencyKey
from domain.ledger.period_close import ClosePeriod, close_period
from domain.refusals import Refused
from domain.tenants.tenant import legal_entity

ClosePeriodError = Annotated[Refusal, errors_of("closePeriod")]


@strawberry.input(description="Closes a month that is over, and those before it: nothing is posted in them any more.")
class ClosePeriodInput:
    """Input of closePeriod."""

    legal_entity: str = strawberry.field(description=ENTITY)
    month: date = strawberry.field(description="The first day of the month. Nobody can open it again.")
    idempotency_key: IdempotencyKey = strawberry.field(description=MINTED)


@strawberry.type(description="The legal entity after it.")
class ClosePeriodPayload:
    """Payload of closePeriod."""

    legal_entity: LegalEntity | None = strawberry.field(description="The legal entity; null when refused.")
    operation: OperationInfo | None = strawberry.field(description=OPERATION)
    errors: list[ClosePeriodError] = strawberry.field(description=ERRORS)


async def close(info: Info, input: ClosePeriodInput) -> ClosePeriodPayload:
    """For finance and admins."""
    context = info.context
    try:
        context.staff_home()
        entity = await legal_entity(context.db.primary, context.tenant, input.legal_entity)
        done = await performed(info, close_period, entity.house, ClosePeriod(input.month), input.idempotency_key)
    except Refused as refused:
        return ClosePeriodPayload(legal_entity=None, operation=None, errors=[as_error(refused)])
    operation = await followed(info, done, entity.house)
    return ClosePeriodPayload(legal_entity=LegalEntity.of(entity), operation=operation, errors=[])


@strawberry.type(description="Changes of the books.")
class PeriodMutations:
    """Fields of the mutation root."""

    close_period: ClosePeriodPayload = _mutation(
        close, "Finance: closes a month of the books, for a legal entity whose own clock is past its end."
    )
