-- pre
-- Refunds that somebody else has to approve, by which rules, and of which lines.
-- Every default is what an older row means: back to the method, at once. What is added NOT VALID holds for every row
-- written from now on; older rows keep it too, and a later file says so.

INSERT INTO move (machine, from_state, event, to_state) VALUES
    ('refund', 'new', 'ask', 'awaiting_approval'),
    ('refund', 'awaiting_approval', 'approve', 'requested'),
    ('refund', 'awaiting_approval', 'reject', 'rejected'),
    ('refund', 'awaiting_approval', 'withdraw', 'canceled');

ALTER TABLE refund ADD COLUMN means text NOT NULL DEFAULT 'method';

-- Nothing is posted before it is approved.
-- squawk-ignore ban-drop-not-null
ALTER TABLE refund ALTER COLUMN posted_number DROP NOT NULL;
ALTER TABLE refund ADD CONSTRAINT refund_posted_state
    CHECK ((posted_number IS NULL) = (state IN ('awaiting_approval', 'rejected', 'canceled'))) NOT VALID;
ALTER TABLE refund ADD CONSTRAINT refund_means_known CHECK (means IN ('method', 'credit')) NOT VALID;

-- Who asked for it, who may approve it and why somebody has to, and what was decided by whom.
CREATE TABLE refund_request (
    shard_key int NOT NULL,
    refund_id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    customer_id uuid NOT NULL,
    asked_by text NOT NULL,
    needs text NOT NULL,
    needed_for text NOT NULL,
    expires_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    decision text,
    decided_by text,
    decided_why text,
    decided_at timestamptz,
    CONSTRAINT refund_request_pkey PRIMARY KEY (shard_key, refund_id),
    CONSTRAINT refund_request_refund_fkey FOREIGN KEY (shard_key, refund_id) REFERENCES refund (shard_key, id),
    CONSTRAINT refund_request_needs_known CHECK (needs IN ('lead', 'finance')),
    CONSTRAINT refund_request_decided CHECK (
        (decision IS NULL AND decided_by IS NULL AND decided_why IS NULL AND decided_at IS NULL)
        OR (decision IN ('approve', 'reject', 'withdraw') AND decided_by IS NOT NULL AND decided_why IS NOT NULL
            AND decided_at IS NOT NULL)),
    -- Who asks does not decide, but may take back what he asked for.
    CONSTRAINT refund_request_by_another CHECK (decision IS NULL OR (decision = 'withdraw') = (decided_by = asked_by))
);

CREATE INDEX refund_request_queue_idx ON refund_request (tenant_id, recorded_at, refund_id) WHERE decision IS NULL;

CREATE TABLE refund_line (
    shard_key int NOT NULL,
    customer_id uuid NOT NULL,
    refund_id uuid NOT NULL,
    position int NOT NULL,
    amount bigint NOT NULL,
    CONSTRAINT refund_line_pkey PRIMARY KEY (shard_key, refund_id, position),
    CONSTRAINT refund_line_refund_fkey FOREIGN KEY (shard_key, refund_id) REFERENCES refund (shard_key, id),
    CONSTRAINT refund_line_amount_positive CHECK (position > 0 AND amount > 0)
);

CREATE TABLE refund_policy (
    tenant_id uuid NOT NULL,
    limit_roles text[] NOT NULL,
    limit_currencies text[] NOT NULL,
    limit_amounts bigint[] NOT NULL,
    old_after_days int NOT NULL,
    expire_after_days int NOT NULL,
    window_days int NOT NULL,
    customer_count int NOT NULL,
    customer_sum bigint NOT NULL,
    staff_count int NOT NULL,
    staff_sum bigint NOT NULL,
    CONSTRAINT refund_policy_pkey PRIMARY KEY (tenant_id),
    CONSTRAINT refund_policy_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES tenant (id),
    CONSTRAINT refund_policy_limits CHECK (cardinality(limit_roles) = cardinality(limit_currencies)
        AND cardinality(limit_roles) = cardinality(limit_amounts)),
    CONSTRAINT refund_policy_days CHECK (old_after_days > 0 AND expire_after_days > 0 AND window_days > 0),
    CONSTRAINT refund_policy_bounds
        CHECK (customer_count >= 0 AND customer_sum >= 0 AND staff_count >= 0 AND staff_sum >= 0)
);

-- What each member of staff asked for on a day, under the tenant's home key: a sum over all customers.
CREATE TABLE staff_refunds (
    shard_key int NOT NULL,
    tenant_id uuid NOT NULL,
    sandbox boolean NOT NULL,
    asked_by text NOT NULL,
    currency text NOT NULL,
    day date NOT NULL,
    asked int NOT NULL,
    amount bigint NOT NULL,
    CONSTRAINT staff_refunds_pkey PRIMARY KEY (shard_key, tenant_id, sandbox, asked_by, currency, day),
    CONSTRAINT staff_refunds_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES tenant (id)
);

GRANT SELECT, INSERT ON refund_request, refund_line, refund_policy, staff_refunds TO quittance_app;
GRANT UPDATE (limit_roles, limit_currencies, limit_amounts, old_after_days, expire_after_days, window_days,
    customer_count, customer_sum, staff_count, staff_sum) ON refund_policy TO quittance_app;
GRANT UPDATE (asked, amount) ON staff_refunds TO quittance_app;
GRANT UPDATE (decision, decided_by, decided_why, decided_at) ON refund_request TO quittance_app;
GRANT UPDATE (posted_number, credit_note_id, noted) ON refund TO quittance_app;
