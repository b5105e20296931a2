"""A world of one tenant with plans, made by operations; every test asks it for customers of its own."""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

from domain.actor import Actor, Grant, portal, staff
from domain.catalog.publish import PublishPlan, PublishPrice, publish_plan, publish_price
from domain.customers.create_customer import CreateCustomer, create_customer
from domain.dunning.recovery_policy import RecoveryPolicy, SetRecoveryPolicy, set_recovery_policy
from domain.ids import CustomerId, PaymentMethodId, PriceId
from domain.money import Currency, Money
from domain.operation import Operation, Performed
from domain.payments.gateway import MethodFacts
from domain.payments.method import StoreMethod, store_method
from domain.perform import perform
from domain.period import Unit
from domain.reactions.house import House
from domain.reactions.work import do_now
from domain.tenants.create_tenant import CreateTenant, TenantCreated, create_tenant, founding_house
from domain.tenants.register import (
    RegisterPartner,
    RegisterStaff,
    TrustIssuer,
    register_partner,
    register_staff,
    trust_issuer,
)
from domain.tenants.tenant import free_shard_key

EUR, USD, JPY = Currency("EUR"), Currency("USD"), Currency("JPY")
NEW_YEAR = datetime(2027, 1, 1, tzinfo=UTC)
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
ACCOUNT = "sandbox/main"
C = TypeVar("C")
O = TypeVar("O")  # noqa: E741 - command and outcome, as in domain/operation.py


def fresh(prefix: str) -> str:
    """A name that no other test uses."""
    return f"{prefix}-{secrets.token_hex(6)}"


@dataclass(frozen=True)
class Someone:
    """A customer and the actor that is its portal user."""

    id: CustomerId
    actor: Actor
    issuer: str
    subject: str


@dataclass(frozen=True)
class World:
    """A tenant; ``prices`` are monthly in EUR by plan code: starter 10.00, team 20.00, yearly 200.00, usd 11.00 USD."""

    house: House
    tenant: TenantCreated
    slug: str
    prices: dict[str, PriceId]

    def staff(self, role: Grant, subject: str = "sue", issuer: str = "test-issuer") -> Actor:
        """A member of the tenant's staff."""
        return staff(self.tenant.tenant, self.tenant.live_house, issuer, subject, frozenset({role}), fresh("request"))

    async def customer(
        self, *, clock_at: datetime | None = NEW_YEAR, time_zone: str = "UTC", currency: Currency = EUR,
        issuer: str = "test-issuer", subject: str | None = None,
    ) -> Someone:  # fmt: skip
        """A customer of the sandbox entity on a test clock, or (without one) of the live entity in real time."""
        login = subject or fresh("subject")
        name, entity = fresh("customer"), self.tenant.sandbox_house if clock_at else self.tenant.live_house
        command = CreateCustomer(
            name, currency, time_zone, "en", "DE", clock_at, issuer, login,
            name=f"Name of {name}", email=f"{name}@example.test", address="1 Test Street",
        )  # fmt: skip
        done = await perform(self.house.db, create_customer, self.house.actor, entity, command, name)
        customer = done.outcome.customer
        actor = portal(self.tenant.tenant, customer, str(done.outcome.user), fresh("request"))
        return Someone(customer, actor, issuer, login)

    async def trust(self, issuer: str) -> None:
        """Believes tokens of that issuer at each of the tenant's three doors."""
        for surface in ("portal", "staff", "partner"):
            command = TrustIssuer(issuer, self.audience(surface), surface, f"{issuer}/jwks", ("ES256",))
            await self._by_the_house(trust_issuer, command)

    def audience(self, surface: str) -> str:
        """What tokens for that door of the tenant are made out to."""
        return f"quittance:{self.slug}:{surface}"

    async def colleague(self, issuer: str, role: Grant) -> str:
        """Registers a member of staff; returns the subject its tokens carry."""
        subject = fresh(role.value)
        await self._by_the_house(register_staff, RegisterStaff(issuer, subject, role))
        return subject

    async def partner(self) -> str:
        """Lets a partner's client in; returns its client id."""
        client = fresh("partner")
        await self._by_the_house(register_partner, RegisterPartner(client, "A partner"))
        return client

    async def _by_the_house(self, operation: Operation[C, O], command: C) -> Performed[O]:
        home = self.tenant.live_house
        return await perform(self.house.db, operation, self.house.actor, home, command, fresh("house"))

    async def recover_by(self, policy: RecoveryPolicy) -> None:
        """How the tenant gets back what is unpaid from now on."""
        await self._by_the_house(set_recovery_policy, SetRecoveryPolicy(policy))

    async def card(self, of: Someone, token: str = "tok_visa") -> PaymentMethodId:
        """Stores a test token at the provider and as the customer's default method."""
        own = f"{token}#{secrets.token_hex(4)}"
        facts = await self.house.gateway(ACCOUNT).add_method(own, str(of.id))
        assert isinstance(facts, MethodFacts), facts
        command = StoreMethod(ACCOUNT, own, facts.method_ref, facts.kind, facts.brand, facts.last4, facts.expires)
        done = await perform(self.house.db, store_method, of.actor, of.id, command, fresh("card"))
        await do_now(self.house, of.id)
        return done.outcome.method

    async def do(self, of: Someone, operation: Operation[C, O], command: C) -> Performed[O]:
        """Performs the customer's own operation under a fresh key, and all that follows from it."""
        done = await perform(self.house.db, operation, of.actor, of.id, command, fresh("key"))
        await do_now(self.house, of.id)
        return done


async def make_world(house: House, *, shard_keys: int = 1, slug: str | None = None) -> World:
    """A fresh tenant with its plans. The card that a customer had before a bad one is no backup of it: who tests
    backups says ``recover_by``."""
    slug = slug or fresh("tenant")
    first = await free_shard_key(house.db.primary)
    keys = tuple(range(first, first + shard_keys))
    command = CreateTenant(slug, f"{slug} GmbH", "ACME", "1 Main Street, Berlin", "DE", "Europe/Berlin", keys)
    founded = await perform(
        house.db, create_tenant, house.actor, founding_house(slug, "ACME", first), command, fresh("found")
    )
    prices = {}
    for rank, (code, minor, currency, unit) in enumerate(
        (("starter", 1000, EUR, Unit.MONTH), ("team", 2000, EUR, Unit.MONTH), ("yearly", 20000, EUR, Unit.YEAR),
         ("usd", 1100, USD, Unit.MONTH))
    ):  # fmt: skip
        prices[code] = await _publish(house, founded.outcome, code, rank, Money(minor, currency), unit)
    world = World(house, founded.outcome, slug, prices)
    await world.recover_by(RecoveryPolicy(backups=False))
    return world


async def _publish(house: House, tenant: TenantCreated, code: str, rank: int, amount: Money, unit: Unit) -> PriceId:
    home, db = tenant.live_house, house.db
    command = PublishPlan(code, code.capitalize(), f"The {code} plan", rank)
    plan = (await perform(db, publish_plan, house.actor, home, command, fresh("plan"))).outcome.plan
    price = PublishPrice(plan, amount, unit, 1, LONG_AGO)
    return (await perform(db, publish_price, house.actor, home, price, fresh("price"))).outcome.price
