"""The end of a contract's term: what was committed to and not billed is billed now."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from domain import due
from domain.actor import Grant
from domain.catalog.plan import current_version, price
from domain.db import Tx
from domain.ids import ContractId, InvoiceId
from domain.invoices.billing_terms import store_terms
from domain.invoices.contract import (
    CONTRACT,
    CONTRACT_END,
    CONTRACT_NOTICE,
    Contract,
    billed_toward,
    contract,
    renewal_of,
)
from domain.invoices.draft import Draft, store_draft
from domain.invoices.drafted import drafted_toward
from domain.invoices.finalize import Finalized, finalize
from domain.invoices.line import COMMITMENT, Derivation, charge_line
from domain.money import Money
from domain.operation import operation
from domain.payments.collect import collect

PAUSE = timedelta(minutes=1)  # after a renewal was due: time in which it is drafted
LOOK_AGAIN = timedelta(days=1)  # at who is behind: its case takes weeks, and a day more harms nobody
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
    """Ends a contract once its term is over, and puts the terms of its renewal in force; when its term begins, its own.

    The end waits until what began in the term is drafted or billed: renewals are spread over an hour, or late, and
    those of who is behind are drafted once that is paid, or never.

    A subscription on its private price goes on at that until its paid period is over: see ``subscriptions.renew``.
    """
    of = await contract(tx, tx.customer, command.contract)
    if not of.is_living:
        await due.finish(tx, CONTRACT_END, of.id.uuid)
        return ContractEnded(of.id, of.true_up)
    if tx.now < of.ends_at:
        await begin_term(tx, of)
        return ContractEnded(of.id, None)
    await _put_renewal_in_force(tx, of)
    if await waits(tx, of):
        return ContractEnded(of.id, None)
    if await is_behind(tx, of, of.ends_at):
        await due.schedule(tx, CONTRACT_END, of.id.uuid, tx.now + LOOK_AGAIN)
        return ContractEnded(of.id, None)
    billed = await bill_true_up(tx, of, of.commitment, of.ends_at)
    true_up = billed.invoice if billed else None
    await conclude(tx, of, true_up)
    tx.emit("contract.ended", contract=of.id)
    return ContractEnded(of.id, true_up)


async def begin_term(tx: Tx, of: Contract) -> None:
    """Puts the terms of a contract in force once its term has begun, and makes its end due; before that its beginning.
    Those of a renewal are put in force when the contract before it ends."""
    begins_later = of.renews is None and tx.now < of.starts_at
    if of.renews is None and not begins_later:
        await _put_in_force(tx, of)
    await due.schedule(tx, CONTRACT_END, of.id.uuid, of.starts_at if begins_later else of.ends_at)


async def waits(tx: Tx, of: Contract) -> bool:
    """Puts the end of the contract off to after the renewals of its time that are due; False where there are none."""
    last = await renewal_due(tx, of, of.ends_at)
    if last is not None:
        await due.schedule(tx, CONTRACT_END, of.id.uuid, max(last, tx.now) + PAUSE)
    return last is not None


async def renewal_due(tx: Tx, of: Contract, until: datetime) -> datetime | None:
    """When the last renewal is due of those of its plan whose period, or one after it, began in the term before that
    instant, if any."""
    last: datetime | None = await tx.fetchval(
        """SELECT max(w.due_at) FROM due_work w
             JOIN subscription s ON s.shard_key = w.shard_key AND s.id = w.subject
             JOIN price o ON o.id = $4
             JOIN price p ON p.id = coalesce(s.next_price_id, s.price_id) AND p.plan_id = o.plan_id
            WHERE w.shard_key = $1 AND w.customer_id = $2 AND w.kind = 'renew' AND s.period_end < $3""",
        tx.customer.shard,
        tx.customer.uuid,
        until,
        of.price.uuid,
    )
    return last


async def is_behind(tx: Tx, of: Contract, until: datetime) -> bool:
    """Whether a subscription of its plan does not renew for what it owes, though its period was over before that
    instant: once it has paid, what it had meanwhile is billed for the time in which it began."""
    found = await tx.fetchval(
        """SELECT 1 FROM subscription s
             JOIN price o ON o.id = $4
             JOIN price p ON p.id = coalesce(s.next_price_id, s.price_id) AND p.plan_id = o.plan_id
            WHERE s.shard_key = $1 AND s.customer_id = $2 AND s.state IN ('past_due', 'grace', 'suspended')
              AND s.cancel_at IS NULL AND s.period_end < $3 LIMIT 1""",
        tx.customer.shard,
        tx.customer.uuid,
        until,
        of.price.uuid,
    )
    return found is not None


async def conclude(tx: Tx, of: Contract, true_up: InvoiceId | None) -> None:
    """Ends the contract, with the invoice of its true-up if it has one; its renewal's terms are in force then."""
    await _put_renewal_in_force(tx, of)
    await store_end(tx, of, "end", true_up, None)


async def _put_renewal_in_force(tx: Tx, over: Contract) -> None:
    following = await renewal_of(tx, over)
    if following is not None:
        await _put_in_force(tx, following)


async def _put_in_force(tx: Tx, of: Contract) -> None:
    """Makes the terms of the contract the customer's, once: what staff set since stays."""
    first = await tx.fetchval(
        """UPDATE contract SET terms_in_force_at = $4
            WHERE shard_key = $1 AND customer_id = $2 AND id = $3 AND terms_in_force_at IS NULL RETURNING id""",
        tx.customer.shard,
        tx.customer.uuid,
        of.id.uuid,
        tx.now,
    )
    if first is not None:
        await store_terms(tx, of.net_days, of.purchase_order)


async def bill_true_up(tx: Tx, of: Contract, whole: Money, until: datetime) -> Finalized | None:
    """Bills what of the whole commitment of the term until then was not billed; None where ``short_of`` says nothing.

    What lies on a draft for time of the term counts as billed, as it would be issued now: it is owed by an invoice of
    its own, and nobody pays it a second time as a true-up, nor should staff change or delete that draft, or issue a
    later one before it that takes a coupon's last period from it.
    """
    short = await short_of(tx, of, whole)
    if short.minor <= 0:
        return None
    issued = await finalize(tx, await draft_true_up(tx, of, whole, short, until), tx.now)
    await collect(tx, issued)
    return issued


async def short_of(tx: Tx, of: Contract, whole: Money) -> Money:
    """What of the whole commitment is neither billed nor drafted; nothing or less where all of it is, and nothing once
    the customer was erased: the contract has to end, and nobody knows any more to whom an invoice would be made out."""
    if tx.head.erased:
        return Money.zero(whole.currency)
    short = whole - (await billed_toward(tx, tx.customer))[of.id]
    return short - await drafted_toward(tx, of) if short.minor > 0 else short


async def draft_true_up(tx: Tx, of: Contract, whole: Money, short: Money, until: datetime) -> InvoiceId:
    """The draft of what of the whole commitment was not billed."""
    plan = (await price(tx, tx.head.tenant, of.price)).plan
    version = await current_version(tx, tx.head.tenant, plan, tx.now)
    line = charge_line(
        description="Commitment not used up", price=None, plan=None, quantity=1, unit_amount=short,
        starts_at=of.starts_at, ends_at=until, amount=short,
        derivation=Derivation(COMMITMENT, whole, short.minor, whole.minor),
        category=version.tax_category, plan_version=version.id,
    )  # fmt: skip
    draft = Draft(None, TRUE_UP, of.starts_at, until, short.currency, (line,), of.purchase_order, of.net_days)
    return await store_draft(tx, draft)


async def store_end(tx: Tx, of: Contract, event: str, true_up: InvoiceId | None, canceled_at: datetime | None) -> None:
    """Moves the contract to its end, and takes away what was due for it."""
    state = await CONTRACT.move(tx, tx.customer, of.id.uuid, of.state, event)
    await tx.execute(
        """UPDATE contract SET state = $4, seq = $5, true_up_invoice_id = $6, canceled_at = $7
            WHERE shard_key = $1 AND customer_id = $2 AND id = $3""",
        tx.customer.shard, tx.customer.uuid, of.id.uuid, state.name, state.seq, true_up.uuid if true_up else None,
        canceled_at,
    )  # fmt: skip
    for kind in (CONTRACT_END, CONTRACT_NOTICE):
        await due.finish(tx, kind, of.id.uuid)


@dataclass(frozen=True, slots=True)
class AnnounceContractEnd:
    """A contract whose term ends soon."""

    contract: ContractId


@operation("invoices.announce_contract_end", allowed=frozenset({Grant.SYSTEM}))
async def announce_contract_end(tx: Tx, command: AnnounceContractEnd) -> ContractEnded:
    """Tells of the end, once, by the history of changes and an event; not of one that is renewed, or over."""
    of = await contract(tx, tx.customer, command.contract)
    await due.finish(tx, CONTRACT_NOTICE, of.id.uuid)
    if of.state.name == "active" and await renewal_of(tx, of) is None:
        state = await CONTRACT.move(tx, tx.customer, of.id.uuid, of.state, "announce")
        await tx.execute(
            "UPDATE contract SET state = $4, seq = $5 WHERE shard_key = $1 AND customer_id = $2 AND id = $3",
            tx.customer.shard, tx.customer.uuid, of.id.uuid, state.name, state.seq,
        )  # fmt: skip
        tx.emit("contract.ending", contract=of.id)
    return ContractEnded(of.id, None)
