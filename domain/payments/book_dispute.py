"""The books of disputes: taken from cash, given back by linked reversals when won, a loss when lost.

What exceeds what is left of the payment is a loss from the first, kept apart from what is reserved on the payment: the
provider has taken it, so it is recorded whatever else was given back. The invoice stays paid: revenue and tax are what
was issued, and a credit note is a decision of its own.
"""

from dataclasses import replace

from domain.db import Tx
from domain.ids import DisputeId, PaymentId
from domain.ledger.account import Account
from domain.ledger.balance import numbers_of
from domain.ledger.post import Cause, Transfer, post, reverse
from domain.money import Money
from domain.payments.dispute import Dispute, disputes_of_payments
from domain.payments.payment import Payment, payment

OPENED, COVERED, LOST, WON = "dispute.opened", "dispute.covered", "dispute.lost", "dispute.won"
WITHHELD = "dispute.withheld"  # of credit, which stood for the money that it took
FEE, FEE_BACK = "dispute.fee", "dispute.fee_returned"


async def book_opened(tx: Tx, of: Payment, id: DisputeId, amount: Money) -> Money:
    """Takes the disputed money from cash and reserves on the locked payment what is left of it; returns that part."""
    covered = min(amount, of.refundable)
    parts = ((Account.DISPUTES, covered), (Account.DISPUTE_LOSSES, amount - covered))
    transfers = [Transfer(account, Account.CASH_CLEARING, part) for account, part in parts if part.minor]
    await post(tx, Cause(OPENED, id.uuid), transfers)
    await _reserve(tx, of.id, covered)
    return covered


async def book_fee(tx: Tx, of: Dispute, told: Money) -> None:
    """Makes the expense what the provider says the dispute has cost so far; a fee given back whole is reversed."""
    more = told - of.fee
    if more.minor > 0:
        await post(tx, Cause(FEE, of.id.uuid), [Transfer(Account.DISPUTE_FEES, Account.CASH_CLEARING, more)])
    if more.minor >= 0:
        return
    charged = await numbers_of(tx, tx.customer, [FEE, FEE_BACK], of.id.uuid)
    if told.minor == 0 and len(charged) == 1:
        await reverse(tx, charged[0], Cause(FEE_BACK, of.id.uuid))
    else:
        await post(tx, Cause(FEE_BACK, of.id.uuid), [Transfer(Account.CASH_CLEARING, Account.DISPUTE_FEES, -more)])


async def book_won(tx: Tx, of: Dispute) -> None:
    """Reverses all that was posted of it, and sets what it had of the payment free for others."""
    for number in await numbers_of(tx, tx.customer, [OPENED, COVERED, LOST, WITHHELD], of.id.uuid):
        await reverse(tx, number, Cause(WON, of.id.uuid))
    await _reserve(tx, of.payment, -of.covered)


async def book_lost(tx: Tx, of: Dispute) -> None:
    """What was owed by the scheme is a loss now; it stays reserved on the payment, which cannot be refunded."""
    if of.covered.minor:
        await post(
            tx, Cause(LOST, of.id.uuid), [Transfer(Account.DISPUTE_LOSSES, Account.DISPUTES, of.covered)]
        )  # fmt: skip


async def cover_excess(tx: Tx, id: PaymentId) -> bool:
    """What has become free on the payment covers what its disputes have beyond that, the oldest first; returns whether
    it covers any."""
    found = (await disputes_of_payments(tx, tx.customer, [id])).get(id, [])
    short = [each for each in found if each.excess.minor]
    left, covers = (await payment(tx, tx.customer, id)).refundable if short else None, False
    for each in short:
        assert left is not None, "it was read"
        part = min(left, each.excess)
        if part.minor:
            await _cover(tx, each, part)
            left, covers = left - part, True
    return covers


async def _cover(tx: Tx, of: Dispute, part: Money) -> None:
    if of.is_open:  # of one that is lost both are a loss
        await post(
            tx, Cause(COVERED, of.id.uuid), [Transfer(Account.DISPUTES, Account.DISPUTE_LOSSES, part)]
        )  # fmt: skip
    await _reserve(tx, of.payment, part)
    await tx.execute(
        "UPDATE dispute SET covered = covered + $4 WHERE shard_key = $1 AND customer_id = $2 AND id = $3",
        tx.customer.shard,
        tx.customer.uuid,
        of.id.uuid,
        part.minor,
    )


async def _reserve(tx: Tx, of: PaymentId, amount: Money) -> None:
    await tx.execute(
        """UPDATE payment SET disputes_reserved = disputes_reserved + $4
            WHERE shard_key = $1 AND customer_id = $2 AND id = $3""",
        tx.customer.shard,
        tx.customer.uuid,
        of.uuid,
        amount.minor,
    )


def uncovered(of: Dispute) -> Dispute:
    """A dispute that has nothing of its payment any more."""
    return replace(of, covered=Money.zero(of.amount.currency))
