"""Resolving an exception: what a person decides is performed as the very operation that the provider's word would be.

Who looks into a case does not decide on it. What the provider says afterwards meets a payment or refund that has ended:
it changes nothing, or opens another case, and money that was taken after all is booked as every late success is.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from domain.actor import Grant, is_same_person
from domain.db import Tx
from domain.ids import ExceptionCaseId, PaymentId, RefundId
from domain.operation import operation
from domain.payments.doubt import store_resolution
from domain.payments.exception_case import EXCEPTION, ExceptionCase, Kind, Resolution, customers_case
from domain.payments.resolve_payment import (
    accept_loss,
    ask_about_payment,
    confirm_charged,
    confirm_not_charged,
    recovered,
)
from domain.payments.resolve_refund import (
    ask_about_refund,
    confirm_not_refunded,
    confirm_refunded,
    give_back,
    keep_as_credit,
    pay_out_of_band,
)
from domain.refusals import RefusalCode, Refused

DECIDERS = frozenset({Grant.FINANCE, Grant.ADMIN})
REASON_LENGTH = 500  # a sentence or two for the audit trail
REFERENCE_LENGTH = 140  # what a credit transfer of SEPA carries for its payee; providers' ids are shorter

Act = Callable[[Tx, ExceptionCase, str, str], Awaitable[RefundId | None]]
"""Performs a decision with its reason and reference; returns the refund that began with it, if one did."""

_OF_PAYMENTS: dict[Resolution, Act] = {
    Resolution.CONFIRM_CHARGED: confirm_charged,
    Resolution.CONFIRM_NOT_CHARGED: confirm_not_charged,
}
_OF_REFUNDS: dict[Resolution, Act] = {
    Resolution.CONFIRM_REFUNDED: confirm_refunded,
    Resolution.CONFIRM_NOT_REFUNDED: confirm_not_refunded,
}
ACTS: dict[Kind, dict[Resolution, Act]] = {
    Kind.PAYMENT_UNKNOWN: {**_OF_PAYMENTS, Resolution.QUERY_AGAIN: ask_about_payment},
    Kind.PAYMENT_MISMATCH: {**_OF_PAYMENTS, Resolution.QUERY_AGAIN: ask_about_payment},
    Kind.PAYMENT_CONTRADICTED: _OF_PAYMENTS,
    Kind.PAYMENT_EXCESS: {Resolution.KEEP_AS_CREDIT: keep_as_credit, Resolution.GIVE_BACK: give_back},
    Kind.PAYMENT_LOSS: {Resolution.ACCEPT_LOSS: accept_loss, Resolution.RECOVERED: recovered},
    Kind.REFUND_UNKNOWN: {**_OF_REFUNDS, Resolution.QUERY_AGAIN: ask_about_refund},
    Kind.REFUND_MISMATCH: {**_OF_REFUNDS, Resolution.QUERY_AGAIN: ask_about_refund},
    Kind.REFUND_CONTRADICTED: _OF_REFUNDS,
    Kind.REFUND_FAILED: {
        Resolution.RETRY_REFUND: give_back,
        Resolution.KEEP_AS_CREDIT: keep_as_credit,
        Resolution.PAID_OUT_OF_BAND: pay_out_of_band,
    },
    Kind.SAGA_STUCK: {},  # nobody decides that it is over: it is resumed, and the facts say so
}
# What was seen elsewhere has a name there: the provider's id, or what stands on the transfer.
WITH_REFERENCE = frozenset(
    {
        Resolution.CONFIRM_CHARGED,
        Resolution.CONFIRM_REFUNDED,
        Resolution.PAID_OUT_OF_BAND,
        Resolution.RECOVERED,
    }
)


@dataclass(frozen=True, slots=True)
class ResolveException:
    """What is decided on the case and why; ``reference`` names what was seen at the provider or bank."""

    exception: ExceptionCaseId
    resolution: Resolution
    reason: str
    reference: str | None


@dataclass(frozen=True, slots=True)
class ExceptionResolved:
    """The case, what was decided, who had looked into it, and what it was about; or the refund that began with it."""

    exception: ExceptionCaseId
    kind: Kind
    resolution: Resolution
    claimed_by: str | None
    payment: PaymentId
    refund: RefundId | None


@operation("payments.resolve_exception", allowed=DECIDERS, moves_money=True)
async def resolve_exception(tx: Tx, command: ResolveException) -> ExceptionResolved:
    """NOT_FOUND; INVALID_INPUT for a decision that such a case does not take, a reason or reference that is none;
    STATE_CONFLICT for a case that is resolved, or that nobody looks into; FORBIDDEN for who looks into it; and what the
    operation refuses that the decision is."""
    case = await customers_case(tx, command.exception)
    act = _act(case, command)
    if case.state.name == "resolved":
        raise Refused(RefusalCode.STATE_CONFLICT, "This exception is resolved already.", ("exceptionId",))
    if command.resolution is not Resolution.QUERY_AGAIN:
        _require_another(tx, case)
    # Resolved first: what the decision brings about finds the case closed, and does not settle it by itself.
    state = await EXCEPTION.move(tx, tx.customer, case.id.uuid, case.state, "resolve")
    await store_resolution(tx, case.id, state, command.resolution, command.reason, command.reference)
    began = await act(tx, case, command.reason, command.reference or "")
    return ExceptionResolved(
        case.id, case.kind, command.resolution, case.claimed_by, case.money, began or case.refund
    )  # fmt: skip


def _act(case: ExceptionCase, command: ResolveException) -> Act:
    act = ACTS[case.kind].get(command.resolution)
    if act is None:
        ways = ", ".join(each.name for each in ACTS[case.kind]) or "what resumes it"
        message = f"An exception of the kind {case.kind.name} is resolved by {ways}."
        raise Refused(RefusalCode.INVALID_INPUT, message, ("resolution",))
    if not 1 <= len(command.reason) <= REASON_LENGTH:
        raise Refused(RefusalCode.INVALID_INPUT, f"A reason has 1 to {REASON_LENGTH} characters.", ("reason",))
    reference = command.reference
    if (reference is not None) != (command.resolution in WITH_REFERENCE):
        message = "A reference is given where something was seen elsewhere, and nowhere else."
        raise Refused(RefusalCode.INVALID_INPUT, message, ("reference",))
    if reference is not None and not (1 <= len(reference) <= REFERENCE_LENGTH and reference == reference.strip()):
        message = f"A reference has 1 to {REFERENCE_LENGTH} characters, and no space around it."
        raise Refused(RefusalCode.INVALID_INPUT, message, ("reference",))
    return act


def _require_another(tx: Tx, case: ExceptionCase) -> None:
    if case.claimed_by is None:
        message = "Somebody has to look into this exception first, and another person decides."
        raise Refused(RefusalCode.STATE_CONFLICT, message, ("exceptionId",))
    if is_same_person(case.claimed_by, tx.actor.scope):
        message = "Another person than who looks into this exception decides on it."
        raise Refused(RefusalCode.FORBIDDEN, message, ("exceptionId",))
