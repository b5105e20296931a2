"""What becomes free on a payment covers what its disputes have beyond what was left of it."""

from dataclasses import dataclass

from domain.actor import Grant
from domain.db import Tx
from domain.ids import PaymentId
from domain.operation import operation
from domain.payments.book_dispute import cover_excess
from domain.payments.payment import payment
from domain.payments.withhold import withhold


@dataclass(frozen=True, slots=True)
class CoverDisputes:
    """A payment of which less is reserved for refunds than before."""

    payment: PaymentId


@dataclass(frozen=True, slots=True)
class DisputesCovered:
    """The payment."""

    payment: PaymentId


@operation("payments.cover_disputes", allowed=frozenset({Grant.SYSTEM}), moves_money=True)
async def cover_disputes(tx: Tx, command: CoverDisputes) -> DisputesCovered:
    """What a refund that failed left as credit is withheld where a bank took it back as well; nothing happens where no
    dispute exceeds anything. NOT_FOUND."""
    of = await payment(tx, tx.customer, command.payment)
    if await cover_excess(tx, of.id):
        await withhold(tx, of.invoice)
    return DisputesCovered(command.payment)
