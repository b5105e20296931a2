"""Signing a contract: a new one, or one that goes on where another ends."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from domain import due
from domain.actor import Grant
from domain.catalog.plan import Price, price
from domain.customers.customer import customer
from domain.db import Tx
from domain.ids import ContractId, PriceId
from domain.invoices.billing_terms import require_net_days, require_purchase_order, store_terms
from domain.invoices.contract import CONTRACT, CONTRACT_END, CONTRACT_NOTICE, Contract, contract, contracts
from domain.money import Money
from domain.operation import operation
from domain.period import pin
from domain.refusals import RefusalCode, Refused
from domain.wire import added

NOTICE = timedelta(days=30)  # before the end of a term: time to agree on the next one
RENEWED = "renewsContractId"


@dataclass(frozen=True, slots=True)
class SignContract:
    """What was agreed on; ``commitment`` may be nothing. The terms become the customer's billing terms when its own
    begins.

    ``renews`` is the contract that it follows without a gap; ``starts_at`` may then be left out.
    """

    price: PriceId
    commitment: Money
    starts_at: datetime | None
    ends_at: datetime
    net_days: int
    purchase_order: str | None
    renews: ContractId | None = added(None)


@dataclass(frozen=True, slots=True)
class ContractSigned:
    """The contract, which runs now or from its start on."""

    contract: ContractId


@operation("invoices.sign_contract", allowed=frozenset({Grant.FINANCE, Grant.ADMIN}), begins=True)
async def sign_contract(tx: Tx, command: SignContract) -> ContractSigned:
    """NOT_FOUND for a price of nobody here, or no running contract to renew; CURRENCY_MISMATCH; INVALID_AMOUNT for a
    negative commitment; INVALID_INPUT for a term that is over or goes backwards, days, a purchase order, or a renewal
    of another plan or with a gap; STATE_CONFLICT for a price that was retired, but in a renewal at it; ALREADY_EXISTS
    where a contract for the plan runs in that time."""
    require_net_days(command.net_days)
    require_purchase_order(command.purchase_order)
    agreed = await price(tx, tx.head.tenant, command.price)
    await _require_sold(tx, command, agreed)
    currency = (await customer(tx, tx.head.tenant, tx.customer)).currency
    if not agreed.unit_amount.currency == command.commitment.currency == currency:
        raise Refused(RefusalCode.CURRENCY_MISMATCH, f"This customer is billed in {currency}.", ("commitment",))
    if command.commitment.minor < 0:
        raise Refused(RefusalCode.INVALID_AMOUNT, "Nobody commits to less than nothing.", ("commitment",))
    start, end = await _start(tx, command, agreed), pin(command.ends_at)
    if not start < end or end <= tx.now:
        raise Refused(RefusalCode.INVALID_INPUT, "A term ends after its start, and later than now.", ("endsAt",))
    for other in await contracts(tx, tx.customer):
        same = (await price(tx, tx.head.tenant, other.price)).plan == agreed.plan
        if same and start < other.until and other.starts_at < end:
            raise Refused(RefusalCode.ALREADY_EXISTS, "A contract for this plan runs in that time.", ("startsAt",))
    return await _signed(tx, command, start, end)


async def _require_sold(tx: Tx, command: SignContract, agreed: Price) -> None:
    """Who has a price by contract may keep it by the next one."""
    if agreed.is_sold_at(tx.now):
        return
    before = await contract(tx, tx.customer, command.renews, RENEWED) if command.renews else None
    if before is None or before.price != agreed.id:
        raise Refused(RefusalCode.STATE_CONFLICT, "That is not sold any more.", ("priceId",))


async def _start(tx: Tx, command: SignContract, agreed: Price) -> datetime:
    """When it begins: at the end of what it renews."""
    if command.renews is None:
        if command.starts_at is None:
            raise Refused(RefusalCode.INVALID_INPUT, "A contract that renews none begins at an instant.", ("startsAt",))
        return pin(command.starts_at)
    before = await contract(tx, tx.customer, command.renews, RENEWED)
    if not before.is_living:
        raise Refused(RefusalCode.NOT_FOUND, "There is no running contract of that id.", (RENEWED,))
    if (await price(tx, tx.head.tenant, before.price)).plan != agreed.plan:
        raise Refused(RefusalCode.INVALID_INPUT, "A contract is renewed for its own plan.", ("priceId",))
    if command.starts_at is not None and pin(command.starts_at) != before.ends_at:
        message = f"It follows without a gap, at {before.ends_at:%Y-%m-%d %H:%M} UTC."
        raise Refused(RefusalCode.INVALID_INPUT, message, ("startsAt",))
    return before.ends_at


async def _signed(tx: Tx, command: SignContract, start: datetime, end: datetime) -> ContractSigned:
    id, in_force = tx.new_id(ContractId), command.renews is None and start <= tx.now
    state = await CONTRACT.begin(tx, tx.customer, id.uuid, "sign")
    await tx.execute(
        """INSERT INTO contract (shard_key, id, tenant_id, customer_id, price_id, currency, commitment, starts_at,
               ends_at, net_days, purchase_order, state, seq, recorded_at, renews_id, terms_in_force_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)""",
        id.shard, id.uuid, tx.head.tenant.uuid, tx.customer.uuid, command.price.uuid,
        str(command.commitment.currency), command.commitment.minor, start, end, command.net_days,
        command.purchase_order, state.name, state.seq, tx.recorded_at,
        command.renews.uuid if command.renews else None, tx.now if in_force else None,
    )  # fmt: skip
    if in_force:
        await store_terms(tx, command.net_days, command.purchase_order)
    # Its end is looked at when it begins, too, to put its terms in force; those of a renewal are when the other ends.
    begins = command.renews is None and not in_force
    await due.schedule(tx, CONTRACT_END, id.uuid, start if begins else end)
    await schedule_notice(tx, await contract(tx, tx.customer, id))
    tx.emit("contract.signed", contract=id)
    return ContractSigned(id)


async def schedule_notice(tx: Tx, of: Contract) -> None:
    """Makes word of its end due, where its term is not over and that was not told yet."""
    if of.state.name == "active":
        await due.schedule(tx, CONTRACT_NOTICE, of.id.uuid, max(tx.now, of.ends_at - NOTICE))
