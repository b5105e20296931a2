"""What a process measures of itself, for monitoring to read: numbers and names of ours, never a customer's.

Every label is a name from our own code or settings, so the number of lines is bounded whatever callers send.
"""

import logging
from datetime import timedelta
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from domain.correlation import current
from domain.operation import key_observers, move_observers, observers
from domain.refusals import RefusalCode

# From one statement on the primary to what a caller is never kept for: a lock is waited for 3 s, a statement ends at
# 10 s. Most operations take 2 to 20 ms, so the steps are closest there.
OPERATION_BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
# From a key that is free, in a millisecond, to the three seconds after which a call is told IN_PROGRESS.
WAIT_BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 3)
# Card networks answer in 0.3 to 3 s; a call is given up after 10 s.
PROVIDER_BUCKETS: Final = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
# A job is stopped after 18 s; most are a few operations.
JOB_BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20)

LOG: Final = logging.getLogger("quittance.operations")
REGISTRY: Final = CollectorRegistry()
OPERATIONS: Final = Counter(
    "quittance_operations", "Operations by name and outcome", ["operation", "outcome"], registry=REGISTRY
)
SECONDS: Final = Histogram(
    "quittance_operation_seconds",
    "How long an operation took, with every try of its transaction",
    ["operation"],
    registry=REGISTRY,
    buckets=OPERATION_BUCKETS,
)
KEYS: Final = Counter(
    "quittance_key_lookups_failed",
    "Idempotency keys that gave no outcome: MISMATCH used for something else, IN_PROGRESS, UNKNOWN asked for in vain",
    ["reason"],
    registry=REGISTRY,
)
KEY_HITS: Final = Counter(
    "quittance_key_hits", "Calls that were answered with what was stored under their key", registry=REGISTRY
)
KEY_WAITS: Final = Histogram(
    "quittance_key_wait_seconds",
    "How long calls whose key was taken waited for the first call under it",
    registry=REGISTRY,
    buckets=WAIT_BUCKETS,
)
MOVES: Final = Counter(
    "quittance_moves",
    "Committed moves of the state machines: payments, refunds, dunning cases, subscriptions and the others",
    ["machine", "to"],
    registry=REGISTRY,
)
PROVIDER: Final = Histogram(
    "quittance_provider_seconds",
    "Calls to payment providers by what was asked and the kind of answer",
    ["account", "call", "answer"],
    registry=REGISTRY,
    buckets=PROVIDER_BUCKETS,
)
JOBS: Final = Histogram(
    "quittance_job_seconds",
    "Jobs of this worker by what became of them: done, retried, failed",
    ["job", "outcome"],
    registry=REGISTRY,
    buckets=JOB_BUCKETS,
)
LATE_EVENTS: Final = Counter(
    "quittance_late_events",
    "Events of providers whose webhook had not arrived after ten minutes, found in the provider's list",
    ["account"],
    registry=REGISTRY,
)
LOOK_AGE: Final = Gauge(
    "quittance_event_look_age_seconds",
    "How old the last instant is up to which the look for a provider's lost events has come or will; -1: none began",
    ["account"],
    registry=REGISTRY,
)
RESTED: Final = Counter(
    "quittance_batch_rest_seconds",
    "How long batches of renewals and invoices rested so that requests came first",
    registry=REGISTRY,
)
LAG: Final = Gauge("quittance_replica_lag_seconds", "How far the replica is behind; -1: no answer", registry=REGISTRY)
LOOKED: Final = Gauge("quittance_backlog_known", "1 where the primary told what waits, 0 where not", registry=REGISTRY)
DUE: Final = Gauge("quittance_due_work", "Work that is due and waits", registry=REGISTRY)
DUE_AGE: Final = Gauge(
    "quittance_due_work_age_seconds", "For how long the oldest of it has been due", registry=REGISTRY
)
EVENTS: Final = Gauge("quittance_outbox_events", "Events that wait for their consumers", registry=REGISTRY)
EVENTS_AGE: Final = Gauge("quittance_outbox_age_seconds", "How old the oldest of them is", registry=REGISTRY)
INBOX: Final = Gauge("quittance_inbox_events", "Providers' events that are not done with", registry=REGISTRY)
INBOX_AGE: Final = Gauge("quittance_inbox_age_seconds", "How long ago the oldest of them came", registry=REGISTRY)
LETTERS: Final = Gauge("quittance_dead_letters", "Work that failed too often", registry=REGISTRY)
QUEUE: Final = Gauge("quittance_queue_jobs", "Jobs in Redis, those at work too; -1: no answer", registry=REGISTRY)
QUEUE_AGE: Final = Gauge(
    "quittance_queue_age_seconds", "For how long the first job should have been done; -1: no answer", registry=REGISTRY
)
POOL: Final = Gauge("quittance_pool_connections", "Connections of the write pool", ["state"], registry=REGISTRY)

_REASONS: Final = {
    RefusalCode.IDEMPOTENCY_MISMATCH.value: "MISMATCH",
    RefusalCode.IN_PROGRESS.value: "IN_PROGRESS",
}
for reason in (*_REASONS.values(), "UNKNOWN"):
    KEYS.labels(reason)  # shown as zero before the first one, so that an alert has a line to watch


def watch_operations() -> None:
    """Counts this process's operations, keys and moves from now on; once, however often it is called."""
    if count not in observers:
        observers.append(count)
        key_observers.append(waited)
        move_observers.append(moved)


def count(operation: str, outcome: str, took: timedelta) -> None:
    """Counts an operation by what came of it, and its key where that is what came of it."""
    OPERATIONS.labels(operation, outcome).inc()
    SECONDS.labels(operation).observe(took.total_seconds())
    if current():  # what belongs to no request, like a run of renewals, would be a line for each customer
        facts = {"operation": operation, "outcome": outcome, "seconds": round(took.total_seconds(), 3)}
        LOG.info("operation", extra=facts)
    if outcome == "replayed":
        KEY_HITS.inc()
    if outcome in _REASONS:
        KEYS.labels(_REASONS[outcome]).inc()


def waited(took: timedelta) -> None:
    """Takes down how long a call waited for a key that was taken."""
    KEY_WAITS.observe(took.total_seconds())


def moved(machine: str, to: str) -> None:
    """Counts a move that is committed."""
    MOVES.labels(machine, to).inc()


def count_unknown_key() -> None:
    """Counts a key that somebody asked after and under which nothing was done."""
    KEYS.labels("UNKNOWN").inc()
