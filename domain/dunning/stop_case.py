"""A subscription that ended is not collected for by itself any more: what is due stays due, and is paid by hand."""

from dataclasses import dataclass

from domain.actor import Grant
from domain.db import Tx
from domain.dunning.case import Ended, living_cases, move
from domain.ids import DunningCaseId, SubscriptionId
from domain.operation import operation


@dataclass(frozen=True, slots=True)
class StopCases:
    """A subscription that has ended."""

    subscription: SubscriptionId


@dataclass(frozen=True, slots=True)
class CasesStopped:
    """The cases that are over with it."""

    cases: tuple[DunningCaseId, ...]


@operation("dunning.stop", allowed=frozenset({Grant.SYSTEM}))
async def stop_cases(tx: Tx, command: StopCases) -> CasesStopped:
    """Ends the subscription's open cases: no retry, no suspension, nothing written off. An open attempt goes on."""
    stopped = []
    for of in await living_cases(tx, tx.customer):
        if of.subscription == command.subscription:
            await move(tx, of, "stop", Ended.SUBSCRIPTION_ENDED)
            tx.emit("dunning.stopped", case=of.id, invoice=of.invoice)
            stopped.append(of.id)
    return CasesStopped(tuple(stopped))
