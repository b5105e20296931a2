"""The end of a contract's term: what was committed to and not billed is billed now."""

from dataclasses import dataclass

from domain import due
from domain.actor import Grant
from domain.catalog.plan import current_version, price
from domain.db import Tx
from domain.ids import ContractId, InvoiceId
from domain.invoices.contract import CONTRACT, CONTRACT_END, Contract, contract
from domain.invoices.draft import Draft, store_draft
from domain.invoices.finalize import finalize
from domain.invoices.line import COMMITMENT, Derivation, charge_line
from domain.money import Money
from domain.operation import operation
from domain.payments.collect import collect

TRUE_UP = "true_up"  # the reason of an invoice for what was committed to and not billed


@dataclass(frozen=True, slots=True)
class EndContract:
    """A contract whose term is over."""

    contract: ContractId


@dataclass(frozen=True, slots=True)
class ContractEnded:
    """The contract, and the invoice of its true-up where less was billed than was committed to."""

    contract: ContractId
    true_up: InvoiceId | None


@operation("invoices.end_contract", allowed=frozenset({Grant.SYSTEM}), moves_money=True)
async def end_contract(tx: Tx, command: EndContract) -> ContractEnded:
    """Ends an active contract once its term is over; otherwise nothing changes."""
    of = await contract(tx, tx.customer, command.contract)
    if of.state.name != "active":
        await due.finish(tx, CONTRACT_END, of.id.uuid)
        return ContractEnded(of.id, of.true_up)
    if tx.now < of.ends_at:
        await due.schedule(tx, CONTRACT_END, of.id.uuid, of.ends_at)
        return ContractEnded(of.id, None)
    short = of.commitment - await billed(tx, of)
    true_up = await _true_up(tx, of, short) if short.minor > 0 else None
    state = await CONTRACT.move(tx, tx.customer, of.id.uuid, of.state, "end")
    await tx.execute(
        """UPDATE contract SET state = $4, seq = $5, true_up_invoice_id = $6
            WHERE shard_key = $1 AND customer_id = $2 AND id = $3""",
        tx.customer.shard, tx.customer.uuid, of.id.uuid, state.name, state.seq, true_up.uuid if true_up else None,
    )  # fmt: skip
    await due.finish(tx, CONTRACT_END, of.id.uuid)
    tx.emit("contract.ended", contract=of.id)
    return ContractEnded(of.id, true_up)


async def billed(tx: Tx, of: Contract) -> Money:
    """What was billed for the contract's plan for time that began within its term, before tax, less what was given
    back."""
    plan = (await price(tx, tx.head.tenant, of.price)).plan
    minor = await tx.fetchval(
        """SELECT coalesce(sum(l.amount - l.given_back - CASE WHEN l.tax_inclusive THEN l.tax - x.back ELSE 0 END), 0)
             FROM invoice_line l
             JOIN invoice i ON i.shard_key = l.shard_key AND i.id = l.invoice_id
             JOIN price p ON p.id = l.price_id
             LEFT JOIN LATERAL (SELECT coalesce(sum(t.given_back), 0) AS back FROM invoice_line_tax t
                                 WHERE t.shard_key = l.shard_key AND t.invoice_id = l.invoice_id
                                   AND t.position = l.position) x ON true
            WHERE l.shard_key = $1 AND l.customer_id = $2 AND p.plan_id = $3 AND l.kind = 'charge' AND l.currency = $4
              AND l.starts_at >= $5 AND l.starts_at < $6 AND i.state <> 'void'""",
        tx.customer.shard, tx.customer.uuid, plan.uuid, str(of.commitment.currency), of.starts_at, of.ends_at,
    )  # fmt: skip
    return Money(int(minor), of.commitment.currency)


async def _true_up(tx: Tx, of: Contract, short: Money) -> InvoiceId:
    plan = (await price(tx, tx.head.tenant, of.price)).plan
    version = await current_version(tx, tx.head.tenant, plan, tx.now)
    line = charge_line(
        description="Commitment not used up", price=None, plan=None, quantity=1, unit_amount=short,
        starts_at=of.starts_at, ends_at=of.ends_at, amount=short,
        derivation=Derivation(COMMITMENT, of.commitment, short.minor, of.commitment.minor),
        category=version.tax_category, plan_version=version.id,
    )  # fmt: skip
    draft = Draft(
        None, TRUE_UP, of.starts_at, of.ends_at, short.currency, (line,), of.purchase_order, of.net_days
    )  # fmt: skip
    issued = await finalize(tx, await store_draft(tx, draft), tx.now)
    await collect(tx, issued)
    return issued.invoice
