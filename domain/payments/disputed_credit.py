"""How much of the credit that came of invoices banks have taken back as well: reckoned, and nothing is done.

Credit stands for what is left of the payments of its invoice, the invoice's own first, and then of those of older
invoices as far as it took over of these. What is left of no payment stands for what a dispute has.
"""

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace

from domain.ids import DisputeId, InvoiceId, PaymentId
from domain.money import Money, total
from domain.payments.share import Shares, use


@dataclass(slots=True)
class Claim:
    """A dispute: what was withheld for it and is not accounted for yet, and what may still be."""

    dispute: DisputeId
    was: Money
    more: Money


@dataclass(slots=True)
class Pot:
    """The money of related invoices, oldest first: what became credit (``given``), what is left of their payments, what
    of each was too much when it came, and what disputes have of them.

    ``there`` is what is not accounted for yet of the customer's credit. Of payments that were ``returned`` nothing is
    left, and what was withheld for their disputes stays withheld. What was ``served`` is what of a payment was refunded
    as credit: that is credit beside what is given, and no other money.
    """

    given: Mapping[InvoiceId, Money]
    payments: Mapping[InvoiceId, Sequence[PaymentId]]
    left: dict[PaymentId, Money]
    too_much: Mapping[PaymentId, Money]
    claims: Mapping[PaymentId, Sequence[Claim]]
    shares: Shares
    there: Money
    returned: Set[PaymentId] = frozenset()
    withheld: list[tuple[DisputeId, Money]] = field(default_factory=list)
    served: Mapping[PaymentId, Money] = field(default_factory=dict)

    def go(self, gone: Mapping[InvoiceId, Money]) -> None:
        """What went back beside the refunds of what is left of the payments, as outside of them, is not left either."""
        for id, amount in gone.items():
            self._use(id, amount, self._is_left)

    def too_much_withheld(self) -> list[tuple[DisputeId, Money]]:
        """What was withheld and need not be any more, since what another dispute had of the payments is back."""
        spare = self._spare()
        for id, credit in self._credit().items():
            for paid in self.payments.get(id, ()):
                if paid in self.returned:
                    credit -= spare._was_withheld(paid, max(self.nothing, credit))
            credit -= spare._was_of_too_much(id, credit)
            credit -= spare._use(id, credit, spare._is_left)
            spare._use(id, credit, spare._was_withheld)
        found = list[tuple[DisputeId, Money]]()
        for of, claims in self.claims.items():
            for claim, rest in zip(claims, spare.claims[of], strict=True):
                if rest.was.minor and of not in self.returned:
                    claim.was, claim.more = claim.was - rest.was, claim.more + rest.was
                    self.there += rest.was
                    found.append((claim.dispute, rest.was))
        return found

    def withheld_of_each(self) -> dict[InvoiceId, Money]:
        """What is withheld now of the credit that came of each of the invoices."""
        spare, found = self._spare(), dict[InvoiceId, Money]()
        for id, credit in self.given.items():
            for paid in self.payments.get(id, ()):
                spare._was_withheld(paid, self.served.get(paid, self.nothing))
            own = spare._was_of_too_much(id, credit)
            found[id] = own + spare._use(id, credit - own, spare._was_withheld)
        return found

    def to_withhold(self) -> list[tuple[DisputeId, Money]]:
        """What is to be withheld beside what was."""
        for id, credit in self._credit().items():
            self._account_for(id, credit)
        return self.withheld

    def _spare(self) -> "Pot":
        """Another pot of the same, to reckon with."""
        claims = {id: [replace(claim) for claim in some] for id, some in self.claims.items()}
        shares = {id: [replace(share) for share in some] for id, some in self.shares.items()}
        return replace(self, left=dict(self.left), claims=claims, shares=shares, withheld=[*self.withheld])

    @property
    def nothing(self) -> Money:
        """No money of its currency."""
        return Money.zero(self.there.currency)

    def _credit(self) -> dict[InvoiceId, Money]:
        """What each invoice's money is as credit, also where staff refunded it so."""
        nothing = self.nothing
        return {
            id: given + total((self.served.get(paid, nothing) for paid in self.payments.get(id, ())), nothing.currency)
            for id, given in self.given.items()
        }

    def _account_for(self, id: InvoiceId, given: Money) -> None:
        """Credit that an invoice's money became: by what was withheld of it, then by what is left of the payments; the
        rest is withheld as far as disputes have it."""
        for paid in self.payments.get(id, ()):
            given -= self._account_for_one(paid, given)
        given -= self._use(id, given, self._was_withheld)
        excess = max(self.nothing, min(given, self.there))
        self.there -= excess
        over = excess - self._use(id, excess, self._is_left)
        self._use(id, over, self._is_disputed)

    def _was_of_too_much(self, id: InvoiceId, credit: Money) -> Money:
        """What was withheld of credit that stands for the disputes of one payment alone, as below."""
        left = credit
        for paid in self.payments.get(id, ()):
            over = min(left, self.too_much[paid]) - self.left[paid]
            left -= self._was_withheld(paid, max(self.nothing, over))
        return credit - left

    def _account_for_one(self, of: PaymentId, given: Money) -> Money:
        """What of a payment was too much, and is not left of it, stands for its own disputes alone; returns that."""
        was = total((claim.was for claim in self.claims.get(of, ())), given.currency)
        over = max(self.nothing, min(given, was + self.there, self.too_much[of]) - self.left[of])
        known = self._was_withheld(of, over)
        part = self._is_disputed(of, over - known)
        self.there -= part
        return known + part

    def _use(self, id: InvoiceId, amount: Money, take: Callable[[PaymentId, Money], Money]) -> Money:
        return use(self.payments, self.shares, id, amount, take)

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

    def _withhold(self, claim: Claim, most: Money) -> Money:
        part = max(Money.zero(most.currency), min(most, claim.more))
        claim.more -= part
        if part.minor:
            self.withheld.append((claim.dispute, part))
        return part
