"""Telling the customer: an event for each step of a case, from which notices are made; reminders on their own days."""

from dataclasses import dataclass, replace

from domain import due
from domain.actor import Grant
from domain.db import Tx
from domain.dunning.case import NOTICE, Case, Step, case
from domain.ids import DunningCaseId
from domain.operation import operation


@dataclass(frozen=True, slots=True)
class TellCustomer:
    """A case of which the customer is to be told something now."""

    case: DunningCaseId


@dataclass(frozen=True, slots=True)
class CustomerTold:
    """The steps that the customer is told of."""

    steps: tuple[Step, ...]


def tell(tx: Tx, of: Case, step: Step) -> None:
    """Leaves the event of a step; what a notice says of it is read from the case when the notice is made."""
    tx.emit("dunning.notice", case=of.id, invoice=of.invoice, step=step)


async def schedule_notice(tx: Tx, of: Case) -> None:
    """Makes the next notice due that the timeline has, if it has one."""
    if of.notices_told < len(of.notices):
        await due.schedule(tx, NOTICE, of.id.uuid, of.notices[of.notices_told][0])
    else:
        await due.finish(tx, NOTICE, of.id.uuid)


@operation("dunning.tell_customer", allowed=frozenset({Grant.SYSTEM}))
async def tell_customer(tx: Tx, command: TellCustomer) -> CustomerTold:
    """Tells the steps whose day has come, each once; of several that were missed, the last of each kind."""
    of = await case(tx, tx.customer, command.case)
    if not of.is_living or of.waiting_since is not None:
        await due.finish(tx, NOTICE, of.id.uuid)
        return CustomerTold(())
    come = [step for at, step in of.notices if at <= tx.now]
    steps = tuple(dict.fromkeys(come[of.notices_told :]))
    for step in steps:
        tell(tx, of, step)
    told = max(of.notices_told, len(come))
    await tx.execute(
        "UPDATE dunning_case SET notices_told = $4 WHERE shard_key = $1 AND customer_id = $2 AND id = $3",
        tx.customer.shard,
        tx.customer.uuid,
        of.id.uuid,
        told,
    )
    await schedule_notice(tx, replace(of, notices_told=told))
    return CustomerTold(steps)
