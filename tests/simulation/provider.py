"""A payment provider inside the process: it keeps books of its own, and loses, delays and refuses as it is drawn."""

import heapq
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from domain.money import Money
from domain.payments.gateway import (
    ActionRequired,
    Authorized,
    Captured,
    ChargeAnswer,
    ChargeFound,
    ChargeRequest,
    Declined,
    DetachAnswer,
    Detached,
    Expired,
    MethodAnswer,
    MethodFacts,
    MethodRefused,
    NotFound,
    Processing,
    ProviderEvent,
    RefundAnswer,
    RefundFailed,
    RefundFound,
    RefundPending,
    RefundRequest,
    RefundSucceeded,
    Returned,
    Unavailable,
    Unknown,
    VoidAnswer,
    Voided,
)
from tests.simulation.clock import SimClock
from tests.simulation.course import Course, Fault
from tests.simulation.provider_books import Books, Charge, Method, Repayment
from tests.simulation.provider_disputes import Disputes
from tests.simulation.provider_holds import Holds
from tests.simulation.provider_returns import Returns

KEY_WINDOW = timedelta(hours=24)  # as the best known provider remembers its keys
HOLD_FOR = timedelta(days=7)  # as card networks hold an amount
NO_ANSWER = Unknown("no answer", heard=False)
RETRY_AFTER = timedelta(seconds=1)  # what a provider says that turns a request away


class SimulatedProvider(Holds, Disputes, Returns):
    """The port, on books that tests can read; time is the simulation's."""

    name, account, key_window = "sandbox", "main", KEY_WINDOW

    def __init__(self, name: str, clock: SimClock, course: Course) -> None:
        self.books = Books(name)
        self.clock = clock
        self.course = course
        self.mailbox: list[ProviderEvent] = []
        self.books.on_event = self._send
        self.on_their_way: dict[str, Callable[[], object]] = {}
        self._planned: list[tuple[datetime, int, Callable[[], object]]] = []
        self._order = 0

    def plan(self, after: timedelta, act: Callable[[], object]) -> None:
        """Lets something happen at the provider by itself."""
        self._order += 1
        heapq.heappush(self._planned, (self.clock.at + after, self._order, act))

    def catch_up(self) -> None:
        """Does what has become due at the provider; every request does this first."""
        while self._planned and self._planned[0][0] <= self.clock.at:
            heapq.heappop(self._planned)[2]()

    def _send(self, event: ProviderEvent) -> None:
        """Puts the webhooks of an event on their way, as many as are drawn."""
        told = event if self.course.numbered else replace(event, sequence=0)
        for after in self.course.deliveries(event) if self.is_told(event) else ():
            self.plan(after, lambda: self.mailbox.append(told))

    def next_planned(self) -> datetime | None:
        """When something happens here by itself."""
        return self._planned[0][0] if self._planned else None

    async def add_method(self, token: str, owner: str) -> MethodAnswer:
        if not self.course.accepts(token):
            return MethodRefused("token_not_accepted")
        method = Method(self.books.new_ref("method"), token)
        self.books.methods[method.ref] = method
        return MethodFacts(method.ref, "card", "visa", "4242", None)

    async def detach_method(self, method_ref: str) -> DetachAnswer:
        method = self.books.methods.get(method_ref)
        if method is None:
            return NotFound()
        method.detached = True
        return Detached()

    async def charge(self, request: ChargeRequest) -> ChargeAnswer:
        return await self._ask(request)

    async def authorize(self, request: ChargeRequest) -> ChargeAnswer:
        return await self._ask(request, hold=True)

    async def _ask(self, request: ChargeRequest, *, hold: bool = False) -> ChargeAnswer:
        self.catch_up()
        self.books.ask(request.key, self.clock.at, KEY_WINDOW)
        if request.key in self.on_their_way:
            return Unknown("the first request under this key is still under way")
        method = self.books.methods.get(request.method_ref)
        fault = self._hushed(self.course.charge_fault(method) if method else None)
        if fault is Fault.DOWN:
            return Unavailable("down", RETRY_AFTER)
        if fault is Fault.LATE:
            self._send_late(request, method, hold=hold)
        if fault in (Fault.LATE, Fault.LOST_BEFORE):
            return NO_ANSWER
        answer = self._charge(request, method, hold=hold)
        return NO_ANSWER if fault is Fault.LOST_AFTER else answer

    def _send_late(self, request: ChargeRequest, method: Method | None, *, hold: bool) -> None:
        def arrive() -> None:
            if self.on_their_way.pop(request.key, None):
                self._charge(request, method, hold=hold)

        self.on_their_way[request.key] = arrive
        after = self.course.late()
        if after is not None:
            self.plan(after, arrive)

    def _charge(self, request: ChargeRequest, method: Method | None, *, hold: bool) -> ChargeAnswer:
        if request.reference in self.books.barred:
            return Voided(None)
        known = self.books.charge_by_key(request.key, self.clock.at, KEY_WINDOW)
        if known is not None:
            same = (known.money, known.reference) == (request.money, request.reference)
            return self._answer(known, known.money) if same else Unknown("mismatch")
        if method is None:
            return Declined(None, "no_such_method", hard=True)
        return self._answer(self._new_charge(request, method, hold=hold), request.money)

    def _new_charge(self, request: ChargeRequest, method: Method, *, hold: bool) -> Charge:
        method.charges += 1
        state, code, hard = ("declined", "detached", True) if method.detached else self.course.verdict(method)
        charge = Charge(
            self.books.new_ref("charge"), request.key, request.reference, request.money, method,
            request.metadata, self.clock.at, state, code=code, hard=hard,
        )  # fmt: skip
        if code == "less":
            charge.taken, charge.code = request.money.minor - 1, None
        if hold and state == "captured":
            state, charge.held, charge.left = "authorized", request.money.minor, request.money.minor
            charge.expires_at = self.clock.at + HOLD_FOR
            self.plan(HOLD_FOR, lambda: self.expire(charge))
        charge.returnable = self.course.returnable(charge)
        self.books.put(charge, state, self.clock.at)
        ends = self.course.bank(charge) if state == "processing" else None
        if ends:
            self.plan(ends[0], lambda: self.settle(charge.ref, ends[1]))
        revival = self.course.revival(charge) if state == "declined" else None
        if revival:
            self.plan(revival, lambda: self.revive(charge))
        return charge

    def _answer(self, charge: Charge, asked: Money) -> ChargeAnswer:
        match charge.state:
            case "captured":
                taken = Money(charge.taken, charge.money.currency)
                if charge.held:
                    return Captured(charge.ref, taken, Money(charge.held, taken.currency))
                until = charge.returnable_until
                return Captured(charge.ref, taken, None, until) if taken == asked else Unknown("mismatch")
            case "authorized":
                held, taken, left = (
                    Money(each, charge.money.currency) for each in (charge.held, charge.taken, charge.left)
                )
                return Authorized(charge.ref, held, taken, left, charge.expires_at)
            case "expired":
                return Expired(charge.ref)
            case "returned":
                back = Money(charge.back, charge.money.currency)
                return Returned(charge.ref, back, charge.code or "returned", charge.hard)
            case "declined":
                return Declined(charge.ref, charge.code or "declined", charge.hard)
            case "action":
                return ActionRequired(charge.ref, f"https://provider.test/{charge.ref}")
            case "voided":
                return Voided(charge.ref)
        return Processing(charge.ref)

    async def find_charge(self, reference: str, asked: Money, charge_ref: str | None = None) -> ChargeFound:
        self.catch_up()
        if turned := self._turned():
            return turned
        found = self.books.charges_under(reference)
        if not found:
            return Voided(None) if reference in self.books.barred else NotFound()
        if len(found) > 1:
            return Unknown("ambiguous")
        return self._answer(found[0], asked) if found[0].money == asked else Unknown("mismatch")

    def _turned(self) -> Unknown | Unavailable | None:
        if self.is_silent:
            return NO_ANSWER
        match self.course.question_fault():
            case None:
                return None
            case Fault.DOWN:
                return Unavailable("down", RETRY_AFTER)
        return NO_ANSWER

    async def void(self, reference: str, charge_ref: str | None = None) -> VoidAnswer:
        self.catch_up()
        if turned := self._turned():
            return turned
        self.books.barred.add(reference)
        found = self.books.charges_under(reference)
        if not found:
            return Voided(None)
        if found[0].state in ("action", "authorized"):
            found[0].left = 0
            self.books.put(found[0], "captured" if found[0].taken else "voided", self.clock.at)
        answer = self._answer(found[0], found[0].money)
        assert not isinstance(answer, ActionRequired | Authorized)
        return answer

    async def refund(self, request: RefundRequest) -> RefundAnswer:
        self.catch_up()
        self.books.ask(request.key, self.clock.at, KEY_WINDOW)
        charge = self.books.charges.get(request.charge_ref)
        fault = self._hushed(self.course.refund_fault(charge) if charge else None)
        if fault is Fault.DOWN:
            return Unavailable("down", RETRY_AFTER)
        if fault in (Fault.LATE, Fault.LOST_BEFORE):
            return NO_ANSWER
        answer = self._refund(request, charge)
        return NO_ANSWER if fault is Fault.LOST_AFTER else answer

    def _refund(self, request: RefundRequest, charge: Charge | None) -> RefundAnswer:
        known = self.books.repayment_by(key=request.key)
        if known is not None:
            return _told(known) if known.money == request.money else Unknown("mismatch")
        if charge is None or request.money.currency != charge.money.currency:
            return RefundFailed(None, "no_such_charge")
        if request.money.minor > self.books.left_of(charge):
            return RefundFailed(None, "exceeds_charge")
        ends = self.course.refund(charge)
        repayment = Repayment(
            self.books.new_ref("refund"), request.key, request.reference, charge, request.money, "pending"
        )
        self.books.put_back(repayment, "pending" if ends else "succeeded", self.clock.at)
        if ends:
            self.plan(ends[0], lambda: self.settle(repayment.ref, ends[1]))
        return _told(repayment)

    async def find_refund(self, reference: str, asked: Money, charge_ref: str) -> RefundFound:
        self.catch_up()
        if turned := self._turned():
            return turned
        found = self.books.repayment_by(reference=reference)
        if found is None:
            return NotFound()
        return _told(found) if found.money == asked else Unknown("mismatch")

    def settle(self, ref: str, failure: str | None) -> None:
        """Ends what settles later."""
        if ref in self.books.charges:
            charge = self.books.charges[ref]
            if charge.state in ("processing", "action"):
                charge.code = failure
                self.books.put(charge, "declined" if failure else "captured", self.clock.at)
            return
        repayment = self.books.repayments[ref]
        if repayment.state == "pending":
            repayment.code = failure
            self.books.put_back(repayment, "failed" if failure else "succeeded", self.clock.at)

    def parse_event(
        self, raw: bytes, headers: Mapping[str, str], secrets: Sequence[str], now: datetime
    ) -> ProviderEvent:
        return self.read_event(raw, headers)

    def read_event(self, raw: bytes, headers: Mapping[str, str]) -> ProviderEvent:
        return next(event for event in self.books.events if event.event_id == raw.decode())

    async def close(self) -> None:
        """Nothing to give back."""


def _told(repayment: Repayment) -> RefundAnswer:
    match repayment.state:
        case "succeeded":
            return RefundSucceeded(repayment.ref, repayment.money)
        case "failed":
            return RefundFailed(repayment.ref, repayment.code or "failed")
    return RefundPending(repayment.ref)
