"""Sagas without a caller: they are looked at after events and at their time-outs, and what is due is performed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from domain.due import Due
from domain.dunning.open_case import PaymentFailed, payment_failed
from domain.ids import CustomerId, InvoiceId, PaymentId, SagaId, SubscriptionId
from domain.operation import Operation
from domain.outbox import Event
from domain.payments.exception_case import Kind
from domain.payments.open_exception import OUT_OF_REACH, OpenException, open_exception
from domain.perform import perform
from domain.reactions.house import House, log_failure
from domain.refusals import Refused
from domain.sagas.definition import LISTENED, SagaKind
from domain.sagas.saga import Saga, living_sagas
from domain.subscriptions.cancel import EndSubscription, end_subscription
from domain.subscriptions.change_plan import DiscardChange, discard_change
from domain.subscriptions.expire import ExpireSubscription, expire_subscription
from domain.subscriptions.invoice_paid import InvoicePaid, invoice_paid
from domain.subscriptions.renew import (
    FinalizeInvoice,
    RenewSubscription,
    finalize_invoice,
    renew_subscription,
)
from domain.supervision.look import LookAtSaga, SagaStands, look_at_saga
from domain.supervision.things import names_of

GIVEN_UP = "Work about it failed too often: "
REFUSED = "What its step asks for was refused: "


@dataclass(frozen=True, slots=True)
class _Act:
    operation: Operation[Any, Any]
    command: Callable[[SagaStands], object]


def _invoice(of: SagaStands) -> InvoiceId:
    assert of.invoice is not None, "the facts of such a step name the invoice"
    return of.invoice


def _payment(of: SagaStands) -> PaymentId:
    assert of.payment is not None, "the facts of such a step name the payment"
    return of.payment


ACTS: Final[Mapping[str, _Act]] = {
    act.operation.name: act
    for act in (
        _Act(expire_subscription, lambda of: ExpireSubscription(of.subscription)),
        _Act(invoice_paid, lambda of: InvoicePaid(of.subscription, _invoice(of))),
        _Act(renew_subscription, lambda of: RenewSubscription(of.subscription)),
        _Act(end_subscription, lambda of: EndSubscription(of.subscription)),
        _Act(finalize_invoice, lambda of: FinalizeInvoice(_invoice(of))),
        _Act(payment_failed, lambda of: PaymentFailed(_invoice(of), None)),
        _Act(discard_change, lambda of: DiscardChange(of.subscription, _invoice(of))),
        _Act(open_exception, lambda of: OpenException(Kind.REFUND_UNKNOWN, _payment(of), of.refund, OUT_OF_REACH)),
    )
}
"""What a step may ask for at its time-out, by the operation's name."""


async def look_in_time(house: House, work: Due) -> None:
    """Looks at a saga whose time is over."""
    await supervise(house, work.customer, LookAtSaga(SagaId(work.customer.shard, work.subject), due=True), work.key)


async def supervise(house: House, customer: CustomerId, command: LookAtSaga, key: str) -> None:
    """Looks at the saga and performs what it asks for; a refusal that would not pass makes it stuck."""
    stands = await _look(house, customer, command, key)
    if stands.act is None:
        return
    act = ACTS[stands.act]
    try:
        await perform(house.db, act.operation, house.actor, customer, act.command(stands), stands.key)
    except Refused as refused:
        if refused.retryable:
            raise
        trouble = LookAtSaga(command.saga, trouble=f"{REFUSED}{stands.act}: {refused.code}")
        await _look(house, customer, trouble, f"{stands.key}:refused")


async def _look(house: House, customer: CustomerId, command: LookAtSaga, key: str) -> SagaStands:
    return (await perform(house.db, look_at_saga, house.actor, customer, command, key)).outcome


async def hear(house: House, event: Event) -> None:
    """Looks at what the event may have carried on; an event about none of the customer's sagas costs one read."""
    if event.kind not in LISTENED:
        return
    named = event.body.get("subscription")  # a customer may have thousands
    about = SubscriptionId.parse(named) if named else None
    for each in await living_sagas(house.db.primary, event.customer, about):
        if about is not None or _may_be_decided(each):
            await _look(house, event.customer, LookAtSaga(each.id), f"{event.key}:saga:{each.id}")


def _may_be_decided(of: Saga) -> bool:
    return of.kind is SagaKind.REFUND_AND_CANCEL or of.state.name == "stuck"


async def resumed(house: House, event: Event) -> None:
    """What staff resumed is looked at as at its time-out."""
    command = LookAtSaga(SagaId.parse(event.body["saga"]), due=True, resumed=True)
    await supervise(house, event.customer, command, event.key)


async def about_given_up(house: House, work: Due | Event, cause: str) -> None:
    """Makes stuck what waits for the work that was buried; where that fails too, its time-out comes."""
    named = {str(work.subject)} if isinstance(work, Due) else set(work.body.values())
    key = f"saga:{work.kind}:{work.due_at.isoformat()}" if isinstance(work, Due) else f"saga:{work.key}"
    try:
        for each in await living_sagas(house.db.primary, work.customer):
            if named & await names_of(house.db.primary, each):
                command = LookAtSaga(each.id, trouble=f"{GIVEN_UP}{work.kind}, {cause}")
                await _look(house, work.customer, command, f"{key}:{each.id}")
    except Exception as error:
        log_failure(house, f"saga about {work.kind}", error)
