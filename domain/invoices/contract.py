"""Contracts: a negotiated price for a term, with what is committed to for it, the time to pay and a purchase order."""

from dataclasses import dataclass
from datetime import datetime

from domain import due
from domain.actor import Grant
from domain.catalog.plan import price
from domain.customers.customer import customer
from domain.db import Primary, Row, Tx
from domain.ids import ContractId, CustomerId, InvoiceId, PriceId
from domain.invoices.billing_terms import require_net_days, require_purchase_order, store_terms
from domain.machine import Machine, State
from domain.money import Currency, Money
from domain.operation import operation
from domain.period import pin
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
CONTRACT_END = "contract_end"  # the due work of the end of a term


@dataclass(frozen=True, slots=True)
class Contract:
    """``commitment`` is before tax and for the whole term; what is billed less is billed at its end, as a true-up."""

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
    )


async def contracts(db: Primary, customer: CustomerId) -> list[Contract]:
    """The customer's contracts, the newest first."""
    rows = await db.fetch(
        """SELECT shard_key, id, customer_id, price_id, currency, commitment, starts_at, ends_at, net_days,
                  purchase_order, true_up_invoice_id, state, seq
             FROM contract WHERE shard_key = $1 AND customer_id = $2 ORDER BY starts_at DESC, id DESC""",
        customer.shard,
        customer.uuid,
    )
    return [_contract(row) for row in rows]


async def contract(db: Primary, customer: CustomerId, id: ContractId) -> Contract:
    """The customer's contract of that id, else NOT_FOUND."""
    for each in await contracts(db, customer):
        if each.id == id:
            return each
    raise Refused(RefusalCode.NOT_FOUND, "There is no such contract.", ("contractId",))


async def has_negotiated(db: Primary, customer: CustomerId, price: PriceId, at: datetime) -> bool:
    """Whether a contract gives the customer that price at the instant: only so a private price can be bought."""
    return any(each.price == price and each.starts_at <= at < each.ends_at for each in await contracts(db, customer))


@dataclass(frozen=True, slots=True)
class SignContract:
    """What was agreed on; ``commitment`` may be nothing. The terms become the customer's billing terms."""

    price: PriceId
    commitment: Money
    starts_at: datetime
    ends_at: datetime
    net_days: int
    purchase_order: str | None


@dataclass(frozen=True, slots=True)
class ContractSigned:
    """The contract, which runs now or from its start on."""

    contract: ContractId


@operation("invoices.sign_contract", allowed=frozenset({Grant.FINANCE, Grant.ADMIN}))
async def sign_contract(tx: Tx, command: SignContract) -> ContractSigned:
    """NOT_FOUND for a price of nobody here; CURRENCY_MISMATCH; INVALID_AMOUNT for a negative commitment; INVALID_INPUT
    for a term that is over or goes backwards, days or a purchase order; ALREADY_EXISTS where a contract for the plan
    runs in that time."""
    require_net_days(command.net_days)
    require_purchase_order(command.purchase_order)
    agreed = await price(tx, tx.head.tenant, command.price)
    currency = (await customer(tx, tx.head.tenant, tx.customer)).currency
    if not agreed.unit_amount.currency == command.commitment.currency == currency:
        raise Refused(RefusalCode.CURRENCY_MISMATCH, f"This customer is billed in {currency}.", ("commitment",))
    if command.commitment.minor < 0:
        raise Refused(RefusalCode.INVALID_AMOUNT, "Nobody commits to less than nothing.", ("commitment",))
    start, end = pin(command.starts_at), pin(command.ends_at)
    if not start < end or end <= tx.now:
        raise Refused(RefusalCode.INVALID_INPUT, "A term ends after its start, and later than now.", ("endsAt",))
    for other in await contracts(tx, tx.customer):
        same = (await price(tx, tx.head.tenant, other.price)).plan == agreed.plan
        if same and start < other.ends_at and other.starts_at < end:
            raise Refused(RefusalCode.ALREADY_EXISTS, "A contract for this plan runs in that time.", ("startsAt",))
    return await _signed(tx, command, start, end)


async def _signed(tx: Tx, command: SignContract, start: datetime, end: datetime) -> ContractSigned:
    id = tx.new_id(ContractId)
    state = await CONTRACT.begin(tx, tx.customer, id.uuid, "sign")
    await tx.execute(
        """INSERT INTO contract (shard_key, id, tenant_id, customer_id, price_id, currency, commitment, starts_at,
               ends_at, net_days, purchase_order, state, seq, recorded_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)""",
        id.shard, id.uuid, tx.head.tenant.uuid, tx.customer.uuid, command.price.uuid,
        str(command.commitment.currency), command.commitment.minor, start, end, command.net_days,
        command.purchase_order, state.name, state.seq, tx.recorded_at,
    )  # fmt: skip
    await store_terms(tx, command.net_days, command.purchase_order)
    await due.schedule(tx, CONTRACT_END, id.uuid, end)
    tx.emit("contract.signed", contract=id)
    return ContractSigned(id)
