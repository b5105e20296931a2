"""Lives of customers in tests: what they buy, how time passes for them, what is heard of their payments."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self, TypeVar

from dev.story.client import until as found
from domain.actor import Grant
from domain.catalog.publish import PublishPlan, PublishPrice, publish_plan, publish_price
from domain.customers.advance_clock import AdvanceClock, advance_clock
from domain.customers.customer import customer
from domain.database import Source, Token
from domain.ids import InvoiceId, PaymentId, PriceId
from domain.invoices.invoice import Invoice, invoices_by_id
from domain.money import Money
from domain.operation import Operation
from domain.payments.payment import Payment, payments_of
from domain.payments.request_refund import RequestRefund, request_refund
from domain.payments.settle_payment import News, SettlePayment, settle_payment
from domain.perform import perform
from domain.period import Unit
from domain.reactions.work import do_now
from domain.reconciliation.verify import Finding, verify_shard
from domain.subscriptions.start import StartSubscription, SubscriptionStarted, start_subscription
from domain.subscriptions.subscription import Subscription, subscriptions
from tests.world import LONG_AGO, Someone, World, fresh

C = TypeVar("C")
O = TypeVar("O")  # noqa: E741 - command and outcome, as in domain/operation.py


def day(month: int, of_month: int, hour: int = 0, minute: int = 0, year: int = 2027) -> datetime:
    """An instant of the year in which the test clocks start."""
    return datetime(year, month, of_month, hour, minute, tzinfo=UTC)


async def buyer(world: World, token: str = "tok_visa", *, clock_at: datetime | None = None) -> Someone:
    """A customer with a card, on a test clock."""
    ada = await (world.customer(clock_at=clock_at) if clock_at else world.customer())
    await world.card(ada, token)
    return ada


@dataclass(frozen=True, slots=True)
class Billed(SubscriptionStarted):
    """A subscription whose first invoice is issued at once, as that of all but trials is."""

    invoice: InvoiceId

    @classmethod
    def at_once(cls, begun: SubscriptionStarted) -> Self:
        """What began, as one that is no trial."""
        assert begun.invoice is not None, begun
        return cls(
            begun.subscription, begun.invoice, begun.number, begun.total, begun.due, begun.payment, begun.trial_end,
            begun.lines,
        )  # fmt: skip


async def start(world: World, of: Someone, code: str = "starter", quantity: int = 1) -> Billed:
    """A subscription, and all that follows from it."""
    done = await world.do(of, start_subscription, StartSubscription(world.prices[code], quantity))
    return Billed.at_once(done.outcome)


async def until(world: World, of: Someone, to: datetime) -> None:
    """Sends the customer's clock forward and does what falls due on the way."""
    await world.do(of, advance_clock, AdvanceClock(to))


async def caught_up(world: World) -> Token:
    """The place of now, once the replica is there: history shows all that is committed, also to who has no token."""
    token = await world.house.db.token()

    async def there() -> bool | None:
        async with world.house.db.history(token) as history:
            return history.source is Source.REPLICA or None

    await found(there, "the replay of what is committed")
    return token


async def by_house(world: World, of: Someone, operation: Operation[C, O], command: C, *, follow: bool = True) -> O:
    """An operation of the house's own under a fresh key; with ``follow``, all that comes of it too."""
    done = await perform(world.house.db, operation, world.house.actor, of.id, command, fresh("house"))
    if follow:
        await do_now(world.house, of.id)
    return done.outcome


async def by_finance(world: World, of: Someone, operation: Operation[C, O], command: C) -> O:
    """What finance does, and all that follows from it."""
    done = await perform(world.house.db, operation, world.staff(Grant.FINANCE), of.id, command, fresh("finance"))
    await do_now(world.house, of.id)
    return done.outcome


async def tell(
    world: World, of: Someone, payment: PaymentId | None, news: News, *, captured: Money | None = None,
    code: str = "insufficient_funds", hard: bool = False, follow: bool = True,
) -> str:  # fmt: skip
    """What the provider says of a payment; returns the state it is in then."""
    assert payment is not None
    declined = news in (News.DECLINED, News.RETURNED)
    command = SettlePayment(
        payment, news, None, captured, code if declined else None, hard, None, confirmed=True
    )  # fmt: skip
    return (await by_house(world, of, settle_payment, command, follow=follow)).state


async def give_back(world: World, of: Someone, payment: PaymentId, amount: Money, *, follow: bool = True) -> None:
    """A refund that support asks for."""
    command = RequestRefund(payment, amount, "goodwill")
    await perform(world.house.db, request_refund, world.staff(Grant.SUPPORT), of.id, command, fresh("refund"))
    if follow:
        await do_now(world.house, of.id)


async def subscription_of(world: World, of: Someone) -> Subscription:
    """The customer's newest subscription."""
    return (await subscriptions(world.house.db.primary, of.id))[0]


async def is_entitled(world: World, of: Someone) -> bool:
    """Whether the newest subscription gives access now, by the customer's own time."""
    owner = await customer(world.house.db.primary, world.tenant.tenant, of.id)
    return (await subscription_of(world, of)).is_entitled_at(owner.clock_at or world.house.db.clock.now())


async def invoices_of(world: World, of: Someone) -> list[Invoice]:
    """The customer's invoices, oldest first."""
    db = world.house.db.primary
    rows = await db.fetch(
        "SELECT id FROM invoice WHERE shard_key = $1 AND customer_id = $2 ORDER BY number", of.id.shard, of.id.uuid
    )
    ids = [InvoiceId(of.id.shard, row["id"]) for row in rows]
    found = await invoices_by_id(db, of.id, ids)
    return [found[id] for id in ids]


async def attempts_at(world: World, of: Someone, invoice: InvoiceId) -> list[Payment]:
    """The attempts to collect an invoice, in their order."""
    return await payments_of(world.house.db.primary, of.id, invoice)


async def receipt_numbers(world: World, of: Someone) -> list[str]:
    """The numbers of the customer's receipts, in the order of issue."""
    rows = await world.house.db.primary.fetch(
        "SELECT number_text FROM receipt WHERE shard_key = $1 AND customer_id = $2 ORDER BY number",
        of.id.shard,
        of.id.uuid,
    )
    return [row["number_text"] for row in rows]


async def wrong_rows(world: World, of: Someone) -> list[Finding]:
    """What verification finds on the customer's shard key."""
    return await verify_shard(world.house.db.primary, of.id.shard)


async def publish(
    world: World, amount: Money, unit: Unit = Unit.MONTH, *, count: int = 1, since: datetime = LONG_AGO
) -> PriceId:
    """The price of a plan of its own."""
    db, actor, home = world.house.db, world.house.actor, world.tenant.live_house
    code = fresh("plan")
    plan = (await perform(db, publish_plan, actor, home, PublishPlan(code, code, code, 9), fresh("plan"))).outcome.plan
    price = PublishPrice(plan, amount, unit, count, since)
    return (await perform(db, publish_price, actor, home, price, fresh("price"))).outcome.price


async def buy(world: World, of: Someone, price: PriceId, quantity: int = 1) -> SubscriptionStarted:
    """A subscription at a price, and all that follows from it."""
    return (await world.do(of, start_subscription, StartSubscription(price, quantity))).outcome
