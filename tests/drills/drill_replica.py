"""The replica far behind, and then away: balances stay exact, history says how old it is or that it cannot be had, and
whoever holds the token of a write sees it."""

import asyncio
from datetime import UTC, datetime
from typing import Any

from dev.story import documents as say
from dev.story.client import until
from domain.ledger.balance import balance
from tests.drills.ground import ground
from tests.drills.people import AGAIN, DONE, Buyer, Heard, ask
from tests.drills.telling import tell
from tests.drills.town import Town, town
from tests.world import EUR

# Within the 30 seconds that history may be old, and beyond them.
BEHIND_SECONDS, TOO_FAR_SECONDS = 20, 45
# So long the delay has to be waited for, and a little of it is looked at.
LOOK_SECONDS = 6
THROTTLED = 429


async def granted(buyer: Buyer, document: str, **variables: Any) -> Heard:
    """The answer, once the caller has points for it: it asks faster than they come back."""
    while True:
        heard = await ask(buyer.http, buyer.guest.token, document, variables)
        if heard.status != THROTTLED:
            return heard
        await asyncio.sleep(float(heard.headers["retry-after"]))


async def history(buyer: Buyer, token: str | None = None) -> Heard:
    """A look at the invoices."""
    heard = await granted(buyer, say.HISTORY, atLeast=token)
    page = heard.data["viewer"]["customer"]["invoices"] if heard.word == DONE else None
    return Heard(heard.word, page, heard.status, heard.seconds, heard.headers)


def age_seconds(page: Any) -> float:
    """How old a page says it is."""
    return (datetime.now(UTC) - datetime.fromisoformat(page["asOf"])).total_seconds()


async def write_is_seen(there: Town, buyer: Buyer) -> str:
    """Changes something; the token's history shows it, and the balance is that of the primary. Says who answered."""
    before = len(buyer.done)
    token = await buyer.changes_once()
    assert len(buyer.done) == before + 1
    page = (await history(buyer, token)).data
    newest = page["edges"][0]["node"]["number"]
    assert newest == buyer.last_invoice, (newest, buyer.last_invoice)
    for _ in range(2):  # what follows from the change may lie between the two looks
        told = (await granted(buyer, say.BALANCE)).data["viewer"]["customer"]["balance"]
        owed = await balance(there.house.db.primary, buyer.guest.who.id, EUR)
    assert int(told["receivable"]["minorUnits"]) == owed.receivable.minor
    assert age_seconds(told) < LOOK_SECONDS
    return str(page["source"])


async def looks(there: Town, buyer: Buyer) -> tuple[list[Heard], set[str]]:
    """History without a token and writes with theirs, for a while."""
    seen, sources, ended = [], set(), asyncio.get_running_loop().time() + LOOK_SECONDS
    while asyncio.get_running_loop().time() < ended:
        sources.add(await write_is_seen(there, buyer))
        seen.append(await history(buyer))
    return seen, sources


async def test_a_replica_that_is_far_behind_and_then_away() -> None:
    with ground() as on:
        on.start("api")
        on.start("worker")
        async with town(on) as there:
            (buyer,) = await there.buyers(1)
            await there.settled()
            for delay in (BEHIND_SECONDS, TOO_FAR_SECONDS):
                on.restart("replica", recovery_min_apply_delay=f"{delay}s")
                await delayed(buyer, delay)
                seen, sources = await looks(there, buyer)
                words = {each.word for each in seen}
                ages = [age_seconds(each.data) for each in seen if each.word == DONE]
                tell(delay_seconds=delay, history_without_token=words, tokens_answered_by=sources,
                     ages=f"{min(ages):.1f} to {max(ages):.1f} s" if ages else "none")  # fmt: skip
                assert sources == {"PRIMARY"}
                assert words == ({DONE} if delay == BEHIND_SECONDS else {AGAIN})
                assert all(BEHIND_SECONDS - 1 <= age <= 30 + LOOK_SECONDS for age in ages)
            on.stack.named("replica").child.stop()
            seen, sources = await looks(there, buyer)
            tell(replica="away", history_without_token={each.word for each in seen}, tokens_answered_by=sources)
            assert ({each.word for each in seen}, sources) == ({AGAIN}, {"PRIMARY"})
            on.restart("replica")

            async def answers() -> bool | None:
                heard = await history(buyer)
                return True if heard.word == DONE and heard.data["source"] == "REPLICA" else None

            await until(answers, "history from the replica")
            assert await there.both_books([buyer]) == []
            assert await there.findings() == []


async def delayed(buyer: Buyer, delay: int) -> None:
    """Writes until the replica is as far behind as it is told to be."""

    async def is_behind() -> bool | None:
        await buyer.changes_once()
        heard = await history(buyer)
        return True if heard.word == AGAIN or age_seconds(heard.data) > delay - 1 else None

    await until(is_behind, "the delay", 3 * delay)
