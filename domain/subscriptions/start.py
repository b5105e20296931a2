"""Starting a subscription: it is incomplete until its first invoice is paid, and expires after 23 hours unpaid."""

from dataclasses import dataclass
from datetime import timedelta

from domain import due
from domain.actor import Grant
from domain.catalog.plan import Plan, Price, offered_price
from domain.customers.customer import Customer, customer
from domain.db import Tx
from domain.ids import InvoiceId, PaymentId, PriceId, SubscriptionId
from domain.invoices.draft import Draft, store_draft
from domain.invoices.finalize import Finalized, finalize
from domain.invoices.invoice import invoice
from domain.invoices.settle import void
from domain.money import Money
from domain.operation import operation
from domain.payments.collect import collect, require_means
from domain.payments.payment import payments_of
from domain.period import Anchor, Period, period, pin
from domain.refusals import RefusalCode, Refused
from domain.subscriptions.subscription import EXPIRE, SUBSCRIPTION, has_plan, move, subscription, subscriptions
from domain.subscriptions.terms import full_charge

INCOMPLETE_FOR = timedelta(hours=23)  # the field's usual span: a day of trying, over before the next one
RECHECK = timedelta(hours=1)  # while an attempt's outcome is open, nothing expires
MAX_QUANTITY = 10_000  # seats; far above what is sold, far below what could overflow an amount
MAX_SUBSCRIPTIONS = 100  # living ones of one customer; a page shows them all


@dataclass(frozen=True, slots=True)
class StartSubscription:
    """Buy a plan at an offered price, in the customer's currency."""

    price: PriceId
    quantity: int


@dataclass(frozen=True, slots=True)
class SubscriptionStarted:
    """The subscription and its first invoice; ``payment`` is the attempt that was begun, if anything is due."""

    subscription: SubscriptionId
    invoice: InvoiceId
    number: str
    total: Money
    due: Money
    payment: PaymentId | None


@operation(
    "subscriptions.start",
    allowed=frozenset({Grant.PORTAL, Grant.PARTNER, Grant.SUPPORT, Grant.LEAD, Grant.ADMIN}),
    moves_money=True,
)
async def start_subscription(tx: Tx, command: StartSubscription) -> SubscriptionStarted:
    """NOT_FOUND for a price not on offer; CURRENCY_MISMATCH; ALREADY_EXISTS for a plan the customer has;
    PAYMENT_METHOD_REQUIRED without a method; INVALID_INPUT for a quantity out of bounds."""
    if not 1 <= command.quantity <= MAX_QUANTITY:
        raise Refused(RefusalCode.INVALID_INPUT, f"A quantity is 1 to {MAX_QUANTITY}.", ("quantity",))
    owner = await customer(tx, tx.head.tenant, tx.customer)
    plan, price = await offered_price(tx, tx.head.tenant, command.price, tx.now)
    await _check(tx, owner, plan, price)
    id = tx.new_id(SubscriptionId)
    first = await _insert(tx, id, owner, plan, price, command.quantity)
    draft = Draft(
        id, "start", first.start, first.end, owner.currency, (full_charge(plan, price, command.quantity, first),)
    )
    issued = await finalize(tx, await store_draft(tx, draft), tx.now)
    await due.schedule(tx, EXPIRE, id.uuid, first.start + INCOMPLETE_FOR)
    return await _collected(tx, id, issued)


async def _check(tx: Tx, owner: Customer, plan: Plan, price: Price) -> None:
    if price.unit_amount.currency != owner.currency:
        raise Refused(RefusalCode.CURRENCY_MISMATCH, f"This customer is billed in {owner.currency}.", ("priceId",))
    await require_means(tx)
    living = [each for each in await subscriptions(tx, tx.customer, limit=MAX_SUBSCRIPTIONS) if not each.ended_at]
    if await has_plan(tx, tx.customer, plan.id):
        raise Refused(RefusalCode.ALREADY_EXISTS, f"There is a subscription to {plan.name} already.", ("priceId",))
    if len(living) >= MAX_SUBSCRIPTIONS:
        raise Refused(RefusalCode.STATE_CONFLICT, f"A customer has at most {MAX_SUBSCRIPTIONS} subscriptions.")


async def _insert(tx: Tx, id: SubscriptionId, owner: Customer, plan: Plan, price: Price, quantity: int) -> Period:
    anchor = Anchor.at(pin(tx.now), owner.time_zone, price.cadence)
    first = period(anchor, 0)
    state = await SUBSCRIPTION.begin(tx, tx.customer, id.uuid, "start")
    await tx.execute(
        """INSERT INTO subscription (shard_key, id, tenant_id, customer_id, plan_id, price_id, quantity, currency,
               unit_amount, cadence_unit, cadence_count, anchor_at, time_zone, period_index, period_start, period_end,
               state, seq, recorded_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 0, $14, $15, $16, $17, $18)""",
        id.shard, id.uuid, tx.head.tenant.uuid, tx.customer.uuid, plan.id.uuid, price.id.uuid, quantity,
        str(owner.currency), price.unit_amount.minor, price.cadence.unit.value, price.cadence.count, anchor.start,
        owner.time_zone, first.start, first.end, state.name, state.seq, tx.recorded_at,
    )  # fmt: skip
    tx.emit("subscription.started", subscription=id)
    return first


async def _collected(tx: Tx, id: SubscriptionId, issued: Finalized) -> SubscriptionStarted:
    payment = await collect(tx, issued)
    return SubscriptionStarted(id, issued.invoice, issued.number, issued.total, issued.due, payment)


@dataclass(frozen=True, slots=True)
class ExpireSubscription:
    """A subscription whose 23 hours are over, and the invoice it began with."""

    subscription: SubscriptionId


@dataclass(frozen=True, slots=True)
class SubscriptionStands:
    """Where a subscription stands now."""

    subscription: SubscriptionId
    state: str


@operation("subscriptions.expire", allowed=frozenset({Grant.SYSTEM}), moves_money=True)
async def expire_subscription(tx: Tx, command: ExpireSubscription) -> SubscriptionStands:
    """Voids the unpaid first invoice and ends the subscription; waits while an attempt is open, and once it is paid."""
    of = await subscription(tx, tx.customer, command.subscription)
    if of.state.name != "incomplete":
        await due.finish(tx, EXPIRE, of.id.uuid)
        return SubscriptionStands(of.id, of.state.name)
    first = InvoiceId(
        of.id.shard,
        await tx.fetchval(
            """SELECT id FROM invoice
                WHERE shard_key = $1 AND customer_id = $2 AND subscription_id = $3 AND reason = 'start'""",
            tx.customer.shard,
            tx.customer.uuid,
            of.id.uuid,
        ),
    )
    unpaid = await invoice(tx, tx.customer, first)
    paid = unpaid.state.name == "paid"  # and the event that activates the subscription is still on its way
    if paid or any(attempt.is_open for attempt in await payments_of(tx, tx.customer, first)):
        await due.schedule(tx, EXPIRE, of.id.uuid, tx.now + RECHECK)
        return SubscriptionStands(of.id, of.state.name)
    if unpaid.state.name == "open":
        await void(tx, unpaid)
    state = await move(tx, of, "expire", ended_at=tx.now)
    await due.finish(tx, EXPIRE, of.id.uuid)
    return SubscriptionStands(of.id, state.name)
