"""Rough customers: the same call again, another call under its key, somebody else's ids, several calls at once."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import fields, is_dataclass, replace
from typing import Any

from domain.expired_keys import forget_expired
from domain.ids import EntityId
from domain.perform import perform
from domain.refusals import RefusalCode as No
from domain.refusals import Refused
from tests.simulation.acts_approvals import judge, resolve
from tests.simulation.acts_by_hand import by_hand, pay_out, reverse
from tests.simulation.acts_coupons import redeem
from tests.simulation.acts_credits import give_credit, take_credit_back
from tests.simulation.acts_customers import MOST_PATRONS, Act, add_card, change, pay, refund, start, visit, welcome
from tests.simulation.acts_desk import arrange, give_up
from tests.simulation.acts_disputes import answer, give_in
from tests.simulation.acts_lives import cancel, pause, resume, seats
from tests.simulation.acts_recovery import order, payday, split
from tests.simulation.acts_returned import bank_takes_back, turn_refund
from tests.simulation.acts_staff import note, void
from tests.simulation.acts_time import work_once
from tests.simulation.mortal import Crash
from tests.simulation.options import DISPUTED_FROM, RETURNED_FROM
from tests.simulation.reading import read_along
from tests.simulation.town import Broken, Call, Town

TOGETHER = (
    start,
    pay,
    pay,
    change,
    refund,
    refund,
    add_card,
    visit,
    work_once,
    work_once,
    seats,
    seats,
    cancel,
    pause,
    resume,
    note,
    note,
    void,
    redeem,
    redeem,
    arrange,
    give_up,
)
LATER = (*TOGETHER, judge, judge, answer, give_in, resolve, split, split, payday, order)  # of seeds that know these
LATEST = (
    *(*LATER, give_credit, give_credit, take_credit_back, by_hand, by_hand, reverse, reverse, pay_out),
    *(bank_takes_back, turn_refund, resolve),
)


def repeat(town: Town) -> Act | None:
    """A client that never saw the answer sends its call again; it is answered as the first time."""
    if not town.answered:
        return None
    call, outcome = town.chance.choice(town.answered)
    town.note(f"{call.name} ({call.key})")

    async def act() -> None:
        try:
            again = await perform(
                town.process.house.db, call.operation, call.actor, call.customer, call.command, call.key
            )
        except Refused as refused:
            if refused.retryable and town.rough:
                return
            raise Broken(f"{call.name} was answered, and then refused under its key: {refused}") from refused
        if again.outcome != outcome or not again.replayed:
            raise Broken(f"{call.name} under {call.key}: {outcome} the first time, {again} the second")

    return act()


def doubt(town: Town) -> Act | None:
    """A client whose call ended in doubt sends it again; it is done now, or was done then."""
    if not town.in_doubt:
        return None
    call = town.in_doubt.pop(town.chance.randrange(len(town.in_doubt)))
    town.note(f"{call.name} ({call.key})")

    async def act() -> None:
        outcome = await town.send(call, may=set(No) - {No.IDEMPOTENCY_MISMATCH})
        if outcome and call.name == "arrive":
            welcome(town, call.command, outcome)

    return act()


def mismatch(town: Town) -> Act | None:
    """A client reuses a key for another command; it is refused."""
    if len(town.answered) < 2:
        return None
    (first, _), (second, _) = town.chance.sample(town.answered, 2)
    if first.customer != second.customer or first.actor != second.actor or first.command == second.command:
        return None
    call = replace(second, key=first.key)
    town.note(f"{call.name} under the key of {first.name}")

    async def act() -> None:
        await _send_once(town, call, No.IDEMPOTENCY_MISMATCH)

    return act()


def stranger(town: Town) -> Act | None:
    """A customer sends another customer's ids; they do not exist for it."""
    foreign = [call for call, _ in town.answered if _names_ids(call) and call.actor.customer]
    foreign = [call for call in foreign if call.name != "redeem"]  # a coupon may be refused before the subscription
    others = [patron for patron in town.patrons if foreign]
    if len(others) < 2:
        return None
    call = town.chance.choice(foreign)
    patron = town.chance.choice([each for each in others if each.id != call.customer])
    own = town.chance.random() < 0.5  # the thief's own customer id, or the victim's
    town.note(f"{call.name} of somebody by {patron}")
    stolen = Call(
        call.name, call.operation, patron.actor, patron.id if own else call.customer, call.command, town.new_key()
    )

    async def act() -> None:
        await _send_once(town, stolen, No.NOT_FOUND)

    return act()


async def _send_once(town: Town, call: Call, must: No) -> None:
    """Sends what must be refused; where no answer came it is not sent again."""
    try:
        await town.send(call, must=must)
    finally:
        town.in_doubt = [each for each in town.in_doubt if each is not call]


def _names_ids(call: Call) -> bool:
    command: Any = call.command
    return is_dataclass(command) and any(isinstance(getattr(command, each.name), EntityId) for each in fields(command))


def preview(town: Town) -> Act | None:
    """Somebody looks at what a call would do; nothing at all is left behind."""
    asked = [call for call, _ in town.answered if call.actor.customer]
    if not asked:
        return None
    call = town.chance.choice(asked)
    town.note(f"{call.name} by {town.patron_of(call.customer.uuid)}")

    async def look() -> None:
        db = town.process.house.db
        try:
            await perform(db, call.operation, call.actor, call.customer, call.command, call.key, preview=True)
        except Refused as refused:
            town.note(f"refused {refused.code}")
        after = await town.read()
        if changed := town.changed_since(after):
            raise Broken(f"a preview of {call.name} changed {changed}")

    return look()


def forget(town: Town) -> Act:
    """The quiet hour's job forgets the keys whose time is over."""

    async def act() -> None:
        there = (await town.read()).rows["operation_key"]
        try:
            await forget_expired(town.process.house.db.marks, town.shard, town.process.house.db.clock.now())
        finally:  # a process that died may have forgotten some
            left = (await town.read()).rows["operation_key"]
            kept, ids = {(row["customer_id"], row["key"]) for row in left}, {row["operation_id"] for row in left}
            over = [row for row in there if row["keep_until"] and row["keep_until"] <= town.clock.at]
            town.forgotten |= {row["operation_id"] for row in over} - ids
            before = len(town.answered)
            town.answered = [each for each in town.answered if (each[0].customer.uuid, each[0].key) in kept]
            town.note(f"{before - len(town.answered)} calls")

    return act()


def _known(seed: int) -> Sequence[Callable[[Town], Act | None]]:
    """What somebody may do beside others, in the lives of that seed."""
    if seed < DISPUTED_FROM:
        return TOGETHER
    return LATEST if seed >= RETURNED_FROM else LATER


def at_once(town: Town) -> Act | None:
    """Two to five clients and workers act at the same time."""
    drawn = (town.chance.choice(_known(town.seed))(town) for _ in range(town.chance.randint(2, 5)))
    acts = [act for act in drawn if act is not None]
    if not acts:
        return None

    async def together() -> None:
        town.rough = town.at_once = True
        readers = [read_along(town, patron) for patron in town.patrons[len(town.journal) % MOST_PATRONS :][:1]]
        played = asyncio.ensure_future(town.process.turns.play(acts))
        read = await asyncio.gather(*readers, return_exceptions=True)
        errors = [error for error in (*await played, *read) if isinstance(error, BaseException)]
        for error in sorted(errors, key=lambda each: isinstance(each, Crash)):  # a fault counts for more than a crash
            raise error

    return together()
