"""How a customer pays: charged at once, or within so many days of the invoice, with a purchase order to be named."""

from dataclasses import dataclass

from domain.actor import Grant
from domain.db import Primary, Tx
from domain.ids import CustomerId
from domain.operation import operation
from domain.refusals import RefusalCode, Refused

AUTOMATIC, ON_ACCOUNT = "charge", "invoice"  # how invoices are collected
OVERDUE = "invoice_overdue"  # the due work of the day on which an invoice on account should have been paid
MAX_NET_DAYS = 120  # beyond what any law lets be agreed between firms without a special reason
ORDER_LENGTH = 100  # purchase orders are numbers of a few dozen characters


@dataclass(frozen=True, slots=True)
class BillingTerms:
    """``collection`` is ``charge`` (net days 0) or ``invoice``."""

    collection: str
    net_days: int
    purchase_order: str | None


AT_ONCE = BillingTerms(AUTOMATIC, 0, None)  # the terms of who has none of its own


async def billing_terms(db: Primary, customer: CustomerId) -> BillingTerms:
    """The customer's terms."""
    row = await db.fetchrow(
        "SELECT collection, net_days, purchase_order FROM billing_terms WHERE shard_key = $1 AND customer_id = $2",
        customer.shard,
        customer.uuid,
    )
    return BillingTerms(row["collection"], row["net_days"], row["purchase_order"]) if row else AT_ONCE


@dataclass(frozen=True, slots=True)
class SetBillingTerms:
    """``net_days`` 0 charges at once; more is the time to pay an invoice on account."""

    net_days: int
    purchase_order: str | None


@dataclass(frozen=True, slots=True)
class BillingTermsSet:
    """The terms that hold for invoices issued from now on."""

    collection: str
    net_days: int
    purchase_order: str | None


@operation("invoices.set_billing_terms", allowed=frozenset({Grant.LEAD, Grant.FINANCE, Grant.ADMIN}), begins=True)
async def set_billing_terms(tx: Tx, command: SetBillingTerms) -> BillingTermsSet:
    """INVALID_INPUT for days out of bounds or a purchase order that cannot be one."""
    require_net_days(command.net_days)
    require_purchase_order(command.purchase_order)
    return await store_terms(tx, command.net_days, command.purchase_order)


async def store_terms(tx: Tx, net_days: int, purchase_order: str | None) -> BillingTermsSet:
    """Writes the customer's terms."""
    collection = ON_ACCOUNT if net_days else AUTOMATIC
    await tx.execute(
        """INSERT INTO billing_terms (shard_key, customer_id, collection, net_days, purchase_order, recorded_at)
           VALUES ($1, $2, $3, $4, $5, $6)
           ON CONFLICT (shard_key, customer_id) DO UPDATE
              SET collection = EXCLUDED.collection, net_days = EXCLUDED.net_days,
                  purchase_order = EXCLUDED.purchase_order, recorded_at = EXCLUDED.recorded_at""",
        tx.customer.shard, tx.customer.uuid, collection, net_days, purchase_order, tx.recorded_at,
    )  # fmt: skip
    return BillingTermsSet(collection, net_days, purchase_order)


def require_net_days(days: int) -> None:
    """INVALID_INPUT for days out of bounds."""
    if not 0 <= days <= MAX_NET_DAYS:
        raise Refused(RefusalCode.INVALID_INPUT, f"There are 0 to {MAX_NET_DAYS} days to pay.", ("netDays",))


def require_purchase_order(text: str | None) -> None:
    """INVALID_INPUT for a blank or an overlong one."""
    if text is not None and not (text.strip() and len(text) <= ORDER_LENGTH):
        message = f"A purchase order has 1 to {ORDER_LENGTH} characters."
        raise Refused(RefusalCode.INVALID_INPUT, message, ("purchaseOrder",))
