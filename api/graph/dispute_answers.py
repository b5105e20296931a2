"""Staff answer a dispute: with evidence, or by giving it up."""

import strawberry

from api.graph.arguments import ERRORS, MINTED, OPERATION
from api.graph.context import Info
from api.graph.outcome import OperationInfo
from api.graph.payments import Payment
from api.graph.refusal import AcceptDisputeError, SubmitDisputeEvidenceError, as_error
from api.graph.staff_calls import Done, by_staff
from api.graph.staff_disputes import EvidenceKind, StaffDispute
from api.graph.texts import NOTE, id_of, text
from api.scalars import GlobalId, IdempotencyKey
from domain.ids import DisputeId
from domain.payments import evidence
from domain.payments.answer_dispute import (
    AcceptDispute,
    DisputeAnswered,
    SubmitEvidence,
    accept_dispute,
    submit_evidence,
)
from domain.payments.dispute import dispute
from domain.refusals import Refused


@strawberry.input(description="A fact in words.")
class EvidenceTextInput:
    """A text."""

    kind: EvidenceKind = strawberry.field(description="What it is about; there is one text of each kind.")
    text: str = strawberry.field(description="1 to 5,000 characters.")


@strawberry.input(description="A document.")
class EvidenceFileInput:
    """A file."""

    kind: EvidenceKind = strawberry.field(description="What it is about.")
    media_type: str = strawberry.field(description="application/pdf, image/png or image/jpeg.")
    content: str = strawberry.field(description="Its bytes in base 64; those of all files are at most 180,000.")


@strawberry.input(description="Answers a dispute. That is done once, so it is the whole answer.")
class SubmitDisputeEvidenceInput:
    """Input of submitDisputeEvidence."""

    customer_id: GlobalId = strawberry.field(description="Whose payment is disputed.")
    dispute_id: GlobalId = strawberry.field(description="The dispute, which is open.")
    texts: list[EvidenceTextInput] = strawberry.field(default_factory=list, description="What is said.")
    files: list[EvidenceFileInput] = strawberry.field(default_factory=list, description="What is shown; at most 10.")
    idempotency_key: IdempotencyKey = strawberry.field(description=MINTED)


@strawberry.input(description="Gives a dispute up.")
class AcceptDisputeInput:
    """Input of acceptDispute."""

    customer_id: GlobalId = strawberry.field(description="Whose payment is disputed.")
    dispute_id: GlobalId = strawberry.field(description="The dispute, which is not decided.")
    reason: str = strawberry.field(description="Why; it stands in the audit trail.")
    idempotency_key: IdempotencyKey = strawberry.field(description=MINTED)


@strawberry.type(description="The dispute, as far as the provider has taken the answer, and the payment.")
class SubmitDisputeEvidencePayload:
    """Payload of submitDisputeEvidence."""

    dispute: StaffDispute | None = strawberry.field(description="The dispute as it stands now.")
    payment: Payment | None = strawberry.field(description="The payment as it stands now.")
    operation: OperationInfo | None = strawberry.field(description=OPERATION)
    errors: list[SubmitDisputeEvidenceError] = strawberry.field(description=ERRORS)


@strawberry.type(description="The dispute, which is lost once the provider says so, and the payment.")
class AcceptDisputePayload:
    """Payload of acceptDispute."""

    dispute: StaffDispute | None = strawberry.field(description="The dispute as it stands now.")
    payment: Payment | None = strawberry.field(description="The payment as it stands now.")
    operation: OperationInfo | None = strawberry.field(description=OPERATION)
    errors: list[AcceptDisputeError] = strawberry.field(description=ERRORS)


async def submit(info: Info, input: SubmitDisputeEvidenceInput) -> SubmitDisputeEvidencePayload:
    """For support and above; waits a little for the provider."""

    def command() -> SubmitEvidence:
        return SubmitEvidence(
            id_of(DisputeId.parse, input.dispute_id, "disputeId"),
            tuple(evidence.TextGiven(evidence.EvidenceKind[each.kind.name], each.text) for each in input.texts),
            tuple(
                evidence.FileGiven(evidence.EvidenceKind[each.kind.name], each.media_type, each.content)
                for each in input.files
            ),
        )

    try:
        done = await by_staff(info, submit_evidence, input.customer_id, command, input.idempotency_key)
    except Refused as refused:
        return SubmitDisputeEvidencePayload(dispute=None, payment=None, operation=None, errors=[as_error(refused)])
    disputed, paid = await _shown(info, done)
    return SubmitDisputeEvidencePayload(dispute=disputed, payment=paid, operation=done.operation, errors=[])


async def accept(info: Info, input: AcceptDisputeInput) -> AcceptDisputePayload:
    """For leads, finance and admins; waits a little for the provider."""

    def command() -> AcceptDispute:
        return AcceptDispute(id_of(DisputeId.parse, input.dispute_id, "disputeId"), text(NOTE, input.reason, "reason"))

    try:
        done = await by_staff(info, accept_dispute, input.customer_id, command, input.idempotency_key)
    except Refused as refused:
        return AcceptDisputePayload(dispute=None, payment=None, operation=None, errors=[as_error(refused)])
    disputed, paid = await _shown(info, done)
    return AcceptDisputePayload(dispute=disputed, payment=paid, operation=done.operation, errors=[])


async def _shown(info: Info, done: Done[DisputeAnswered]) -> tuple[StaffDispute, Payment]:
    db = info.context.db.primary
    return (
        StaffDispute.of(await dispute(db, done.customer, done.outcome.dispute)),
        Payment.of(await info.context.loaders.payment.load((done.customer, done.outcome.payment))),
    )
