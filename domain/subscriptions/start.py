"""Starting a subscription: it is incomplete until its first invoice is paid, or it begins with a trial."""

from dataclasses import dataclass
from datetime import datetime

from domain import due
from domain.actor import Grant
from domain.catalog.coupon_at_purchase import redeem_with
from domain.customers.customer import Customer, customer
from domain.db import Tx
from domain.ids import InvoiceId, PaymentId, PriceId, SubscriptionId
from domain.invoices.draft import Draft, store_draft
from domain.invoices.finalize import Finalized, finalize
from domain.invoices.line import Line
from domain.money import Money
from domain.operation import operation
from domain.payments.collect import collect, require_means
from domain.payments.debt import require_no_debt
from domain.period import Anchor, Period, period, pin
from domain.portal_function import PortalFunction
from domain.refusals import RefusalCode, Refused
from domain.sagas.begin import Begun, begin_saga
from domain.sagas.definition import SagaKind
from domain.subscriptions.expire import INCOMPLETE_FOR
from domain.subscriptions.lifecycle import EXPIRE, RENEW, SUBSCRIPTION
from domain.subscriptions.lines import full_charge
from domain.subscriptions.offer import Offer, offered
from domain.subscriptions.store import claim_families
from domain.subscriptions.subscription import renewal_second, subscriptions
from domain.subscriptions.terms import Terms, add_terms
from domain.subscriptions.trial import schedule_reminder, take_trial, trial_end, trial_is_taken
from domain.wire import added

MAX_SUBSCRIPTIONS = 100  # living ones of one customer; a page shows them all


@dataclass(frozen=True, slots=True)
class StartSubscription:
    """Buy a plan at an offered price, in the customer's currency; its trial, where one is left, may be declined.

    ``coupon`` is the code of one that is redeemed with it.
    """

    price: PriceId
    quantity: int
    trial: bool = added(True)
    coupon: str | None = added(None)


@dataclass(frozen=True, slots=True)
class SubscriptionStarted:
    """The subscription and its first invoice; ``payment`` is the attempt that was begun, if anything is due.

    A trial has no invoice yet; ``trial_end`` is when it is over. A preview says its ``lines``, which are no part of
    what is kept.
    """

    subscription: SubscriptionId
    invoice: InvoiceId | None
    number: str | None
    total: Money
    due: Money
    payment: PaymentId | None
    trial_end: datetime | None = None
    lines: tuple[Line, ...] = ()


@operation(
    "subscriptions.start",
    allowed=frozenset({Grant.PORTAL, Grant.PARTNER, Grant.SUPPORT, Grant.LEAD, Grant.ADMIN}),
    moves_money=True,
    function=PortalFunction.START_SUBSCRIPTION,
    begins=True,
)
async def start_subscription(tx: Tx, command: StartSubscription) -> SubscriptionStarted:
    """NOT_FOUND for a price not on offer; CURRENCY_MISMATCH; ALREADY_EXISTS for a plan family the customer has;
    PAYMENT_METHOD_REQUIRED without a method, unless a trial asks for none; INVALID_INPUT for a quantity out of bounds;
    BLOCKED_BY_DEBT; and as a coupon is refused.
    """
    owner = await customer(tx, tx.head.tenant, tx.customer)
    offer = await offered(tx, command.price, command.quantity, tx.now)
    version = offer.version
    on_trial = command.trial and version.trial_days > 0 and not await trial_is_taken(tx, tx.customer, version.family)
    await _check(tx, owner, offer, needs_method=not on_trial or version.trial_needs_method)
    if on_trial:
        return await _start_trial(tx, owner, offer, command.coupon)
    anchor = Anchor.at(pin(tx.now), owner.time_zone, offer.price.cadence)
    first = period(anchor, 0)
    id = await _insert(tx, owner, offer, anchor, first, None)
    if command.coupon is not None:
        await redeem_with(tx, command.coupon, offer.plan.id, None)
    line = full_charge(offer, first, offer.ruler(owner.time_zone))
    draft = Draft(id, "start", first.start, first.end, owner.currency, (line,))
    issued = await finalize(tx, await store_draft(tx, draft), tx.now)
    await due.schedule(tx, EXPIRE, id.uuid, first.start + INCOMPLETE_FOR)
    return await _collected(tx, id, issued)


async def _check(tx: Tx, owner: Customer, offer: Offer, *, needs_method: bool) -> None:
    if offer.price.unit_amount.currency != owner.currency:
        raise Refused(RefusalCode.CURRENCY_MISMATCH, f"This customer is billed in {owner.currency}.", ("priceId",))
    await require_no_debt(tx)
    if needs_method:
        await require_means(tx)
    living = [each for each in await subscriptions(tx, tx.customer, limit=MAX_SUBSCRIPTIONS) if not each.ended_at]
    if len(living) >= MAX_SUBSCRIPTIONS:
        raise Refused(RefusalCode.STATE_CONFLICT, f"A customer has at most {MAX_SUBSCRIPTIONS} subscriptions.")


async def _start_trial(tx: Tx, owner: Customer, offer: Offer, coupon: str | None) -> SubscriptionStarted:
    """The trial is the period that runs; the first one that is billed is derived from its end."""
    start = pin(tx.now)
    end = trial_end(offer.version, start, owner.time_zone)
    anchor = Anchor.at(end, owner.time_zone, offer.price.cadence)
    id = await _insert(tx, owner, offer, anchor, Period(start, end), end)
    await take_trial(tx, id, offer.version.family)
    await due.schedule(tx, RENEW, id.uuid, renewal_second(id, end))
    await schedule_reminder(tx, id, end)
    if coupon is not None:
        await redeem_with(tx, coupon, offer.plan.id, id)
    await begin_saga(tx, Begun(SagaKind.TRIAL, id, offer.amount), end)
    nothing = Money.zero(owner.currency)
    return SubscriptionStarted(id, None, None, nothing, nothing, None, end)


async def _insert(
    tx: Tx, owner: Customer, offer: Offer, anchor: Anchor, first: Period, on_trial_until: datetime | None
) -> SubscriptionId:
    id, price = tx.new_id(SubscriptionId), offer.price
    await claim_families(tx, id, [offer.version.family])
    state = await SUBSCRIPTION.begin(tx, tx.customer, id.uuid, "start_trial" if on_trial_until else "start")
    await tx.execute(
        """INSERT INTO subscription (shard_key, id, tenant_id, customer_id, plan_id, plan_version_id, family, price_id,
               quantity, currency, unit_amount, cadence_unit, cadence_count, anchor_at, time_zone, period_index,
               period_start, period_end, trial_end, terms_seq, state, seq, recorded_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, 0, $16, $17, $18, 1, $19, $20,
               $21)""",
        id.shard, id.uuid, tx.head.tenant.uuid, tx.customer.uuid, offer.plan.id.uuid, offer.version.id.uuid,
        offer.version.family, price.id.uuid, offer.quantity, str(owner.currency), price.unit_amount.minor,
        price.cadence.unit.value, price.cadence.count, anchor.start, owner.time_zone, first.start, first.end,
        on_trial_until, state.name, state.seq, tx.recorded_at,
    )  # fmt: skip
    terms = Terms.on(offer.version, price, offer.quantity, anchor.start)
    await add_terms(tx, id, 1, terms, first.start, "trial" if on_trial_until else "start")
    tx.emit("subscription.started", subscription=id)
    return id


async def _collected(tx: Tx, id: SubscriptionId, issued: Finalized) -> SubscriptionStarted:
    payment = await collect(tx, issued)
    if issued.due.minor and not issued.on_account:
        await begin_saga(tx, Begun(SagaKind.PURCHASE, id, issued.due, issued.invoice))
    shown = issued.rated.lines if tx.preview else ()
    return SubscriptionStarted(id, issued.invoice, issued.number, issued.total, issued.due, payment, None, shown)
