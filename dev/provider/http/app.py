"""The provider as an ASGI application."""

import hmac
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount
from starlette.types import ASGIApp, Receive, Scope, Send

from dev.provider.http import admin, disputes, methods, pages, payments, refunds, reports
from dev.provider.http.faulty import error
from dev.provider.http.letters import writer
from dev.provider.provider import running
from dev.provider.refusals import Refusal, Why
from dev.provider.settings import ProviderSettings
from dev.provider.stripe.app import stripe_app
from domain.correlation import NAME, is_request_id

_log = logging.getLogger("dev.provider.http")
_STATUS: Final = {
    Why.INVALID_REQUEST: 400,
    Why.NOT_FOUND: 404,
    Why.KEY_REUSED: 409,
    Why.KEY_IN_PROGRESS: 409,
}
"""Every other refusal is 422: understood, and against the state of things."""

_PUBLIC: Final = ("/healthz", "/actions/")  # probes and the customer's browser carry no key


class Guarded:
    """Lets through what carries the bearer key, and what is public."""

    def __init__(self, app: ASGIApp, secret: str) -> None:
        self._app = app
        self._expected = f"Bearer {secret}".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not scope["path"].startswith(_PUBLIC):
            headers = dict(scope["headers"])
            if (asked_by := headers.get(b"x-request-id", b"").decode("latin-1")) and is_request_id(asked_by):
                span = headers.get(b"traceparent", b"").decode("latin-1")[:55]  # as long as the standard's
                facts = {"method": scope["method"], "path": scope["path"], NAME: asked_by, "traceparent": span}
                _log.info("asked", extra=facts)
            given = headers.get(b"authorization", b"")
            if not hmac.compare_digest(given, self._expected):
                refusal = error(401, "unauthorized", "the bearer key is missing or wrong", acted=False)
                return await refusal(scope, receive, send)
        return await self._app(scope, receive, send)


def build_app(settings: ProviderSettings) -> ASGIApp:
    """The application; its background work lives as long as its lifespan."""
    stripe = stripe_app()

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with running(settings, writer) as provider:
            app.state.provider = stripe.state.provider = provider
            yield

    modules = (methods, payments, refunds, disputes, reports, admin, pages)
    routes = [route for module in modules for route in module.ROUTES]
    app = Starlette(
        routes=[*routes, Mount("/stripe", stripe)], lifespan=lifespan, exception_handlers={Refusal: _refused}
    )
    return Guarded(app, settings.provider_secret.get_secret_value())


async def _refused(_: Request, refusal: Exception) -> Response:
    assert isinstance(refusal, Refusal)
    # Under a key that is in use somebody did act, or does right now: no promise then.
    acted = None if refusal.why in (Why.KEY_REUSED, Why.KEY_IN_PROGRESS) else False
    return error(_STATUS.get(refusal.why, 422), refusal.why, refusal.message, acted=acted)
