"""Due work in batches: a hundred renewals or invoices of one shard key in one transaction, each under its own key."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from domain import due, outbox
from domain.ids import InvoiceId, SubscriptionId
from domain.invoices.draft import FINALIZE
from domain.operation import Operation
from domain.perform_batch import BATCH, Item, perform_batch
from domain.points import reached
from domain.reactions.events import KNOWN, consumed_kinds
from domain.reactions.house import House
from domain.reactions.work import failed
from domain.subscriptions.lifecycle import RENEW
from domain.subscriptions.renew import (
    FinalizeInvoice,
    RenewSubscription,
    finalize_invoice,
    renew_subscription,
)
from domain.webhooks.endpoint import kinds_told


@dataclass(frozen=True, slots=True)
class _Batched:
    operation: Operation[Any, Any]
    command: Callable[[int, UUID], object]


# The kinds are also named where such rows are looked for: their index serves no other statement.
BATCHED = {
    RENEW: _Batched(renew_subscription, lambda shard, id: RenewSubscription(SubscriptionId(shard, id))),
    FINALIZE: _Batched(finalize_invoice, lambda shard, id: FinalizeInvoice(InvoiceId(shard, id))),
}


async def do_batch(house: House, shard: int, kind: str) -> int:
    """Claims up to BATCH pieces of due work of that kind and performs them; returns how many it claimed.

    Events that somebody consumes are left to their own drain: invoices are issued as fast as they can be, and collected
    at the provider's pace.
    """
    of, db = BATCHED[kind], house.db
    works = await due.claim_batch(db.marks, shard, kind, db.clock.now(), BATCH)
    if not works:
        return 0
    reached("due.claimed")
    items = [Item(work.customer, of.command(shard, work.subject), work.key) for work in works]
    answers = await perform_batch(db, of.operation, house.actor, items)
    for work, answer in zip(works, answers, strict=True):
        if isinstance(answer, Exception):
            await failed(house, work, answer)
    idle = KNOWN.difference(consumed_kinds(house), await kinds_told(db.primary))
    await outbox.pass_over(db.marks, shard, [work.customer for work in works], idle)
    return len(works)
