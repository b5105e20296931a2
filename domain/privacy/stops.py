"""What stops an erasure: while money is owed or moves, or a contract lives, the customer has to be known."""

from enum import StrEnum

from domain.db import Primary
from domain.ids import CustomerId
from domain.refusals import RefusalCode, Refused


class Stop(StrEnum):
    """One thing that has to be settled, ended or lifted first."""

    LEGAL_HOLD = "legal_hold"
    SUBSCRIPTION = "subscription"
    CONTRACT = "contract"
    DRAFT = "draft"
    BALANCE = "balance"
    PAYMENT = "payment"
    REFUND = "refund"
    DISPUTE = "dispute"
    EXCEPTION = "exception"
    SAGA = "saga"


_SAID = {
    Stop.LEGAL_HOLD: "a legal hold",
    Stop.SUBSCRIPTION: "a subscription that has not ended",
    Stop.CONTRACT: "a contract whose term is not over",
    Stop.DRAFT: "a draft of an invoice",
    Stop.BALANCE: "something owed, or credit that is left",
    Stop.PAYMENT: "a payment under way",
    Stop.REFUND: "a refund under way",
    Stop.DISPUTE: "an open dispute",
    Stop.EXCEPTION: "an exception that nobody has decided on",
    Stop.SAGA: "a process that has not come to its end",
}


async def stops_of(db: Primary, customer: CustomerId) -> tuple[Stop, ...]:
    """All that stops it now, in a fixed order; empty where the customer may be erased."""
    row = await db.fetchrow(
        """SELECT EXISTS (SELECT 1 FROM legal_hold
                   WHERE shard_key = $1 AND customer_id = $2 AND lifted_at IS NULL) AS legal_hold,
                  EXISTS (SELECT 1 FROM subscription WHERE shard_key = $1 AND customer_id = $2
                             AND state NOT IN ('canceled', 'incomplete_expired')) AS subscription,
                  EXISTS (SELECT 1 FROM contract
                   WHERE shard_key = $1 AND customer_id = $2 AND state IN ('active', 'ending')) AS contract,
                  EXISTS (SELECT 1 FROM invoice_draft WHERE shard_key = $1 AND customer_id = $2) AS draft,
                  EXISTS (SELECT 1 FROM account_balance
                   WHERE shard_key = $1 AND customer_id = $2 AND balance <> 0
                     AND kind IN ('receivable', 'customer_credit', 'wallet'))
                  OR EXISTS (SELECT 1 FROM invoice
                   WHERE shard_key = $1 AND customer_id = $2 AND state = 'open') AS balance,
                  EXISTS (SELECT 1 FROM payment WHERE shard_key = $1 AND customer_id = $2
                             AND state IN ('processing', 'requires_action', 'unknown', 'authorized', 'captured',
                                           'settling')) AS payment,
                  EXISTS (SELECT 1 FROM refund WHERE shard_key = $1 AND customer_id = $2 AND state IN
                          ('awaiting_approval', 'requested', 'submitted', 'pending', 'unknown')) AS refund,
                  EXISTS (SELECT 1 FROM dispute WHERE shard_key = $1 AND customer_id = $2
                             AND state IN ('open', 'evidence_submitted')) AS dispute,
                  EXISTS (SELECT 1 FROM exception_case
                   WHERE shard_key = $1 AND customer_id = $2 AND state <> 'resolved') AS exception,
                  EXISTS (SELECT 1 FROM saga
                   WHERE shard_key = $1 AND customer_id = $2 AND ended_at IS NULL) AS saga""",
        customer.shard,
        customer.uuid,
    )
    assert row is not None
    return tuple(stop for stop in Stop if row[stop.value])


async def refuse_while_stopped(db: Primary, customer: CustomerId) -> None:
    """ERASURE_STOPPED, naming all that has to be settled, ended or lifted first."""
    if stops := await stops_of(db, customer):
        message = f"This customer cannot be erased yet: there is {', and '.join(_SAID[stop] for stop in stops)}."
        raise Refused(RefusalCode.ERASURE_STOPPED, message, ("customerId",))
