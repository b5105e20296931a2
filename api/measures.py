"""What the API alone measures: requests, fields, documents, history, live streams."""

from typing import Final

from prometheus_client import Counter, Gauge, Histogram

from runtime.measures import REGISTRY

# From an answer out of memory to the 10 s that a body may take; goals are told at 50 ms and a quarter of a second.
REQUEST_BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
# Few, since each field that reads has its own: one read, several, a slow one, what a person notices, a fault.
FIELD_BUCKETS: Final = (0.005, 0.025, 0.1, 0.5, 2.5)
REQUESTS: Final = Histogram(
    "quittance_request_seconds",
    "From the headers of a request to those of its answer, by door and class of status",
    ["door", "status"],
    registry=REGISTRY,
    buckets=REQUEST_BUCKETS,
)
REQUEST_P95: Final = Gauge(
    "quittance_request_p95_seconds",
    "What 95 of 100 GraphQL requests of the last second took at most, as workers are told; 0: there were few",
    registry=REGISTRY,
)
FIELDS: Final = Histogram(
    "quittance_field_seconds",
    "How long a GraphQL field waited for what it reads or does; fields that wait for nothing are not measured",
    ["field"],
    registry=REGISTRY,
    buckets=FIELD_BUCKETS,
)
WEBHOOKS: Final = Counter(
    "quittance_webhooks", "Webhooks of providers: kept, duplicate, or the status they were refused with",
    ["account", "outcome"],
    registry=REGISTRY,
)  # fmt: skip
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
EXECUTIONS: Final = Counter(
    "quittance_executions",
    "Operations by how they were executed: planned, or by graphql-core and why",
    ["how"],
    registry=REGISTRY,
)
HISTORY: Final = Counter(
    "quittance_history_reads",
    "Reads of history by the server that answered, and those that none could answer for",
    ["source"],
    registry=REGISTRY,
)
UNLOGGED: Final = Counter(
    "quittance_unlogged_requests",
    "Requests of partners and staff that the log of requests left out: too many at once or for nothing, or no database",
    registry=REGISTRY,
)
LIVE_STREAMS: Final = Gauge("quittance_live_streams", "Live streams that are open", registry=REGISTRY)
LIVE_EVENTS: Final = Counter("quittance_live_events", "Events sent to live streams", registry=REGISTRY)
for source in ("PRIMARY", "REPLICA", "UNAVAILABLE"):
    HISTORY.labels(source)  # shown as zero before the first one
