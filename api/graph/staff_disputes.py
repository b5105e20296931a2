"""What only staff see of disputes: the queue, what was said in each, and the tenant's policy."""

from datetime import datetime
from enum import Enum
from typing import Annotated, cast
from uuid import UUID

import strawberry

from api.connection import Connection, Keyset
from api.graph.arguments import After, First, Id
from api.graph.context import Info
from api.graph.dispute_policy import DisputePolicy, OnDisputeLost, OnDisputeOpened
from api.graph.disputes import Dispute, DisputeState
from api.graph.money import Money
from api.graph.staff_refunds import StaffRefunds
from api.scalars import GlobalId
from domain.fanout.disputes import Wanted, count_disputes, disputes_in_queue
from domain.ids import DisputeId
from domain.payments import dispute as disputes
from domain.payments.dispute_policy import dispute_policy
from domain.payments.owner import dispute_owner
from domain.refusals import RefusalCode, Refused

Place = tuple[datetime, str]


@strawberry.enum(description="What a piece of evidence is about. More values may come.")
class EvidenceKind(Enum):
    """The domain's EvidenceKind."""

    EXPLANATION = strawberry.enum_value("explanation", description="What happened, in our words.")
    SERVICE = strawberry.enum_value("service", description="What was sold, and when it was given.")
    USAGE = strawberry.enum_value("usage", description="That the customer used it.")
    COMMUNICATION = strawberry.enum_value("communication", description="What was written to each other.")
    RECEIPT = strawberry.enum_value("receipt", description="Invoice or receipt.")
    TERMS = strawberry.enum_value("terms", description="What was agreed on.")
    REFUND = strawberry.enum_value("refund", description="What was refunded, or why nothing was.")
    OTHER = strawberry.enum_value("other", description="Anything else.")


@strawberry.enum(description="What the provider was asked and has not confirmed yet. More values may come.")
class DisputeAnswer(Enum):
    """The domain's AnswerKind."""

    EVIDENCE = strawberry.enum_value("evidence", description="To take the evidence.")
    ACCEPT = strawberry.enum_value("accept", description="To let the dispute be lost.")


@strawberry.type(description="A text or document that was submitted; its content stays with the house.")
class Evidence:
    """A piece of evidence."""

    kind: EvidenceKind = strawberry.field(description="What it is about.")
    media_type: str = strawberry.field(description="text/plain for a text.")
    sha256: str = strawberry.field(description="The hash of its bytes, in hexadecimal.")
    size: int = strawberry.field(description="How many bytes it has.")
    answer: int = strawberry.field(description="In which of our answers it was said, from 1.")


@strawberry.type(description="A dispute with what only staff see of it.")
class StaffDispute:
    """A dispute on the desk."""

    source: strawberry.Private[disputes.Dispute]
    customer_id: GlobalId = strawberry.field(description="Whose payment it is.")
    dispute: Dispute = strawberry.field(description="The dispute as everybody sees it.")
    reason: str = strawberry.field(description="Why the cardholder disputes, in the provider's word.")
    answer_by: datetime = strawberry.field(description="Until when it can be answered, in wall time.")
    fee: Money = strawberry.field(description="What it has cost so far, beside its amount.")
    excess: Money = strawberry.field(
        description="What of it exceeds what was left of the payment when it came: lost unless the dispute is won."
    )
    answering: DisputeAnswer | None = strawberry.field(description="What the provider has yet to confirm.")
    refused_code: str | None = strawberry.field(description="Why the provider did not take the last answer.")
    while_open: OnDisputeOpened = strawberry.field(description="What the policy of its day said of access.")
    once_lost: OnDisputeLost | None = strawberry.field(description="The same once it is lost; null before.")
    provider_account: str = strawberry.field(description="The provider and the account there.")
    provider_reference: str = strawberry.field(description="The provider's own id of the dispute.")

    @classmethod
    def of(cls, found: disputes.Dispute) -> "StaffDispute":
        """The domain's dispute."""
        return cls(
            source=found,
            customer_id=GlobalId(str(found.customer)),
            dispute=Dispute.of(found),
            reason=found.reason,
            answer_by=found.due_at,
            fee=Money.of(found.fee),
            excess=Money.of(found.excess),
            answering=DisputeAnswer(found.asked.value) if found.asked else None,
            refused_code=found.refused_code,
            while_open=OnDisputeOpened(found.on_open.value),
            once_lost=OnDisputeLost(found.on_lost.value) if found.on_lost else None,
            provider_account=found.provider_account,
            provider_reference=found.provider_ref,
        )

    @strawberry.field(description="What was submitted, in order.")
    async def evidence(self, info: Info) -> list[Evidence]:
        """The pieces, without their content."""
        found = await info.context.loaders.evidence.load((self.source.customer, self.source.id))
        return [
            Evidence(
                kind=EvidenceKind(each.kind.value), media_type=each.media_type, sha256=each.sha256, size=each.size,
                answer=each.answer,
            )
            for each in found
        ]  # fmt: skip


@strawberry.input(description="Which disputes; left out: all.")
class DisputeFilter:
    """A filter of the queue."""

    states: list[DisputeState] = strawberry.field(default_factory=list, description="In one of these; none: in any.")
    with_excess: bool = strawberry.field(default=False, description="Only those with an excess.")


Filter = Annotated[DisputeFilter | None, strawberry.argument(description="Which disputes; left out: all.")]


@strawberry.type(description="What staff see of disputes.")
class StaffDisputes(StaffRefunds):
    """Fields of the root of staff."""

    @strawberry.field(description="What becomes of access while a payment is in dispute, and once it is lost.")
    async def dispute_policy(self, info: Info) -> DisputePolicy:
        """The rules, or their defaults."""
        return DisputePolicy.of(await dispute_policy(info.context.db.primary, info.context.tenant))

    @strawberry.field(description="A dispute of any customer of the tenant.")
    async def dispute(self, info: Info, id: Id) -> StaffDispute | None:
        """The dispute of that id."""
        db, parsed = info.context.db.primary, DisputeId.parse(id)
        owner = await dispute_owner(db, info.context.tenant, parsed)
        if owner is None:
            raise Refused(RefusalCode.NOT_FOUND, "There is no such dispute.")
        return StaffDispute.of(await disputes.dispute(db, owner, parsed))

    @strawberry.field(description="Disputes, the one first that has to be answered soonest.")
    async def disputes(
        self, info: Info, first: First, after: After = None, filter: Filter = None
    ) -> Connection[StaffDispute]:
        """A page of the queue."""
        db, tenant, asked = info.context.db.primary, info.context.tenant, filter or DisputeFilter()
        wanted = Wanted(tuple(sorted({state.name.lower() for state in asked.states})), asked.with_excess)
        keys = Keyset("disputes", cast(type[Place], Place), info.context.rooms.cursors)
        page = keys.slice(f"{tenant} {wanted}", first, after)
        place = (page.after[0], UUID(page.after[1])) if page.after else None
        rows = await disputes_in_queue(db, tenant, wanted, page.fetch, place)
        return keys.connection(
            page, rows, lambda row: (row.due_at, str(row.id.uuid)), StaffDispute.of,
            lambda cap: count_disputes(db, tenant, wanted, cap),
        )  # fmt: skip
