"""Trusted documents as a process finds them: those of this release, then those that its tenants registered."""

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from api.audience import Sender
from api.manifests import ManifestDocuments, Trusted, bare
from domain.database import Database
from domain.tenants.trusted_document import find_document

KEPT_SECONDS: Final = 60.0  # a text never changes; that it is to be retired is noticed within a minute
UNHEARD_SECONDS: Final = 1.0  # the same, while no word comes in that a document was withdrawn
MISSED_SECONDS: Final = 5.0  # what was registered just now is found soon, and asking in vain costs one query
KEPT_CHARACTERS: Final = 4_000_000  # a few thousand documents; the least used make room


@dataclass(frozen=True, slots=True)
class _Kept:
    found: Trusted | None
    at: float
    until: float

    @property
    def size(self) -> int:
        return 200 + (len(self.found.text) if self.found else 0)  # an entry without its text, about


class InstalledDocuments:
    """Finds what another process registered a moment ago, without a restart."""

    def __init__(
        self, db: Database, shipped: ManifestDocuments, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._db, self._shipped, self._monotonic = db, shipped, monotonic
        self._kept: OrderedDict[tuple[Sender, str], _Kept] = OrderedDict()
        self._forgotten = 0
        self._room = KEPT_CHARACTERS
        self.hears: Callable[[], bool] = lambda: True
        """Whether this process is told to ``forget`` when a document is withdrawn in another one."""

    def forget(self) -> None:
        """Looks up every document anew, since one was withdrawn."""
        self._kept.clear()
        self._room = KEPT_CHARACTERS
        self._forgotten += 1

    async def find(self, sender: Sender, document_id: str) -> Trusted | None:
        """The document of that id or hash; None once it is retired, but not where it was withdrawn."""
        name = bare(document_id)
        found = await self._shipped.find(sender, name) or await self._looked_up(sender, name)
        if found and not found.withdrawn and found.retires_at and found.retires_at <= self._db.clock.now():
            return None
        return found

    async def _looked_up(self, sender: Sender, name: str) -> Trusted | None:
        now, kept = self._monotonic(), self._kept.get((sender, name))
        if kept is not None and now < kept.until and (self.hears() or now < kept.at + UNHEARD_SECONDS):
            self._kept.move_to_end((sender, name))
            return kept.found
        forgotten = self._forgotten
        found = await self._read(sender, name)
        if forgotten == self._forgotten:  # what was read before a withdrawal is not kept after it
            self._keep((sender, name), _Kept(found, now, now + (KEPT_SECONDS if found else MISSED_SECONDS)))
        return found

    async def _read(self, sender: Sender, name: str) -> Trusted | None:
        if sender.tenant is None:
            return None
        row = await find_document(self._db.primary, sender.tenant, sender.owner, name)
        if row is None:
            return None
        gone = row.withdrawn_at is not None
        return Trusted(row.id, row.text, row.text_hash, False, row.announced_at, row.retires_at, gone)

    def _keep(self, key: tuple[Sender, str], kept: _Kept) -> None:
        if (before := self._kept.pop(key, None)) is not None:
            self._room += before.size
        self._kept[key] = kept
        self._room -= kept.size
        while self._room < 0:
            _, oldest = self._kept.popitem(last=False)
            self._room += oldest.size
