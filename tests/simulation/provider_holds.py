"""What the simulated provider holds: taken in parts, run out, or taken back by the bank."""

from datetime import datetime, timedelta

from domain.money import Money
from domain.payments.gateway import (
    Authorized,
    CaptureAnswer,
    Captured,
    CaptureRefused,
    CaptureRequest,
    ChargeAnswer,
    SettlementAnswer,
    SettlementLines,
    Unavailable,
    Unknown,
)
from tests.simulation.clock import SimClock
from tests.simulation.course import Fault
from tests.simulation.provider_books import Books, Charge


class Holds:
    """The part of the simulated provider that is about holds."""

    books: Books
    clock: SimClock
    silent_until: datetime | None = None

    @property
    def is_silent(self) -> bool:
        """Whether it answers nothing for a while, though it acts."""
        return self.silent_until is not None and self.clock.at < self.silent_until

    def fall_silent(self, days: int) -> None:
        """Answers nothing for so many days."""
        self.silent_until = self.clock.at + timedelta(days=days)

    def _hushed(self, fault: Fault | None) -> Fault | None:
        """The fault of a request, which is that no answer comes while it is silent."""
        return fault or (Fault.LOST_AFTER if self.is_silent else None)

    def catch_up(self) -> None:
        """Does what has become due at the provider."""
        raise NotImplementedError

    def _turned(self) -> Unknown | Unavailable | None:
        raise NotImplementedError

    def _answer(self, charge: Charge, asked: Money) -> ChargeAnswer:
        raise NotImplementedError

    async def capture(self, request: CaptureRequest) -> CaptureAnswer:
        self.catch_up()
        if turned := self._turned():
            return turned
        charge = self.books.charges.get(request.charge_ref)
        if charge is None or charge.reference != request.reference:
            return CaptureRefused("not_found")
        if request.key not in charge.taken_under:
            if charge.state != "authorized" or request.money.minor > charge.left:
                return CaptureRefused("not_capturable")
            charge.taken_under[request.key] = request.money.minor
            charge.taken += request.money.minor
            charge.left = 0 if request.final else charge.left - request.money.minor
            self.books.put(charge, "authorized" if charge.left else "captured", self.clock.at)
        answer = self._answer(charge, charge.money)
        assert isinstance(answer, Captured | Authorized | Unknown)
        return answer

    def expire(self, charge: Charge) -> None:
        """Lets a hold run out; what was taken of it stays taken."""
        if charge.state == "authorized":
            charge.left, charge.expires_at = 0, None
            self.books.put(charge, "captured" if charge.taken else "expired", self.clock.at)

    async def settlement_lines(self, payout_ref: str | None, after: str | None, limit: int) -> SettlementAnswer:
        return SettlementLines((), more=False)
