"""What a worker would find on one shard key now."""

from dataclasses import dataclass
from datetime import datetime

from domain.due import Due
from domain.ids import CustomerId
from tests.simulation.facts import Facts, Row
from tests.simulation.town import Town


@dataclass(frozen=True)
class Waiting:
    """A piece of due work, a provider's event, or (without either) a customer whose events wait."""

    customer: CustomerId | None
    due: Due | None = None
    event: str | None = None

    @property
    def name(self) -> str:
        """What it is, for the journal."""
        return self.due.kind if self.due else "news" if self.event else "events"


async def waiting(town: Town) -> list[Waiting]:
    """All pieces that nobody holds: the longest due first, then the customers' events, then the provider's."""
    facts, now = await town.reader.waiting(), town.clock.at
    return [*_works(facts, town.shard, now), *_customers(facts, town.shard, now), *_news(facts, now)]


def _free(row: Row, now: datetime) -> bool:
    return bool(row["due_at"] <= now and (row["lease_until"] is None or row["lease_until"] <= now))


def _works(facts: Facts, shard: int, now: datetime) -> list[Waiting]:
    rows = sorted(facts.of("due_work", clocked=False), key=lambda row: row["due_at"])
    return [Waiting(CustomerId(shard, row["customer_id"]), due_of(row)) for row in rows if _free(row, now)]


def due_of(row: Row) -> Due:
    """The work of a row, as the house's own reads make it."""
    names = ("kind", "subject", "due_at", "attempts", "clocked", "recorded_at")
    return Due(CustomerId(row["shard_key"], row["customer_id"]), *(row[name] for name in names))


def _customers(facts: Facts, shard: int, now: datetime) -> list[Waiting]:
    held = {row["customer_id"] for row in facts.rows["outbox_lease"] if row["lease_until"] >= now}
    first = {customer: rows[0] for customer, rows in facts.by("outbox_event", "customer_id").items()}
    free = [id for id, row in first.items() if id not in held and (row["retry_at"] or now) <= now]
    return [Waiting(CustomerId(shard, id)) for id in free]


def _news(facts: Facts, now: datetime) -> list[Waiting]:
    rows = [row for row in facts.rows["inbox_event"] if row["state"] in ("received", "waiting") and _free(row, now)]
    return [Waiting(None, event=row["event_key"]) for row in rows]
