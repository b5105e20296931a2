"""The documents of a process: those of the release and of its tenants, what each asks for, how often it was sent."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from api.audience import Audience
from api.deprecations import Reading
from api.documents import DocumentStore
from api.errors import PortalSchema
from api.installed import InstalledDocuments
from api.near_bucket import NearBucket
from api.request_log import RequestLog
from api.uses import UseCounter

READ_MAX: Final = 5_000  # readings of documents, a few kilobytes each


@dataclass(frozen=True, slots=True)
class Reckoned:
    """What is known of a text without running it: its operations' names, points at the most, and what it asks for.

    ``problems`` says why it does not run on this schema; empty where it does.
    """

    operations: tuple[str, ...]
    cost: int
    reading: Reading
    problems: tuple[str, ...]


@dataclass(frozen=True)
class Library:
    """What the GraphQL door runs, and what it tells of that."""

    schema: PortalSchema
    store: DocumentStore
    shipped: Mapping[Audience, Mapping[str, str]]
    uses: UseCounter
    bucket: NearBucket
    requests: RequestLog
    installed: InstalledDocuments
    _known: dict[tuple[Audience, str], Reckoned] = field(default_factory=dict)

    def reckon(self, audience: Audience, text: str, text_hash: str) -> Reckoned:
        """What is known of a registered text; worked out once, which takes a millisecond or two."""
        known = self._known.get((audience, text_hash))
        if known is None:
            if len(self._known) >= READ_MAX:
                self._known.clear()
            ready = self.store.trusted(audience, text)
            names = tuple(sorted(name for name in ready.weights if name))
            cost = max((weight.cost for weight in ready.weights.values()), default=0)
            problems = tuple(error.message for error in ready.errors)
            known = self._known[audience, text_hash] = Reckoned(names, max(1, cost), ready.reading, problems)
        return known
