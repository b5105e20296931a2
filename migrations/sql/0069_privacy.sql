-- pre
-- Erasing a customer on request, and the legal hold that stops it. What is personal in which column, and what becomes of
-- it, is listed in migrations/personal.py; here stand the requests, the holds, and what the application may blank.

-- Since when nothing personal of the customer stands here any more; the door looks at it.
ALTER TABLE customer_head ADD COLUMN erased_at timestamptz;
GRANT UPDATE (erased_at) ON customer_head TO quittance_app;

INSERT INTO move (machine, from_state, event, to_state) VALUES
    ('erasure', 'new', 'ask', 'asked'),
    ('erasure', 'asked', 'reject', 'rejected'),
    ('erasure', 'asked', 'withdraw', 'withdrawn'),
    ('erasure', 'asked', 'erase', 'erased'),
    ('erasure', 'erased', 'destroy_key', 'key_destroyed');

-- A request to erase. Where the customer asked, it is carried out at erase_at; what staff asked for waits for another
-- person. From keep_until on nothing keeps the key any more under which issued documents are sealed.
CREATE TABLE erasure (
    shard_key int NOT NULL,
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    customer_id uuid NOT NULL,
    asked_by text NOT NULL,
    reason text NOT NULL,
    erase_at timestamptz,
    decided_by text,
    decided_why text,
    decided_at timestamptz,
    keep_until timestamptz,
    machine text NOT NULL DEFAULT 'erasure',
    state text NOT NULL,
    seq int NOT NULL,
    happened_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT erasure_pkey PRIMARY KEY (shard_key, id),
    CONSTRAINT erasure_customer_fkey FOREIGN KEY (shard_key, tenant_id, customer_id)
        REFERENCES customer (shard_key, tenant_id, id),
    CONSTRAINT erasure_machine CHECK (machine = 'erasure'),
    CONSTRAINT erasure_history_fkey FOREIGN KEY (shard_key, id, seq, state, machine)
        REFERENCES transition (shard_key, entity_id, seq, to_state, machine) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT erasure_decided CHECK (
        num_nulls(decided_by, decided_why, decided_at) = CASE WHEN state = 'asked' THEN 3 ELSE 0 END),
    CONSTRAINT erasure_kept CHECK ((keep_until IS NOT NULL) = (state IN ('erased', 'key_destroyed')))
);

-- One at a time, and one for ever once it was carried out.
CREATE UNIQUE INDEX erasure_once ON erasure (shard_key, customer_id) WHERE state NOT IN ('rejected', 'withdrawn');
-- The desk's list, over all shard keys.
CREATE INDEX erasure_open_idx ON erasure (tenant_id, recorded_at, id) WHERE state = 'asked';

-- While one is not lifted, nothing of the customer is erased.
CREATE TABLE legal_hold (
    shard_key int NOT NULL,
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    customer_id uuid NOT NULL,
    set_by text NOT NULL,
    reason text NOT NULL,
    lifted_by text,
    lifted_why text,
    lifted_at timestamptz,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT legal_hold_pkey PRIMARY KEY (shard_key, id),
    CONSTRAINT legal_hold_customer_fkey FOREIGN KEY (shard_key, tenant_id, customer_id)
        REFERENCES customer (shard_key, tenant_id, id),
    CONSTRAINT legal_hold_lifted CHECK (num_nulls(lifted_by, lifted_why, lifted_at) IN (0, 3))
);

CREATE UNIQUE INDEX legal_hold_once ON legal_hold (shard_key, customer_id) WHERE lifted_at IS NULL;
CREATE INDEX legal_hold_open_idx ON legal_hold (tenant_id, recorded_at, id) WHERE lifted_at IS NULL;

GRANT SELECT, INSERT ON erasure, legal_hold TO quittance_app;
GRANT UPDATE (decided_by, decided_why, decided_at, keep_until, state, seq) ON erasure TO quittance_app;
GRANT UPDATE (lifted_by, lifted_why, lifted_at) ON legal_hold TO quittance_app;

-- What erasing blanks or takes away.
GRANT UPDATE (reference) ON customer TO quittance_app;
GRANT DELETE ON customer_directory TO quittance_app;
GRANT UPDATE (brand, last4) ON payment_method TO quittance_app;
-- What receipts say of a method, for as long as they are kept.
ALTER TABLE payment_method ADD COLUMN label_sealed bytea;
GRANT UPDATE (label_sealed) ON payment_method TO quittance_app;
GRANT DELETE ON webhook_body TO quittance_app;
-- One operation may again: that of the end of retention, which looks at every document and at legal holds first. The
-- application reaches no key for that but one whose erasure came to its end by the machine's moves, and that nothing holds.
GRANT DELETE ON sealing_key TO quittance_app;
ALTER TABLE sealing_key ENABLE ROW LEVEL SECURITY;
CREATE POLICY sealing_key_read ON sealing_key FOR SELECT TO quittance_app USING (true);
CREATE POLICY sealing_key_made ON sealing_key FOR INSERT TO quittance_app WITH CHECK (true);
CREATE POLICY sealing_key_destroyed ON sealing_key FOR DELETE TO quittance_app USING (
    EXISTS (SELECT 1 FROM erasure e
             WHERE e.shard_key = sealing_key.shard_key AND e.customer_id = sealing_key.customer_id
               AND e.state = 'key_destroyed')
    AND NOT EXISTS (SELECT 1 FROM legal_hold h
                     WHERE h.shard_key = sealing_key.shard_key AND h.customer_id = sealing_key.customer_id
                       AND h.lifted_at IS NULL));
