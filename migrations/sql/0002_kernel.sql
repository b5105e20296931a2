-- pre
-- What every operation writes: the customer's head, the key and its outcome, the audit chain, events, due work, history.

-- The hot, narrow row that each operation on a customer locks first; it carries the customer's four counters.
CREATE TABLE customer_head (
    shard_key int NOT NULL,
    customer_id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    legal_entity_id uuid NOT NULL,
    kind text NOT NULL,
    ledger_number bigint NOT NULL,
    audit_number bigint NOT NULL,
    audit_hash bytea NOT NULL,
    event_number bigint NOT NULL,
    clock_at timestamptz,
    clock_target timestamptz,
    CONSTRAINT customer_head_pkey PRIMARY KEY (shard_key, customer_id),
    CONSTRAINT customer_head_entity_key UNIQUE (shard_key, tenant_id, legal_entity_id, customer_id),
    CONSTRAINT customer_head_shard_fkey FOREIGN KEY (tenant_id, shard_key)
        REFERENCES tenant_shard_key (tenant_id, shard_key),
    CONSTRAINT customer_head_kind_known CHECK (kind IN ('person', 'company', 'house')),
    CONSTRAINT customer_head_clock_forward CHECK (clock_target IS NULL OR clock_target >= clock_at)
);

-- The key of an operation and what came of it. Kept for ever where money or credit moves (keep_until is null).
CREATE TABLE operation_key (
    shard_key int NOT NULL,
    customer_id uuid NOT NULL,
    actor_scope text NOT NULL,
    key text NOT NULL,
    operation_id uuid NOT NULL,
    operation text NOT NULL,
    command_hash bytea NOT NULL,
    outcome jsonb,
    keep_until timestamptz,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT operation_key_pkey PRIMARY KEY (shard_key, customer_id, actor_scope, key),
    CONSTRAINT operation_key_operation_key UNIQUE (shard_key, customer_id, operation_id),
    CONSTRAINT operation_key_key_length CHECK (length(key) BETWEEN 1 AND 400)
);

CREATE INDEX operation_key_keep_until_idx ON operation_key (shard_key, keep_until) WHERE keep_until IS NOT NULL;

-- One entry an operation; number and predecessor's hash are keys, so the chain has no gap and no fork.
CREATE TABLE audit_entry (
    shard_key int NOT NULL,
    customer_id uuid NOT NULL,
    number bigint NOT NULL,
    previous_number bigint,
    previous_hash bytea NOT NULL,
    body_hash bytea NOT NULL,
    hash bytea NOT NULL,
    operation_id uuid NOT NULL,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT audit_entry_pkey PRIMARY KEY (shard_key, customer_id, number),
    CONSTRAINT audit_entry_link_key UNIQUE (shard_key, customer_id, number, hash),
    CONSTRAINT audit_entry_operation_key UNIQUE (shard_key, customer_id, operation_id),
    CONSTRAINT audit_entry_head_fkey FOREIGN KEY (shard_key, customer_id)
        REFERENCES customer_head (shard_key, customer_id),
    CONSTRAINT audit_entry_previous_fkey FOREIGN KEY (shard_key, customer_id, previous_number, previous_hash)
        REFERENCES audit_entry (shard_key, customer_id, number, hash),
    CONSTRAINT audit_entry_first CHECK ((number = 1) = (previous_number IS NULL)),
    CONSTRAINT audit_entry_gapless CHECK (number >= 1 AND (previous_number IS NULL OR previous_number = number - 1))
);

-- The bodies grow and may move to an archive; the entry above keeps their hash.
CREATE TABLE audit_body (
    shard_key int NOT NULL,
    customer_id uuid NOT NULL,
    number bigint NOT NULL,
    recorded_at timestamptz NOT NULL,
    body jsonb NOT NULL,
    CONSTRAINT audit_body_pkey PRIMARY KEY (shard_key, customer_id, number, recorded_at)
) PARTITION BY RANGE (recorded_at);

-- Events of a customer in order; a row lives from the commit that caused it until its consumers have committed.
CREATE TABLE outbox_event (
    shard_key int NOT NULL,
    customer_id uuid NOT NULL,
    number bigint NOT NULL,
    kind text NOT NULL,
    body jsonb NOT NULL,
    operation_id uuid NOT NULL,
    clocked boolean NOT NULL,
    attempts int NOT NULL,
    retry_at timestamptz,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT outbox_event_pkey PRIMARY KEY (shard_key, customer_id, number),
    CONSTRAINT outbox_event_head_fkey FOREIGN KEY (shard_key, customer_id)
        REFERENCES customer_head (shard_key, customer_id)
);

-- Who drains a customer's outbox at the moment; a lease that ran out may be taken by anybody.
CREATE TABLE outbox_lease (
    shard_key int NOT NULL,
    customer_id uuid NOT NULL,
    holder uuid NOT NULL,
    lease_until timestamptz NOT NULL,
    CONSTRAINT outbox_lease_pkey PRIMARY KEY (shard_key, customer_id)
);

-- What must happen without a caller. The queue only wakes a worker; this row is the truth.
CREATE TABLE due_work (
    shard_key int NOT NULL,
    customer_id uuid NOT NULL,
    kind text NOT NULL,
    subject uuid NOT NULL,
    due_at timestamptz NOT NULL,
    follows text NOT NULL,
    clocked boolean NOT NULL,
    attempts int NOT NULL,
    lease_until timestamptz,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT due_work_pkey PRIMARY KEY (shard_key, customer_id, kind, subject),
    CONSTRAINT due_work_head_fkey FOREIGN KEY (shard_key, customer_id)
        REFERENCES customer_head (shard_key, customer_id),
    CONSTRAINT due_work_follows_known CHECK (follows IN ('business', 'wall'))
);

CREATE INDEX due_work_wall_idx ON due_work (due_at, shard_key) WHERE NOT clocked;
CREATE INDEX due_work_clock_idx ON due_work (shard_key, customer_id, due_at) WHERE clocked;

CREATE TABLE dead_letter (
    shard_key int NOT NULL,
    id uuid NOT NULL,
    customer_id uuid NOT NULL,
    source text NOT NULL,
    kind text NOT NULL,
    body jsonb NOT NULL,
    cause text NOT NULL,
    error_id text NOT NULL,
    attempts int NOT NULL,
    recorded_at timestamptz NOT NULL,
    replayed_at timestamptz,
    CONSTRAINT dead_letter_pkey PRIMARY KEY (shard_key, id),
    CONSTRAINT dead_letter_source_known CHECK (source IN ('due', 'outbox'))
);

CREATE INDEX dead_letter_open_idx ON dead_letter (shard_key, recorded_at) WHERE replayed_at IS NULL;

-- The history of every entity that has a machine: one row a move, chained to the one before.
CREATE TABLE transition (
    shard_key int NOT NULL,
    customer_id uuid NOT NULL,
    entity_id uuid NOT NULL,
    seq int NOT NULL,
    previous_seq int,
    machine text NOT NULL,
    from_state text NOT NULL,
    event text NOT NULL,
    to_state text NOT NULL,
    operation_id uuid NOT NULL,
    happened_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT transition_pkey PRIMARY KEY (shard_key, entity_id, seq),
    CONSTRAINT transition_state_key UNIQUE (shard_key, entity_id, seq, to_state),
    CONSTRAINT transition_move_fkey FOREIGN KEY (machine, from_state, event, to_state)
        REFERENCES move (machine, from_state, event, to_state),
    CONSTRAINT transition_previous_fkey FOREIGN KEY (shard_key, entity_id, previous_seq, from_state)
        REFERENCES transition (shard_key, entity_id, seq, to_state),
    CONSTRAINT transition_head_fkey FOREIGN KEY (shard_key, customer_id)
        REFERENCES customer_head (shard_key, customer_id),
    CONSTRAINT transition_first CHECK ((seq = 1) = (previous_seq IS NULL)),
    CONSTRAINT transition_from_new CHECK ((seq = 1) = (from_state = 'new')),
    CONSTRAINT transition_gapless CHECK (seq >= 1 AND (previous_seq IS NULL OR previous_seq = seq - 1))
);

-- Refused calls, outside the audit chain and under the caller's own home, never under the customer it reached for.
CREATE TABLE refusal_log (
    shard_key int NOT NULL,
    id uuid NOT NULL,
    customer_id uuid NOT NULL,
    actor_scope text NOT NULL,
    operation text NOT NULL,
    code text NOT NULL,
    request_id text NOT NULL,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT refusal_log_pkey PRIMARY KEY (shard_key, id)
);

-- A provider's event, stored once by its id before anything is done with it.
CREATE TABLE inbox_event (
    event_key text NOT NULL,
    provider_account text NOT NULL,
    event_id text NOT NULL,
    kind text NOT NULL,
    object_ref text NOT NULL,
    object_sequence bigint NOT NULL,
    machine text NOT NULL,
    previous_state text NOT NULL,
    last_event text NOT NULL,
    state text NOT NULL,
    attempts int NOT NULL,
    due_at timestamptz NOT NULL,
    lease_until timestamptz,
    cause text NOT NULL,
    error_id text,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT inbox_event_pkey PRIMARY KEY (event_key),
    CONSTRAINT inbox_event_machine CHECK (machine = 'inbox'),
    CONSTRAINT inbox_event_move_fkey FOREIGN KEY (machine, previous_state, last_event, state)
        REFERENCES move (machine, from_state, event, to_state)
);

CREATE INDEX inbox_event_due_idx ON inbox_event (due_at) WHERE state IN ('received', 'waiting');
CREATE INDEX inbox_event_object_idx ON inbox_event (provider_account, object_ref, object_sequence);
CREATE INDEX inbox_event_dead_idx ON inbox_event (recorded_at) WHERE state = 'dead';

CREATE TABLE webhook_body (
    event_key text NOT NULL,
    recorded_at timestamptz NOT NULL,
    headers jsonb NOT NULL,
    body bytea NOT NULL,
    CONSTRAINT webhook_body_pkey PRIMARY KEY (event_key, recorded_at)
) PARTITION BY RANGE (recorded_at);
