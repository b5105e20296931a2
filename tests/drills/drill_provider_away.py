"""The provider is away for an hour of everybody's clock: it hangs, then its answers are lost, then nobody is there.

People go on meanwhile: they change seats, somebody gives money back, newcomers want to leave a card, balances are read.
Once it is back everything is definite within the hour after which an open outcome is asked for, and nothing is doubled.
"""

import asyncio
import os
import signal
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from dev.stack.program import bring_up
from dev.story import documents as say
from domain.actor import Grant
from tests.api_callers import Guest, key
from tests.drills.ground import Ground, ground
from tests.drills.hands import Hands
from tests.drills.people import AGAIN, DONE, EXPECTED, PENDING, Buyer, Heard, Reader, ask, at_work, pause, total
from tests.drills.telling import tell
from tests.drills.town import Town, town
from tests.lives import attempts_at, invoices_of
from tests.simulation.both_books import by_customer, differences, payments_of_all

BUYERS, NEWCOMERS = 4, 2
MINUTE = 60
# Two minutes of the clock pass in so many seconds: long enough for a call that hangs to be given up in five of them.
STEP_MINUTES, STEP_SECONDS = 2, 2.5
THIRD_MINUTES = 20  # of the hour, for each way to be away
# What a person does before they try again; the pause of a drill's people is shorter.
THOUGHT_SECONDS = 1.0
# An outcome is asked for after a minute, five and an hour; what met the outage with the second question waits longest.
DEFINITE_MINUTES = 66
EVERYTHING = ("intent", "charge", "query", "refund", "void", "capture", "method")
BALANCE = "{ viewer { customer { balance { receivable { decimal } } } } }"
# What a caller that was not answered within the bounds of the door hears; hanging would be more.
ANSWERED_SECONDS = 20.0


@dataclass
class Day:
    """The clock of a drill, and everybody who needs a token that is good by it."""

    hands: Hands
    there: Town
    guests: list[Guest] = field(default_factory=list)
    minutes: int = 0

    async def pass_by(self, minutes: int) -> None:
        """So many minutes go by, in steps; everybody is signed in anew."""
        for _ in range(0, minutes, STEP_MINUTES):
            self.minutes += STEP_MINUTES
            self.hands.turn(self.minutes * MINUTE)
            for guest in self.guests:
                guest.token = await self.there.api.token("portal", guest.who.subject)
            await asyncio.sleep(STEP_SECONDS)


@dataclass
class Newcomer:
    """Somebody who wants to leave a card; ``heard`` is as of a buyer."""

    guest: Guest
    heard: Counter[str] = field(default_factory=Counter)
    worst_seconds: float = 0.0
    given: dict[str, Any] = field(default_factory=lambda: {"token": "tok_visa", "idempotencyKey": key()})

    async def live(self, ended: asyncio.Event) -> None:
        """Tries under one key until it is done or over."""
        while not ended.is_set() and (await self.once()).word != DONE:
            await pause(ended, THOUGHT_SECONDS)

    async def once(self) -> Heard:
        """Tries."""
        heard = await ask(self.guest.http, self.guest.token, say.ADD_METHOD, {"input": self.given})
        self.heard[heard.word] += 1
        self.worst_seconds = max(self.worst_seconds, heard.seconds)
        return heard


@asynccontextmanager
async def hangs(on: Ground, _: Town) -> AsyncIterator[None]:
    """It takes connections and says nothing, and goes on afterwards with what it was asked."""
    pid = on.stack.named("provider").child.process.pid
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


@asynccontextmanager
async def loses_answers(_: Ground, there: Town) -> AsyncIterator[None]:
    """It does what it is told and answers 500."""
    await there.provider.post("/admin/behaviour", json={"operations": EVERYTHING, "fault": "error_after"})
    yield
    await there.provider.delete("/admin/behaviour")


@asynccontextmanager
async def refuses(on: Ground, _: Town) -> AsyncIterator[None]:
    """Nobody listens."""
    running = on.stack.named("provider")
    running.child.stop()
    try:
        yield
    finally:
        running.child = bring_up(running.child.program)


WAYS: tuple[Callable[[Ground, Town], Any], ...] = (hangs, loses_answers, refuses)


async def give_back(there: Town, buyer: Buyer) -> Heard:
    """Support gives one euro of a customer's first payment back."""
    (first, *_) = await invoices_of(there.api.world, buyer.guest.who)
    (paid,) = await attempts_at(there.api.world, buyer.guest.who, first.id)
    given = {"customerId": buyer.guest.id, "paymentId": str(paid.id), "reason": "Asked for it.",
             "amount": {"minorUnits": "100", "currency": "EUR"}, "idempotencyKey": key()}  # fmt: skip
    return await ask(there.api.http, (await there.api.staff(Grant.SUPPORT)).token, say.REFUND, {"input": given})


async def open_books(there: Town, buyers: list[Buyer]) -> list[str]:
    """What is not definite yet, or not the same in both books."""
    books = by_customer((await there.provider.get("/admin/books")).json())
    each = [await differences(there.api.world, one.guest.who, books.get(str(one.guest.who.id), [])) for one in buyers]
    return [difference for found in each for difference in found]


async def minutes_until(day: Day, is_so: Callable[[], Awaitable[bool]]) -> int:
    """How many minutes of the clock go by until it is so; the bound and a little where it never is."""
    began = day.minutes
    while not await is_so() and day.minutes - began <= DEFINITE_MINUTES:
        await day.pass_by(STEP_MINUTES)
    return day.minutes - began


async def states(there: Town, buyers: list[Buyer]) -> dict[str, int]:
    """How many attempts stand how."""
    tries = [each for one in buyers for each in await payments_of_all(there.api.world, one.guest.who)]
    return dict(Counter(each.state.name for each in tries))


async def an_hour_away(on: Ground, day: Day, buyers: list[Buyer], newcomers: list[Newcomer]) -> Reader:
    """The hour; what was heard in each third of it is told."""
    there = day.there
    reader = Reader(buyers[0].guest, there.api.http, BALANCE)
    *changing, returning = buyers
    for way in WAYS:
        before = total(buyers), Counter(word for each in newcomers for word in each.heard.elements())
        async with way(on, there), at_work(*changing, *newcomers, reader):
            if way is hangs:
                returned = await give_back(there, returning)
                tell(money_given_back_meanwhile=returned.word)
                assert returned.word == DONE
            await day.pass_by(THIRD_MINUTES)
        added = Counter(word for each in newcomers for word in each.heard.elements()) - before[1]
        tell(**{way.__name__: {"changes": dict(total(buyers) - before[0]), "new cards": dict(added),
                               "payments": await states(there, buyers)}})  # fmt: skip
    return reader


async def test_a_provider_that_is_away_for_an_hour_leaves_nothing_open_and_nothing_doubled() -> None:
    with TemporaryDirectory(prefix="quittance-clock-") as folder:
        os.chmod(folder, 0o755)
        hands = Hands(Path(folder) / "everybodys")
        with ground(hands.environment) as on:
            on.start("api", hands.environment)
            on.start("worker", hands.environment)
            async with town(on) as there:
                buyers = await there.buyers(BUYERS + 1, clock_at=None)
                for each in buyers:
                    each.pause_seconds = THOUGHT_SECONDS
                newcomers = [Newcomer(replace(await there.api.guest(clock_at=None))) for _ in range(NEWCOMERS)]
                await there.settled()
                everybody: list[Buyer | Newcomer] = [*buyers, *newcomers]
                day = Day(hands, there, [each.guest for each in everybody])
                reader = await an_hour_away(on, day, buyers, newcomers)

                async def is_definite() -> bool:
                    return not await open_books(there, buyers)

                took = await minutes_until(day, is_definite)
                tell(minutes_until_all_was_definite=took, payments=await states(there, buyers),
                     slowest_answer_seconds=round(max(each.worst_seconds for each in everybody), 1),
                     balances=dict(reader.heard), slowest_balance_seconds=round(reader.worst_seconds, 2))  # fmt: skip
                assert took <= DEFINITE_MINUTES, await open_books(there, buyers)
                assert set(total(buyers)) <= {DONE, PENDING, AGAIN} <= EXPECTED and set(reader.heard) == {DONE}
                assert max(each.worst_seconds for each in everybody) < ANSWERED_SECONDS
                for newcomer in newcomers:
                    assert (await newcomer.once()).word == DONE
                await asyncio.gather(*(each.finish() for each in buyers))
                await there.ended_well(buyers)
