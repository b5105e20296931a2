"""Binding quotes: what a change of plan costs, worked out for one second, and charged exactly so or not at all."""

from datetime import datetime
from typing import Annotated, Final

import msgspec
import strawberry

from api.cursors import Cursors
from api.errors import Fault
from api.graph.arguments import Id
from api.graph.context import Info
from api.graph.invoices import InvoiceLine, invoice_lines
from api.graph.money import Money
from api.graph.outcome import performed
from api.graph.texts import id_of
from api.graph.timing import ChangeMode, ChangeTiming
from api.scalars import GlobalId
from domain.ids import CustomerId, PriceId, SubscriptionId
from domain.money import total
from domain.refusals import RefusalCode, Refused
from domain.subscriptions.binding import QUOTE_FOR, Binding
from domain.subscriptions.change import PlanChanging, Timing
from domain.subscriptions.change_plan import ChangePlan, change_plan

_SCOPE: Final = "planChangeQuote"  # keeps quotes apart from cursors, which are signed alike
MaybeQuantity = Annotated[
    int | None, strawberry.argument(description="How many units, 1 to 10,000; null: as many as now.")
]
MaybeTiming = Annotated[ChangeTiming, strawberry.argument(description="When it is to take effect.")]


class _Quoted(msgspec.Struct, array_like=True):
    """What a quote's id holds: the change that was asked for, and what binds it."""

    subscription: str
    price: str
    quantity: int | None
    timing: str
    pinned_at: datetime
    expires_at: datetime
    version: int
    digest: str


@strawberry.type(description="What a change of plan costs, to the second; changePlan charges exactly that, or nothing.")
class PlanChangeQuote:
    """A quote."""

    id: GlobalId = strawberry.field(description="What changePlan takes as quoteId.")
    mode: ChangeMode = strawberry.field(description="How it takes effect.")
    lines: list[InvoiceLine] = strawberry.field(description="What the invoice will say; empty where none is issued.")
    credit: Money = strawberry.field(
        description="What the unused time gives back: after coupons, and before tax that is added."
    )
    charge: Money = strawberry.field(
        description="What the new terms cost from now on: before coupons, and before tax that is added."
    )
    total: Money = strawberry.field(description="What the invoice will come to.")
    tax: Money = strawberry.field(description="How much of it is tax.")
    given_back: Money | None = strawberry.field(
        description="What a credit note puts to credit, where more is unused than charged; null: nothing."
    )
    due: Money = strawberry.field(description="What will be charged, after the customer's credit.")
    effective_at: datetime = strawberry.field(description="When it takes effect, once what is due is paid.")
    price_id: GlobalId = strawberry.field(description="The price version it is for.")
    plan_version_id: GlobalId = strawberry.field(description="The plan version it is for.")
    quantity: int = strawberry.field(description="How many units it is for.")
    pinned_at: datetime = strawberry.field(description="The second it was worked out for.")
    expires_at: datetime = strawberry.field(description="From when on it does not hold any more.")


async def plan_change_quote(
    info: Info,
    customer: CustomerId,
    subscription_id: Id,
    price_id: Id,
    quantity: MaybeQuantity = None,
    timing: MaybeTiming = ChangeTiming.BY_RULE,
) -> PlanChangeQuote:
    """What changePlan would do this second, refusals included; nothing is kept, the id holds all of it."""
    command = ChangePlan(
        id_of(SubscriptionId.parse, subscription_id, "subscriptionId"), id_of(PriceId.parse, price_id, "priceId"),
        quantity, Timing(timing.value),
    )  # fmt: skip
    done = (await performed(info, change_plan, customer, command, "preview", preview=True)).outcome
    return _quote(info.context.rooms.cursors, customer, command, done)


def _quote(signer: Cursors, customer: CustomerId, command: ChangePlan, done: PlanChanging) -> PlanChangeQuote:
    assert done.worked_out_at and done.version is not None and done.total is not None and done.quantity is not None
    expires_at = done.worked_out_at + QUOTE_FOR
    held = _Quoted(
        str(command.subscription), str(command.price), command.quantity, command.timing.value, done.worked_out_at,
        expires_at, done.version, done.digest,
    )  # fmt: skip
    return PlanChangeQuote(
        id=GlobalId(signer.seal(_SCOPE, str(customer), held)),
        mode=ChangeMode(done.mode),
        lines=invoice_lines(done.lines),
        credit=Money.of(done.credit),
        charge=Money.of(done.charge),
        total=Money.of(done.total),
        tax=Money.of(total((line.tax for line in done.lines), done.total.currency)),
        given_back=Money.of(done.given_back) if done.given_back else None,
        due=Money.of(done.due),
        effective_at=done.effective_at,
        price_id=GlobalId(str(done.price)),
        plan_version_id=GlobalId(str(done.plan_version)),
        quantity=done.quantity,
        pinned_at=done.worked_out_at,
        expires_at=expires_at,
    )


def quoted(info: Info, customer: CustomerId, quote_id: GlobalId) -> ChangePlan:
    """The change that a quote of this customer promised; NOT_FOUND for any other text."""
    try:
        held = info.context.rooms.cursors.open(_SCOPE, str(customer), quote_id, _Quoted)
    except Fault as fault:
        raise Refused(RefusalCode.NOT_FOUND, "There is no such quote.", ("quoteId",)) from fault
    binding = Binding(held.pinned_at, held.expires_at, held.version, held.digest)
    subscription, price = SubscriptionId.parse(held.subscription), PriceId.parse(held.price)
    return ChangePlan(subscription, price, held.quantity, Timing(held.timing), binding)
