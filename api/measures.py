"""What a process measures of itself, for monitoring to read: numbers and names of ours, never a customer's."""

from datetime import timedelta
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from domain.refusals import RefusalCode

REGISTRY: Final = CollectorRegistry()
OPERATIONS: Final = Counter(
    "quittance_operations", "Operations by name and outcome", ["operation", "outcome"], registry=REGISTRY
)
SECONDS: Final = Histogram(
    "quittance_operation_seconds", "How long an operation took", ["operation"], registry=REGISTRY
)
KEYS: Final = Counter(
    "quittance_key_lookups_failed",
    "Idempotency keys that gave no outcome: MISMATCH used for something else, IN_PROGRESS, UNKNOWN asked for in vain",
    ["reason"],
    registry=REGISTRY,
)
DOCUMENTS: Final = Counter(
    "quittance_document_uses",
    "Documents sent: those of the release by id, REGISTERED ones of tenants, TEXT that was not registered",
    ["audience", "document"],
    registry=REGISTRY,
)
DEPRECATED: Final = Counter(
    "quittance_deprecated_uses",
    "Documents sent that use what will be removed",
    ["audience", "element"],
    registry=REGISTRY,
)
LAG: Final = Gauge("quittance_replica_lag_seconds", "How far the replica is behind; -1: no answer", registry=REGISTRY)
DUE: Final = Gauge("quittance_due_work", "Work that is due and waits", registry=REGISTRY)
EVENTS: Final = Gauge("quittance_outbox_events", "Events that wait for their consumers", registry=REGISTRY)
LETTERS: Final = Gauge("quittance_dead_letters", "Work that failed too often", registry=REGISTRY)
POOL: Final = Gauge("quittance_pool_connections", "Connections of the write pool", ["state"], registry=REGISTRY)
HISTORY: Final = Counter(
    "quittance_history_reads",
    "Reads of history by the server that answered, and those that none could answer for",
    ["source"],
    registry=REGISTRY,
)
LIVE_STREAMS: Final = Gauge("quittance_live_streams", "Live streams that are open", registry=REGISTRY)
LIVE_EVENTS: Final = Counter("quittance_live_events", "Events sent to live streams", registry=REGISTRY)
for source in ("PRIMARY", "REPLICA", "UNAVAILABLE"):
    HISTORY.labels(source)  # shown as zero before the first one

_REASONS: Final = {
    RefusalCode.IDEMPOTENCY_MISMATCH.value: "MISMATCH",
    RefusalCode.IN_PROGRESS.value: "IN_PROGRESS",
}
for reason in (*_REASONS.values(), "UNKNOWN"):
    KEYS.labels(reason)  # shown as zero before the first one, so that an alert has a line to watch


def count(operation: str, outcome: str, took: timedelta) -> None:
    """Counts an operation by what came of it, and its key where that is what came of it."""
    OPERATIONS.labels(operation, outcome).inc()
    SECONDS.labels(operation).observe(took.total_seconds())
    if outcome in _REASONS:
        KEYS.labels(_REASONS[outcome]).inc()


def count_unknown_key() -> None:
    """Counts a key that somebody asked after and under which nothing was done."""
    KEYS.labels("UNKNOWN").inc()
