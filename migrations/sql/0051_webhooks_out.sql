-- pre
-- What happened to a tenant's customers, told to the tenant's own systems.
-- A delivery is written when its event is relayed and belongs to the customer of the event. It moves no money, so it
-- has no history of moves: where it stands is a column, as of an event of the inbox.

CREATE TABLE webhook_endpoint (
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    sandbox boolean NOT NULL,
    url text NOT NULL,
    kinds text[] NOT NULL,
    active boolean NOT NULL,
    secret_version int NOT NULL,
    previous_until timestamptz,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT webhook_endpoint_pkey PRIMARY KEY (id),
    CONSTRAINT webhook_endpoint_once UNIQUE (tenant_id, sandbox, url),
    CONSTRAINT webhook_endpoint_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES tenant (id),
    CONSTRAINT webhook_endpoint_kinds_some CHECK (cardinality(kinds) > 0),
    CONSTRAINT webhook_endpoint_version CHECK (secret_version > 0)
);

CREATE TABLE webhook_delivery (
    shard_key int NOT NULL,
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    customer_id uuid NOT NULL,
    endpoint_id uuid NOT NULL,
    event_number bigint NOT NULL,
    kind text NOT NULL,
    body text NOT NULL,
    state text NOT NULL,
    attempts int NOT NULL,
    due_at timestamptz NOT NULL,
    lease_until timestamptz,
    last_status int,
    last_cause text NOT NULL,
    last_at timestamptz,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT webhook_delivery_pkey PRIMARY KEY (shard_key, id),
    CONSTRAINT webhook_delivery_once UNIQUE (shard_key, customer_id, event_number, endpoint_id),
    CONSTRAINT webhook_delivery_customer_fkey FOREIGN KEY (shard_key, customer_id)
        REFERENCES customer_head (shard_key, customer_id),
    CONSTRAINT webhook_delivery_endpoint_fkey FOREIGN KEY (endpoint_id) REFERENCES webhook_endpoint (id),
    CONSTRAINT webhook_delivery_state_known CHECK (state IN ('waiting', 'delivered', 'parked')),
    CONSTRAINT webhook_delivery_attempted CHECK (attempts >= 0 AND (attempts = 0 OR last_at IS NOT NULL)),
    CONSTRAINT webhook_delivery_answered CHECK (state <> 'delivered' OR last_status BETWEEN 200 AND 299)
);

CREATE INDEX webhook_delivery_due_idx ON webhook_delivery (endpoint_id, due_at) WHERE state = 'waiting';
CREATE INDEX webhook_delivery_next_idx ON webhook_delivery (shard_key, endpoint_id, due_at) WHERE state = 'waiting';
CREATE INDEX webhook_delivery_list_idx ON webhook_delivery (tenant_id, recorded_at, id);
CREATE INDEX webhook_delivery_endpoint_idx ON webhook_delivery (shard_key, endpoint_id) WHERE state = 'parked';
CREATE INDEX webhook_delivery_old_idx ON webhook_delivery (shard_key, recorded_at) WHERE state <> 'waiting';

GRANT SELECT, INSERT ON webhook_endpoint TO quittance_app;
GRANT UPDATE (url, kinds, active, secret_version, previous_until) ON webhook_endpoint TO quittance_app;
GRANT SELECT, INSERT, DELETE ON webhook_delivery TO quittance_app;
GRANT UPDATE (state, attempts, due_at, lease_until, last_status, last_cause, last_at) ON webhook_delivery
    TO quittance_app;
