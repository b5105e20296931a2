"""The log of a case: each attempt with its method, what the gateway said, and which event of it settled the attempt."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from domain.db import Primary
from domain.dunning.retry_rule import RetryRule, RetryStep, rule_of
from domain.ids import CustomerId, InvoiceId, PaymentId
from domain.payments.method import PaymentMethod, payment_methods
from domain.payments.payment import Payment, payments_of


class Why(StrEnum):
    """Why something is unpaid, in words for its customer; what a gateway says exactly is for staff."""

    INSUFFICIENT_FUNDS = "insufficient_funds"
    METHOD_EXPIRED = "method_expired"
    METHOD_REFUSED = "method_refused"
    METHOD_MISSING = "method_missing"
    NOT_CONFIRMED = "not_confirmed"
    CONFIRMATION_NEEDED = "confirmation_needed"
    TAKEN_BACK = "taken_back"
    DECLINED = "declined"
    OUTCOME_OPEN = "outcome_open"
    OVERDUE = "overdue"
    PAID_IN_PARTS = "paid_in_parts"


class DeclineClass(StrEnum):
    """Whether the same method may be tried again."""

    SOFT = "soft"
    HARD = "hard"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt; ``settled_by`` is the provider's id of the event that ended it, None where an answer did."""

    payment: Payment
    method: PaymentMethod | None
    decline: DeclineClass | None
    settled_by: str | None


_WORDS = {
    "insufficient_funds": Why.INSUFFICIENT_FUNDS,
    "expired_card": Why.METHOD_EXPIRED,
    "authentication_failed": Why.NOT_CONFIRMED,
}


def why_failed(of: Payment) -> Why | None:
    """Why an attempt brought nothing; None where it did, or still may."""
    if of.returned.minor:
        return Why.TAKEN_BACK
    if of.state.name in ("voided", "expired"):
        return Why.NOT_CONFIRMED
    if of.state.name != "failed":
        return Why.OUTCOME_OPEN if of.is_open else None
    return _WORDS.get(of.failure_code or "", Why.METHOD_REFUSED if of.failure_hard else Why.DECLINED)


def decline_of(of: Payment, own: tuple[RetryRule, ...]) -> DeclineClass | None:
    """The class of the decline by the tenant's rules; None for what was not declined."""
    if of.state.name != "failed":
        return None
    stops = rule_of(own, of.failure_code, hard=of.failure_hard).step is RetryStep.STOP
    return DeclineClass.HARD if stops else DeclineClass.SOFT


async def attempts_log(
    db: Primary, customer: CustomerId, invoice: InvoiceId, own: tuple[RetryRule, ...]
) -> list[Attempt]:
    """The attempts at the customer's invoice in their order, also those on methods that are gone."""
    attempts = await payments_of(db, customer, invoice)
    ids = [attempt.method for attempt in attempts if attempt.method is not None]
    methods = {method.id: method for method in await payment_methods(db, customer, ids)} if ids else {}
    events = await settling_events(db, customer, [attempt.id for attempt in attempts])
    return [
        Attempt(
            payment=each,
            method=methods.get(each.method) if each.method else None,
            decline=decline_of(each, own),
            settled_by=events.get(each.id),
        )
        for each in attempts
    ]


async def settling_events(db: Primary, customer: CustomerId, attempts: Sequence[PaymentId]) -> dict[PaymentId, str]:
    """The event under whose key the operation was performed that put each of these attempts where it stands."""
    rows = await db.fetch(
        """SELECT t.entity_id, k.key FROM transition t
             JOIN operation_key k ON k.shard_key = t.shard_key AND k.customer_id = t.customer_id
                                 AND k.operation_id = t.operation_id
            WHERE t.shard_key = $1 AND t.customer_id = $2 AND t.entity_id = ANY ($3::uuid[]) AND k.key LIKE 'event:%'
              AND t.to_state NOT IN ('processing', 'requires_action', 'unknown', 'authorized')
            ORDER BY t.entity_id, t.seq""",
        customer.shard,
        customer.uuid,
        [each.uuid for each in attempts],
    )
    return {PaymentId(customer.shard, row["entity_id"]): row["key"].rsplit(":", 1)[1] for row in rows}
