"""Runs over many: what one would do, told first; then started, watched, paused, gone on with and stopped."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Annotated, Final

import strawberry

from api.graph.arguments import ERRORS, MINTED, OPERATION, Id
from api.graph.bulk_runs import BulkAction, BulkRun, run_of, run_shown
from api.graph.context import Info
from api.graph.money import Money
from api.graph.mutation_field import mutation_field as _mutation
from api.graph.outcome import OperationInfo, followed, performed
from api.graph.refusal import BulkRefusal, StartBulkRunError, SteerBulkRunError, as_error
from api.graph.texts import NAME, NOTE, id_of, text
from api.graph.timing import CancelTiming
from api.scalars import GlobalId, IdempotencyKey
from api.weigh import WORK
from domain.bulk import run as runs
from domain.bulk.action import SUBJECTS, Settings, require_allowed
from domain.bulk.action import BulkAction as Action
from domain.bulk.item import TryItem, try_item
from domain.fanout.bulk import Subject, owned, page_of
from domain.fanout.bulk_foreseen import require_possible
from domain.ids import BulkRunId, EntityId, PlanId
from domain.inspection import inspect_key
from domain.money import Money as Amount
from domain.refusals import RefusalCode, Refused
from domain.subscriptions.cancel import CancelAt

LOOKED_AT: Final = 20  # things of one page of a preview: each is worked out as the operation itself and rolled back
_TRIALS: Final = {WORK: 5 * LOOKED_AT}  # less than as many mutations: nothing is written
# Fields of the single mutations, as an order calls them; the others name the thing.
_SETTINGS: Final = {"timing": "timing", "resumesAt": "resumesAt", "code": "couponCode", "reason": "reason"}
_value = strawberry.enum_value


@strawberry.input(description="What is to be done to many: to the subscriptions of a plan, or to each that is named.")
class BulkOrderInput:
    """An order."""

    action: BulkAction = strawberry.field(description="What is done to each.")
    plan_id: GlobalId | None = strawberry.field(
        default=None, description="All subscriptions to this plan that have not ended, at most 10,000; or name each."
    )
    subject_ids: list[GlobalId] = strawberry.field(
        default_factory=list, description="Each once, at most 1,000, of the kind that the action is about."
    )
    timing: CancelTiming | None = strawberry.field(default=None, description="For CANCEL: when they end.")
    resumes_at: datetime | None = strawberry.field(default=None, description="For PAUSE: when they resume by itself.")
    coupon_code: str | None = strawberry.field(default=None, description="For APPLY_COUPON: the code.")
    reason: str = strawberry.field(description="Why, 1 to 500 characters; it names nobody.")

    def order(self) -> runs.Order:
        """The domain's order; Refused for a part that cannot be meant."""
        action = Action[self.action.name]
        for each in self.subject_ids:
            id_of(SUBJECTS[action].parse, each, "subjectIds")
        return runs.Order(
            action,
            Settings(
                CancelAt(self.timing.value) if self.timing else None,
                self.resumes_at,
                text(NAME, self.coupon_code, "couponCode") if self.coupon_code is not None else None,
            ),
            id_of(PlanId.parse, self.plan_id, "planId") if self.plan_id is not None else None,
            tuple(str(each) for each in self.subject_ids),
            text(NOTE, self.reason, "reason"),
        )


Order = Annotated[BulkOrderInput, strawberry.argument(description="What would be done.")]
AfterSubject = Annotated[GlobalId | None, strawberry.argument(description="What the page before calls next.")]


@strawberry.type(description="What a run would do to one thing now.")
class BulkTrial:
    """A row of the preview."""

    customer_id: GlobalId = strawberry.field(description="Whose it is.")
    subject_id: GlobalId = strawberry.field(description="The thing.")
    amount: Money | None = strawberry.field(description="What would be given back, taken back or issued.")
    refusal: BulkRefusal | None = strawberry.field(description="Why it could not be done; null: it would be.")


@strawberry.type(description="What a run would do to the next 20 things; nothing is done.")
class BulkPreview:
    """A page."""

    trials: list[BulkTrial] = strawberry.field(description="The things, in the order in which the run comes to them.")
    would_be_done: int = strawberry.field(
        description="How many of them would be done, each tried as if it were the only one: how often a coupon may be "
        "redeemed is not counted over them."
    )
    would_be_refused: int = strawberry.field(description="How many would not.")
    totals: list[Money] = strawberry.field(description="Their amounts together, by currency.")
    next: GlobalId | None = strawberry.field(description="What the next page begins after; null: there is none.")


@dataclass(frozen=True, slots=True)
class _Tried:
    """A thing, and what came of the trial."""

    subject: Subject
    amount: Amount | None
    refused: Refused | None


async def preview_shown(info: Info, given: BulkOrderInput, after: GlobalId | None) -> BulkPreview:
    """The page; Refused for an order that cannot be meant."""
    _require_runner(info)
    db, tenant, order = info.context.db.primary, info.context.tenant, given.order()
    await runs.require_order(db, tenant, order)
    require_allowed(order.action, info.context.actor)
    await _require_owned(info, order)
    kind = SUBJECTS[order.action]
    start = kind.parse(after) if after is not None else None
    page = await page_of(db, tenant, order, (start.shard, start.uuid) if start else None, LOOKED_AT)
    tried = [await _tried(info, order, each) for each in page.subjects]
    return BulkPreview(
        trials=[_trial(kind, each, order) for each in tried],
        would_be_done=sum(each.refused is None for each in tried),
        would_be_refused=sum(each.refused is not None for each in tried),
        totals=_totals([each.amount for each in tried if each.amount is not None]),
        next=GlobalId(str(kind(*page.last))) if page.last else None,
    )


async def _tried(info: Info, order: runs.Order, of: Subject) -> _Tried:
    command = TryItem(order.action, order.settings, of.id, order.reason)
    try:
        done = await performed(info, try_item, of.customer, command, "preview", preview=True)
    except Refused as refused:
        return _Tried(of, None, refused)
    return _Tried(of, done.outcome.amount, None)


def _trial(kind: type[EntityId], of: _Tried, order: runs.Order) -> BulkTrial:
    return BulkTrial(
        customer_id=GlobalId(str(of.subject.customer)),
        subject_id=GlobalId(str(kind(of.subject.customer.shard, of.subject.id))),
        amount=Money.of(of.amount) if of.amount else None,
        refusal=as_error(_of_order(_of_thing(of.refused, order))) if of.refused else None,
    )


def _of_thing(refused: Refused, order: runs.Order) -> Refused:
    """What the action says of one thing, with its path in the order: a setting, or else what names the thing."""
    if not refused.path:
        return refused
    thing = "planId" if order.plan is not None else "subjectIds"
    return Refused(refused.code, refused.message, (_SETTINGS.get(refused.path[0], thing),))


def _totals(amounts: list[Amount]) -> list[Money]:
    sums: dict[str, Amount] = {}
    for each in amounts:
        name = str(each.currency)
        sums[name] = sums[name] + each if name in sums else each
    return [Money.of(sums[name]) for name in sorted(sums)]


def _require_runner(info: Info) -> None:
    info.context.staff_home()
    if not info.context.actor.grants & runs.RUNNERS:
        raise Refused(RefusalCode.FORBIDDEN, "Runs over many are for finance.")


async def _require_owned(info: Info, order: runs.Order) -> None:
    """NOT_FOUND where something is named that the tenant does not have."""
    found = await owned(info.context.db.primary, info.context.tenant, order.action, order.ids())
    if len(found) < len(order.subjects):
        raise Refused(RefusalCode.NOT_FOUND, "Not all of these are there.", ("subjectIds",))


async def _require_possible(info: Info, order: runs.Order) -> None:
    """As ``require_possible`` says, once the order can be meant; who may not start it is told that alone."""
    db, tenant, actor = info.context.db, info.context.tenant, info.context.actor
    if actor.grants & runs.RUNNERS:
        await runs.require_order(db.primary, tenant, order)
        require_allowed(order.action, actor)
        await require_possible(db.primary, tenant, order, db.clock.now())


@strawberry.type(description="Part of the desk.")
class StaffBulk:
    """What finance sees of runs over many."""

    @strawberry.field(metadata=_TRIALS, description="Finance: what a run would do, 20 things at a time; nothing is.")
    async def bulk_preview(self, info: Info, order: Order, after: AfterSubject = None) -> BulkPreview | None:
        """The page."""
        return await preview_shown(info, order, after)

    @strawberry.field(description="Finance: a run over many, and how far it is.")
    async def bulk_run(self, info: Info, id: Id) -> BulkRun | None:
        """The run."""
        _require_runner(info)
        return await run_of(info, BulkRunId.parse(id))

    @strawberry.field(description="Finance: the tenant's runs over many, newest first; at most 20.")
    async def bulk_runs(self, info: Info) -> list[BulkRun]:
        """The runs."""
        _require_runner(info)
        found = await runs.bulk_runs(info.context.db.primary, info.context.staff_home())
        return [await run_shown(info, each) for each in found]


@strawberry.input(description="Starts a run over many.")
class StartBulkRunInput:
    """Input of startBulkRun."""

    order: BulkOrderInput = strawberry.field(description="What is done, as bulkPreview told it.")
    idempotency_key: IdempotencyKey = strawberry.field(description=MINTED)


@strawberry.type(description="The run, which a worker goes on with.")
class StartBulkRunPayload:
    """Payload of startBulkRun."""

    run: BulkRun | None = strawberry.field(description="The run as it stands now.")
    operation: OperationInfo | None = strawberry.field(description=OPERATION)
    errors: list[StartBulkRunError] = strawberry.field(description=ERRORS)


def _of_order(refused: Refused) -> Refused:
    """The refusal, with its path as the caller's input has it: all but the key is part of the order."""
    if refused.path in ((), ("idempotencyKey",)):
        return refused
    return Refused(refused.code, refused.message, ("order", *refused.path))


async def start(info: Info, input: StartBulkRunInput) -> StartBulkRunPayload:
    """For finance and admins, as far as they may do it to one."""
    try:
        home, order = info.context.staff_home(), input.order.order()
        if await inspect_key(info.context.db.primary, home, info.context.actor.scope, input.idempotency_key) is None:
            await _require_owned(info, order)  # a retry may come when a draft is there no more
            await _require_possible(info, order)
        command = runs.StartBulkRun(order)
        done = await performed(info, runs.start_bulk_run, home, command, input.idempotency_key)
    except Refused as refused:
        return StartBulkRunPayload(run=None, operation=None, errors=[as_error(_of_order(refused))])
    operation = await followed(info, done, home)
    return StartBulkRunPayload(run=await run_of(info, done.outcome.run), operation=operation, errors=[])


@strawberry.enum(description="What becomes of a run.")
class BulkSteering(Enum):
    """The events of its machine that staff bring about."""

    PAUSE = _value("pause", description="Begin nothing until it is gone on with.")
    RESUME = _value("resume", description="Go on.")
    STOP = _value("stop", description="Begin nothing any more.")


@strawberry.input(description="Pauses a run over many, goes on with it, or stops it.")
class SteerBulkRunInput:
    """Input of steerBulkRun."""

    run_id: GlobalId = strawberry.field(description="The run.")
    steering: BulkSteering = strawberry.field(description="What becomes of it.")
    idempotency_key: IdempotencyKey = strawberry.field(description=MINTED)


@strawberry.type(description="The run as it goes on, or does not.")
class SteerBulkRunPayload:
    """Payload of steerBulkRun."""

    run: BulkRun | None = strawberry.field(description="The run as it stands now.")
    operation: OperationInfo | None = strawberry.field(description=OPERATION)
    errors: list[SteerBulkRunError] = strawberry.field(description=ERRORS)


async def steer(info: Info, input: SteerBulkRunInput) -> SteerBulkRunPayload:
    """For finance and admins."""
    try:
        home = info.context.staff_home()
        command = runs.SteerBulkRun(id_of(BulkRunId.parse, input.run_id, "runId"), input.steering.name.lower())
        done = await performed(info, runs.steer_bulk_run, home, command, input.idempotency_key)
    except Refused as refused:
        return SteerBulkRunPayload(run=None, operation=None, errors=[as_error(refused)])
    operation = await followed(info, done, home)
    return SteerBulkRunPayload(run=await run_of(info, done.outcome.run), operation=operation, errors=[])


@strawberry.type(description="Runs over many.")
class BulkMutations:
    """Fields of the mutation root."""

    start_bulk_run: StartBulkRunPayload = _mutation(
        start, "Finance and admins: does to many what they may do to one, each on its own."
    )
    steer_bulk_run: SteerBulkRunPayload = _mutation(
        steer, "Finance: pauses a run over many, goes on with it, or stops it."
    )
