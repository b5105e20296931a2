"""Which documents are sent, counted in memory and added up in the database once a minute."""

from collections import defaultdict
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from functools import cache
from typing import Final

import structlog
from prometheus_client import Counter

from api.audience import Sender
from api.documents import Found
from api.measures import DEPRECATED, DOCUMENTS
from api.repeating import repeated
from domain.clock import Clock
from domain.database import Database
from domain.ids import TenantId
from domain.refusals import Refused
from domain.tenants.document_use import DocumentUse, add_uses
from domain.tenants.tenant import home_of

_log: Final = structlog.get_logger("api.uses")
FLUSH_SECONDS: Final = 60.0  # what a crash loses; a write for each request would cost more than the count is worth
TEXTS_MAX: Final = 20_000  # different ones between two writes, about 5 MB; what is beyond is not counted

Seen = Callable[[Sender, Found], None]
"""Is told of each document that was admitted."""


def unseen(_sender: Sender, _found: Found) -> None:
    """Counts nothing."""


@cache  # as many as there are documents in a release
def _document(audience: str, name: str) -> Counter:
    return DOCUMENTS.labels(audience, name)


class UseCounter:
    """The counts of one process."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._counted: dict[tuple[TenantId, str, str], DocumentUse] = {}

    def count(self, sender: Sender, found: Found) -> None:
        """Counts one use of a document, and of each thing in it that will be removed."""
        trusted, audience = found.trusted, sender.audience.value
        name = "TEXT" if trusted is None else trusted.id if trusted.shipped else "REGISTERED"
        _document(audience, name).inc()
        for each in found.prepared.reading.deprecated:
            DEPRECATED.labels(audience, each.element).inc()
        if trusted is not None and sender.tenant is not None:
            self._add(sender.tenant, DocumentUse(sender.owner, trusted.text_hash, 1, self._clock.now()))

    def waiting(self, tenant: TenantId, owner: str, text_hash: str) -> DocumentUse | None:
        """What was counted here and is not written yet."""
        return self._counted.get((tenant, owner, text_hash))

    async def flush(self, db: Database) -> None:
        """Writes what was counted, one statement for each tenant; what could not be written is kept for the next."""
        counted, self._counted = self._counted, {}
        of_tenants: dict[TenantId, list[DocumentUse]] = defaultdict(list)
        for (tenant, _, _), use in counted.items():
            of_tenants[tenant].append(use)
        for tenant, uses in of_tenants.items():
            try:
                await add_uses(db.marks, await home_of(db.primary, tenant), tenant, uses)
            except Refused as refused:  # a server is away; of a commit in doubt a minute may be counted twice
                _log.warning("uses.unwritten", cause=refused.code.value, texts=len(uses))
                for use in uses:
                    self._add(tenant, use)
            except Exception as error:  # one tenant's trouble must not take the counts of the others
                _log.error("uses.lost", exc_info=error)

    def kept(self, db: Database) -> AbstractAsyncContextManager[None]:
        """Writes every minute while it is entered, and once more at its end."""
        return repeated(FLUSH_SECONDS, lambda: self.flush(db), at_end=True)

    def _add(self, tenant: TenantId, use: DocumentUse) -> None:
        key = (tenant, use.owner, use.text_hash)
        if before := self._counted.get(key):
            latest = max(before.last_used_at, use.last_used_at)
            use = DocumentUse(use.owner, use.text_hash, before.uses + use.uses, latest)
        elif len(self._counted) >= TEXTS_MAX:
            return
        self._counted[key] = use
