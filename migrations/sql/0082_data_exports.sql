-- pre
-- Exports of everything about a customer: asked for, made by a worker, kept sealed for some days, and deleted.

INSERT INTO move (machine, from_state, event, to_state) VALUES
    ('data_export', 'new', 'ask', 'asked'),
    ('data_export', 'asked', 'finish', 'ready'),
    ('data_export', 'asked', 'fail', 'failed'),
    ('data_export', 'ready', 'expire', 'expired');

CREATE TABLE data_export (
    shard_key int NOT NULL,
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    customer_id uuid NOT NULL,
    asked_by text NOT NULL,
    -- Whether the provider's events are in it as they came.
    with_events boolean NOT NULL,
    -- What was made of it; the file itself stands apart, so that it can go.
    file_id uuid,
    records int,
    size bigint,
    sha256 text,
    ready_at timestamptz,
    until timestamptz,
    downloads int NOT NULL,
    machine text NOT NULL DEFAULT 'data_export',
    state text NOT NULL,
    seq int NOT NULL,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT data_export_pkey PRIMARY KEY (shard_key, id),
    CONSTRAINT data_export_customer_fkey FOREIGN KEY (shard_key, tenant_id, customer_id)
        REFERENCES customer (shard_key, tenant_id, id),
    CONSTRAINT data_export_machine CHECK (machine = 'data_export'),
    CONSTRAINT data_export_history_fkey FOREIGN KEY (shard_key, id, seq, state, machine)
        REFERENCES transition (shard_key, entity_id, seq, to_state, machine) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT data_export_made CHECK (
        num_nulls(file_id, records, size, sha256, ready_at, until)
            = CASE WHEN state IN ('ready', 'expired') THEN 0 ELSE 6 END),
    CONSTRAINT data_export_counts CHECK (downloads >= 0 AND records >= 0 AND size >= 0)
);

-- One at a time.
CREATE UNIQUE INDEX data_export_waiting ON data_export (shard_key, customer_id) WHERE state = 'asked';
CREATE INDEX data_export_newest_idx ON data_export (shard_key, customer_id, id DESC);

-- The bytes, sealed under the customer's key; of two workers at once each writes its own.
CREATE TABLE data_export_file (
    shard_key int NOT NULL,
    id uuid NOT NULL,
    customer_id uuid NOT NULL,
    export_id uuid NOT NULL,
    sealed bytea NOT NULL,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT data_export_file_pkey PRIMARY KEY (shard_key, id),
    CONSTRAINT data_export_file_export_fkey FOREIGN KEY (shard_key, export_id) REFERENCES data_export (shard_key, id)
);
CREATE INDEX data_export_file_of_idx ON data_export_file (shard_key, export_id);

GRANT SELECT, INSERT ON data_export, data_export_file TO quittance_app;
GRANT UPDATE (file_id, records, size, sha256, ready_at, until, downloads, state, seq) ON data_export TO quittance_app;
GRANT DELETE ON data_export_file TO quittance_app;
