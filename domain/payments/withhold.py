"""Credit that a customer does not keep: a bank has taken back the money that it stood for.

Of an invoice's money a customer has back at most what was captured: as refunds, by disputes, and as credit. The same
is true of each payment and the credit that it became, as of one too many that is disputed for that. What an invoice
took over of older ones was paid by their payments.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from domain.db import Tx
from domain.ids import InvoiceId, PaymentId
from domain.invoices.issue_note import NoteIssued
from domain.invoices.takeover import Takeover, related, takeovers
from domain.ledger.account import Account
from domain.ledger.balance import credit_available, moved_by, numbers_of
from domain.ledger.post import Cause, Transfer, post
from domain.money import Money
from domain.payments.book_dispute import WITHHELD
from domain.payments.book_money import CAPTURED
from domain.payments.dispute import Dispute, disputes_of_payments
from domain.payments.excess import became_credit, withheld
from domain.payments.paid_from import given_before
from domain.payments.payment import Payment, payments_of_invoices


async def withhold(tx: Tx, id: InvoiceId, note: NoteIssued | None = None) -> None:
    """Takes as much of the credit that the invoice's money has become as disputes have taken of it as well; so of what
    took over of it, and of what it took over of.

    It lowers the loss, for which nothing was sold then; where the dispute is won it is credit again. Credit that was
    used up is not there to be taken. With the ``note`` that gave the credit just now a preview takes it too.
    """
    if not await _is_disputed(tx):
        return
    known = await takeovers(tx, tx.customer)
    invoices = related(id, known)
    if (pot := await _pot_of(tx, invoices, known)) is None:
        return
    for each in invoices:
        posted = [note.posted] if note and note.invoice == each else ()
        await pot.settle(tx, each, await became_credit(tx, each, pot.there.currency, posted))
    for dispute, part in pot.withheld:
        taken = Transfer(Account.CUSTOMER_CREDIT, Account.DISPUTE_LOSSES, part)
        await post(tx, Cause(WITHHELD, dispute.id.uuid), [taken])


async def _is_disputed(tx: Tx) -> bool:
    """Whether a bank has any of the customer's payments; few customers ever dispute one."""
    found = await tx.fetchval(
        "SELECT 1 FROM dispute WHERE shard_key = $1 AND customer_id = $2 AND covered > 0 LIMIT 1",
        tx.customer.shard,
        tx.customer.uuid,
    )
    return found is not None


@dataclass(slots=True)
class _Claim:
    """A dispute: what was withheld for it and is not accounted for yet, and what may still be."""

    dispute: Dispute
    was: Money
    more: Money


@dataclass(slots=True)
class _Share:
    """What an invoice took over of an older one and nobody has accounted for yet."""

    older: InvoiceId
    left: Money


@dataclass(slots=True)
class _Pot:
    """The money of related invoices: what is left of their payments, and what disputes have of them.

    ``there`` is what is not accounted for yet of the customer's credit; ``withheld`` is what is to be taken of it.
    """

    payments: Mapping[InvoiceId, Sequence[Payment]]
    left: dict[PaymentId, Money]
    claims: Mapping[PaymentId, Sequence[_Claim]]
    shares: Mapping[InvoiceId, Sequence[_Share]]
    there: Money
    withheld: list[tuple[Dispute, Money]] = field(default_factory=list)

    async def settle(self, tx: Tx, id: InvoiceId, given: Money) -> None:
        """Accounts for credit that an invoice's money became: by what was withheld of it, then by what is left of the
        payments; the rest is withheld as far as disputes have it."""
        given -= self._use(id, given, self._was_withheld)
        excess = max(Money.zero(given.currency), min(given, self.there))
        self.there -= excess
        kept = dict(self.left)
        over = excess - self._use(id, excess, self._is_left)
        for paid in self.payments.get(id, ()):
            for claim in self.claims.get(paid.id, ()):
                more = over
                if not paid.returned.minor:  # of one that was taken back nothing is credit any more
                    more = max(over, min(excess, await _too_much(tx, claim.dispute)) - kept[paid.id])
                part = self._withhold(claim, more)
                over, excess = over - part, excess - part
        for share in self.shares.get(id, ()):
            part = self._use(share.older, min(over, share.left), self._is_disputed)
            share.left, over = share.left - part, over - part

    def _use(self, id: InvoiceId, amount: Money, take: Callable[[PaymentId, Money], Money]) -> Money:
        """Uses at most so much of what paid the invoice, its own payments first; returns how much."""
        left = amount
        for paid in self.payments.get(id, ()) if amount.minor > 0 else ():
            left -= take(paid.id, left)
        for share in self.shares.get(id, ()) if left.minor > 0 else ():
            part = self._use(share.older, min(left, share.left), take)
            share.left, left = share.left - part, left - part
        return amount - left

    def _is_left(self, of: PaymentId, most: Money) -> Money:
        part = min(most, self.left[of])
        self.left[of] -= part
        return part

    def _was_withheld(self, of: PaymentId, most: Money) -> Money:
        left = most
        for claim in self.claims.get(of, ()):
            part = min(left, claim.was)
            claim.was, left = claim.was - part, left - part
        return most - left

    def _is_disputed(self, of: PaymentId, most: Money) -> Money:
        left = most
        for claim in self.claims.get(of, ()):
            left -= self._withhold(claim, left)
        return most - left

    def _withhold(self, claim: _Claim, most: Money) -> Money:
        part = max(Money.zero(most.currency), min(most, claim.more))
        claim.more -= part
        if part.minor:
            self.withheld.append((claim.dispute, part))
        return part


async def _pot_of(tx: Tx, invoices: Sequence[InvoiceId], known: Sequence[Takeover]) -> _Pot | None:
    """None where no dispute has any of their payments."""
    payments = await payments_of_invoices(tx, tx.customer, invoices)
    attempts = [each for some in payments.values() for each in some]
    found = await disputes_of_payments(tx, tx.customer, [each.id for each in attempts])
    claims = {id: [await _claim(tx, each) for each in some if each.covered.minor] for id, some in found.items()}
    if not any(claims.values()):
        return None
    nothing = Money.zero(attempts[0].amount.currency)
    left = {each.id: nothing if each.returned.minor else _left(each) for each in attempts}
    shares = {id: await _shares(tx, id, nothing, known) for id in invoices}
    return _Pot(payments, left, claims, shares, await credit_available(tx, tx.customer, nothing.currency))


def _left(of: Payment) -> Money:
    return of.captured - of.refunds_reserved - of.disputes_reserved


async def _claim(tx: Tx, of: Dispute) -> _Claim:
    was = await withheld(tx, of)
    return _Claim(of, was, of.covered - was)


async def _shares(tx: Tx, id: InvoiceId, nothing: Money, known: Sequence[Takeover]) -> list[_Share]:
    """What it took over, without what was given back of that to the older payments."""
    taken = [each for each in known if each.newer == id]
    given = await given_before(tx, id, nothing) if taken else nothing
    shares = []
    for each in taken:
        part = min(given, each.worth)
        given -= part
        shares.append(_Share(each.older, each.worth - part))
    return shares


async def _too_much(tx: Tx, of: Dispute) -> Money:
    """What of the disputed payment was more than was owed when it came."""
    numbers = await numbers_of(tx, tx.customer, (CAPTURED,), of.payment.uuid)
    return await moved_by(tx, tx.customer, numbers, Account.CUSTOMER_CREDIT, of.amount.currency)
