"""What a provider tells again of the past: the events that it sent, or would have, since an instant."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol, runtime_checkable

from domain.inbox import Arrival
from domain.payments.provider_event import EventKind, MalformedEvent, ProviderEvent
from domain.payments.unsure import Unavailable, Unknown

# Ids become keys, go into logs and are shown to staff: what is no plain word of a sensible length is no id.
_ID: Final = re.compile(r"[A-Za-z0-9_.:-]{1,200}", re.ASCII)


@dataclass(frozen=True, slots=True)
class PastEvent:
    """An event as its webhook said it, with the headers that reading it takes; its id is empty where it has none."""

    id: str
    raw: bytes
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class PastEvents:
    """Some events, oldest first; none where there are no later ones."""

    events: tuple[PastEvent, ...]


PastAnswer = PastEvents | Unknown | Unavailable


@runtime_checkable
class TellsAgain(Protocol):
    """A gateway whose provider keeps a list of its events."""

    async def past_events(self, since: datetime, after: str | None) -> PastAnswer:
        """Events since that instant, after the one of that id, as many as the provider gives at once."""


@runtime_checkable
class TellsUndelivered(Protocol):
    """A gateway whose provider knows which of its webhooks nobody took."""

    async def list_undelivered(self, since: datetime, until: datetime, after: str | None) -> PastAnswer:
        """Events between the instants that were not taken wherever they were sent, in the provider's own order, behind
        the one of that id, as many as one answer holds; none where the list is over."""


def arrival_of(account: str, event: ProviderEvent) -> Arrival:
    """The event as the inbox keeps it; MalformedEvent where an id could not be a key."""
    if not _ID.fullmatch(event.event_id) or not (event.object_ref is None or _ID.fullmatch(event.object_ref)):
        raise MalformedEvent("an id is no plain word")
    if event.sequence >= 1 << 63:  # int8
        raise MalformedEvent("a sequence beyond counting")
    return Arrival(account, event.event_id, event.kind.value, event.object_ref or "", event.sequence)


def to_keep(event: ProviderEvent, headers: Mapping[str, str], raw: bytes) -> tuple[Mapping[str, str], bytes]:
    """The headers and the body that the inbox keeps of it; both empty for a kind that means nothing to us: nobody will
    read it, and a provider tells of customers by name and address."""
    return ({}, b"") if event.kind is EventKind.UNRECOGNIZED else (headers, raw)
