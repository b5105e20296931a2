"""Work that failed too often: staff see it, and have it done again once its cause is mended."""

from datetime import datetime
from typing import Annotated, Final

import strawberry

from api.errors import Code, Fault
from api.graph.arguments import ERRORS, MINTED, OPERATION
from api.graph.context import Info
from api.graph.mutation_field import mutation_field as _mutation
from api.graph.outcome import OperationInfo
from api.graph.refusal import ReplayDeadLetterError, as_error
from api.graph.staff_calls import by_staff
from api.graph.texts import NOTE, id_of, text
from api.scalars import GlobalId, IdempotencyKey
from domain import dead_letter
from domain.ids import DeadLetterId
from domain.refusals import RefusalCode, Refused
from domain.supervision.replay import ReplayDeadLetter, replay_dead_letter
from domain.tenants.tenant import tenant_shard_keys

MAX_LETTERS: Final = 100  # as in connections: whoever has more asks for the next page
FirstLetters = Annotated[int, strawberry.argument(description="How many at most, 1 to 100.")]
AfterLetter = Annotated[GlobalId | None, strawberry.argument(description="The last letter of the answer before.")]


@strawberry.type(description="Work that failed too often and waits for somebody.")
class DeadLetter:
    """A dead letter."""

    id: GlobalId = strawberry.field(description="What replayDeadLetter takes.")
    customer_id: GlobalId = strawberry.field(description="The customer it was for.")
    kind: str = strawberry.field(description="What kind of work it was.")
    cause: str = strawberry.field(description="The kind of error.")
    error_id: str = strawberry.field(description="The id under which the error was logged.")
    attempts: int = strawberry.field(description="How often it was tried.")
    recorded_at: datetime = strawberry.field(description="When it was given up.")
    replayed_at: datetime | None = strawberry.field(description="When somebody had it done again.")

    @classmethod
    def of(cls, letter: dead_letter.DeadLetter) -> "DeadLetter":
        """The domain's letter."""
        return cls(
            id=GlobalId(str(letter.id)),
            customer_id=GlobalId(str(letter.customer)),
            kind=letter.kind,
            cause=letter.cause,
            error_id=letter.error_id,
            attempts=letter.attempts,
            recorded_at=letter.recorded_at,
            replayed_at=letter.replayed_at,
        )


@strawberry.type(description="What staff see of work that failed.")
class StaffLetters:
    """Fields of the root of staff."""

    @strawberry.field(description="Work of the tenant that failed too often and that nobody replayed, oldest first.")
    async def dead_letters(
        self, info: Info, first: FirstLetters = MAX_LETTERS, after: AfterLetter = None
    ) -> list[DeadLetter]:
        """A page of the open letters."""
        if not 1 <= first <= MAX_LETTERS:
            raise Fault(Code.BAD_INPUT, f"first is 1 to {MAX_LETTERS}.")
        db = info.context.db.primary
        keys = await tenant_shard_keys(db, info.context.tenant)
        last = await dead_letter.find(db, DeadLetterId.parse(after)) if after else None
        if after and (last is None or last.id.shard not in keys):
            raise Refused(RefusalCode.NOT_FOUND, "There is no such letter.")
        found = [each for key in keys for each in await dead_letter.open_letters(db, key, first, last)]
        found.sort(key=lambda each: (each.recorded_at, each.id.uuid))
        return [DeadLetter.of(each) for each in found[:first]]


@strawberry.input(description="Has work done again that failed too often, under its old key.")
class ReplayDeadLetterInput:
    """Input of replayDeadLetter."""

    customer_id: GlobalId = strawberry.field(description="Whose work it is.")
    dead_letter_id: GlobalId = strawberry.field(description="The letter, which nobody replayed.")
    reason: str = strawberry.field(description="Why it may go well now; it stands in the audit trail.")
    idempotency_key: IdempotencyKey = strawberry.field(description=MINTED)


@strawberry.type(description="The work that is done again.")
class ReplayDeadLetterPayload:
    """Payload of replayDeadLetter."""

    dead_letter: DeadLetter | None = strawberry.field(description="The letter; work that fails again is another.")
    operation: OperationInfo | None = strawberry.field(description=OPERATION)
    errors: list[ReplayDeadLetterError] = strawberry.field(description=ERRORS)


async def replay(info: Info, input: ReplayDeadLetterInput) -> ReplayDeadLetterPayload:
    """For finance and admin: what is done again may charge somebody."""

    def read() -> ReplayDeadLetter:
        letter = id_of(DeadLetterId.parse, input.dead_letter_id, "deadLetterId")
        return ReplayDeadLetter(letter, text(NOTE, input.reason, "reason"))

    try:
        done = await by_staff(info, replay_dead_letter, input.customer_id, read, input.idempotency_key)
    except Refused as refused:
        return ReplayDeadLetterPayload(dead_letter=None, operation=None, errors=[as_error(refused)])
    letter = await dead_letter.find(info.context.db.primary, done.outcome.letter)
    return ReplayDeadLetterPayload(
        dead_letter=DeadLetter.of(letter) if letter else None, operation=done.operation, errors=[]
    )


@strawberry.type(description="Changes of work that failed.")
class LetterMutations:
    """Fields of the mutation root."""

    replay_dead_letter: ReplayDeadLetterPayload = _mutation(
        replay, "Finance: does again what failed too often, once its cause is mended."
    )
