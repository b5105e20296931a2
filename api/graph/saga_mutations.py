"""Staff resume a saga that is stuck."""

import strawberry

from api.graph.arguments import ERRORS, MINTED, OPERATION
from api.graph.context import Info
from api.graph.mutation_field import mutation_field as _mutation
from api.graph.outcome import OperationInfo
from api.graph.refusal import ResumeSagaError, as_error
from api.graph.sagas import Saga, find_saga
from api.graph.staff_calls import by_staff
from api.graph.texts import NOTE, id_of, text
from api.scalars import GlobalId, IdempotencyKey
from domain.ids import SagaId
from domain.refusals import Refused
from domain.supervision.resume import ResumeSaga, resume_saga


@strawberry.input(description="Performs again what the step of a saga or its way back asks for.")
class ResumeSagaInput:
    """Input of resumeSaga."""

    customer_id: GlobalId = strawberry.field(description="Whose saga it is.")
    saga_id: GlobalId = strawberry.field(description="The saga, which is stuck.")
    reason: str = strawberry.field(description="Why it may go on now; it stands in the audit trail.")
    idempotency_key: IdempotencyKey = strawberry.field(description=MINTED)


@strawberry.type(description="The saga that was resumed.")
class ResumeSagaPayload:
    """Payload of resumeSaga."""

    saga: Saga | None = strawberry.field(description="The saga now: stuck again where nothing had changed.")
    operation: OperationInfo | None = strawberry.field(description=OPERATION)
    errors: list[ResumeSagaError] = strawberry.field(description=ERRORS)


async def resume(info: Info, input: ResumeSagaInput) -> ResumeSagaPayload:
    """For support and above."""

    def read() -> ResumeSaga:
        return ResumeSaga(id_of(SagaId.parse, input.saga_id, "sagaId"), text(NOTE, input.reason, "reason"))

    try:
        done = await by_staff(info, resume_saga, input.customer_id, read, input.idempotency_key)
    except Refused as refused:
        return ResumeSagaPayload(saga=None, operation=None, errors=[as_error(refused)])
    return ResumeSagaPayload(saga=await find_saga(info, done.outcome.saga), operation=done.operation, errors=[])


@strawberry.type(description="Changes of sagas.")
class SagaMutations:
    """Fields of the mutation root."""

    resume_saga: ResumeSagaPayload = _mutation(resume, "Support: resumes a saga that is stuck.")
