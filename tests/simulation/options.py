"""What one seed switches on, and how strong: a swarm of different worlds finds more than one average world."""

import random
from collections import Counter
from dataclasses import dataclass, fields
from datetime import timedelta

from domain.payments.gateway import EventKind, ProviderEvent
from domain.subscriptions.policy import PauseAccess, SeatDecrease, SubscriptionPolicy, Unused
from domain.tax.decision import Rounding
from tests.simulation.course import Fault
from tests.simulation.provider_books import Charge, Method

CARDS = ("good", "once", "lost", "mixed", "3ds", "bank", "soft", "hard")
FIRST = ("good", "good", "once", "once", "lost", "mixed", "3ds", "bank")  # mostly such that a first payment succeeds
ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Pacific/Apia", "Australia/Lord_Howe")
LEVELS = (0.0, 0.0, 0.0, 0.05, 0.2, 0.4)  # half of all seeds are spared a fault, so that it does not hide another
DISPUTED_FROM = 2001  # from this seed on banks, other people and customers in arrears decide about money
RETURNED_FROM = 11001  # from this seed on what was over is not: banks take payments back, refunds end once more
IN_VAIN = 3  # requests in a row; an outage longer than all scheduled questions is for staff, not for a run


@dataclass(frozen=True)
class Options:
    """Rates are chances per request or action; weights are relative."""

    lost_before: float
    lost_after: float
    late: float
    down: float
    deaf: float
    crash: float
    loss: float
    refunds_pend: float
    revived: float
    news_lost: float
    news_twice: float
    news_late: timedelta
    cards: tuple[str, ...]
    zones: tuple[str, ...]
    test_clocks: float
    prompt: float
    weights: dict[str, int]
    policy: SubscriptionPolicy
    rounding: Rounding

    def __str__(self) -> str:
        return ", ".join(f"{each.name}={getattr(self, each.name)!r}" for each in fields(self))


def draw_options(seed: int, actions: dict[str, int]) -> Options:
    """The options of a seed; each action keeps its usual weight, is rare, is frequent, or is left out."""
    chance = random.Random(f"options {seed}")
    rates = {name: chance.choice(LEVELS) for name in ("lost_before", "lost_after", "late", "down", "deaf")}
    return Options(
        **rates,
        crash=chance.choice((0.0, 0.0, 0.1, 0.3)),
        loss=chance.choice((0.0, 0.0, 0.1, 0.3)),
        refunds_pend=chance.choice((0.0, 0.5, 1.0)),
        revived=chance.choice((0.0, 0.0, 0.1, 0.4)),
        news_lost=chance.choice((0.0, 0.2, 0.5, 1.0)),
        news_twice=chance.choice((0.0, 0.2, 0.5)),
        news_late=chance.choice((timedelta(seconds=5), timedelta(minutes=2), timedelta(days=2))),
        cards=tuple(chance.sample(CARDS, chance.randint(2, len(CARDS)))),
        zones=tuple(chance.sample(ZONES, chance.randint(1, 3))),
        test_clocks=chance.choice((0.0, 0.5, 0.5, 1.0)),
        prompt=chance.choice((0.0, 0.5, 0.9, 0.9)),
        weights={name: weight * chance.choice((0, 1, 1, 1, 3)) for name, weight in actions.items()},
        policy=SubscriptionPolicy(
            cancel_now=chance.choice(tuple(Unused)),
            seat_decrease=chance.choice(tuple(SeatDecrease)),
            pause_access=chance.choice(tuple(PauseAccess)),
        ),
        rounding=chance.choice(tuple(Rounding)),
    )


def card_of(token: str) -> str:
    """How the method of a token behaves; what follows makes each token another one."""
    return token.partition("#")[0]


def _ends_again(event: ProviderEvent) -> bool:
    """Whether it tells of a refund that had ended otherwise before."""
    return event.kind in (EventKind.REFUND_SUCCEEDED, EventKind.REFUND_FAILED) and event.sequence > 1


class DrawnCourse:
    """The provider's course, drawn request by request; ``calm`` ends all faults and delays, but not the declines."""

    def __init__(self, seed: int, options: Options) -> None:
        self.chance = random.Random(f"provider {seed}")
        self.options = options
        self.calm = False
        self._returns = random.Random(f"returns {seed}") if seed >= RETURNED_FROM else None
        self.numbered = self._returns is None or self._returns.random() < 2 / 3
        self.faults: Counter[str] = Counter()
        self._in_vain = {"charge": 0, "question": 0, "refund": 0}

    def accepts(self, token: str) -> bool:
        return card_of(token) in CARDS

    def charge_fault(self, method: Method) -> Fault | None:
        return self._fault(
            "charge",
            (Fault.LOST_BEFORE, self.options.lost_before),
            (Fault.LOST_AFTER, self.options.lost_after),
            (Fault.LATE, self.options.late),
            (Fault.DOWN, self.options.down),
        )

    def question_fault(self) -> Fault | None:
        return self._fault("question", (Fault.LOST_BEFORE, self.options.deaf), (Fault.DOWN, self.options.down))

    def refund_fault(self, charge: Charge) -> Fault | None:
        return self._fault(
            "refund",
            (Fault.LOST_BEFORE, self.options.lost_before),
            (Fault.LOST_AFTER, self.options.lost_after),
            (Fault.DOWN, self.options.down),
        )

    def _fault(self, what: str, *faults: tuple[Fault, float]) -> Fault | None:
        drawn = [fault for fault, rate in faults if self.chance.random() < rate]
        if self.calm or not drawn or self._in_vain[what] >= IN_VAIN:
            self._in_vain[what] = 0
            return None
        self._in_vain[what] += 1
        self.faults[f"{what}: {drawn[0].value}"] += 1
        return drawn[0]

    def verdict(self, method: Method) -> tuple[str, str | None, bool]:
        card = card_of(method.token)
        if card == "mixed":
            card = self.chance.choice(("good", "soft", "soft", "hard", "bank"))
        match card:
            case "soft":
                return "declined", "insufficient_funds", False
            case "hard":
                return "declined", "stolen_card", True
            case "3ds":
                return "action", None, False
            case "bank":
                return "processing", None, False
            case "once" if method.charges > 1:
                return "declined", "insufficient_funds", False
            case "lost" if method.charges > 1:
                return "declined", "lost_card", True
        return "captured", None, False

    def bank(self, charge: Charge) -> tuple[timedelta, str | None] | None:
        if self.calm:
            return timedelta(minutes=30), None
        failure = self.chance.choice((None, None, "insufficient_funds"))
        return timedelta(minutes=self.chance.randint(1, 4 * 24 * 60)), failure

    def returnable(self, charge: Charge) -> timedelta | None:
        if self._returns is None or card_of(charge.method.token) != "bank":
            return None
        return self._returns.choice((None, timedelta(days=3), timedelta(days=9), timedelta(days=56)))

    def refund(self, charge: Charge) -> tuple[timedelta, str | None] | None:
        if self.chance.random() >= self.options.refunds_pend:
            return None
        failure = self.chance.choice((None, None, "account_closed"))
        return timedelta(minutes=self.chance.randint(1, 2 * 24 * 60)), failure

    def late(self) -> timedelta | None:
        return timedelta(seconds=self.chance.randint(1, 3600))

    def revival(self, charge: Charge) -> timedelta | None:
        revived = self.chance.random() < self.options.revived and not self.calm
        self.faults["charge: captured after it was declined" if revived else ""] += 1
        return timedelta(minutes=self.chance.randint(1, 20 * 24 * 60)) if revived else None

    def deliveries(self, event: ProviderEvent) -> list[timedelta]:
        charge = event.kind is EventKind.CHARGE_CAPTURED and event.sequence > 1  # nobody would look for it any more
        charge = charge or event.kind is EventKind.CHARGE_RETURNED or _ends_again(event)
        times = 1 + (self.chance.random() < self.options.news_twice)
        lost = self.chance.random() < self.options.news_lost
        if event.dispute and (event.sequence == 1 or event.kind is EventKind.DISPUTE_WON):
            lost = False  # a house looks a week back in the provider's list, and time passes in longer strides here
        self.faults["webhook: sent twice" if times > 1 else ""] += 1
        self.faults["webhook: lost" if lost and not charge else ""] += 1
        late = int(self.options.news_late.total_seconds())
        return [timedelta(seconds=self.chance.randint(0, late)) for _ in range(times)] if charge or not lost else []
