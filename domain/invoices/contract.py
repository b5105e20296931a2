"""Contracts: a negotiated price for a term, with what is committed to for it, the time to pay and a purchase order."""

from dataclasses import dataclass
from datetime import datetime

from domain.db import Primary, Row
from domain.ids import ContractId, CustomerId, InvoiceId, PriceId
from domain.machine import Machine, State
from domain.money import Currency, Money
from domain.refusals import RefusalCode, Refused

CONTRACT = Machine(
    "contract",
    {
        ("new", "sign"): "active",
        ("active", "announce"): "ending",
        ("active", "end"): "ended",
        ("ending", "end"): "ended",
        ("active", "cancel"): "canceled",
        ("ending", "cancel"): "canceled",
    },
)
CONTRACT_END, CONTRACT_NOTICE = "contract_end", "contract_notice"  # the due work of a term: its end, and word of it
LIVING = frozenset({"active", "ending"})  # announced or not, its term is not over


@dataclass(frozen=True, slots=True)
class Contract:
    """``commitment`` is before tax and for the whole term; what is billed less is billed at its end, as a true-up.

    ``renews`` is the contract whose term it goes on from. One that was cancelled has run until ``canceled_at``.
    """

    id: ContractId
    customer: CustomerId
    price: PriceId
    commitment: Money
    starts_at: datetime
    ends_at: datetime
    net_days: int
    purchase_order: str | None
    true_up: InvoiceId | None
    state: State
    canceled_at: datetime | None
    renews: ContractId | None

    @property
    def until(self) -> datetime:
        """The first instant at which it holds no longer."""
        return self.ends_at if self.canceled_at is None else self.canceled_at

    @property
    def is_living(self) -> bool:
        """Whether it has neither ended nor been cancelled."""
        return self.state.name in LIVING

    def runs_at(self, at: datetime) -> bool:
        """Whether the instant lies in its term."""
        return self.starts_at <= at < self.until


def _contract(row: Row) -> Contract:
    shard, true_up = row["shard_key"], row["true_up_invoice_id"]
    return Contract(
        id=ContractId(shard, row["id"]),
        customer=CustomerId(shard, row["customer_id"]),
        price=PriceId(row["price_id"]),
        commitment=Money(row["commitment"], Currency(row["currency"])),
        starts_at=row["starts_at"],
        ends_at=row["ends_at"],
        net_days=row["net_days"],
        purchase_order=row["purchase_order"],
        true_up=InvoiceId(shard, true_up) if true_up else None,
        state=State(row["state"], row["seq"]),
        canceled_at=row["canceled_at"],
        renews=ContractId(shard, row["renews_id"]) if row["renews_id"] else None,
    )


async def contracts(db: Primary, customer: CustomerId) -> list[Contract]:
    """The customer's contracts, the newest first."""
    rows = await db.fetch(
        """SELECT shard_key, id, customer_id, price_id, currency, commitment, starts_at, ends_at, net_days,
                  purchase_order, true_up_invoice_id, state, seq, canceled_at, renews_id
             FROM contract WHERE shard_key = $1 AND customer_id = $2 ORDER BY starts_at DESC, id DESC""",
        customer.shard,
        customer.uuid,
    )
    return [_contract(row) for row in rows]


async def contract(db: Primary, customer: CustomerId, id: ContractId, path: str = "contractId") -> Contract:
    """The customer's contract of that id, else NOT_FOUND under that name."""
    for each in await contracts(db, customer):
        if each.id == id:
            return each
    raise Refused(RefusalCode.NOT_FOUND, "There is no such contract.", (path,))


async def has_negotiated(db: Primary, customer: CustomerId, price: PriceId, at: datetime) -> bool:
    """Whether a contract gives the customer that price at the instant: only so a private price can be bought."""
    return any(each.price == price and each.runs_at(at) for each in await contracts(db, customer))


async def renewal_of(db: Primary, of: Contract) -> Contract | None:
    """The living contract that goes on where this one ends, if there is one."""
    found = await contracts(db, of.customer)
    return next((each for each in found if each.renews == of.id and each.is_living), None)


async def billed_toward(db: Primary, customer: CustomerId) -> dict[ContractId, Money]:
    """For each contract, what was billed so far for its plan for time that began within its term, before tax, less what
    was given back. Of a price that holds its tax, that is what is left beside the tax as it was last corrected."""
    rows = await db.fetch(
        """SELECT c.shard_key, c.id, c.currency,
                  coalesce(sum(l.amount - l.given_back - CASE WHEN l.tax_inclusive THEN x.tax_left ELSE 0 END)
                           FILTER (WHERE i.state <> 'void'), 0)::bigint AS billed
             FROM contract c
             JOIN price p ON p.id = c.price_id
             JOIN price q ON q.plan_id = p.plan_id
             LEFT JOIN invoice_line l ON l.shard_key = c.shard_key AND l.customer_id = c.customer_id
                                     AND l.price_id = q.id AND l.kind = 'charge' AND l.currency = c.currency
                                     AND l.starts_at >= c.starts_at
                                     AND l.starts_at < coalesce(c.canceled_at, c.ends_at)
             LEFT JOIN invoice i ON i.shard_key = l.shard_key AND i.id = l.invoice_id
             LEFT JOIN LATERAL (SELECT coalesce(sum(t.amount - t.given_back), 0) AS tax_left FROM invoice_line_tax t
                                 WHERE t.shard_key = l.shard_key AND t.invoice_id = l.invoice_id
                                   AND t.position = l.position) x ON true
            WHERE c.shard_key = $1 AND c.customer_id = $2 GROUP BY c.shard_key, c.id, c.currency""",
        customer.shard,
        customer.uuid,
    )
    return {ContractId(row["shard_key"], row["id"]): Money(row["billed"], Currency(row["currency"])) for row in rows}
