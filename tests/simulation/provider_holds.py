"""What the simulated provider holds: taken in parts, run out, or taken back by the bank."""

from datetime import datetime

from domain.money import Money
from domain.payments.gateway import (
    AnswerRefused,
    Authorized,
    CaptureAnswer,
    Captured,
    CaptureRefused,
    CaptureRequest,
    ChargeAnswer,
    DisputeAnswer,
    DisputeFound,
    DisputesAnswer,
    DisputesListed,
    EvidenceRequest,
    NotFound,
    SettlementAnswer,
    SettlementLines,
    Unavailable,
    Unknown,
)
from tests.simulation.clock import SimClock
from tests.simulation.provider_books import Books, Charge


class Holds:
    """The part of the simulated provider that is about holds."""

    books: Books
    clock: SimClock

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

    async def submit_evidence(self, request: EvidenceRequest) -> DisputeAnswer:
        return AnswerRefused("not_found")

    async def accept_dispute(self, key: str, dispute_ref: str) -> DisputeAnswer:
        return AnswerRefused("not_found")

    async def find_dispute(self, dispute_ref: str) -> DisputeFound:
        return NotFound()

    async def list_disputes(self, since: datetime, after: str | None) -> DisputesAnswer:
        return DisputesListed((), more=False)

    async def settlement_lines(self, payout_ref: str | None, after: str | None, limit: int) -> SettlementAnswer:
        return SettlementLines((), more=False)
