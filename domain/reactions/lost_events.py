"""The look for events whose webhook never arrived: round after round through what each account told in vain.

Payments in doubt are asked for by themselves, disputes are listed, and a debit is looked at while its bank may take it
back. Whatever else befalls what has succeeded is only ever told, as that its refund failed after all, and is lost where
the telling is.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.db import kept
from domain.fanout.provider_events import events_kept, listened_through
from domain.payments.gateway import Gateway, MalformedEvent, Unknown
from domain.payments.past_events import PastEvent, PastEvents, TellsUndelivered
from domain.payments.unsure import TOO_LONG
from domain.points import reached
from domain.reactions.house import House
from domain.reactions.refetch import keep

LOG = logging.getLogger("quittance")
ROUND_EVERY = timedelta(hours=1)  # the provider itself comes again sooner; a loss of days may be known an hour late
ON_ITS_WAY = timedelta(minutes=10)  # what is younger is not late: its webhook is sent, or sent again, at this moment
# For as long Stripe tries to deliver: what was listed late, or could not be read, comes again.
OVERLAP = timedelta(days=3)
# As long Stripe keeps events: the first round goes back so far, and one after a long rest.
FURTHEST = timedelta(days=30)
NAMED = 10  # ids in one line of the log: enough to look at, and a line for a hundred


@dataclass(frozen=True, slots=True)
class Listening:
    """A round: what was told between two instants, heard up to the event of that id."""

    account: str
    since: datetime
    until: datetime
    after: str | None


async def events_to_look_for(house: House) -> list[str]:
    """The accounts whose round was stopped, or whose next one has come."""
    heard = await listened_through(house.db.primary, house.db.clock.now() - ON_ITS_WAY - ROUND_EVERY)
    return [account for account, gateway in house.gateways.items()
            if account not in heard and isinstance(gateway, TellsUndelivered)]  # fmt: skip


async def look_on(house: House, account: str, count: Callable[[], None]) -> bool:
    """Takes the next page of the account's round and says whether more may follow; ``count`` is called for each event
    that had not been kept. Workers do with what is kept as with any webhook.

    How far it came is written down behind what was kept: whoever looks next, when this is stopped, goes on there, and
    whoever looks at the same time keeps nothing twice. A provider that does not answer is asked the same by the next.
    """
    gateway, of = house.gateway(account), await _round(house, account)
    assert isinstance(gateway, TellsUndelivered), "others are not looked through"
    page = await gateway.list_undelivered(of.since, of.until, of.after)
    if not isinstance(page, PastEvents):
        if isinstance(page, Unknown) and page.heard:
            await _mark(house, of, None)  # a place that the provider does not know any more: from the first again
        if page is TOO_LONG:
            LOG.error("an event of %s is longer than any answer that is read: none behind %s are heard of",
                      account, of.after or "the first")  # fmt: skip
        return False
    named = [place for place, past in enumerate(page.events, start=1) if past.id]
    told = page.events[: named[-1]] if named else page.events  # what comes behind it comes again with the next
    await asyncio.shield(kept(_keep(house, gateway, account, told, count)))  # a job's time may be over meanwhile
    if named:
        await _mark(house, of, told[-1].id)
    else:  # there are no more, or none after which more could be asked for
        await _mark(house, of, None, house.db.clock.now())
    return bool(named)


async def _keep(
    house: House, gateway: Gateway, account: str, told: tuple[PastEvent, ...], count: Callable[[], None]
) -> None:
    """Keeps those that were not kept; which they were is counted and logged, also where a later one fails."""
    known = await events_kept(house.db.primary, [f"{account}:{past.id}" for past in told])
    found: list[str] = []
    unreadable: list[str] = []
    try:
        for past in told:
            if f"{account}:{past.id}" in known:
                continue
            try:
                _, is_new = await keep(house, gateway, account, past)
            except MalformedEvent as error:
                unreadable.append(f"{past.id} ({error})")
                continue
            if is_new:
                count()
                found.append(past.id)
                reached("inbox.stored")
    finally:
        if found:
            LOG.warning("%d events of %s had not arrived and are kept now: %s", len(found), account, _some(found))
        if unreadable:
            LOG.error("%d events of %s cannot be read: %s", len(unreadable), account, _some(unreadable))


def _some(named: list[str]) -> str:
    return ", ".join(named[:NAMED]) + (", ..." if len(named) > NAMED else "")


async def _round(house: House, account: str) -> Listening:
    """The round that was stopped, or a new one, which begins a while before the last one ended."""
    now = house.db.clock.now()
    row = await house.db.marks.fetchrow(
        """INSERT INTO event_look (provider_account, since, until) VALUES ($1, $2, $3)
           ON CONFLICT (provider_account) DO UPDATE
              SET since = CASE WHEN event_look.ended_at IS NULL THEN event_look.since
                               ELSE greatest(EXCLUDED.since, event_look.until - $4::interval) END,
                  until = CASE WHEN event_look.ended_at IS NULL THEN event_look.until ELSE EXCLUDED.until END,
                  ended_at = NULL
           RETURNING since, until, after_ref""",
        account,
        now - FURTHEST,
        now - ON_ITS_WAY,
        OVERLAP,
    )
    assert row is not None, "it was written"
    return Listening(account, row["since"], row["until"], row["after_ref"])


async def _mark(house: House, of: Listening, after: str | None, ended_at: datetime | None = None) -> None:
    """Writes down how far the round was heard; not in the next one, which somebody else may have begun meanwhile."""
    await house.db.marks.execute(
        """UPDATE event_look SET after_ref = $3, ended_at = $4
            WHERE provider_account = $1 AND until = $2 AND ended_at IS NULL""",
        of.account,
        of.until,
        after,
        ended_at,
    )
