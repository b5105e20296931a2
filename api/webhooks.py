"""POST /webhooks/{provider}/{endpoint}: checks a provider's signature, keeps the raw event once, answers at once.

Nothing is done with an event here. A delivery that comes twice is a recorded no-op; one that is forged, too old, signed
for another body or another endpoint is refused.
"""

import logging
from collections.abc import Mapping
from typing import Final

from starlette.background import BackgroundTask
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from api.measures import WEBHOOKS
from domain import inbox
from domain.correlation import under
from domain.inbox import Arrival
from domain.payments.gateway import BadSignature, MalformedEvent
from domain.payments.past_events import arrival_of, to_keep
from domain.points import reached
from domain.reactions.house import House
from domain.reactions.provider_charges import behind_charge
from domain.refusals import Refused
from runtime.settings import Settings
from runtime.wake import Waker

# Bytes; providers' events have a few thousand, and the largest lawful ones about a hundred thousand.
BODY_MAX: Final = 256 * 1024
RETRY_AFTER_SECONDS: Final = 5  # a database that restarts is back by then; providers wait longer anyway
_KEPT_HEADERS: Final = ("webhook-id", "webhook-timestamp", "webhook-signature", "stripe-signature", "content-type")
LOG: Final = logging.getLogger("quittance.webhooks")


class _TooLarge(Exception):
    """The body is longer than any event."""


def routes(house: House, settings: Settings) -> list[Route]:
    """The webhook door of this process; it needs the database, and Redis only to be quick."""
    secrets = {account: settings.webhook_secrets(gateway.name) for account, gateway in house.gateways.items()}
    door = _Door(house, secrets, Waker(settings.redis_url.get_secret_value()))
    return [Route("/webhooks/{provider}/{endpoint}", door.receive, methods=["POST"])]


class _Door:
    """What one request needs: the house, the secrets of each account that are valid now, and a way to wake a worker."""

    def __init__(self, house: House, secrets: Mapping[str, tuple[str, ...]], waker: Waker) -> None:
        self._house, self._secrets, self._waker = house, secrets, waker

    async def receive(self, request: Request) -> Response:
        """200 for an event that is kept, now or before; 4xx for what is none; 503 where it could not be kept."""
        account = f"{request.path_params['provider']}/{request.path_params['endpoint']}"
        gateway = self._house.gateways.get(account)
        if gateway is None:
            return _refused(404, "There is no such endpoint.", "unknown endpoint")
        try:
            raw = await _body(request)
            event = gateway.parse_event(raw, request.headers, self._secrets[account], self._house.db.clock.now())
            arrival = arrival_of(account, event)
        except _TooLarge:
            return _refused(413, f"An event has at most {BODY_MAX} bytes.", "too large", account)
        except ClientDisconnect:
            return _refused(400, "The body is not complete.", "incomplete", account)
        except BadSignature as error:
            return _refused(401, "The signature does not hold.", str(error), account)
        except MalformedEvent as error:
            return _refused(422, "This is not an event as agreed.", str(error), account)
        with under(behind_charge(event)):
            return await self._keep(arrival, *to_keep(event, _kept(request), raw))

    async def _keep(self, arrival: Arrival, headers: Mapping[str, str], raw: bytes) -> Response:
        try:
            new = await inbox.store(self._house.db.marks, arrival, headers, raw, self._house.db.clock.now())
        except Refused:
            again = {"Retry-After": str(RETRY_AFTER_SECONDS)}
            return _refused(503, "Not kept; deliver it again.", "database unavailable", arrival.account, again)
        reached("inbox.stored")
        facts = {"event_key": arrival.key, "kind": arrival.kind, "duplicate": not new}
        LOG.info("webhook kept", extra=facts)
        WEBHOOKS.labels(arrival.account, "kept" if new else "duplicate").inc()
        return JSONResponse({"duplicate": not new}, background=BackgroundTask(self._waker.event, arrival.key))


async def _body(request: Request) -> bytes:
    raw = bytearray()
    async for chunk in request.stream():
        raw += chunk
        if len(raw) > BODY_MAX:
            raise _TooLarge
    return bytes(raw)


def _kept(request: Request) -> dict[str, str]:
    given = {name: request.headers.get(name, "") for name in _KEPT_HEADERS}
    return {name: value for name, value in given.items() if value and value.isascii() and value.isprintable()}


def _refused(
    status: int, sentence: str, cause: str, account: str = "", headers: dict[str, str] | None = None
) -> Response:
    WEBHOOKS.labels(account or "none", str(status)).inc()  # an account that does not exist is nobody's name
    LOG.warning("webhook refused", extra={"status": status, "cause": cause, "account": account})
    return JSONResponse({"error": sentence}, status, headers)
