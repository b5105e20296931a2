"""The log of requests of partners and staff: noted in memory, and written beside the requests every second.

No request waits for it and none fails by it. A process that dies loses what it noted last; where more comes than is
written, or is refused for nothing, or the database is away, lines are dropped and counted.
"""

import time
from collections import defaultdict
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any, Final

import structlog

from api.audience import Audience, Sender
from api.measures import UNLOGGED
from api.repeating import repeated
from domain.allowance import Allowance
from domain.database import Database
from domain.ids import TenantId, uuid7
from domain.refusals import RefusalCode, Refused
from domain.tenants.api_request import ApiRequest, add_requests
from domain.tenants.tenant import home_of
from domain.wire import is_storable

_log: Final = structlog.get_logger("api.request_log")
FLUSH_SECONDS: Final = 1.0  # what a crash loses, and how old the newest line is that people read
WAITING_MAX: Final = 2_000  # lines between two writes, a megabyte: more than a process answers in a second
NAME_MAX: Final = 128  # characters of an operation's name that are kept; a document may call it anything
OK: Final = "OK"
REFUSED: Final = "REFUSED"
_CODES: Final = frozenset(map(str, RefusalCode))


@dataclass
class Line:
    """One request while it is answered; what is not known of it yet stays empty."""

    began: float = field(default_factory=time.monotonic)
    context: Any = None
    document: str = ""
    operation: str = ""
    kind: str = ""
    outcome: str = OK
    cost: int = 0


class RequestLog:
    """The lines of one process."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._waiting: list[tuple[TenantId, ApiRequest]] = []
        # What costs points is bounded by them, and a flood of refused calls by this, each caller's for itself.
        self._unpaid: dict[tuple[TenantId, str], Allowance] = defaultdict(Allowance)

    def note(self, line: Line) -> None:
        """Keeps the line of a request that is answered; of portal users nothing is kept, nor of callers unknown."""
        sender: Sender | None = getattr(line.context, "sender", None)
        if sender is None or sender.tenant is None or sender.audience is Audience.PORTAL:
            return
        actor, now = line.context.actor, self._db.clock.now()
        partner = sender.audience is Audience.PARTNER
        caller = actor.subject if partner else actor.scope
        unpaid = line.cost == 0 and not self._unpaid[sender.tenant, caller].take(now)
        if unpaid or len(self._waiting) >= WAITING_MAX or not is_storable([actor.request_id, line.document]):
            UNLOGGED.inc()
            return
        spent = int((time.monotonic() - line.began) * 1000)
        made = ApiRequest(
            uuid7(now, self._db.entropy(10)), sender.audience.value, caller, line.document, line.operation[:NAME_MAX],
            line.kind, line.outcome, line.cost, spent, actor.request_id, now,
        )  # fmt: skip
        self._waiting.append((sender.tenant, made))

    async def flush(self) -> None:
        """Writes what was noted, one statement for each tenant; what cannot be written is dropped."""
        waiting, self._waiting = self._waiting, []
        of_tenants: dict[TenantId, list[ApiRequest]] = defaultdict(list)
        for tenant, made in waiting:
            of_tenants[tenant].append(made)
        for tenant, lines in of_tenants.items():
            try:
                await add_requests(self._db.marks, await home_of(self._db.primary, tenant), lines)
            except Refused as refused:
                UNLOGGED.inc(len(lines))
                _log.warning("requests.unwritten", cause=refused.code.value, lines=len(lines))
            except Exception as error:  # one tenant's trouble must not take the lines of the others
                UNLOGGED.inc(len(lines))
                _log.error("requests.lost", exc_info=error)

    def kept(self, every_seconds: float = FLUSH_SECONDS) -> AbstractAsyncContextManager[None]:
        """Writes every second while it is entered, and once more at its end."""
        return repeated(every_seconds, self.flush, at_end=True)


def outcome_of(data: object, codes: list[str]) -> str:
    """OK, or the code of the first error; else that of the first refusal among a mutation's payloads, REFUSED where the
    document asks for no code of ours."""
    if codes:
        return codes[0]
    for payload in data.values() if isinstance(data, dict) else ():
        refusals = payload.get("errors") if isinstance(payload, dict) else None
        if isinstance(refusals, list) and refusals:
            code = refusals[0].get("code") if isinstance(refusals[0], dict) else None
            known = isinstance(code, str) and code in _CODES
            return str(code) if known else REFUSED  # a document may call anything errors, and anything code
    return OK
