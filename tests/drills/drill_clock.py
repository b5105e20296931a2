"""The clock of our machines jumps an hour ahead, an hour back, and comes right again, with renewals due in between; the
provider's stays right. Each period is renewed and charged once."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

from dev.story.client import until
from tests.drills.ground import ground
from tests.drills.hands import Hands
from tests.drills.people import Buyer
from tests.drills.telling import tell
from tests.drills.town import Town, town
from tests.lives import invoices_of, subscription_of
from tests.simulation.both_books import by_customer, payments_of_all

T = TypeVar("T")
BUYERS = 4
HOUR_SECONDS = 3_600
# Before the renewals are due: an hour ahead of that they are.
SHORT_SECONDS = 1_800
# Renewals are spread over an hour, and invoiced an hour after each.
RENEWED_SECONDS, ISSUED_SECONDS = 2 * HOUR_SECONDS, 4 * HOUR_SECONDS
LOOK_SECONDS, CHARGED_SECONDS = 8.0, 120.0


async def periods(there: Town, buyers: list[Buyer]) -> set[int]:
    """Which period each is in, counted from 0."""
    return {(await subscription_of(there.api.world, each.guest.who)).period_index for each in buyers}


async def seconds_left(there: Town, buyers: list[Buyer]) -> int:
    """How long the first period of the first of them still lasts."""
    running = await subscription_of(there.api.world, buyers[0].guest.who)
    return int((running.period.end - there.house.db.clock.now()).total_seconds())


async def charges(there: Town, buyers: list[Buyer]) -> set[tuple[int, int, int]]:
    """Of each: invoices, charges that took money at the provider, and how many of those we know."""
    books = by_customer((await there.provider.get("/admin/books")).json())
    found = set()
    for each in buyers:
        who = each.guest.who
        taken = [one for one in books[str(who.id)] if one.get("captured_minor")]
        ours = [one for one in await payments_of_all(there.api.world, who) if one.captured.minor]
        found.add((len(await invoices_of(there.api.world, who)), len(taken), len(ours)))
    return found


async def jumps(hands: Hands, at: int, look: Callable[[], Awaitable[T]]) -> list[T]:
    """The clock an hour ahead, an hour back and right again; what is seen each time, after a while."""
    seen = []
    for offset in (HOUR_SECONDS, -HOUR_SECONDS, 0):
        hands.turn(at + offset)
        await asyncio.sleep(LOOK_SECONDS)
        seen.append(await look())
    return seen


async def test_an_hour_ahead_and_an_hour_back_renew_and_charge_each_period_once() -> None:
    with TemporaryDirectory(prefix="quittance-clock-") as folder:
        os.chmod(folder, 0o755)
        theirs, ours = Hands(Path(folder) / "theirs"), Hands(Path(folder) / "ours")
        with ground(theirs.environment) as on:
            on.start("api", ours.environment)
            on.start("worker", ours.environment)
            async with town(on) as there:
                buyers = await there.buyers(BUYERS, clock_at=None)
                await there.settled()
                assert await charges(there, buyers) == {(1, 1, 1)}
                due = await seconds_left(there, buyers)
                for hands in (theirs, ours):
                    hands.turn(due - SHORT_SECONDS)
                await asyncio.sleep(LOOK_SECONDS)
                assert await periods(there, buyers) == {0}
                seen = await jumps(ours, due - SHORT_SECONDS, lambda: periods(there, buyers))
                tell(periods_an_hour_ahead_an_hour_back_and_right=seen)
                # Renewals are spread over an hour, so half of them fall into the one that came too early.
                assert seen[0] == seen[1] == seen[2] <= {0, 1}, "renewed when the clock said so, and never again"

                async def renewed() -> bool | None:
                    return True if await periods(there, buyers) == {1} else None

                async def charged() -> bool | None:
                    return True if await charges(there, buyers) == {(2, 2, 2)} else None

                for hands in (theirs, ours):
                    hands.turn(due + RENEWED_SECONDS)
                await until(renewed, "the second period of all", CHARGED_SECONDS)
                for hands in (theirs, ours):
                    hands.turn(due + ISSUED_SECONDS)
                await until(charged, "the charges of the second period", CHARGED_SECONDS)
                taken = await jumps(ours, due + ISSUED_SECONDS, lambda: charges(there, buyers))
                tell(invoices_charges_and_ours_at_each_jump=taken)
                assert taken == [{(2, 2, 2)}] * 3
                assert await periods(there, buyers) == {1}
                assert await there.findings() == []
