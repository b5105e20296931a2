"""What was over at the simulated provider and is not: a decline that is a charge, a payment that a bank takes back."""

from collections.abc import Callable
from datetime import datetime, timedelta

from domain.payments.gateway import EventKind, ProviderEvent
from tests.simulation.clock import SimClock
from tests.simulation.provider_books import Books, Charge, Repayment

FOR_GOOD = frozenset({"account_closed"})  # of the codes of banks: no charge of that method will ever succeed


class Returns:
    """The part of the simulated provider that is about what ends once more."""

    books: Books
    clock: SimClock

    def plan(self, after: timedelta, act: Callable[[], object]) -> None:
        """Lets something happen at the provider by itself."""
        raise NotImplementedError

    def revive(self, charge: Charge) -> None:
        """Captures a charge that was declined, as banks have been seen to do."""
        if charge.reference not in self.books.barred:
            charge.revived, charge.code = True, None
            self.books.put(charge, "captured", self.clock.at)

    def may_take_back(self, charge: Charge) -> bool:
        """Whether the bank may still take it back: where it said until when, by then alone."""
        until: datetime | None = charge.returnable_until
        return charge.state == "captured" and (until is None or self.clock.at < until)

    def take_back(self, charge: Charge, code: str, *, told: bool) -> None:
        """The bank takes all of it back; the webhook is lost for sure where nobody is ``told``."""
        charge.back, charge.code, charge.untold = charge.taken, code, not told
        charge.hard = code in FOR_GOOD
        self.books.put(charge, "returned", self.clock.at)

    def turn(self, repayment: Repayment, code: str) -> None:
        """A refund that has ended ends the other way after all."""
        given = repayment.state == "succeeded"
        repayment.turned, repayment.code = True, code if given else None
        self.books.put_back(repayment, "failed" if given else "succeeded", self.clock.at)

    def is_told(self, event: ProviderEvent) -> bool:
        """Whether anybody is told of it by a webhook."""
        return event.kind is not EventKind.CHARGE_RETURNED or not self.books.charges[event.object_ref or ""].untold
