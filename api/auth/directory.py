"""Which user of which customer a login is, without asking the directory at each request."""

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from domain.db import Primary
from domain.ids import TenantId
from domain.tenants.access import Listed, Login, active_login, listed_login

REMEMBERED_S: Final = 60.0  # as long as a verified token is
REMEMBERED: Final = 4_096  # logins seen within that minute; about a megabyte


class Directory:
    """Remembers where a login is listed, and nothing of whether it still counts: that is read at each request, so
    somebody who is signed out or sent away is refused at once, whichever process knew the login."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._known: OrderedDict[tuple[TenantId, str, str], tuple[Listed, float]] = OrderedDict()

    async def find(self, db: Primary, tenant: TenantId, issuer: str, subject: str) -> Login | None:
        """Whose active user this subject is at the tenant, or None."""
        key = (tenant, issuer, subject)
        known, until = self._known.get(key, (None, 0.0))
        if known is not None and self._monotonic() < until:
            login = await active_login(db, known)
            if login is not None:
                return login
        listed = await listed_login(db, tenant, issuer, subject)  # a login that left one user may be another's by now
        if listed is None:
            self._known.pop(key, None)
            return None
        self._remember(key, listed)
        return await active_login(db, listed)

    def _remember(self, key: tuple[TenantId, str, str], listed: Listed) -> None:
        self._known[key] = (listed, self._monotonic() + REMEMBERED_S)
        self._known.move_to_end(key)
        while len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
