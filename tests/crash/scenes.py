"""What a worker has before it when it dies: each scene is played once, and says what must be true in the end."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from domain.actor import Grant
from domain.customers.advance_clock import AdvanceClock, advance_clock
from domain.due import LEASE
from domain.money import Money
from domain.operation import Operation
from domain.payments.capture_payment import CapturePayment, capture_payment
from domain.payments.method import methods_in_order
from domain.payments.order_methods import RemoveMethod, remove_method
from domain.payments.pay_invoice import PayInvoice, pay_invoice
from domain.payments.payment import CaptureMode
from domain.payments.request_refund import RequestRefund, request_refund
from domain.perform import perform
from domain.reactions.work import do_now
from domain.webhooks.register_endpoint import RegisterWebhookEndpoint, register_webhook_endpoint
from domain.webhooks.send import Sender
from tests.dispute_kit import disputed
from tests.jobs_kit import Ground
from tests.lives import attempts_at, day, invoices_of, start
from tests.notice_kit import post_office
from tests.simulation.both_books import by_customer, differences
from tests.webhook_desk import Desk
from tests.webhook_receiver import receiving
from tests.world import EUR, Someone, World, fresh

A_LEASE = LEASE + timedelta(seconds=1)
SECONDS_TO_NOTICE = timedelta(minutes=2)  # a letter of which nobody knows whether it went out waits longer


@dataclass(frozen=True)
class Scene:
    """Whose work is due, what its worker is told, what the one after it has, how much later that comes, and the end."""

    who: Someone
    ended: Callable[[], Awaitable[None]]
    environment: dict[str, str] = field(default_factory=dict)
    heir: dict[str, Any] = field(default_factory=dict)
    wait: timedelta = A_LEASE


async def both_books_agree(world: World, desk: Desk, who: Someone) -> None:
    """The provider's events are heard of; then it took and gave back what our books say, each once."""
    books = (await desk.provider.get("/admin/books")).json()
    there = by_customer(books).get(str(who.id), [])
    for each in there:
        for event in await desk.events_of(each["id"]):
            await desk.take(event)
    assert await differences(world, who, there) == []


@asynccontextmanager
async def purchase(ground: Ground) -> AsyncIterator[Scene]:
    """A first charge."""
    ada, _ = await ground.bought()

    async def ended() -> None:
        assert await ground.state_of(ada) == "active"
        assert await ground.captures(ada) == [1000]

    yield Scene(ada, ended)


@asynccontextmanager
async def renewal(ground: Ground) -> AsyncIterator[Scene]:
    """A month that has passed on a customer's clock."""
    ada = await customer_of(ground)
    await ask(ground, ada, ada.actor, advance_clock, AdvanceClock(day(2, 2)))

    async def ended() -> None:
        assert await ground.captures(ada) == [1000, 1000]

    yield Scene(ada, ended)


@asynccontextmanager
async def event(ground: Ground) -> AsyncIterator[Scene]:
    """News of a charge, kept by the webhook door."""
    ada, begun = await ground.bought()
    await do_now(ground.house, ada.id)
    (told,) = await ground.desk.events_of((await ground.payment_of(ada, begun)).provider_ref)
    await ground.desk.deliver(told)

    async def ended() -> None:
        assert await ground.desk.state(told) == "applied"
        assert (await ground.payment_of(ada, begun)).state.name == "succeeded"

    yield Scene(ada, ended)


@asynccontextmanager
async def refund(ground: Ground) -> AsyncIterator[Scene]:
    """Money to be given back."""
    ada = await customer_of(ground)
    ((paid,),) = [await attempts_at(ground.world, ada, one.id) for one in await invoices_of(ground.world, ada)]
    finance = ground.world.staff(Grant.FINANCE)
    await ask(ground, ada, finance, request_refund, RequestRefund(paid.id, Money(300, EUR), "goodwill"))

    async def ended() -> None:
        assert (await ground.desk.books(ada))["refunded_minor"] == {"EUR": 300}

    yield Scene(ada, ended)


@asynccontextmanager
async def hold(ground: Ground) -> AsyncIterator[Scene]:
    """A hold of which a part is to be taken."""
    ada = await customer_of(ground, "tok_lost_card")
    (owed,), good = await invoices_of(ground.world, ada), await ground.world.card(ada)
    finance = ground.world.staff(Grant.FINANCE)
    await ask(ground, ada, finance, pay_invoice, PayInvoice(owed.id, good, CaptureMode.LATER))
    await do_now(ground.house, ada.id)
    held = (await attempts_at(ground.world, ada, owed.id))[-1]
    await ask(ground, ada, finance, capture_payment, CapturePayment(held.id, Money(1000, EUR), True))

    async def ended() -> None:
        assert await ground.captures(ada) == [1000]

    yield Scene(ada, ended)


@asynccontextmanager
async def dispute(ground: Ground) -> AsyncIterator[Scene]:
    """Evidence to be sent."""
    claim = await disputed(ground.world, ground.desk, 400)
    await claim.told()
    await claim.answer(follow=False)

    async def ended() -> None:
        assert (await claim.told()).state.name == "evidence_submitted"
        kinds = [each["type"] for each in await claim.events()]
        assert len(kinds) == len(set(kinds)) == 2, "opened and answered, each once"

    yield Scene(claim.who, ended)


@asynccontextmanager
async def delivery(ground: Ground) -> AsyncIterator[Scene]:
    """Something to be told to a tenant's own system."""
    async with receiving() as receiver:
        command = RegisterWebhookEndpoint(("subscription.started",), True, True, receiver.url)
        admin, home = ground.world.staff(Grant.ADMIN), ground.world.tenant.live_house
        await perform(ground.house.db, register_webhook_endpoint, admin, home, command, fresh("register"))
        ada = await customer_of(ground)

        async def ended() -> None:
            assert {taken.event["data"]["customer"] for taken in receiver.taken} == {str(ada.id)}
            assert len({taken.headers["webhook-id"] for taken in receiver.taken}) == 1

        heir: dict[str, Any] = {"sender": Sender(anywhere=True)}
        yield Scene(ada, ended, {"WEBHOOK_TARGETS": "anywhere"}, heir)


@asynccontextmanager
async def notice(ground: Ground) -> AsyncIterator[Scene]:
    """Letters to be sent."""
    async with post_office(ground.world) as office:
        ada, _ = await ground.bought()

        async def ended() -> None:
            assert [state for _, state, _ in await office.states(ada)] == ["sent", "sent"]
            assert len({mail.message["Message-ID"] for mail in office.mails()}) == 2

        told = {"SMTP_URL": f"smtp://127.0.0.1:{office.port}", "MAIL_FROM": "billing@quittance.test"}
        yield Scene(ada, ended, told, {"mail": office.world.house.mail}, SECONDS_TO_NOTICE)


@asynccontextmanager
async def detaching(ground: Ground) -> AsyncIterator[Scene]:
    """A card that the provider is to forget."""
    ada = await customer_of(ground)
    (card,) = await methods_in_order(ground.house.db.primary, ada.id)
    await ground.world.card(ada)
    await ask(ground, ada, ada.actor, remove_method, RemoveMethod(card.id))

    async def ended() -> None:
        gone = await ground.desk.provider.get(f"/v1/payment_methods/{card.provider_ref}")
        assert gone.json()["detached"]

    yield Scene(ada, ended)


async def customer_of(ground: Ground, token: str = "tok_visa") -> Someone:
    """A customer that bought, and all that followed from it."""
    ada = await ground.world.customer()
    await ground.world.card(ada, token)
    await start(ground.world, ada)
    return ada


async def ask(ground: Ground, of: Someone, actor: Any, operation: Operation[Any, Any], command: object) -> None:
    """Performs it; what follows is left to workers."""
    await perform(ground.house.db, operation, actor, of.id, command, fresh("asked"))


SCENES: dict[str, Callable[[Ground], Any]] = {
    **dict.fromkeys(("perform.begun", "perform.key_stored", "perform.locked", "perform.done", "perform.recorded",
                     "perform.committed", "attempt.claimed", "attempt.answered", "relay.consumed", "relay.deleted"),
                    purchase),
    "due.claimed": renewal,
    "inbox.applied": event,
    **dict.fromkeys(("refund.claimed", "refund.answered"), refund),
    "hold.claimed": hold,
    **dict.fromkeys(("dispute.claimed", "dispute.answered"), dispute),
    **dict.fromkeys(("delivery.claimed", "delivery.answered"), delivery),
    **dict.fromkeys(("notice.claimed", "notice.answered"), notice),
    "detach.answered": detaching,
}  # fmt: skip
