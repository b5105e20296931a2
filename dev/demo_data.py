"""Demo data: two tenants with plans, staff, a partner, a customer for every portal persona, and what one bought.

Everything is an operation under a key of its own, so that a second run finds the first and changes nothing.
"""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import TypeVar

from api.audience import Audience
from dev.demo_catalog import publish_catalog
from dev.demo_purchases import BUYER, load_purchase
from dev.demo_tax import load_taxes
from dev.identity.personas import PERSONAS, Persona, audience_of
from domain.actor import Grant
from domain.customers.create_customer import CreateCustomer, create_customer
from domain.customers.invite_member import AcceptInvitation, InviteMember, accept_invitation, invite_member
from domain.ids import CustomerId
from domain.member_role import MemberRole
from domain.money import Currency
from domain.operation import Operation
from domain.perform import perform
from domain.reactions.house import House
from domain.tenants.create_tenant import CreateTenant, TenantCreated, create_tenant, founding_house
from domain.tenants.register import (
    RegisterPartner,
    RegisterStaff,
    TrustIssuer,
    register_partner,
    register_staff,
    trust_issuer,
)
from domain.tenants.tenant import find_tenant, free_shard_key, home_of
from runtime.house import open_house
from runtime.logs import configure_logs
from runtime.settings import settings

C = TypeVar("C")
O = TypeVar("O")  # noqa: E741 - command and outcome, as in domain/operation.py

CLOCK_AT = datetime(2027, 1, 1, tzinfo=UTC)  # where the demo customers' test clocks start


@dataclass(frozen=True, slots=True)
class Seller:
    """A demo tenant."""

    slug: str
    name: str
    code: str
    address: str
    country: str
    time_zone: str


SELLERS = (
    Seller("acme", "Acme Software GmbH", "ACME", "Torstraße 1, 10119 Berlin", "DE", "Europe/Berlin"),
    Seller("globex", "Globex Services ApS", "GLOBEX", "Nørregade 10, 1165 København", "DK", "Europe/Copenhagen"),
)


async def load(house: House, issuer: str) -> None:
    """Loads both tenants; a second call performs nothing again."""
    for seller in SELLERS:
        await _Loader(house, seller, issuer).load()


class _Loader:
    """Loads one tenant."""

    def __init__(self, house: House, seller: Seller, issuer: str) -> None:
        self.house, self.seller, self.issuer = house, seller, issuer
        self.customers: dict[str, CustomerId] = {}

    async def load(self) -> None:
        created = await self._tenant()
        home = created.live_house
        for surface in Audience:
            await self._trust(home, surface)
        for persona in PERSONAS.values():
            if persona.tenant == self.seller.slug:
                await self._persona(created, persona)
        await publish_catalog(partial(self._do, home))
        await load_taxes(self.house, self.seller.slug, created)
        if buyer := self.customers.get(BUYER.name):
            await load_purchase(self.house, created, buyer, self.issuer, CLOCK_AT)

    async def _do(self, owner: CustomerId, operation: Operation[C, O], command: C, key: str) -> O:
        done = await perform(self.house.db, operation, self.house.actor, owner, command, f"demo:{key}")
        return done.outcome

    async def _tenant(self) -> TenantCreated:
        db, seller = self.house.db.primary, self.seller
        known = await find_tenant(db, seller.slug)
        shard = (await home_of(db, known.id)).shard if known else await free_shard_key(db)
        command = CreateTenant(
            seller.slug, seller.name, seller.code, seller.address, seller.country, seller.time_zone, (shard,)
        )
        return await self._do(founding_house(seller.slug, seller.code, shard), create_tenant, command, "tenant")

    async def _trust(self, home: CustomerId, surface: Audience) -> None:
        audience = audience_of(self.seller.slug, surface)
        command = TrustIssuer(self.issuer, audience, surface.value, f"{self.issuer}/jwks", ("ES256",))
        await self._do(home, trust_issuer, command, f"issuer:{surface}:{self.issuer}")

    async def _persona(self, created: TenantCreated, persona: Persona) -> None:
        if persona.surface is Audience.STAFF:
            staff = RegisterStaff(self.issuer, persona.subject, Grant(persona.roles[0]))
            await self._do(created.live_house, register_staff, staff, f"staff:{persona.subject}:{self.issuer}")
        elif persona.surface is Audience.PARTNER:
            partner = RegisterPartner(persona.subject, persona.full_name)
            await self._do(created.live_house, register_partner, partner, f"partner:{persona.subject}")
        elif persona.member:
            await self._member(persona)
        else:
            self.customers[persona.name] = await self._customer(created, persona)

    async def _member(self, persona: Persona) -> None:
        owner = self.customers["customer"]
        invite = InviteMember(MemberRole(persona.member), email=persona.email)
        invited = await self._do(owner, invite_member, invite, f"invite:{persona.subject}")
        accept = AcceptInvitation(invited.invitation, self.issuer, persona.subject)
        await self._do(owner, accept_invitation, accept, f"accept:{persona.subject}")

    async def _customer(self, created: TenantCreated, persona: Persona) -> CustomerId:
        command = CreateCustomer(
            reference=f"demo-{persona.subject}",
            currency=Currency("EUR"),
            time_zone=self.seller.time_zone,
            locale="en",
            country=self.seller.country,
            clock_at=CLOCK_AT,
            issuer=self.issuer,
            subject=persona.subject,
            name=persona.full_name,
            email=persona.email,
            address=self.seller.address,
        )
        key = f"customer:{persona.subject}"
        return (await self._do(created.sandbox_house, create_customer, command, key)).customer


async def _main() -> None:
    configure_logs()
    async with open_house(settings(), "quittance-demo-data") as house:
        await load(house, settings().oidc_issuer)


if __name__ == "__main__":
    asyncio.run(_main())
