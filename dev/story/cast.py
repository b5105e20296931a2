"""Who plays in the story: a customer that support just created, and support itself."""

import os
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx2

from dev.identity.personas import PERSONAS, audience_of
from dev.stack.addresses import ports_from
from dev.story import documents as say
from dev.story.client import PATIENCE_SECONDS, Client, mint
from dev.story.steps import Story
from domain.http_client import HttpClient

CLOCK_AT = "2027-01-01T00:00:00Z"


@dataclass(frozen=True)
class Role:
    """Whom a story is about: the seller and its sandbox entity (whose customers may sit on a test clock), its support
    desk, and who and where the customer is."""

    tenant: str
    entity: str
    support: str
    name: str
    country: str
    address: str


GERMAN = Role("acme", "ACMETEST", "support", "Edda Lindqvist", "DE", "Hafenstraße 12, 20457 Hamburg")
DANISH = Role("globex", "GLOBEXTEST", "foreign-support", "Signe Holm", "DK", "Havnegade 7, 1058 København")  # pays VAT


@dataclass(frozen=True)
class Cast:
    """The story's people, and where they meet."""

    story: Story
    reference: str
    api: str


@asynccontextmanager
async def cast_for(api: str = "", issuer: str = "", role: Role = GERMAN) -> AsyncIterator[Cast]:
    """A fresh cast on the stack at the given addresses, or at those of this environment."""
    ports = ports_from(os.environ)
    api, issuer = api or f"http://127.0.0.1:{ports.api}", issuer or f"http://127.0.0.1:{ports.identity}"
    # Plain HTTP to this machine: no certificates to read, no proxy to ask.
    async with HttpClient(trust_env=False, verify=False) as http:
        yield await new_cast(http, api, issuer, role)


async def new_cast(
    http: httpx2.AsyncClient, api: str, issuer: str, role: Role = GERMAN, patience: float = PATIENCE_SECONDS
) -> Cast:
    """Support creates a customer with a login of its own; both get a token, and wait so many seconds for an answer."""
    support = Client(http, api, await mint(http, issuer, persona=role.support), patience=patience)
    subject = f"story-{secrets.token_hex(6)}"
    created = await support.mutate(
        say.CREATE_CUSTOMER,
        legalEntity=role.entity,
        reference=subject,
        currency="EUR",
        timeZone="UTC",
        locale="en",
        country=role.country,
        clockAt=CLOCK_AT,
        issuer=issuer,
        subject=subject,
        name=role.name,
        email=f"{subject}@{role.tenant}.example",
        address=role.address,
        idempotencyKey=subject,
    )
    audience = audience_of(role.tenant, PERSONAS["customer"].surface)
    token = await mint(http, issuer, audience=audience, subject=subject)
    return Cast(Story(Client(http, api, token, patience=patience), support, created["customer"]["id"]), subject, api)
