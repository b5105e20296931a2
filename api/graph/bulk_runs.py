"""Runs over many as staff watch them: how far one is, and what came of each thing."""

from datetime import datetime
from enum import Enum
from typing import Annotated, Final

import strawberry

from api.graph.context import Info
from api.graph.money import Money
from api.scalars import GlobalId
from domain.bulk import run as runs
from domain.bulk.action import SUBJECTS
from domain.fanout import bulk as fanout
from domain.ids import BulkItemId, BulkRunId

_value = strawberry.enum_value
ITEMS: Final = 100  # of one answer, as for lists elsewhere
AfterItem = Annotated[GlobalId | None, strawberry.argument(description="The id of the last item of the answer before.")]


@strawberry.enum(description="What a run does to each thing. More values may come.")
class BulkAction(Enum):
    """The domain's BulkAction."""

    CANCEL = _value("cancel", description="Admins: cancels subscriptions; needs a timing.")
    PAUSE = _value("pause", description="Admins: pauses subscriptions.")
    APPLY_COUPON = _value("apply_coupon", description="Admins: redeems a coupon for subscriptions; needs its code.")
    VOID_INVOICE = _value("void_invoice", description="Declares open invoices void.")
    ISSUE_DRAFT = _value("issue_draft", description="Issues drafts of invoices.")
    RESEND_NOTICE = _value("resend_notice", description="Sends notices again.")


@strawberry.enum(description="Whether a run goes on. More values may come.")
class BulkRunState(Enum):
    """The states of the domain's machine."""

    RUNNING = _value("running", description="Nobody holds it up: it goes on until all is done, which finished says.")
    PAUSED = _value("paused", description="Nothing is begun until it is gone on with.")
    STOPPED = _value("stopped", description="Nothing is begun any more; what was done stays done.")


@strawberry.enum(description="What came of one thing. More values may come.")
class BulkResult(Enum):
    """What an item comes to."""

    WAITING = _value("waiting", description="Nobody has come to it yet.")
    DONE = _value("done", description="It was done.")
    REFUSED = _value("refused", description="It could not be done.")
    SKIPPED = _value("skipped", description="The run was stopped before it.")


@strawberry.type(description="One thing of a run.")
class BulkItem:
    """An item."""

    id: GlobalId = strawberry.field(description="Where the next page begins after.")
    customer_id: GlobalId = strawberry.field(description="Whose it is.")
    subject_id: GlobalId = strawberry.field(description="The subscription, invoice, draft or notice.")
    result: BulkResult = strawberry.field(description="What came of it.")
    refusal: str | None = strawberry.field(description="The code with which it was refused.")
    amount: Money | None = strawberry.field(description="What was given back, taken back or issued by it.")


@strawberry.type(description="A run over many things, and how far it is.")
class BulkRun:
    """A run."""

    source: strawberry.Private[runs.BulkRun]
    id: GlobalId = strawberry.field(description="What steerBulkRun takes.")
    action: BulkAction = strawberry.field(description="What it does to each.")
    state: BulkRunState = strawberry.field(description="Whether it goes on.")
    plan_id: GlobalId | None = strawberry.field(description="The plan whose subscriptions it goes over.")
    reason: str = strawberry.field(description="Why.")
    started_by: str = strawberry.field(description="Who started it, as the audit trail names people.")
    started_at: datetime = strawberry.field(description="When, in wall time.")
    listed: int = strawberry.field(description="How many things it has come to so far, 100 at a time.")
    waiting: int = strawberry.field(description="How many of them nobody has come to yet.")
    done: int = strawberry.field(description="How many were done.")
    refused: int = strawberry.field(description="How many could not be done.")
    skipped: int = strawberry.field(description="How many were left out, since it was stopped.")
    finished: bool = strawberry.field(description="Whether nothing will be done any more.")
    totals: list[Money] = strawberry.field(description="What was given back, taken back or issued, by currency.")

    @strawberry.field(description="What came of each thing, in the order of their places; at most 100.")
    async def items(self, info: Info, after: AfterItem = None) -> list[BulkItem]:
        """The page after that item."""
        place = BulkItemId.parse(after) if after is not None else None
        found = await fanout.bulk_items(
            info.context.db.primary, self.source.id, (place.shard, place.uuid) if place else None, ITEMS
        )
        kind = SUBJECTS[self.source.order.action]
        return [
            BulkItem(
                id=GlobalId(str(BulkItemId(each.subject.customer.shard, each.place))),
                customer_id=GlobalId(str(each.subject.customer)),
                subject_id=GlobalId(str(kind(each.subject.customer.shard, each.subject.id))),
                result=BulkResult(each.result or "waiting"),
                refusal=each.refusal,
                amount=Money.of(each.amount) if each.amount else None,
            )
            for each in found
        ]


async def run_shown(info: Info, of: runs.BulkRun) -> BulkRun:
    """The run with its progress."""
    counts = await fanout.bulk_progress(info.context.db.primary, of.id)
    over = of.listed_all or of.state.name == "stopped"
    return BulkRun(
        source=of, id=GlobalId(str(of.id)), action=BulkAction(of.order.action.value), state=BulkRunState(of.state.name),
        plan_id=GlobalId(str(of.order.plan)) if of.order.plan else None, reason=of.order.reason,
        started_by=of.started_by, started_at=of.recorded_at, listed=of.listed, waiting=counts.waiting,
        done=counts.done, refused=counts.refused, skipped=counts.skipped, finished=over and not counts.waiting,
        totals=[Money.of(each) for each in counts.totals],
    )  # fmt: skip


async def run_of(info: Info, id: BulkRunId) -> BulkRun:
    """The tenant's run of that id; NOT_FOUND for any other."""
    return await run_shown(info, await runs.bulk_run(info.context.db.primary, info.context.staff_home(), id))
