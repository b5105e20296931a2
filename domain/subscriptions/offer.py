"""What a subscription is put on: a plan as its version of the day has it, a price, and how many of it."""

from dataclasses import dataclass, replace
from datetime import datetime

from domain.catalog.plan import (
    Plan,
    PlanVersion,
    Price,
    PriceModel,
    ProrationClock,
    current_version,
    offered_price,
    plan,
    plan_version,
    plan_versions,
    price,
    price_at_renewal,
    public_price,
    version_at_renewal,
)
from domain.db import Tx
from domain.ids import PlanVersionId, PriceId
from domain.invoices.contract import contracts, has_negotiated
from domain.invoices.invoice import Invoice
from domain.money import Money
from domain.refusals import RefusalCode, Refused
from domain.subscriptions.proration import SECONDS, Ruler
from domain.subscriptions.subscription import Subscription

MAX_QUANTITY = 10_000  # seats; far above what is sold, far below what could overflow an amount


@dataclass(frozen=True, slots=True)
class Offer:
    """A plan at a price, and the quantity that is billed."""

    plan: Plan
    version: PlanVersion
    price: Price
    quantity: int

    @property
    def amount(self) -> Money:
        """What a whole period costs before discounts and tax."""
        return self.price.unit_amount * self.quantity

    def ruler(self, time_zone: str) -> Ruler:
        """What parts of its periods are counted in."""
        return Ruler(time_zone) if self.version.proration is ProrationClock.DAY else SECONDS


def require_quantity(of: Price, quantity: int) -> None:
    """INVALID_INPUT for a quantity out of bounds, or of a flat price for any but one."""
    if not 1 <= quantity <= MAX_QUANTITY:
        raise Refused(RefusalCode.INVALID_INPUT, f"A quantity is 1 to {MAX_QUANTITY}.", ("quantity",))
    of.require_quantity(quantity)


async def offered(tx: Tx, id: PriceId, quantity: int, at: datetime) -> Offer:
    """What is on offer at the instant, to everybody or by a contract of the customer's; NOT_FOUND for another price,
    INVALID_INPUT for a quantity that cannot be."""
    if await has_negotiated(tx, tx.customer, id, at):
        wanted = await price(tx, tx.head.tenant, id)
        named = await plan(tx, tx.head.tenant, wanted.plan)
    else:
        named, wanted = await offered_price(tx, tx.head.tenant, id, at)
    require_quantity(wanted, quantity)
    return Offer(named, await current_version(tx, tx.head.tenant, named.id, at), wanted, quantity)


async def offered_to(tx: Tx, of: Subscription, id: PriceId, quantity: int, at: datetime) -> Offer:
    """What is on offer to who has the subscription, refused as ``offered``: another price of its plan, at another
    interval or by contract, leaves it on the version of the plan that it is on."""
    to = await offered(tx, id, quantity, at)
    if to.plan.id != of.plan:
        return to
    return replace(to, version=await plan_version(tx, of.tenant, of.plan_version))


async def standing(tx: Tx, of: Subscription, quantity: int) -> Offer:
    """The subscription's own price, on offer or not, for a quantity; INVALID_INPUT for one that cannot be."""
    own = await price(tx, of.tenant, of.price)
    require_quantity(own, quantity)
    return Offer(await plan(tx, of.tenant, of.plan), await plan_version(tx, of.tenant, of.plan_version), own, quantity)


async def next_term(tx: Tx, of: Subscription, at: datetime) -> Offer:
    """What a term that begins at the instant is billed: what was planned, else as before, else as versions say.

    A contract holds its price for its term, whatever later versions say. A private price whose contract is over then is
    left for that of a contract which follows, else for the public one in force; NO_PRICE where there is neither.
    """
    wanted = of.planned.price or of.price
    chosen = await price_at_renewal(tx, of.tenant, wanted, at)
    if chosen.id != wanted and await has_negotiated(tx, tx.customer, wanted, at):
        chosen = await price(tx, of.tenant, wanted)
    elif chosen.private and not await has_negotiated(tx, tx.customer, chosen.id, at):
        chosen = await _after_contract(tx, of, chosen, at)
    if chosen.plan == of.plan:
        version = await version_at_renewal(tx, of.tenant, of.plan_version, at)
    else:
        version = await current_version(tx, of.tenant, chosen.plan, at)
    quantity = 1 if chosen.model is PriceModel.FLAT else of.planned.quantity or of.quantity
    return Offer(await plan(tx, of.tenant, chosen.plan), version, chosen, quantity)


async def _after_contract(tx: Tx, of: Subscription, ended: Price, at: datetime) -> Price:
    """The price for the same plan, currency and interval: of another contract of theirs, else the public one."""
    kind = (ended.plan, ended.unit_amount.currency, ended.cadence)
    for each in await contracts(tx, tx.customer):
        if each.runs_at(at):
            following = await price(tx, of.tenant, each.price)
            if (following.plan, following.unit_amount.currency, following.cadence) == kind:
                return following
    public = await public_price(tx, of.tenant, *kind, at)
    if public is None:
        message = "The contract of its price is over, and its plan has no public price to go on at."
        raise Refused(RefusalCode.NO_PRICE, message, ("subscriptionId",))
    return public


async def agreed(tx: Tx, of: Subscription, id: PriceId, quantity: int, billed: Invoice) -> Offer:
    """What a change leads to that the invoice charged, on offer now or not: the version of the plan that it charged,
    also where one has been published since for the instant at which it was asked for."""
    chosen = await price(tx, of.tenant, id)
    charged = await tx.fetchval(
        """SELECT plan_version_id FROM invoice_line
            WHERE shard_key = $1 AND customer_id = $2 AND invoice_id = $3 AND kind = 'charge' AND price_id = $4
            LIMIT 1""",
        tx.customer.shard,
        tx.customer.uuid,
        billed.id.uuid,
        id.uuid,
    )
    if charged is not None:
        version = await plan_version(tx, of.tenant, PlanVersionId(charged))
    elif chosen.plan == of.plan:  # an older release named no version on its lines
        version = await plan_version(tx, of.tenant, of.plan_version)
    else:
        version = await current_version(tx, of.tenant, chosen.plan, billed.issued_at)
    return Offer(await plan(tx, of.tenant, chosen.plan), version, chosen, quantity)


async def family_kept(tx: Tx, of: Subscription, offer: Offer, at: datetime) -> Offer:
    """The offer of a term that begins at the instant; where its version is of a family that another subscription has,
    on the version that is pinned, or the newest one of the family that the planned change has claimed: its first one
    where the term was overdue when the change was planned, and began before any of that family was sold."""
    if offer.version.family == of.family:
        return offer
    holder = await tx.fetchval(
        "SELECT subscription_id FROM family_claim WHERE shard_key = $1 AND customer_id = $2 AND family = $3",
        tx.customer.shard,
        tx.customer.uuid,
        offer.version.family,
    )
    if holder in (None, of.id.uuid):
        return offer
    if offer.plan.id == of.plan:
        return replace(offer, version=await plan_version(tx, of.tenant, of.plan_version))
    versions = (await plan_versions(tx, of.tenant, [offer.plan.id]))[offer.plan.id]
    claimed = [each for each in versions if each.family == of.planned.family]
    sold = [each for each in claimed if each.effective_from <= at]
    return replace(offer, version=sold[-1] if sold else claimed[0])
