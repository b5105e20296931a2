"""Every mutation, job and webhook comes twice: after the second the database is what it was before it."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta

import asyncpg
import pytest

from domain import due
from domain.actor import Grant
from domain.corrections.tax_run import StartTaxRun, start_tax_run
from domain.customers.tax_place import StateTaxPlace, state_tax_place
from domain.due import Due
from domain.ids import PaymentId, RefundId
from domain.invoices.sign_contract import SignContract, sign_contract
from domain.money import Money
from domain.payments.begin_refund import SEND_REFUND
from domain.payments.pay_invoice import SEND
from domain.payments.payment import Payment, payment
from domain.payments.refund import refunds_of
from domain.perform import perform
from domain.reactions.house import House
from domain.reactions.provider_charges import NEWS as NEWS_OF_CHARGES
from domain.reactions.provider_events import apply
from domain.reactions.provider_refunds import NEWS as NEWS_OF_REFUNDS
from domain.reactions.work import HANDLERS, do, do_now
from domain.subscriptions.lifecycle import RENEW
from domain.subscriptions.start import StartSubscription, start_subscription
from jobs import calls
from jobs.sweep import waiting
from tests.api_callers import START, Api, Guest, key
from tests.bad_input_stage import Stage, stage_for
from tests.bulk_stage import run_over_many
from tests.dispute_kit import disputed
from tests.lives import buyer, day, give_back, invoices_of, start, subscription_of, until, wrong_rows
from tests.mishaps import later
from tests.notice_kit import buy_and_be_told
from tests.payment_stage import forget_method, held_purchase, let_card_expire
from tests.privacy_stage import leave_for_good
from tests.recovery_stage import pay_in_parts
from tests.refund_stage import ask_in_vain
from tests.role_kit import GRAPH
from tests.saga_kit import buy_in_vain
from tests.subscription_lives import try_pause_and_leave
from tests.webhook_desk import Desk, key_of, made_up
from tests.webhook_stage import delivery_of
from tests.whole_database import Fingerprints, fingerprints
from tests.world import ACCOUNT, EUR, Someone, World, fresh

# All that money and terms are read from. A late worker may still ask the provider and confirm what it finds there.
BOOKS = (
    *("ledger_transaction", "ledger_transfer", "account_balance", "invoice", "invoice_line", "receipt"),
    *("number_series", "subscription", "dunning_case"),
)
PAYLOAD = "operation { id replayed } errors { ... on UserError { code message } }"

pytestmark = pytest.mark.usefixtures("full_buckets")

TOGETHER = 12  # mutations a test: so many that nobody's points are used up by them


def mutations() -> list[list[str]]:
    """The names of all published mutations, some at a time."""
    assert GRAPH.mutation_type
    names = sorted(GRAPH.mutation_type.fields)
    return [names[first : first + TOGETHER] for first in range(0, len(names), TOGETHER)]


def mutation(name: str) -> str:
    """A document of that mutation that selects which operation it was."""
    return f"mutation ($input: {name[0].upper()}{name[1:]}Input!) {{ {name}(input: $input) {{ {PAYLOAD} }} }}"


@pytest.fixture(scope="module")
async def prints(owner_url: str) -> AsyncIterator[Fingerprints]:
    """Fingerprints of the whole database; for a new connection each time, every table's catalog would be read anew."""
    connection = await asyncpg.connect(owner_url)
    yield await fingerprints(connection)
    await connection.close()


@pytest.fixture(scope="module")
async def stage(api: Api, owner_url: str) -> AsyncIterator[tuple[Stage, Guest]]:
    """Good input for every mutation, and a customer whose first charge was declined, for what is to be paid."""
    debtor = await api.guest("tok_insufficient_funds_times_1")
    owed = await debtor.do(START, priceId=str(api.world.prices["starter"]))
    async with stage_for(api, owner_url) as made:
        made.good["payInvoice"] = {"invoiceId": owed["invoice"]["id"]}
        yield made, debtor


async def all_done(api: Api, *customers: Guest) -> None:
    """Everything that follows from what these customers and the staff did."""
    tenant = api.world.tenant
    for id in (*(each.who.id for each in customers), tenant.live_house, tenant.sandbox_house):
        await do_now(api.world.house, id)


@pytest.mark.row("A4")
@pytest.mark.row("F2")
@pytest.mark.parametrize("names", mutations(), ids=" ".join)
async def test_a_mutation_that_comes_twice_is_done_once(
    api: Api, stage: tuple[Stage, Guest], prints: Fingerprints, names: list[str]
) -> None:
    made, debtor = stage
    callers = {name: debtor if name == "payInvoice" else made.caller(name) for name in names}
    given = {name: {**made.good[name], "idempotencyKey": key()} for name in names}

    async def all_of_them() -> dict[str, dict[str, object]]:
        said = {name: (await callers[name].do(mutation(name), **given[name]))["operation"] for name in names}
        await all_done(api, made.guest, debtor)
        return said

    first = await all_of_them()
    async with prints.unchanged():
        again = await all_of_them()
    assert {name: each["replayed"] for name, each in first.items()} == dict.fromkeys(names, False)
    assert again == {name: {**each, "replayed": True} for name, each in first.items()}


@pytest.mark.row("A4")
@pytest.mark.row("F9")
async def test_a_job_that_is_delivered_twice_has_one_effect(world: World, desk: Desk, prints: Fingerprints) -> None:
    event, seen = made_up(), set()
    await desk.deliver(event)
    ada = await buyer(world)
    command = StartSubscription(world.prices["starter"], 1)
    await perform(world.house.db, start_subscription, ada.actor, ada.id, command, fresh("key"))
    sent = [call for call in await waiting(later(world.house, timedelta(minutes=1))) if str(ada.id) in call.ids]
    asked = (calls.call_drain(ada.id), calls.call_apply(key_of(event)), calls.call_customer(str(ada.id)))
    told = (calls.call_batches(ada.id.shard, RENEW), calls.call_deliver(await delivery_of(world, ada)))
    for call in (*sent, *asked, *told, calls.call_disputes(ACCOUNT), calls.call_events(ACCOUNT)):
        await calls.WORK[call.name](world.house, *call.ids)
        await do_now(world.house, ada.id)
        before = await prints.now()
        await calls.WORK[call.name](world.house, *call.ids)
        assert await prints.now() == before, call
        seen.add(call.name)
    assert seen == set(calls.WORK)
    assert [each["captured_minor"] for each in (await desk.books(ada))["payments"]] == [1000]


@pytest.mark.row("A4")
@pytest.mark.row("F9")
async def test_due_work_that_two_workers_do_leaves_what_one_leaves(
    world: World, desk: Desk, prints: Fingerprints, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    for kind, handler in HANDLERS.items():
        monkeypatch.setitem(HANDLERS, kind, doubled(handler, prints, done))
    ada, bob, una, eve = [await buyer(world, f"tok_{card}") for card in (*["visa"] * 3, "insufficient_funds")]
    await start(world, eve)
    await until(world, eve, day(1, 2))  # the first invoice is not paid in time
    await buy_and_return_part(world, bob)
    await forget_method(world, bob)
    await let_card_expire(world)
    signed = SignContract(world.prices["starter"], Money(5000, EUR), day(1, 1), day(1, 20), 10, None)
    await perform(world.house.db, sign_contract, world.staff(Grant.FINANCE), una.id, signed, fresh("sign"))
    await start(world, una)
    await until(world, una, day(1, 21))  # an invoice on account is overdue, and a term is over
    await start(world, ada)
    await until(world, ada, day(2, 2))  # a renewal
    await world.card(ada, "tok_insufficient_funds")
    await until(world, ada, day(4, 2))  # another, which is dunned and given up
    await try_pause_and_leave(world)
    await look_at_tax_again(world, ada)
    await run_over_many(world)
    await ask_in_vain(world)
    await (await disputed(world, desk)).looked_at()
    await buy_and_be_told(world)
    await pay_in_parts(world)
    await buy_in_vain(world)
    await leave_for_good(world)
    assert set(done) == set(HANDLERS)
    assert [each.state.name for each in await invoices_of(world, ada)] == ["paid", "paid", "uncollectible"]
    states = [(await subscription_of(world, each)).state.name for each in (ada, eve)]
    assert states == ["canceled", "incomplete_expired"]
    books = [await desk.books(each) for each in (ada, bob)]
    assert [each["captured_minor"]["EUR"] for each in books] == [2000, 1000]
    assert books[1]["refunded_minor"]["EUR"] == 300
    assert await wrong_rows(world, ada) == []


async def look_at_tax_again(world: World, of: Someone) -> None:
    """A run over the invoices of the only customer that is said to have been in Fiji."""
    finance, db = world.staff(Grant.FINANCE), world.house.db
    place = StateTaxPlace("FJ", "", None, day(1, 1), None)
    await perform(db, state_tax_place, finance, of.id, place, fresh("place"))
    command = StartTaxRun(None, "FJ", day(1, 1), None, refund=False, collect=True, reason="Fiji.")
    await perform(db, start_tax_run, finance, world.tenant.live_house, command, fresh("run"))
    for customer in (world.tenant.live_house, of.id):
        await do_now(world.house, customer)


async def buy_and_return_part(world: World, bob: Someone) -> None:
    """A purchase and a refund that are sent by due work alone, as where the process of their caller died."""
    db = world.house.db
    command = StartSubscription(world.prices["starter"], 1)
    begun = (await perform(db, start_subscription, bob.actor, bob.id, command, fresh("key"))).outcome
    assert begun.payment
    await do_due_work(world, bob, SEND, begun.payment)
    await give_back(world, bob, begun.payment, Money(300, EUR), follow=False)
    (refund,) = await refunds_of(db.primary, bob.id, begun.payment)
    await do_due_work(world, bob, SEND_REFUND, refund.id)
    (refund,) = await refunds_of(db.primary, bob.id, begun.payment)
    assert (refund.state.name, refund.amount.minor) == ("succeeded", 300)


async def do_due_work(world: World, of: Someone, kind: str, subject: PaymentId | RefundId) -> None:
    """Does that piece of due work, and then what follows from it."""
    work = await due.find(world.house.db.primary, of.id, kind, subject.uuid)
    assert work is not None
    assert await do(world.house, work)
    await do_now(world.house, of.id)


def doubled(
    handler: Callable[[House, Due], Awaitable[None]], prints: Fingerprints, done: list[str]
) -> Callable[[House, Due], Awaitable[None]]:
    """The handler, called again by a worker whose lease ran out and who does not know that all is done."""

    async def twice(house: House, work: Due) -> None:
        await handler(house, work)
        before = await prints.now()
        await handler(house, work)
        after = await prints.now()
        assert {name: after[name] for name in BOOKS} == {name: before[name] for name in BOOKS}, work.kind
        done.append(work.kind)

    return twice


@dataclass
class Mail:
    """The provider's events about a customer's charges and refunds, each delivered and taken twice."""

    world: World
    desk: Desk
    prints: Fingerprints
    kinds: set[str] = field(default_factory=set)

    async def about(self, ada: Someone, reference: str | None) -> None:
        """All events there are about the object; the second time changes nothing."""
        for event in await self.desk.events_of(reference):
            state = await self.desk.take(event)
            await do_now(self.world.house, ada.id)
            before = await self.prints.now()
            assert (await self.desk.deliver(event)).json() == {"duplicate": True}
            assert await apply(self.world.house, key_of(event)) in (None, state)
            await do_now(self.world.house, ada.id)
            assert await self.prints.now() == before, event
            kept = await self.desk.kept(event)
            assert kept is not None
            self.kinds.add(kept.kind)

    async def charge(self, token: str) -> tuple[Someone, Payment]:
        """A purchase with that card, and the events about it so far."""
        ada = await buyer(self.world, token)
        begun = await start(self.world, ada)
        assert begun.payment
        known = await payment(self.world.house.db.primary, ada.id, begun.payment)
        await self.about(ada, known.provider_ref)
        return ada, known

    async def refund(self, token: str, outcome: str) -> None:
        """A charge with that card, of which a part is given back with that outcome."""
        ada, known = await self.charge(token)
        await give_back(self.world, ada, known.id, Money(300, EUR))
        (refund,) = await refunds_of(self.world.house.db.primary, ada.id, known.id)
        await self.desk.admin(f"settle/{refund.provider_ref}", outcome=outcome)
        await self.about(ada, refund.provider_ref)


@pytest.mark.row("A4")
@pytest.mark.row("F7")
async def test_a_webhook_that_comes_twice_changes_nothing_the_second_time(
    world: World, desk: Desk, prints: Fingerprints
) -> None:
    mail = Mail(world, desk, prints)
    await mail.charge("tok_insufficient_funds")
    ada, asked = await mail.charge("tok_3ds")
    await desk.come(asked.action_url)
    await mail.about(ada, asked.provider_ref)
    await mail.charge("tok_bank_held")
    eve, idle = await mail.charge("tok_3ds")
    assert (await desk.provider.post(f"/v1/payments/{idle.provider_ref}/void")).is_success
    await mail.about(eve, idle.provider_ref)
    bob, debit = await mail.charge("tok_bank_returnable")
    for outcome in ("succeeded", "insufficient_funds"):
        await desk.admin(f"settle/{debit.provider_ref}", outcome=outcome)
        await mail.about(bob, debit.provider_ref)
    una, held = await held_purchase(world)
    await mail.about(una, held.provider_ref)
    await desk.admin(f"settle/{held.provider_ref}", outcome="expired")
    await mail.about(una, held.provider_ref)
    await mail.refund("tok_refund_pending", "succeeded")
    await mail.refund("tok_refund_fails_later", "account_closed")
    assert mail.kinds == {kind.value for kind in (*NEWS_OF_CHARGES, *NEWS_OF_REFUNDS)}
    assert await wrong_rows(world, ada) == []
