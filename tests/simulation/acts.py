"""The actions of a run and how often each is drawn, before a seed changes that."""

from collections.abc import Callable
from random import Random

from tests.simulation.acts_approvals import decide, judge, look_into, resolve, silence
from tests.simulation.acts_by_hand import back_by_hand, by_hand, pay_out, reverse, void_in_part
from tests.simulation.acts_catalog import coupon, edition, rate, reprice, withdraw
from tests.simulation.acts_coupons import redeem, take_coupon_back
from tests.simulation.acts_credits import by_line, give_back, give_credit, several_ways, take_credit_back
from tests.simulation.acts_customers import Act, add_card, arrive, change, pay, refund, rescue, start, visit
from tests.simulation.acts_desk import arrange, contract, give_up
from tests.simulation.acts_disputes import answer, dispute, give_in, search
from tests.simulation.acts_lives import cancel, pause, reactivate, resume, seats, unschedule
from tests.simulation.acts_patience import end_debts, thin_out
from tests.simulation.acts_payments import collect, hold, let_go, record
from tests.simulation.acts_quotes import quote, take
from tests.simulation.acts_recovery import order, payday, split
from tests.simulation.acts_returned import bank_takes_back, turn_refund
from tests.simulation.acts_rough import at_once, doubt, forget, mismatch, preview, repeat, stranger
from tests.simulation.acts_staff import agree, issue, note, take_note_back, void, write
from tests.simulation.acts_taxpayers import correct, exempt, identify, relocate, unexempt
from tests.simulation.acts_time import advance, pass_time, post, work_all, work_once
from tests.simulation.options import DISPUTED_FROM, RETURNED_FROM
from tests.simulation.town import Town

ACTIONS: dict[str, tuple[int, Callable[[Town], Act | None]]] = {
    "arrive": (3, arrive),
    "card": (6, add_card),
    "rescue": (5, rescue),
    "start": (8, start),
    "pay": (5, pay),
    "change": (8, change),
    "refund": (4, refund),
    "visit": (3, visit),
    "work": (8, work_once),
    "sweep": (5, work_all),
    "post": (4, post),
    "time": (9, pass_time),
    "advance": (8, advance),
    "repeat": (2, repeat),
    "doubt": (3, doubt),
    "mismatch": (1, mismatch),
    "stranger": (2, stranger),
    "preview": (1, preview),
    "forget": (1, forget),
    "at once": (3, at_once),
    "seats": (6, seats),
    "cancel": (2, cancel),
    "reactivate": (2, reactivate),
    "pause": (3, pause),
    "resume": (2, resume),
    "unschedule": (1, unschedule),
    "note": (4, note),
    "take back": (1, take_note_back),
    "write": (2, write),
    "issue": (4, issue),
    "agree": (1, agree),
    "void": (1, void),
    "identify": (3, identify),
    "quote": (4, quote),
    "take": (4, take),
    "reprice": (3, reprice),
    "edition": (3, edition),
    "rate": (2, rate),
    "coupon": (2, coupon),
    "withdraw": (1, withdraw),
    "redeem": (7, redeem),
    "take coupon": (1, take_coupon_back),
    "relocate": (2, relocate),
    "exempt": (2, exempt),
    "unexempt": (2, unexempt),
    "correct": (3, correct),
    "arrange": (3, arrange),
    "give up": (1, give_up),
    "contract": (2, contract),
}
# Of seeds from HELD_FROM on alone, so that what earlier seeds found is found again; they stand last, with no weight.
HELD: dict[str, tuple[int, Callable[[Town], Act | None]]] = {
    "hold": (6, hold),
    "collect": (8, collect),
    "let go": (2, let_go),
    "record": (3, record),
}
HELD_FROM = 1001  # above every seed that was ever tried without them
# Of seeds from DISPUTED_FROM on, likewise: what a bank, another person or a customer in arrears decides about money.
DISPUTED: dict[str, tuple[int, Callable[[Town], Act | None]]] = {
    "dispute": (8, dispute),
    "answer": (4, answer),
    "give in": (1, give_in),
    "search": (1, search),
    "judge": (5, judge),
    "silence": (2, silence),
    "look into": (4, look_into),
    "resolve": (4, resolve),
    "split": (5, split),
    "payday": (3, payday),
    "order": (3, order),
}
# Of seeds from RETURNED_FROM on, each with dice of its own, so that one more changes nothing of how often others come.
RETURNED: dict[str, tuple[int, Callable[[Town], Act | None]]] = {
    "bank takes back": (10, bank_takes_back),
    "give credit": (4, give_credit),
    "by line": (3, by_line),
    "several ways": (2, several_ways),
    "take credit back": (4, take_credit_back),
    "by hand": (5, by_hand),
    "reverse": (6, reverse),
    "back by hand": (3, back_by_hand),
    "pay out": (3, pay_out),
    "void in part": (3, void_in_part),
    "turn refund": (8, turn_refund),
    "give back": (5, give_back),
    "decide": (8, decide),
}
# Never drawn: they come of themselves, in towns with a patience that ends.
IMPATIENT: dict[str, Callable[[Town], Act | None]] = {"end debts": end_debts, "thin out": thin_out}
HELD_AGAIN = 4  # every fourth of those holds its payments first

ALWAYS = frozenset({"arrive", "card", "start", "sweep", "time"})  # without these nothing happens at all
WEIGHTS = {name: weight for name, (weight, _) in ACTIONS.items()}
EVERYTHING = ACTIONS | HELD | DISPUTED | RETURNED | {name: (0, act) for name, act in IMPATIENT.items()}


def holds(seed: int) -> bool:
    """Whether payments are held first, and somebody has to take them."""
    return seed >= HELD_FROM if seed < DISPUTED_FROM else seed % HELD_AGAIN == 0


def later_weights(seed: int) -> dict[str, int]:
    """How often the actions are drawn that only later seeds know; each is left out, usual or frequent."""
    chance = Random(f"later {seed}")
    held = {name: weight if holds(seed) else 0 for name, (weight, _) in HELD.items()}
    more = {name: weight * chance.choice((0, 1, 1, 2)) for name, (weight, _) in DISPUTED.items()}
    later = held | {name: weight if seed >= DISPUTED_FROM else 0 for name, weight in more.items()}
    return later | _returned_weights(seed) | dict.fromkeys(IMPATIENT, 0)


def _returned_weights(seed: int) -> dict[str, int]:
    times = {name: Random(f"returned {seed} {name}").choice((0, 1, 1, 2)) for name in RETURNED}
    return {name: weight * times[name] if seed >= RETURNED_FROM else 0 for name, (weight, _) in RETURNED.items()}


# How every run begins, so that there is somebody to bill before the dice take over.
OPENING = ("arrive", "card", "start", "arrive", "card", "start", "sweep")
