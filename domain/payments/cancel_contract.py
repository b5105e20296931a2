"""Cancelling a contract before the end of its term, and what is owed then of what was committed to."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from domain.actor import Grant
from domain.db import Tx
from domain.ids import ContractId, InvoiceId
from domain.invoices.contract import Contract, contract, renewal_of
from domain.invoices.sign_contract import schedule_notice
from domain.money import Money, share
from domain.operation import operation
from domain.payments.end_contract import bill_true_up, is_behind, renewal_due, store_end
from domain.period import pin
from domain.refusals import RefusalCode, Refused

A_MICROSECOND = timedelta(microseconds=1)  # spans are counted in whole ones, as instants are kept
REASON_LENGTH = 500  # a sentence or two for the audit trail


class Owed(Enum):
    """What is owed of the commitment: all of it, or its part for the time that the contract has run."""

    FULL = "full"
    PRO_RATA = "pro_rata"


@dataclass(frozen=True, slots=True)
class CancelContract:
    """A contract that ends now, and what is owed of its commitment."""

    contract: ContractId
    owed: Owed
    reason: str


@dataclass(frozen=True, slots=True)
class ContractCanceled:
    """The contract and when it ended. ``committed`` is what was owed of the commitment, ``total`` with tax what was not
    billed of that; ``true_up`` is the invoice of it, none where nothing was left or in a preview."""

    contract: ContractId
    canceled_at: datetime
    committed: Money
    total: Money
    true_up: InvoiceId | None


@operation("invoices.cancel_contract", allowed=frozenset({Grant.FINANCE, Grant.ADMIN}), moves_money=True)
async def cancel_contract(tx: Tx, command: CancelContract) -> ContractCanceled:
    """NOT_FOUND; STATE_CONFLICT for one that is over or renewed (the renewal is cancelled first), and while periods of
    the term are not billed for want of a payment; INVALID_INPUT for a reason that says nothing; BUSY while a period
    that began in the term waits for its draft, an hour at most as a rule.

    What was billed for periods that began in the term counts whole. A subscription on its private price keeps that for
    the period that was billed, and renews as after the end of a term.
    """
    of = await contract(tx, tx.customer, command.contract)
    if not command.reason.strip() or len(command.reason) > REASON_LENGTH:
        raise Refused(RefusalCode.INVALID_INPUT, f"A reason has 1 to {REASON_LENGTH} characters.", ("reason",))
    at = pin(tx.now)
    if not of.is_living or at >= of.ends_at:
        raise Refused(RefusalCode.STATE_CONFLICT, "The contract is over already.", ("contractId",))
    if await renewal_of(tx, of) is not None:
        raise Refused(RefusalCode.STATE_CONFLICT, "The contract is renewed: cancel its renewal first.", ("contractId",))
    if await renewal_due(tx, of, at) is not None:
        raise Refused(RefusalCode.BUSY, "A period of the term is about to be billed; try again later.", ("contractId",))
    if await is_behind(tx, of, at):
        message = "Periods of the term are billed once its subscription has paid what it owes: cancel that first."
        raise Refused(RefusalCode.STATE_CONFLICT, message, ("contractId",))
    committed = of.commitment if command.owed is Owed.FULL else pro_rata(of, at)
    billed = await bill_true_up(tx, of, committed, of.ends_at if command.owed is Owed.FULL else at)
    true_up = billed.invoice if billed and not tx.preview else None
    await store_end(tx, of, "cancel", true_up, at)
    if of.renews is not None:
        await schedule_notice(tx, await contract(tx, tx.customer, of.renews))  # it ends now, where it was to go on
    tx.emit("contract.canceled", contract=of.id)
    total = billed.total if billed else Money.zero(of.commitment.currency)
    return ContractCanceled(of.id, at, committed, total, true_up)


def pro_rata(of: Contract, at: datetime) -> Money:
    """The part of the commitment for the time that the contract has run by then, exact and rounded half to even."""
    if at <= of.starts_at:
        return Money.zero(of.commitment.currency)
    run, whole = ((each - of.starts_at) // A_MICROSECOND for each in (at, of.ends_at))
    return share(run, whole, of.commitment)
