"""A customer of whom everything is known, with one word in all of it, and looking for that word everywhere."""

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import asyncpg
import pytest

from domain.actor import Actor, Grant, portal
from domain.customers.advance_clock import AdvanceClock, advance_clock
from domain.customers.billing_contact import SaveBillingContact, Topic, save_billing_contact
from domain.customers.change_billing_person import ChangeBillingPerson, change_billing_person
from domain.customers.create_customer import CreateCustomer, create_customer
from domain.customers.keep_tax_identity import StoreTaxIdentity, store_tax_identity
from domain.customers.tax_exemption import AddTaxExemption, add_tax_exemption
from domain.dead_letter import bury
from domain.due import Due
from domain.ids import InvoiceId
from domain.inbox import Arrival, claim, move, store
from domain.invoices.invoice_document import invoice_pdf
from domain.invoices.invoice_preferences import SetInvoicePreferences, set_invoice_preferences
from domain.member_role import MemberRole
from domain.money import Money
from domain.operation import OPERATIONS, Operation
from domain.payments.gateway import MethodFacts
from domain.payments.method import StoreMethod, store_method
from domain.payments.settle_payment import News
from domain.perform import perform
from domain.privacy.ask_erasure import AskErasure, ask_erasure
from domain.privacy.carry_out import DecideErasure, decide_erasure
from domain.privacy.data_export import AskExport, ask_export
from domain.reactions.work import do_now
from domain.refusals import Refused
from domain.subscriptions.cancel import CancelAt, CancelSubscription, cancel_subscription
from domain.tenants.ended_sign_in import sign_in_key
from domain.tenants.session import NewSession, Tokens, begin
from migrations.personal import PERSONAL, Fate
from tests.lives import give_back, invoices_of, start, subscription_of, tell
from tests.member_stage import invited, joined
from tests.tax_kit import TAX_IDS
from tests.world import ACCOUNT, EUR, NEW_YEAR, Someone, World, fresh

WHY = "Asked for by letter."
LAST4 = "0791"  # what no test card ends with
STAFF_NAME = "sam.sample"  # of who acted for the customer


@dataclass(frozen=True)
class Known:
    """A customer of whom everything is known, and the word that stands in all of it."""

    who: Someone
    canary: str


async def known(world: World, *, method: str = "tok_visa") -> Known:
    """Signed up, with a card, a tax id, an exemption, a login, a session, provider's events, and a work that failed."""
    word, house, db = f"canary{secrets.token_hex(6)}", world.house, world.house.db
    command = CreateCustomer(
        f"R-{word}", EUR, "UTC", "en", "DE", NEW_YEAR, "test-issuer", f"S-{word}",
        name=f"N {word}", email=f"{word}@example.test", address=f"1 {word} Street",
    )  # fmt: skip
    made = await perform(db, create_customer, house.actor, world.tenant.sandbox_house, command, fresh("new"))
    id = made.outcome.customer
    who = Someone(id, portal(world.tenant.tenant, id, str(made.outcome.user), fresh("r")), "test-issuer", f"S-{word}")
    token = f"{method}#{word}"
    facts = await house.gateway(ACCOUNT).add_method(token, str(id))
    assert isinstance(facts, MethodFacts)
    stored = StoreMethod(ACCOUNT, token, facts.method_ref, facts.kind, f"Brand {word}", LAST4)
    await world.do(who, store_method, stored)
    moved = ChangeBillingPerson(
        "DE", "BE", name=f"Second {word}", email=f"{word}@second.test", address=f"2 {word} Road"
    )
    await world.do(who, change_billing_person, moved)
    await world.do(who, store_tax_identity, StoreTaxIdentity("AT", TAX_IDS["AT"]))
    await perform(
        db, add_tax_exemption, world.staff(Grant.SUPPORT), id,
        AddTaxExemption("US", "CA", "standard", NEW_YEAR, None, certificate=f"C-{word}"), fresh("key"),
    )  # fmt: skip
    await joined(world, who, MemberRole.VIEWER, subject=f"M-{word}")
    contact = SaveBillingContact(None, (Topic.DUNNING,), name=f"C {word}", email=f"{word}@fourth.test")
    await world.do(who, save_billing_contact, contact)
    wishes = SetInvoicePreferences("en", None, email=f"{word}@fifth.test")
    await world.do(who, set_invoice_preferences, wishes)
    await invited(world, who, MemberRole.ADMIN, f"{word}@third.test")
    tokens = Tokens(f"eyJ{word}", f"refresh {word}", f"eyJ{word}")
    until = db.clock.now() + timedelta(hours=1)
    name, tenant = str(made.outcome.user), world.tenant.tenant
    key = sign_in_key(tenant, "https://id.example", word)
    await begin(db, NewSession(id, tenant, "portal", name, tokens, until, until, sign_in=key))
    await begin(db, NewSession(id, tenant, "acting", f"staff:{STAFF_NAME}@0f", tokens, until, until, id.uuid))
    return Known(who, word)


async def lived(world: World, owner: asyncpg.Connection, of: Known) -> InvoiceId:
    """Bought, paid, got something back, left; the provider told of it, and a document was downloaded."""
    bought = await start(world, of.who)
    assert bought.payment
    await tell(world, of.who, bought.payment, News.CAPTURED)
    await give_back(world, of.who, bought.payment, Money(300, EUR))
    ended = CancelSubscription((await subscription_of(world, of.who)).id, CancelAt.NOW)
    await world.do(of.who, cancel_subscription, ended)
    db, id = world.house.db, of.who.id
    charged = await owner.fetchval("SELECT provider_ref FROM payment WHERE customer_id = $1", id.uuid)
    arrival = Arrival(ACCOUNT, fresh("event"), "payment.succeeded", charged, 0)
    await store(db.marks, arrival, {"h": of.canary}, f'{{"email": "{of.canary}"}}'.encode(), db.clock.now())
    event = await claim(db.marks, arrival.key, db.clock.now())
    assert event is not None
    await move(db.marks, event, "apply", db.clock.now())
    said = f"The {of.canary} said so".encode()
    await owner.execute(
        "INSERT INTO evidence_file VALUES ($1, $2, $3, 'text/plain', $4, $5, now())",
        id.shard, id.uuid, bytes(32), len(said), said,
    )  # fmt: skip
    await owner.execute(
        "UPDATE payment SET action_url = $2 WHERE customer_id = $1", id.uuid, f"https://x.test/?{of.canary}"
    )
    await owner.execute(
        """INSERT INTO refund_payout (shard_key, refund_id, tenant_id, customer_id, means, sealed, recorded_at)
           SELECT shard_key, id, tenant_id, customer_id, 'transfer', $2, now() FROM refund WHERE customer_id = $1""",
        id.uuid, b"to the account of " + of.canary.encode(),
    )  # fmt: skip
    await bury(db, Due(id, "renew", id.uuid, NEW_YEAR, 4, True, NEW_YEAR), "ValueError", "e1")
    await world.do(of.who, ask_export, AskExport(True))
    (invoice,) = await invoices_of(world, of.who)
    await invoice_pdf(db, id, invoice.id)
    return invoice.id


async def found_in(owner: asyncpg.Connection, *words: str) -> list[str]:
    """The tables in which one of the words stands, as text or as bytes."""
    names = await owner.fetch(
        """SELECT c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND NOT c.relispartition ORDER BY 1"""
    )
    hidden = [*words, *(word.encode().hex() for word in words)]
    return [
        row["name"]
        for row in names
        if await owner.fetchval(  # a name of the catalog itself
            f"SELECT EXISTS (SELECT 1 FROM {row['name']} t WHERE t::text LIKE ANY ($1))",  # noqa: S608 - our own names
            [f"%{word}%" for word in hidden],
        )
    ]


async def filled(owner: asyncpg.Connection, of: Known, fates: Sequence[Fate]) -> set[str]:
    """The personal columns in which something stands about the customer, of those fates."""
    found = set()
    for name in (name for name, fate in PERSONAL.items() if fate in fates):
        table, _, column = name.partition(".")
        if table == "webhook_body":
            where, key = "position($1 IN encode(body, 'escape')) > 0", of.canary
        else:
            where, key = ("id" if table == "customer" else "customer_id") + "::text = $1", str(of.who.id.uuid)
        query = f"SELECT 1 FROM {table} WHERE {where} AND {column} IS NOT NULL AND {column}::text <> '' LIMIT 1"  # noqa: S608 - our own names
        if await owner.fetchval(query, key):
            found.add(name)
    return found


def colleague(world: World, subject: str = "lea", role: Grant = Grant.LEAD) -> Actor:
    """Somebody who may erase."""
    return world.staff(role, subject)


async def by(world: World, actor: Actor, of: Someone, operation: Operation[Any, Any], command: object) -> Any:
    """Performs it, and all that follows."""
    done = await perform(world.house.db, operation, actor, of.id, command, fresh("key"))
    await do_now(world.house, of.id)
    return done.outcome


async def rows_of(owner: asyncpg.Connection, of: Known, tables: Sequence[str]) -> dict[str, list[str]]:
    """All rows of the customer in those tables, as text."""
    found = {}
    for table in tables:
        query = f"SELECT t::text AS row FROM {table} t WHERE customer_id = $1 ORDER BY 1"  # noqa: S608 - our own names
        found[table] = [row["row"] for row in await owner.fetch(query, of.who.id.uuid)]
    return found


async def erased(world: World, of: Someone) -> None:
    """By two people."""
    await by(world, colleague(world), of, ask_erasure, AskErasure(WHY))
    await by(world, colleague(world, "adam", Grant.ADMIN), of, decide_erasure, DecideErasure(True, WHY))


async def later(world: World, of: Someone, to: datetime) -> None:
    """Staff send the clock of an erased customer forward, which nobody else can."""
    await by(world, world.staff(Grant.SUPPORT), of, advance_clock, AdvanceClock(to))


@contextmanager
def as_before(of: Operation[Any, Any]) -> Iterator[Operation[Any, Any]]:
    """The operation as older releases had it, which began new things with customers that were erased."""
    older = replace(of, name=f"test.before.{of.name}", begins=False)
    try:
        yield older
    finally:
        del OPERATIONS[older.name]


async def refusal(world: World, actor: Actor, of: Someone, operation: Operation[Any, Any], command: object) -> str:
    """The code it is refused with."""
    with pytest.raises(Refused) as refused:
        await by(world, actor, of, operation, command)
    return refused.value.code.value
