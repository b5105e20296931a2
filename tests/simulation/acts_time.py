"""What happens without a customer: the worker works, time passes, test clocks move."""

from datetime import datetime, timedelta

from domain import inbox
from domain.customers.advance_clock import AdvanceClock, advance_clock
from domain.inbox import Arrival
from domain.points import reached
from domain.reactions.events import drain
from domain.reactions.provider_events import apply
from domain.reactions.work import do
from domain.refusals import RefusalCode as No
from tests.simulation.acts_customers import Act, prompt
from tests.simulation.clock import START, TICK
from tests.simulation.town import ACCOUNT, Patron, Town
from tests.simulation.waiting import Waiting, waiting

SWEEPS = 60  # rounds of one sweep; work that still makes work after so many does not end
STRIDES = (
    (timedelta(seconds=1), timedelta(minutes=2)),
    (timedelta(minutes=2), timedelta(hours=3)),
    (timedelta(hours=3), timedelta(days=2)),
    (timedelta(days=2), timedelta(days=12)),
    (timedelta(days=12), timedelta(days=40)),
)


LONG_STRIDES = (*STRIDES[2:], (timedelta(days=40), timedelta(days=130)), (timedelta(days=60), timedelta(days=300)))
PACE = timedelta(days=6.4 * 365.25) / 1000  # a step of a long life, which is to see six years in a thousand of them
LAG = timedelta(days=60)
FAR = START + timedelta(days=10 * 365)  # from here on a long life goes on in short strides: years are not all there is
OPEN = frozenset({"processing", "requires_action", "unknown"})


async def perform_one(town: Town, piece: Waiting) -> None:
    """One piece of work, as a worker does it that was woken for it."""
    house = town.process.house
    if piece.due:
        await do(house, piece.due)
    elif piece.event:
        await apply(house, piece.event)
    elif piece.customer:
        await drain(house, piece.customer)


async def deliver(town: Town) -> None:
    """The provider's webhooks that have arrived are stored; one that is not acknowledged will come again."""
    town.provider.catch_up()
    while town.provider.mailbox:
        event = town.provider.mailbox[0]
        arrival = Arrival(ACCOUNT, event.event_id, event.kind.value, event.object_ref or "", event.sequence)
        db = town.process.house.db
        await inbox.store(db.marks, arrival, {}, event.event_id.encode(), db.clock.now())
        reached("inbox.stored")
        town.provider.mailbox.pop(0)


def post(town: Town) -> Act | None:
    """The provider's webhooks arrive."""
    if not town.provider.mailbox:
        return None
    town.note(f"{len(town.provider.mailbox)} webhooks")
    return deliver(town)


def work_once(town: Town) -> Act:
    """A worker takes one piece of what is waiting, not always the first."""

    async def act() -> None:
        pieces = await waiting(town)
        if pieces:
            piece = town.chance.choice(pieces)
            town.note(f"{piece.name} of {len(pieces)}")
            await perform_one(town, piece)

    return act()


def work_all(town: Town) -> Act:
    """A worker sweeps until nothing is waiting that can be done now."""

    async def act() -> None:
        done = 0
        await deliver(town)
        for _ in range(SWEEPS):
            pieces = await waiting(town)
            if not pieces:
                break
            for piece in pieces:
                await perform_one(town, piece)
                done += 1
        town.note(f"{done} pieces")

    return act()


def pass_time(town: Town) -> Act:
    """Wall time passes: seconds to days, or exactly up to what is due next."""
    by, exact = _stride(town, town.clock.at), town.chance.random() < 0.4
    if _is_barring(town):
        town.provider.silent_until = None

    async def act() -> None:
        following = next_wall(town) if exact else None
        town.clock.move_to(following) if following else town.clock.move(by)
        town.provider.catch_up()
        town.note(f"it is {town.clock.at:%Y-%m-%d %H:%M:%S}")

    return act()


def _stride(town: Town, now: datetime) -> timedelta:
    low, high = town.chance.choice(LONG_STRIDES if town.is_long and now < FAR else STRIDES)
    return timedelta(seconds=town.chance.randint(int(low.total_seconds()), int(high.total_seconds())))


def is_behind(town: Town, step: int) -> bool:
    """Whether a long life has seen less of the years that it is to see than of its steps."""
    return town.is_long and town.clock.at < START + step * PACE - LAG


def _is_barring(town: Town) -> bool:
    """Whether the provider is still to be told to take nothing of a payment; days in which it is asked and does not
    answer end as a dead letter, so that no silence goes on over that. Days in which nobody asks do not count."""
    barred = [row["id"] for row in town.facts.of("payment", failure_code="not_charged")]
    return any(town.facts.of("due_work", kind="send_payment", subject=id) for id in barred)


def next_wall(town: Town) -> datetime | None:
    """The moment after something becomes due by wall time, somebody's lease ends or the provider acts."""
    rows = town.facts.rows
    instants = [
        max(row["due_at"], row["lease_until"] or row["due_at"]) for row in town.facts.of("due_work", clocked=False)
    ]
    instants += [row["retry_at"] for row in rows["outbox_event"] if row["retry_at"]]
    waiting_for = {row["customer_id"] for row in rows["outbox_event"]}
    instants += [row["lease_until"] for row in rows["outbox_lease"] if row["customer_id"] in waiting_for]
    news = [row for row in rows["inbox_event"] if row["state"] in ("received", "waiting")]
    instants += [max(row["due_at"], row["lease_until"] or row["due_at"]) for row in news]
    planned = town.provider.next_planned()
    ahead = [each for each in [*instants, *([planned] if planned else [])] if each >= town.clock.at]
    return min(ahead) + TICK if ahead else None


def advance(town: Town) -> Act | None:
    """A customer's test clock is sent forward; jobs will take it there."""
    clocked = [patron for patron in town.patrons if patron.on_clock]
    if not clocked:
        return None
    patron = town.chance.choice(clocked)
    by = _stride(town, town.now_of(patron))
    if any(row["state"] in OPEN for row in town.facts.of("payment", customer_id=patron.id.uuid)):
        by = min(by, town.patience.by_clock)  # its outcome comes by the wall
    exact = town.chance.random() < 0.3

    async def act() -> None:
        now = town.now_of(patron)
        to = (next_on_clock(town, patron) if exact else None) or now + by
        town.note(f"{patron} to {to:%Y-%m-%d %H:%M:%S}")
        await town.call(
            "advance", advance_clock, patron.actor, patron.id, AdvanceClock(to), may=(No.CLOCK_NOT_FORWARD,)
        )
        await prompt(town, patron)

    return act()


def next_on_clock(town: Town, patron: Patron) -> datetime | None:
    """When something is due next by the patron's own clock."""
    now = town.now_of(patron)
    rows = town.facts.of("due_work", customer_id=patron.id.uuid, clocked=True)
    return min((row["due_at"] for row in rows if row["due_at"] > now), default=None)
