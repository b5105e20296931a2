"""The door for many customers at once: one operation on one shard key, in one transaction, an effect for each.

Every customer keeps its own key, numbers, clock, events and audit chain: the rows are those of single calls.
"""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Generic, TypeVar

from domain.actor import Actor
from domain.database import Database
from domain.db import Connection, Tx, kept, write_transaction
from domain.ids import CustomerId
from domain.lockstep import Lane, in_lockstep
from domain.operation import Operation, Performed, observers, tell_moves
from domain.perform import LOCK_MS, Run, admit, perform, reachable, refuse_if_erased
from domain.points import reached
from domain.record import Kept, record_all
from domain.tracing import span

C = TypeVar("C")
O = TypeVar("O")  # noqa: E741 - command and outcome, as in operation.py

LOG = logging.getLogger("quittance")
BATCH = 100  # a commit is cheap by then, and what fails costs at most that many single calls


@dataclass(frozen=True, slots=True)
class Item(Generic[C]):
    """One call of the many: whose, what, and under which key."""

    customer: CustomerId
    command: C
    key: str


async def perform_batch(
    db: Database, operation: Operation[C, O], actor: Actor, items: Sequence[Item[C]]
) -> list[Performed[O] | Exception]:
    """What came of each item, in their order, as if ``perform`` had been called for one after the other.

    At most BATCH items of one shard key. If any of them fails they are all performed again one by one, so that the
    answer of one is the error it alone deserves.
    """
    assert len(items) <= BATCH, len(items)
    assert len({item.customer.shard for item in items}) <= 1, "a batch keeps to one shard key"
    assert not operation.founding, operation.name
    firsts = {item.customer: place for place, item in reversed(list(enumerate(items)))}
    done: dict[int, Performed[O] | Exception] = {}
    if len(firsts) > 1:
        places = sorted(firsts.values())
        together = await _tried_together(db, operation, actor, [items[place] for place in places])
        done.update(zip(places, together, strict=False))
    for place, item in enumerate(items):  # a customer's second item waits for its first
        if place not in done:
            done[place] = await _alone(db, operation, actor, item)
    return [done[place] for place in range(len(items))]


async def _alone(db: Database, operation: Operation[C, O], actor: Actor, item: Item[C]) -> Performed[O] | Exception:
    try:
        return await perform(db, operation, actor, item.customer, item.command, item.key)
    except Exception as error:  # it is this item's answer; the others go on
        return error


async def _tried_together(
    db: Database, operation: Operation[C, O], actor: Actor, items: Sequence[Item[C]]
) -> Sequence[Performed[O]]:
    """What came of all of them, or nothing where any failed and so nothing was done, or nobody knows."""
    began = asyncio.get_running_loop().time()
    try:
        # As for one: a caller that goes away must not leave a commit in doubt.
        done = await asyncio.shield(kept(_Batch(db, operation, actor, items).once()))
    except Exception as error:
        # Whatever it was, the one it belongs to meets it again alone, and a lost commit finds its keys.
        LOG.info("a batch of %s goes one by one: %s", operation.name, type(error).__name__)
        return []
    took = timedelta(seconds=(asyncio.get_running_loop().time() - began) / len(done))
    for each in done:
        for observer in observers:
            observer(operation.name, "replayed" if each.replayed else "done", took)
    return done


class _Batch(Generic[C, O]):
    """One transaction for all of them."""

    def __init__(self, db: Database, operation: Operation[C, O], actor: Actor, items: Sequence[Item[C]]) -> None:
        self.db, self.actor, at = db, actor, db.clock.now()
        for item in items:
            admit(operation, actor, item.customer, item.command, item.key)
        self.runs = [Run(db, operation, actor, item.customer, item.command, item.key, at) for item in items]
        # Keys and heads are taken in one order by everybody who takes many, so that no two wait for each other.
        self.in_order = sorted(self.runs, key=lambda run: run.customer.uuid)
        self.txs: dict[CustomerId, Tx] = {}

    async def once(self) -> list[Performed[O]]:
        with span("transaction", operation=self.runs[0].operation.name):
            async with write_transaction(self.db.pool, LOCK_MS, keep=True) as connection:
                done = await self._inside(connection)
                reached("perform.recorded")
        reached("perform.committed")
        for tx in self.txs.values():
            tell_moves(tx)
        return done

    async def _inside(self, connection: Connection) -> list[Performed[O]]:
        reached("perform.begun")
        txs = self.txs = {run.customer: run.transaction(Lane()) for run in self.in_order}
        speaker = self.in_order[0].transaction(connection)  # says what is said for all of them
        fresh = await self._store_keys(speaker)
        old = [run for run in self.in_order if run.customer not in fresh]
        new = [run for run in self.in_order if run.customer in fresh]
        replayed = await in_lockstep(connection, [run.replayed(txs[run.customer]) for run in old])
        reached("perform.key_stored")
        await self._lock_heads(speaker, new)
        reached("perform.locked")
        outcomes = await in_lockstep(connection, [run.operation.run(txs[run.customer], run.command) for run in new])
        reached("perform.done")
        if new:
            done = [Kept(run.operation.name, run.command, run.key, of) for run, of in zip(new, outcomes, strict=True)]
            await record_all(speaker, [(txs[run.customer], kept) for run, kept in zip(new, done, strict=True)])
        answers = dict(zip([run.customer for run in old], replayed, strict=True))
        for run, outcome in zip(new, outcomes, strict=True):
            answers[run.customer] = Performed(outcome, run.id, False)
        return [answers[run.customer] for run in self.runs]

    async def _store_keys(self, speaker: Tx) -> set[CustomerId]:
        """The customers whose keys were not there yet; a key that another call has in hand is waited for."""
        runs = self.in_order
        rows = await speaker.fetch(
            """INSERT INTO operation_key (shard_key, customer_id, actor_scope, key, operation_id, operation,
                   command_hash, keep_until, recorded_at)
               SELECT $1, k.customer_id, $2, k.key, k.operation_id, $3, k.command_hash, $4, $5
                 FROM unnest($6::uuid[], $7::text[], $8::uuid[], $9::bytea[])
                      AS k (customer_id, key, operation_id, command_hash)
               ON CONFLICT DO NOTHING RETURNING customer_id""",
            speaker.customer.shard, self.actor.scope, runs[0].operation.name, runs[0].keep_until,
            speaker.recorded_at, [run.customer.uuid for run in runs], [run.key for run in runs],
            [run.id.uuid for run in runs], [run.hash for run in runs],
        )  # fmt: skip
        return {CustomerId(speaker.customer.shard, row["customer_id"]) for row in rows}

    async def _lock_heads(self, speaker: Tx, runs: Sequence[Run[C, O]]) -> None:
        rows = await speaker.fetch(
            """SELECT customer_id, tenant_id, legal_entity_id, kind, ledger_number, audit_number, audit_hash,
                      event_number, clock_at, erased_at
                 FROM customer_head WHERE shard_key = $1 AND customer_id = ANY ($2::uuid[])
                ORDER BY customer_id FOR UPDATE""",
            speaker.customer.shard,
            [run.customer.uuid for run in runs],
        )
        found = {row["customer_id"]: row for row in rows}
        for run in runs:
            tx = self.txs[run.customer]
            tx.hold(reachable(self.actor, tx.customer, found.get(tx.customer.uuid)))
            refuse_if_erased(run.operation, run.command, self.actor, tx.head)
