"""Which user of which customer a login is, without asking the directory at each request."""

import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

from api.together import Together
from domain.customers.signed_in import SignedIn, signed_in
from domain.database import Database
from domain.fanout.listed_logins import listed_logins
from domain.ids import TenantId
from domain.tenants.access import Listed, LoginRow, login_key

REMEMBERED_S: Final = 60.0  # as long as a verified token is
REMEMBERED: Final = 4_096  # logins seen within that minute; about a megabyte


class Directory:
    """Remembers where a login is listed, and nothing of whether it still counts: that is read at each request, so
    somebody who is signed out or sent away is refused at once, whichever process knew the login."""

    def __init__(self, db: Database, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._db, self._monotonic = db, monotonic
        self._known: OrderedDict[tuple[int, str, str], tuple[Listed, float]] = OrderedDict()
        self._listing: Together[LoginRow, Listed | None] = Together(partial(listed_logins, db.primary))
        self._arriving: dict[int, Together[tuple[TenantId, Listed], SignedIn | None]] = {}

    async def find(self, tenant: TenantId, issuer: str, subject: str) -> SignedIn | None:
        """Whose active user this subject is at the tenant, or None."""
        key = (tenant.uuid.int, issuer, subject)
        known, until = self._known.get(key, (None, 0.0))
        if known is not None and self._monotonic() < until:
            found = await self._signed_in(tenant, known)
            if found is not None:
                return found
        # Asked anew, as a login that left one user may be another's by now.
        listed = await self._listing.value(LoginRow(login_key(issuer, subject), tenant))
        if listed is None:
            self._known.pop(key, None)
            return None
        self._remember(key, listed)
        return await self._signed_in(tenant, listed)

    async def _signed_in(self, tenant: TenantId, listed: Listed) -> SignedIn | None:
        """Whether it counts now, read together with all who arrive under the same shard key."""
        shard = listed.customer.shard
        if (arriving := self._arriving.get(shard)) is None:
            arriving = self._arriving[shard] = Together(partial(self._read, shard))
        return await arriving.value((tenant, listed))

    async def _read(self, shard: int, asked: Sequence[tuple[TenantId, Listed]]) -> list[SignedIn | None]:
        at = self._db.clock.now()  # before the read: nothing up to this instant is missing
        return await signed_in(self._db.primary, shard, asked, at)

    def _remember(self, key: tuple[int, str, str], listed: Listed) -> None:
        self._known[key] = (listed, self._monotonic() + REMEMBERED_S)
        self._known.move_to_end(key)
        while len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
