"""What cardholders dispute at the simulated provider: opened, answered, withdrawn, decided, and decided once more."""

from collections.abc import Callable
from datetime import datetime, timedelta

from domain.money import Money
from domain.payments.gateway import (
    AnswerRefused,
    DisputeAnswer,
    DisputeFound,
    DisputesAnswer,
    DisputesListed,
    DisputeStatus,
    EvidenceRequest,
    NotFound,
    Unavailable,
    Unknown,
)
from tests.simulation.clock import SimClock
from tests.simulation.provider_books import Books, Charge, Contest, Decision

PAGE = 3  # so few that a look has to turn pages
UNDECIDED = (DisputeStatus.OPEN, DisputeStatus.EVIDENCE_SUBMITTED)


class Disputes:
    """The part of the simulated provider that is about disputes."""

    books: Books
    clock: SimClock

    def catch_up(self) -> None:
        """Does what has become due at the provider."""
        raise NotImplementedError

    def plan(self, after: timedelta, act: Callable[[], object]) -> None:
        """Lets something happen at the provider by itself."""
        raise NotImplementedError

    def _turned(self) -> Unknown | Unavailable | None:
        raise NotImplementedError

    def dispute(self, charge: Charge, minor: int, decision: Decision) -> Contest:
        """A cardholder disputes so much of a charge, whatever was given back of it; the rest goes by the decision."""
        now = self.clock.at
        contest = Contest(
            self.books.new_ref("dispute"), charge, Money(minor, charge.money.currency), decision, now,
            now + decision.answer_in, [decision.fee],
        )  # fmt: skip
        self.books.put_contest(contest, DisputeStatus.OPEN, now)
        self.plan(decision.answer_in, lambda: self._decide(contest, (DisputeStatus.OPEN,), won=False))
        if decision.withdrawn_after:
            self.plan(decision.withdrawn_after, lambda: self._decide(contest, UNDECIDED, won=True))
        return contest

    def _decide(self, contest: Contest, standing: tuple[DisputeStatus, ...], *, won: bool) -> None:
        if contest.status not in standing:
            return
        if won and contest.decision.fee_back:
            contest.fees.append(0)
        self.books.put_contest(contest, DisputeStatus.WON if won else DisputeStatus.LOST, self.clock.at)
        again = contest.decision.again_after
        if not won and again:
            self.plan(again, lambda: self._decide(contest, (DisputeStatus.LOST,), won=True))

    async def submit_evidence(self, request: EvidenceRequest) -> DisputeAnswer:
        return self._answered(request.key, request.dispute_ref, request)

    async def accept_dispute(self, key: str, dispute_ref: str) -> DisputeAnswer:
        return self._answered(key, dispute_ref, None)

    def _answered(self, key: str, ref: str, answer: EvidenceRequest | None) -> DisputeAnswer:
        self.catch_up()
        if turned := self._turned():
            return turned
        contest = self.books.contests.get(ref)
        if contest is None:
            return AnswerRefused("not_found")
        if key in contest.answers:
            return contest.facts() if contest.answers[key] == answer else Unknown("mismatch")
        if contest.status not in (UNDECIDED if answer is None else (DisputeStatus.OPEN,)):
            return AnswerRefused("not_answerable")
        contest.answers[key] = answer
        if answer is None:
            self._decide(contest, UNDECIDED, won=False)
        else:
            self._take(contest)
        return self._turned() or contest.facts()  # the answer can be lost as well

    def _take(self, contest: Contest) -> None:
        decision = contest.decision
        if decision.answer_fee:
            contest.fees.append(contest.fees[-1] + decision.answer_fee)
        self.books.put_contest(contest, DisputeStatus.EVIDENCE_SUBMITTED, self.clock.at)
        standing = (DisputeStatus.EVIDENCE_SUBMITTED,)
        self.plan(decision.decided_after, lambda: self._decide(contest, standing, won=decision.won))

    async def find_dispute(self, dispute_ref: str) -> DisputeFound:
        self.catch_up()
        if turned := self._turned():
            return turned
        contest = self.books.contests.get(dispute_ref)
        return contest.facts() if contest else NotFound()

    async def list_disputes(self, since: datetime, after: str | None) -> DisputesAnswer:
        self.catch_up()
        if turned := self._turned():
            return turned
        found = [each for each in self.books.contests.values() if each.opened_at >= since]
        refs = [each.ref for each in found]
        if after is not None and after not in refs:
            return Unknown("no such place")
        page = found[refs.index(after) + 1 if after else 0 :]
        return DisputesListed(tuple(each.facts() for each in page[:PAGE]), more=len(page) > PAGE)
