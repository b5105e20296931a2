"""The look for disputes that nobody was told of: round after round through each account's list.

A round goes on where the last look was stopped, so that a list that is longer than one look is heard to its end.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.fanout.disputes import looked_through
from domain.payments.gateway import DisputesListed, Unavailable
from domain.reactions.house import House
from domain.reactions.provider_disputes import healed

LOOK_BACK = timedelta(days=7)  # a house that was away for longer than that has its settlements reconciled first
ROUND_EVERY = timedelta(hours=1)  # who has days to answer may hear of it an hour late


@dataclass(frozen=True, slots=True)
class Look:
    """A round: the disputes since an instant, heard up to the one of that reference."""

    account: str
    since: datetime
    after: str | None


async def disputes_to_look_for(house: House) -> list[str]:
    """The accounts whose round was stopped, or whose next one has come."""
    heard = await looked_through(house.db.primary, house.db.clock.now() - ROUND_EVERY)
    return [account for account in house.gateways if account not in heard]


async def look_for_disputes(house: House, account: str) -> int:
    """Lists the account's disputes page by page and performs what nobody was told; returns how many.

    What it has heard is kept one by one: whoever looks next, when this is stopped, goes on behind it.
    """
    found, of, more = 0, await _round(house, account), True
    while more:
        page = await house.gateway(account).list_disputes(of.since, of.after)
        if not isinstance(page, DisputesListed):
            if not isinstance(page, Unavailable):
                await _mark(house, of, None)  # a place that the provider does not know any more: from the first again
            return found
        for told in page.disputes:
            found += await healed(house, account, told)
            await _mark(house, of, told.dispute_ref)
        more = page.more and bool(page.disputes)
        of = Look(account, of.since, page.disputes[-1].dispute_ref if page.disputes else of.after)
    await _mark(house, of, None, house.db.clock.now())
    return found


async def _round(house: House, account: str) -> Look:
    """The round that was stopped, or a new one."""
    now = house.db.clock.now()
    row = await house.db.marks.fetchrow(
        """INSERT INTO dispute_look (provider_account, since, after_ref, begun_at) VALUES ($1, $2, NULL, $3)
           ON CONFLICT (provider_account) DO UPDATE
              SET since = CASE WHEN dispute_look.ended_at IS NULL THEN dispute_look.since ELSE EXCLUDED.since END,
                  begun_at =
                      CASE WHEN dispute_look.ended_at IS NULL THEN dispute_look.begun_at ELSE EXCLUDED.begun_at END,
                  ended_at = NULL
           RETURNING since, after_ref""",
        account,
        now - LOOK_BACK,
        now,
    )
    assert row is not None, "it was written"
    return Look(account, row["since"], row["after_ref"])


async def _mark(house: House, of: Look, after: str | None, ended_at: datetime | None = None) -> None:
    """Writes down how far the round was heard; not in the next one, which somebody else may have begun meanwhile."""
    await house.db.marks.execute(
        """UPDATE dispute_look SET after_ref = $3, ended_at = $4
            WHERE provider_account = $1 AND since = $2 AND ended_at IS NULL""",
        of.account,
        of.since,
        after,
        ended_at,
    )
