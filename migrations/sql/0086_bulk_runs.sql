-- pre
-- Runs of staff over many customers: what each does is told by its order, and each thing that it does it to is an item
-- with work of its own.

INSERT INTO move (machine, from_state, event, to_state) VALUES
    ('bulk_run', 'new', 'start', 'running'),
    ('bulk_run', 'running', 'pause', 'paused'),
    ('bulk_run', 'paused', 'resume', 'running'),
    ('bulk_run', 'running', 'stop', 'stopped'),
    ('bulk_run', 'paused', 'stop', 'stopped');

-- A run is the house customer's. It goes over the subscriptions of a plan, or over what is named.
CREATE TABLE bulk_run (
    shard_key int NOT NULL,
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    customer_id uuid NOT NULL,
    action text NOT NULL,
    settings jsonb NOT NULL,
    plan_id uuid,
    subject_shards int[] NOT NULL,
    subjects uuid[] NOT NULL,
    reason text NOT NULL,
    started_by text NOT NULL,
    listed int NOT NULL,
    listed_all boolean NOT NULL,
    after_shard int,
    after_subject uuid,
    machine text NOT NULL DEFAULT 'bulk_run',
    state text NOT NULL,
    seq int NOT NULL,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT bulk_run_pkey PRIMARY KEY (shard_key, id),
    CONSTRAINT bulk_run_head_fkey FOREIGN KEY (shard_key, customer_id)
        REFERENCES customer_head (shard_key, customer_id),
    CONSTRAINT bulk_run_plan_fkey FOREIGN KEY (tenant_id, plan_id) REFERENCES plan (tenant_id, id),
    CONSTRAINT bulk_run_machine CHECK (machine = 'bulk_run'),
    CONSTRAINT bulk_run_history_fkey FOREIGN KEY (shard_key, id, seq, state, machine)
        REFERENCES transition (shard_key, entity_id, seq, to_state, machine) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT bulk_run_over CHECK ((plan_id IS NULL) = (cardinality(subjects) > 0)
        AND cardinality(subjects) = cardinality(subject_shards)),
    CONSTRAINT bulk_run_place CHECK (num_nulls(after_shard, after_subject) IN (0, 2))
);
CREATE INDEX bulk_run_newest_idx ON bulk_run (shard_key, customer_id, id DESC);

-- One thing of a run; the result is not there before it was done, refused, or left out since the run was stopped.
CREATE TABLE bulk_item (
    shard_key int NOT NULL,
    id uuid NOT NULL,
    customer_id uuid NOT NULL,
    run_id uuid NOT NULL,
    run_shard int NOT NULL,
    run_customer_id uuid NOT NULL,
    subject uuid NOT NULL,
    result text,
    refusal text,
    currency text,
    amount bigint,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT bulk_item_pkey PRIMARY KEY (shard_key, id),
    CONSTRAINT bulk_item_once UNIQUE (shard_key, run_id, subject),
    CONSTRAINT bulk_item_head_fkey FOREIGN KEY (shard_key, customer_id)
        REFERENCES customer_head (shard_key, customer_id),
    CONSTRAINT bulk_item_result CHECK (result IN ('done', 'refused', 'skipped')),
    CONSTRAINT bulk_item_refusal CHECK ((refusal IS NOT NULL) = (result IS NOT DISTINCT FROM 'refused')),
    CONSTRAINT bulk_item_amount CHECK ((amount IS NULL) = (currency IS NULL)
        AND (amount IS NULL OR result IS NOT DISTINCT FROM 'done'))
);
-- The progress of a run is counted over all shard keys.
CREATE INDEX bulk_item_run_idx ON bulk_item (run_id, result);
CREATE INDEX bulk_item_place_idx ON bulk_item (run_id, shard_key, id);

GRANT SELECT, INSERT ON bulk_run, bulk_item TO quittance_app;
GRANT UPDATE (listed, listed_all, after_shard, after_subject, state, seq) ON bulk_run TO quittance_app;
GRANT UPDATE (result, refusal, currency, amount) ON bulk_item TO quittance_app;
