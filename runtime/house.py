"""Opens what a process works with: pools and gateways; and closes it again in order."""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import timedelta

from domain.database import Addresses, Database
from domain.notices.mailbox import mailbox
from domain.notices.post import Mail
from domain.notices.smtp import SmtpPost
from domain.payments.gateway import Gateway
from domain.payments.gateways.breaker import Breaker
from domain.payments.gateways.sandbox import SandboxGateway
from domain.reactions.house import House
from domain.vault import Vault
from domain.webhooks.send import Sender
from runtime.clock import SystemClock
from runtime.herald import Herald
from runtime.provider_watch import Watched
from runtime.settings import Settings

# Whoever closes a house has ended its work; what is still under way after this waits for a server that is silent.
CLOSE_SECONDS = 1
ACCOUNT = "main"  # the provider account of a deployment; tenants with accounts of their own get names of their own


def provider_account(settings: Settings) -> str:
    """The account that new payment methods are stored at, as ``provider/account``."""
    return f"{settings.provider}/{ACCOUNT}"


def gateways(settings: Settings) -> dict[str, Gateway]:
    """The gateways of this process, by account."""
    opened: dict[str, Gateway] = {}
    if secret := settings.provider_secret.get_secret_value():
        opened[f"sandbox/{ACCOUNT}"] = SandboxGateway(ACCOUNT, settings.provider_url, secret)
    if secret := settings.stripe_secret.get_secret_value():
        # Its client is an extra, and takes a while to load: only who has an account there needs it.
        from domain.payments.gateways.stripe import StripeGateway

        opened[f"stripe/{ACCOUNT}"] = StripeGateway(ACCOUNT, secret, settings.public_url, url=settings.stripe_url)
    return opened


def with_breakers(house: House) -> House:
    """The house as a process works with it: each provider account behind a circuit of this process."""
    fenced = {account: Breaker(Watched(gateway), _elapsed) for account, gateway in house.gateways.items()}
    return replace(house, gateways=fenced)


def _elapsed() -> timedelta:
    return timedelta(seconds=time.monotonic())


def mail_of(settings: Settings) -> Mail | None:
    """What notices are sent with; None where no mail server is named."""
    url, sender = settings.smtp_url.get_secret_value(), mailbox(settings.mail_from)
    if not url or sender is None:
        return None
    return Mail(SmtpPost(url), sender, settings.portal_url or settings.public_url, settings.mail_domain_names)


@asynccontextmanager
async def open_house(settings: Settings, name: str) -> AsyncIterator[House]:
    """The database and the gateways, ready to work; ``name`` is what the servers see of this process.

    Closing takes a second at most: connections that are in use then are cut, and their transactions roll back.
    """
    end_tracing = traced(settings, name)
    addresses = Addresses(settings.database_url.get_secret_value(), settings.replica_url.get_secret_value())
    vault = Vault(settings.house_key)
    database = await Database.open(
        addresses, SystemClock(), secrets.token_bytes, vault, name=name, size=settings.database_pool
    )
    ways, herald = gateways(settings), Herald(settings.redis_url.get_secret_value())
    try:
        sender = Sender(anywhere=settings.webhook_targets == "anywhere")
        yield House(
            database, ways, sender=sender, mail=mail_of(settings), herald=herald, audit_years=settings.audit_years
        )
    finally:
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_SECONDS):
                await asyncio.gather(database.close(), herald.close(), *(gateway.close() for gateway in ways.values()))
                await asyncio.to_thread(end_tracing)


def traced(settings: Settings, name: str) -> Callable[[], None]:
    """Sends this process's spans where the settings say; returns what ends that. Without an address nothing is loaded,
    since the SDK is an extra."""
    if not settings.otlp_url:
        return lambda: None
    from runtime.tracing import trace_to

    return trace_to(settings.otlp_url, name)
