"""Looking for lost events as a job does, and what was found."""

from datetime import timedelta

from domain.reactions.house import House
from domain.reactions.lost_events import look_on
from tests.world import ACCOUNT

HOUR = timedelta(hours=1)  # until then nothing is late, and after it the next round begins


async def look(house: House, account: str = ACCOUNT) -> tuple[int, bool]:
    """The next page of the account's round: how many events it found, and whether more may follow."""
    found = list[None]()
    more = await look_on(house, account, lambda: found.append(None))
    return len(found), more


async def hear_all(house: House, account: str = ACCOUNT) -> int:
    """A round to its end; how many events it found."""
    found = 0
    for _ in range(20):  # pages; a test makes events for a few
        more_found, more = await look(house, account)
        found += more_found
        if not more:
            return found
    raise AssertionError("the round has no end")
