-- pre
-- no-transaction
-- Exceptions: money that the product cannot decide alone, until a person has. Each statement may run again after one
-- below it failed.

INSERT INTO move (machine, from_state, event, to_state) VALUES
    ('exception', 'new', 'open', 'open'),
    ('exception', 'open', 'claim', 'claimed'),
    ('exception', 'claimed', 'release', 'open'),
    ('exception', 'open', 'resolve', 'resolved'),
    ('exception', 'claimed', 'resolve', 'resolved'),
    ('exception', 'open', 'settle', 'resolved'),
    ('exception', 'claimed', 'settle', 'resolved'),
    ('refund', 'succeeded', 'revoke', 'failed'),
    ('refund', 'failed', 'succeed_late', 'succeeded')
    ON CONFLICT DO NOTHING;

-- A case is about a payment, or about a refund of it: its subject. What the provider said of another amount stands
-- beside the amount in question.
CREATE TABLE IF NOT EXISTS exception_case (
    shard_key int NOT NULL,
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    customer_id uuid NOT NULL,
    kind text NOT NULL,
    subject uuid NOT NULL,
    payment_id uuid NOT NULL,
    refund_id uuid,
    currency text NOT NULL,
    amount bigint NOT NULL,
    told_currency text,
    told_amount bigint,
    cause text NOT NULL,
    machine text NOT NULL DEFAULT 'exception',
    state text NOT NULL,
    seq int NOT NULL,
    happened_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    claimed_by text,
    claimed_at timestamptz,
    resolution text,
    reference text,
    resolved_by text,
    resolved_why text,
    resolved_at timestamptz,
    CONSTRAINT exception_case_pkey PRIMARY KEY (shard_key, id),
    CONSTRAINT exception_case_customer_fkey FOREIGN KEY (shard_key, tenant_id, customer_id)
        REFERENCES customer (shard_key, tenant_id, id),
    CONSTRAINT exception_case_payment_fkey FOREIGN KEY (shard_key, customer_id, payment_id, currency)
        REFERENCES payment (shard_key, customer_id, id, currency),
    CONSTRAINT exception_case_refund_fkey FOREIGN KEY (shard_key, refund_id) REFERENCES refund (shard_key, id),
    CONSTRAINT exception_case_machine CHECK (machine = 'exception'),
    CONSTRAINT exception_case_history_fkey FOREIGN KEY (shard_key, id, seq, state, machine)
        REFERENCES transition (shard_key, entity_id, seq, to_state, machine) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT exception_case_kind_known CHECK (
        (refund_id IS NULL AND kind IN ('payment_unknown', 'payment_mismatch', 'payment_contradicted',
            'payment_excess', 'payment_loss'))
        OR (refund_id IS NOT NULL
            AND kind IN ('refund_unknown', 'refund_mismatch', 'refund_contradicted', 'refund_failed'))),
    CONSTRAINT exception_case_subject CHECK (subject = coalesce(refund_id, payment_id)),
    CONSTRAINT exception_case_amounts CHECK (amount > 0 AND (told_amount IS NULL) = (told_currency IS NULL)),
    CONSTRAINT exception_case_claimed CHECK ((claimed_by IS NULL) = (claimed_at IS NULL)
        AND (state <> 'open' OR claimed_by IS NULL) AND (state <> 'claimed' OR claimed_by IS NOT NULL)),
    CONSTRAINT exception_case_resolved CHECK (
        num_nulls(resolution, resolved_by, resolved_why, resolved_at) = CASE WHEN state = 'resolved' THEN 0 ELSE 4 END
        AND (reference IS NULL OR state = 'resolved')),
    -- Who looks into money does not decide on it. To ask again decides nothing, nor does an answer that came by itself.
    CONSTRAINT exception_case_by_another CHECK (resolution IS NULL OR resolution IN ('query_again', 'settled')
        OR (claimed_by IS NOT NULL AND claimed_by <> resolved_by))
);

-- One open case for each kind of doubt about a thing.
DROP INDEX CONCURRENTLY IF EXISTS exception_case_open_key;
CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS exception_case_open_key
    ON exception_case (shard_key, subject, kind)
    WHERE state <> 'resolved';
DROP INDEX CONCURRENTLY IF EXISTS exception_case_subject_idx;
CREATE INDEX CONCURRENTLY IF NOT EXISTS exception_case_subject_idx
    ON exception_case (shard_key, subject, id);
-- The desk's queue, over all shard keys; what is over is looked up apart.
DROP INDEX CONCURRENTLY IF EXISTS exception_case_queue_idx;
CREATE INDEX CONCURRENTLY IF NOT EXISTS exception_case_queue_idx
    ON exception_case (tenant_id, recorded_at, id)
    WHERE state <> 'resolved';
DROP INDEX CONCURRENTLY IF EXISTS exception_case_over_idx;
CREATE INDEX CONCURRENTLY IF NOT EXISTS exception_case_over_idx
    ON exception_case (tenant_id, recorded_at, id)
    WHERE state = 'resolved';

-- A refund may have left by another way than the method that paid.
-- squawk-ignore ban-drop-constraint
ALTER TABLE refund DROP CONSTRAINT IF EXISTS refund_means_listed;
ALTER TABLE refund ADD CONSTRAINT refund_means_listed CHECK (means IN ('method', 'credit', 'outside')) NOT VALID;
ALTER TABLE refund VALIDATE CONSTRAINT refund_means_listed;
-- squawk-ignore ban-drop-constraint
ALTER TABLE refund DROP CONSTRAINT IF EXISTS refund_means_known;
-- squawk-ignore prefer-robust-stmts
ALTER TABLE refund VALIDATE CONSTRAINT refund_posted_state;

GRANT SELECT, INSERT ON exception_case TO quittance_app;
GRANT UPDATE (amount, state, seq, claimed_by, claimed_at, resolution, reference, resolved_by, resolved_why, resolved_at)
    ON exception_case TO quittance_app;
