"""The books of the simulated provider: what it really did, whatever it answered. Nothing here fails or forgets."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from domain.money import Money
from domain.payments.gateway import DisputeFacts, DisputeStatus, EventKind, ProviderEvent


@dataclass(eq=False)
class Method:
    """A stored method; ``token`` says how it behaves."""

    ref: str
    token: str
    detached: bool = False
    charges: int = 0


@dataclass(eq=False)
class Charge:
    """One charge; ``state`` is captured, authorized, declined, action, processing, voided, expired or returned.

    ``revived`` was declined before. Of a hold, ``held`` in all, ``left`` can still be taken; ``taken_under`` its keys.
    ``back`` is what the bank took back of what was ``taken``; it may for so long as it is ``returnable``, where that is
    said at all. Nobody is told of one that is ``untold``.
    """

    ref: str
    key: str
    reference: str
    money: Money
    method: Method
    metadata: Mapping[str, str]
    begun_at: datetime
    state: str
    taken: int = 0
    code: str | None = None
    hard: bool = False
    revived: bool = False
    held: int = 0
    left: int = 0
    expires_at: datetime | None = None
    taken_under: dict[str, int] = field(default_factory=dict)
    returnable: timedelta | None = None
    returnable_until: datetime | None = None
    back: int = 0
    untold: bool = False

    @property
    def kept(self) -> int:
        """What is there of what was taken, as far as banks are concerned."""
        return self.taken - self.back


@dataclass(eq=False)
class Repayment:
    """One refund of a charge; ``state`` is pending, succeeded or failed. One that ``turned`` had ended otherwise."""

    ref: str
    key: str
    reference: str
    charge: Charge
    money: Money
    state: str
    code: str | None = None
    turned: bool = False


@dataclass(eq=False)
class Contest:
    """One dispute of a charge; ``fees`` are all that it ever cost, the newest last. ``decision`` is how it ends."""

    ref: str
    charge: Charge
    money: Money
    decision: "Decision"
    opened_at: datetime
    due_at: datetime
    fees: list[int]
    status: DisputeStatus = DisputeStatus.OPEN
    answers: dict[str, object] = field(default_factory=dict)

    def facts(self, *, mute: bool = False) -> DisputeFacts:
        """All there is to say of it; ``mute`` leaves out whose it is, as some providers' events do."""
        charge, fee = self.charge, Money(self.fees[-1], self.money.currency)
        return DisputeFacts(
            self.ref, charge.ref, None if mute else charge.reference, self.status, self.money, fee, "fraudulent",
            self.opened_at, self.due_at, {} if mute else charge.metadata,
        )  # fmt: skip


@dataclass(frozen=True)
class Decision:
    """How a dispute will go: what becomes of an answer and when, whether it is withdrawn, and what it costs.

    ``again_after`` a loss the bank thinks otherwise. Where nobody answers it within ``answer_in``, it is lost.
    """

    won: bool
    fee: int
    answer_in: timedelta
    decided_after: timedelta
    withdrawn_after: timedelta | None = None
    again_after: timedelta | None = None
    answer_fee: int = 0
    fee_back: bool = False
    mute: bool = False


_CONTEST_EVENTS = {
    DisputeStatus.OPEN: EventKind.DISPUTE_OPENED,
    DisputeStatus.EVIDENCE_SUBMITTED: EventKind.DISPUTE_ANSWERED,
    DisputeStatus.WON: EventKind.DISPUTE_WON,
    DisputeStatus.LOST: EventKind.DISPUTE_LOST,
}
_CHARGE_EVENTS = {
    "captured": EventKind.CHARGE_CAPTURED,
    "declined": EventKind.CHARGE_DECLINED,
    "action": EventKind.CHARGE_ACTION_REQUIRED,
    "processing": EventKind.CHARGE_PROCESSING,
    "voided": EventKind.CHARGE_VOIDED,
    "authorized": EventKind.CHARGE_AUTHORIZED,
    "expired": EventKind.CHARGE_EXPIRED,
    "returned": EventKind.CHARGE_RETURNED,
}
_OF_TAKEN = (EventKind.CHARGE_CAPTURED, EventKind.CHARGE_RETURNED)
_REFUND_EVENTS = {"succeeded": EventKind.REFUND_SUCCEEDED, "failed": EventKind.REFUND_FAILED}


@dataclass
class Books:
    """Everything the provider knows. ``name`` begins all its references, so that two runs never share one."""

    name: str
    methods: dict[str, Method] = field(default_factory=dict)
    charges: dict[str, Charge] = field(default_factory=dict)
    repayments: dict[str, Repayment] = field(default_factory=dict)
    contests: dict[str, Contest] = field(default_factory=dict)
    barred: set[str] = field(default_factory=set)
    first_asked: dict[str, datetime] = field(default_factory=dict)
    asked_late: list[str] = field(default_factory=list)
    events: list[ProviderEvent] = field(default_factory=list)
    touched: set[str] = field(default_factory=set)  # customers of whom something moved since it was emptied
    on_event: Callable[[ProviderEvent], None] = lambda event: None
    _made: int = 0
    _under: dict[str, list[Charge]] = field(default_factory=dict)

    def new_ref(self, kind: str) -> str:
        """A reference that nothing else has."""
        self._made += 1
        return f"{self.name}-{kind}-{self._made}"

    def charges_under(self, reference: str) -> list[Charge]:
        """All charges under one reference of the house; two of them are a double charge."""
        return self._under.get(reference, [])

    def ask(self, key: str, now: datetime, window: timedelta) -> None:
        """Notes a request to move money; under a key of which nothing is remembered any more it could move twice."""
        if now - self.first_asked.setdefault(key, now) >= window:
            self.asked_late.append(key)

    def charge_by_key(self, key: str, now: datetime, window: timedelta) -> Charge | None:
        """The charge that the key made, as long as the provider remembers the key."""
        known = (charge for charge in self.charges.values() if charge.key == key)
        return next((charge for charge in known if now - charge.begun_at < window), None)

    def repayment_by(self, *, key: str | None = None, reference: str | None = None) -> Repayment | None:
        """The refund of that key or reference."""
        found = (each for each in self.repayments.values() if key == each.key or reference == each.reference)
        return next(found, None)

    def left_of(self, charge: Charge) -> int:
        """What of a charge is neither given back nor about to be, and not in dispute or lost by one."""
        given = sum(
            each.money.minor for each in self.repayments.values() if each.charge is charge and each.state != "failed"
        )
        return charge.kept - given - self.disputed(charge)

    def disputed(self, charge: Charge) -> int:
        """What of a charge is in dispute or was lost by one."""
        found = (each for each in self.contests.values() if each.charge is charge)
        return sum(each.money.minor for each in found if each.status is not DisputeStatus.WON)

    def put_contest(self, contest: Contest, status: DisputeStatus, now: datetime) -> None:
        """Moves a dispute, with the event that tells of it."""
        contest.status = status
        self.touched.add(contest.charge.metadata.get("customer", ""))
        self.contests[contest.ref] = contest
        event = ProviderEvent(
            event_id=self.new_ref("event"),
            kind=_CONTEST_EVENTS[status],
            occurred_at=now,
            object_ref=contest.ref,
            sequence=1 + sum(event.object_ref == contest.ref for event in self.events),
            charge_ref=contest.charge.ref,
            reference=None,
            money=contest.money,
            failure_code=None,
            hard=False,
            metadata={} if contest.decision.mute else contest.charge.metadata,
            dispute=contest.facts(mute=contest.decision.mute),
        )
        self.events.append(event)
        self.on_event(event)

    def put(self, charge: Charge, state: str, now: datetime) -> None:
        """Moves a charge, with the event that tells of it."""
        charge.state = state
        self.touched.add(charge.metadata.get("customer", ""))
        if state == "captured" and not charge.held:
            charge.taken = charge.taken or charge.money.minor
            charge.returnable_until = now + charge.returnable if charge.returnable else None
        if charge.ref not in self.charges:
            self._under.setdefault(charge.reference, []).append(charge)
        self.charges[charge.ref] = charge
        kind = EventKind.CHARGE_CAPTURED if state == "authorized" and charge.taken else _CHARGE_EVENTS[state]
        moved = charge.taken if charge.held and kind in _OF_TAKEN else charge.money.minor
        money = Money(moved, charge.money.currency)
        self._tell(kind, charge.ref, charge, charge.reference, money, charge.code, now)

    def put_back(self, repayment: Repayment, state: str, now: datetime) -> None:
        """Moves a refund, with the event where it is final."""
        repayment.state = state
        self.touched.add(repayment.charge.metadata.get("customer", ""))
        self.repayments[repayment.ref] = repayment
        if state in _REFUND_EVENTS:
            kind, of = _REFUND_EVENTS[state], repayment.charge
            self._tell(kind, repayment.ref, of, repayment.reference, repayment.money, repayment.code, now)

    def _tell(
        self, kind: EventKind, ref: str, charge: Charge, reference: str, money: Money, code: str | None, now: datetime
    ) -> None:
        sequence = 1 + sum(event.object_ref == ref for event in self.events)
        event = ProviderEvent(
            event_id=self.new_ref("event"),
            kind=kind,
            occurred_at=now,
            object_ref=ref,
            sequence=sequence,
            charge_ref=charge.ref,
            reference=reference,
            money=money,
            failure_code=code,
            hard=charge.hard and kind in (EventKind.CHARGE_DECLINED, EventKind.CHARGE_RETURNED),
            metadata=charge.metadata,
            authorized=Money(charge.held, money.currency) if charge.held and ref == charge.ref else None,
            capturable=Money(charge.left, money.currency) if charge.held and ref == charge.ref else None,
            until=(charge.expires_at or charge.returnable_until) if ref == charge.ref else None,
        )
        self.events.append(event)
        self.on_event(event)
