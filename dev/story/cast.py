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
from dev.story.client import Client, mint
from dev.story.steps import Story

TENANT = "acme"
ENTITY = "ACMETEST"  # the tenant's sandbox entity, whose customers may sit on a test clock
CLOCK_AT = "2027-01-01T00:00:00Z"


@dataclass(frozen=True)
class Cast:
    """The story's people, and where they meet."""

    story: Story
    reference: str
    api: str


@asynccontextmanager
async def cast_for(api: str = "", issuer: str = "") -> AsyncIterator[Cast]:
    """A fresh cast on the stack at the given addresses, or at those of this environment."""
    ports = ports_from(os.environ)
    api, issuer = api or f"http://127.0.0.1:{ports.api}", issuer or f"http://127.0.0.1:{ports.identity}"
    # Plain HTTP to this machine: no certificates to read, no proxy to ask.
    async with httpx2.AsyncClient(trust_env=False, verify=False) as http:
        yield await new_cast(http, api, issuer)


async def new_cast(http: httpx2.AsyncClient, api: str, issuer: str) -> Cast:
    """Support creates a customer with a login of its own; both get a token."""
    support = Client(http, api, await mint(http, issuer, persona="support"))
    subject = f"story-{secrets.token_hex(6)}"
    created = await support.mutate(
        say.CREATE_CUSTOMER,
        legalEntity=ENTITY,
        reference=subject,
        currency="EUR",
        timeZone="UTC",
        locale="en",
        country="DE",
        clockAt=CLOCK_AT,
        issuer=issuer,
        subject=subject,
        name="Edda Lindqvist",
        email=f"{subject}@lindqvist.example",
        address="Hafenstraße 12, 20457 Hamburg",
        idempotencyKey=subject,
    )
    audience = audience_of(TENANT, PERSONAS["customer"].surface)
    token = await mint(http, issuer, audience=audience, subject=subject)
    return Cast(Story(Client(http, api, token), support, created["customer"]["id"]), subject, api)
