"""A customer is erased on request: nothing that says who it was is left, its books stand, its documents stay readable
for as long as the law wants them, and for nobody after that."""

from collections.abc import AsyncIterator
from datetime import timedelta

import asyncpg
import pytest
from redis.asyncio import Redis

from domain.actor import Grant
from domain.audit import verify_chain
from domain.customers.change_billing_person import ChangeBillingPerson, change_billing_person
from domain.customers.create_customer import CreateCustomer, create_customer
from domain.fanout.logins import logins_of
from domain.ids import ReceiptId
from domain.invoices.invoice_document import invoice_pdf
from domain.payments.receipt_document import receipt_pdf
from domain.payments.settle_payment import News
from domain.perform import perform
from domain.privacy.ask_erasure import AskErasure, RequestErasure, ask_erasure, request_erasure
from domain.privacy.carry_out import DecideErasure, decide_erasure
from domain.privacy.erasure import Erasure, erasure_of
from domain.privacy.legal_hold import SetLegalHold, set_legal_hold
from domain.privacy.stops import Stop, stops_of
from domain.refusals import Gone, Refused
from domain.subscriptions.cancel import CancelAt, CancelSubscription, cancel_subscription
from domain.tenants.access import find_login, free_login
from migrations.personal import PERSONAL, Fate
from tests.erasure_kit import (
    WHY,
    Known,
    by,
    colleague,
    erased,
    filled,
    found_in,
    known,
    later,
    lived,
    refusal,
    rows_of,
)  # fmt: skip
from tests.lives import attempts_at, buyer, day, invoices_of, start, subscription_of, tell, until, wrong_rows
from tests.world import EUR, NEW_YEAR, Someone, World, fresh, make_world

BOOKS = ("ledger_transaction", "ledger_transfer", "account_balance", "invoice", "invoice_line", "credit_note",
         "credit_note_line", "receipt", "refund", "issued_document")  # fmt: skip
# Where data of a customer may stand at all; tax ids and sealed texts say nothing by the word.
PLACES = {"billing_contact", "billing_person", "customer", "customer_directory", "customer_user",
          "evidence_file", "member_invitation", "payment", "payment_method", "refund_payout", "tax_exemption",
          "webhook_body"}  # fmt: skip

STORIED = set(PERSONAL) - {"payment_method.label_sealed"}  # which erasing itself fills


@pytest.fixture
async def owner(owner_url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(owner_url)
    yield connection
    await connection.close()


async def erasure(world: World, of: Someone) -> Erasure:
    found = await erasure_of(world.house.db.primary, of.id)
    assert found is not None
    return found


@pytest.mark.row("L8")
async def test_nothing_personal_is_left_of_an_erased_customer_and_its_books_and_documents_stand(
    world: World, owner: asyncpg.Connection, redis_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    db = world.house.db
    of, other = await known(world), await known(world)
    invoice, others = await lived(world, owner, of), await lived(world, owner, other)
    paper, receipt = await invoice_pdf(db, of.who.id, invoice), await receipt_of(world, owner, of)
    before = await rows_of(owner, of, BOOKS)
    assert await filled(owner, of, list(Fate)) == STORIED, "the story leaves a personal column empty"
    assert set(await found_in(owner, of.canary)) == PLACES, "personal data stands where nothing erases it"

    await erased(world, of.who)

    assert await found_in(owner, of.canary) == []
    assert await filled(owner, of, [Fate.GONE, Fate.BLANK, Fate.AFTER]) == set()
    reference = await owner.fetchval("SELECT reference FROM customer WHERE id = $1", of.who.id.uuid)
    assert reference == f"erased-{of.who.id.uuid}"
    assert of.canary not in caplog.text
    assert await in_redis(redis_url, of.canary) == []
    undone = "SELECT kind FROM due_work WHERE customer_id = $1"  # the provider has heard that the card is not ours
    left = {row["kind"] for row in await owner.fetch(undone, of.who.id.uuid)}
    assert left & {"detach_method", "forget_around", "erase_customer", "destroy_key"} == {"destroy_key"}

    assert await rows_of(owner, of, BOOKS) == before
    assert await wrong_rows(world, of.who) == []
    assert (await verify_chain(db.primary, of.who.id)).verified
    assert await invoice_pdf(db, of.who.id, invoice) == paper
    assert await receipt_of(world, owner, of) == receipt  # which names the card
    assert set(await found_in(owner, other.canary)) == PLACES
    assert await filled(owner, other, list(Fate)) == STORIED
    assert await invoice_pdf(db, other.who.id, others)
    await is_a_stranger(world, of)


async def receipt_of(world: World, owner: asyncpg.Connection, of: Known) -> bytes:
    """The PDF of the customer's receipt."""
    id = await owner.fetchval("SELECT id FROM receipt WHERE customer_id = $1", of.who.id.uuid)
    return await receipt_pdf(world.house.db, of.who.id, ReceiptId(of.who.id.shard, id))


async def in_redis(url: str, word: str) -> list[bytes]:
    """The keys that hold the word, in their names or values."""
    found = []
    async with Redis.from_url(url) as redis:
        async for key in redis.scan_iter(count=1000):
            if word.encode() in key or word.encode() in (await redis.dump(key) or b""):
                found.append(key)
    return found


async def is_a_stranger(world: World, of: Known) -> None:
    """Its login opens nothing and may be taken by the next, as its reference; nothing personal comes back to it."""
    db = world.house.db
    assert await find_login(db.primary, world.tenant.tenant, "test-issuer", of.who.subject) is None
    again = CreateCustomer(
        f"R-{of.canary}", EUR, "UTC", "en", "DE", NEW_YEAR, "test-issuer", f"S-{of.canary}",
        name="N", email="e@example.test", address="1 Street",
    )  # fmt: skip
    new = await perform(db, create_customer, world.house.actor, world.tenant.sandbox_house, again, fresh("new"))
    assert new.outcome.customer != of.who.id
    login = await find_login(db.primary, world.tenant.tenant, "test-issuer", of.who.subject)
    assert login is not None
    assert login.customer == new.outcome.customer
    person = ChangeBillingPerson("DE", "", name="Back", email="b@example.test", address="1 Street")
    assert await refusal(world, world.staff(Grant.SUPPORT), of.who, change_billing_person, person) == "STATE_CONFLICT"


@pytest.mark.row("L8")
@pytest.mark.row("K5")
async def test_documents_are_readable_until_retention_ends_and_a_legal_hold_keeps_them_longer(
    world: World, owner: asyncpg.Connection
) -> None:
    db, lead = world.house.db, colleague(world)
    of = await known(world)
    invoice = await lived(world, owner, of)
    held = SetLegalHold(True, "A court asked.")
    await by(world, lead, of.who, set_legal_hold, held)
    assert await refusal(world, lead, of.who, set_legal_hold, held) == "STATE_CONFLICT"
    assert await refusal(world, lead, of.who, ask_erasure, AskErasure(WHY)) == "ERASURE_STOPPED"
    await by(world, of.who.actor, of.who, request_erasure, RequestErasure(True))
    await until(world, of.who, day(2, 15))
    assert (await erasure(world, of.who)).state.name == "asked"

    await by(world, lead, of.who, set_legal_hold, SetLegalHold(False, "It is over."))
    assert (await erasure(world, of.who)).state.name == "erased"
    assert await found_in(owner, of.canary) == []
    kept = (await erasure(world, of.who)).keep_until
    assert kept is not None
    assert kept.date().isoformat() == "2038-01-01"
    await later(world, of.who, kept - timedelta(seconds=1))
    await by(world, lead, of.who, set_legal_hold, held)
    await later(world, of.who, kept + timedelta(days=400))
    assert await invoice_pdf(db, of.who.id, invoice)

    await by(world, lead, of.who, set_legal_hold, SetLegalHold(False, "It is over."))
    assert (await erasure(world, of.who)).state.name == "key_destroyed"
    with pytest.raises(Gone):
        await invoice_pdf(db, of.who.id, invoice)
    assert await filled(owner, of, [Fate.KEY]) == set()
    assert await wrong_rows(world, of.who) == []


async def test_an_erasure_waits_for_another_person_or_for_the_customer_to_be_sure(world: World) -> None:
    ada, lea, adam = await buyer(world), colleague(world), colleague(world, "adam", Grant.ADMIN)
    yes, no = DecideErasure(True, WHY), DecideErasure(False, WHY)
    assert await refusal(world, adam, ada, decide_erasure, yes) == "NOT_FOUND"
    await by(world, lea, ada, ask_erasure, AskErasure(WHY))
    assert await refusal(world, lea, ada, ask_erasure, AskErasure(WHY)) == "ALREADY_EXISTS"
    assert await refusal(world, lea, ada, decide_erasure, yes) == "FORBIDDEN"
    assert await refusal(world, world.staff(Grant.SUPPORT), ada, decide_erasure, yes) == "FORBIDDEN"
    assert await refusal(world, ada.actor, ada, request_erasure, RequestErasure(False)) == "NOT_FOUND"
    assert (await by(world, adam, ada, decide_erasure, no)).state == "rejected"
    await by(world, ada.actor, ada, request_erasure, RequestErasure(True))
    assert (await by(world, ada.actor, ada, request_erasure, RequestErasure(False))).state == "withdrawn"

    begun = await start(world, ada)
    await confirmed(world, ada)
    await by(world, ada.actor, ada, request_erasure, RequestErasure(True))
    assert await refusal(world, adam, ada, decide_erasure, yes) == "ERASURE_STOPPED"
    assert await stops_of(world.house.db.primary, ada.id) == (Stop.SUBSCRIPTION,)
    await until(world, ada, day(2, 20))
    await confirmed(world, ada)
    assert (await erasure(world, ada)).state.name == "asked"
    assert begun.subscription == (await subscription_of(world, ada)).id
    await world.do(ada, cancel_subscription, CancelSubscription(begun.subscription, CancelAt.NOW))
    await until(world, ada, day(2, 22))
    assert (await erasure(world, ada)).state.name == "erased"


async def test_who_asks_again_is_told_whether_it_waits_or_was_done(world: World) -> None:
    ada, lea = await buyer(world), colleague(world)
    await by(world, lea, ada, ask_erasure, AskErasure(WHY))
    with pytest.raises(Refused, match="was asked for already"):
        await by(world, lea, ada, ask_erasure, AskErasure(WHY))
    await by(world, colleague(world, "adam", Grant.ADMIN), ada, decide_erasure, DecideErasure(True, WHY))
    with pytest.raises(Refused, match="This customer was erased"):
        await by(world, lea, ada, ask_erasure, AskErasure(WHY))


async def confirmed(world: World, of: Someone) -> None:
    """The provider tells that it took what the customer's newest invoice asked for."""
    invoice = (await invoices_of(world, of))[-1]
    await tell(world, of, (await attempts_at(world, of, invoice.id))[-1].id, News.CAPTURED)


async def test_a_login_that_somebody_took_since_it_was_free_stays_theirs_whoever_frees_it_late(world: World) -> None:
    own = await make_world(world.house)  # all under one shard key
    db, ada = own.house.db, await own.customer()
    (listed,) = await logins_of(db.primary, ada.id)  # by a worker that is slower than the one that erases
    await erased(own, ada)
    eve = await own.customer(subject=ada.subject)
    await free_login(db.marks, ada.id, listed)
    login = await find_login(db.primary, own.tenant.tenant, eve.issuer, eve.subject)
    assert login is not None and login.customer == eve.id
