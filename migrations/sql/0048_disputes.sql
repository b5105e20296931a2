-- pre
-- Disputes: what cardholders take back through their banks, how it is answered, and what a tenant does meanwhile.
-- What is added NOT VALID holds for every row written from now on; older rows keep it by their default.

INSERT INTO move (machine, from_state, event, to_state) VALUES
    ('dispute', 'new', 'open', 'open'),
    ('dispute', 'open', 'submit', 'evidence_submitted'),
    ('dispute', 'open', 'win', 'won'),
    ('dispute', 'open', 'lose', 'lost'),
    ('dispute', 'evidence_submitted', 'win', 'won'),
    ('dispute', 'evidence_submitted', 'lose', 'lost'),
    ('dispute', 'lost', 'win_late', 'won');

INSERT INTO account_kind (kind, normal_side, kept) VALUES
    ('disputes', 'debit', false),
    ('dispute_losses', 'debit', false),
    ('dispute_fees', 'debit', false);
INSERT INTO ledger_account (shard_key, customer_id, kind, currency)
    SELECT a.shard_key, a.customer_id, k.kind, a.currency
      FROM ledger_account a
     CROSS JOIN (VALUES ('disputes'), ('dispute_losses'), ('dispute_fees')) AS k (kind)
     WHERE a.kind = 'receivable';

-- What disputes that are open or lost have of it: refunds and they never have more than was captured.
ALTER TABLE payment ADD COLUMN disputes_reserved bigint NOT NULL DEFAULT 0;
ALTER TABLE payment ADD CONSTRAINT payment_disputes_covered
    CHECK (disputes_reserved >= 0 AND refunds_reserved + disputes_reserved <= captured) NOT VALID;

-- Of its amount, what is reserved on the payment is covered; the rest exceeds what was left of it, and is a loss.
CREATE TABLE dispute (
    shard_key int NOT NULL,
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    customer_id uuid NOT NULL,
    payment_id uuid NOT NULL,
    provider_account text NOT NULL,
    provider_ref text NOT NULL,
    currency text NOT NULL,
    amount bigint NOT NULL,
    covered bigint NOT NULL,
    fee bigint NOT NULL,
    reason text NOT NULL,
    due_at timestamptz NOT NULL,
    on_open text NOT NULL,
    on_lost text,
    asked text,
    asked_sent_at timestamptz,
    asks int NOT NULL DEFAULT 0,
    refused_code text,
    queries int NOT NULL DEFAULT 0,
    machine text NOT NULL DEFAULT 'dispute',
    state text NOT NULL,
    seq int NOT NULL,
    happened_at timestamptz NOT NULL,
    closed_at timestamptz,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT dispute_pkey PRIMARY KEY (shard_key, id),
    CONSTRAINT dispute_provider_key UNIQUE (shard_key, customer_id, provider_account, provider_ref),
    CONSTRAINT dispute_customer_fkey FOREIGN KEY (shard_key, tenant_id, customer_id)
        REFERENCES customer (shard_key, tenant_id, id),
    CONSTRAINT dispute_payment_fkey FOREIGN KEY (shard_key, customer_id, payment_id, currency)
        REFERENCES payment (shard_key, customer_id, id, currency),
    CONSTRAINT dispute_history_fkey FOREIGN KEY (shard_key, id, seq, state, machine)
        REFERENCES transition (shard_key, entity_id, seq, to_state, machine) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT dispute_machine CHECK (machine = 'dispute'),
    CONSTRAINT dispute_amounts CHECK (amount > 0 AND covered BETWEEN 0 AND amount AND fee >= 0),
    CONSTRAINT dispute_won_uncovered CHECK (state <> 'won' OR covered = 0),
    CONSTRAINT dispute_closed_state CHECK ((state IN ('won', 'lost')) = (closed_at IS NOT NULL)),
    CONSTRAINT dispute_policy_known CHECK (on_open IN ('keep', 'suspend') AND on_lost IN ('keep', 'suspend', 'cancel')),
    CONSTRAINT dispute_on_lost_state CHECK ((state = 'lost') = (on_lost IS NOT NULL)),
    CONSTRAINT dispute_asked_known CHECK (
        (asked IS NULL AND asked_sent_at IS NULL)
        OR (asked IN ('evidence', 'accept') AND state IN ('open', 'evidence_submitted')))
);

CREATE INDEX dispute_payment_idx ON dispute (shard_key, customer_id, payment_id, id);
CREATE INDEX dispute_queue_idx ON dispute (tenant_id, due_at, id);

-- The bytes of evidence, once each: they may hold personal data, so their content can be erased; the hash stays.
CREATE TABLE evidence_file (
    shard_key int NOT NULL,
    customer_id uuid NOT NULL,
    sha256 bytea NOT NULL,
    media_type text NOT NULL,
    size int NOT NULL,
    content bytea,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT evidence_file_pkey PRIMARY KEY (shard_key, customer_id, sha256, media_type),
    CONSTRAINT evidence_file_head_fkey FOREIGN KEY (shard_key, customer_id)
        REFERENCES customer_head (shard_key, customer_id),
    CONSTRAINT evidence_file_type_known
        CHECK (media_type IN ('text/plain', 'application/pdf', 'image/png', 'image/jpeg')),
    CONSTRAINT evidence_file_size CHECK (size > 0 AND octet_length(content) = size)
);

-- What was said in which answer to a dispute.
CREATE TABLE dispute_evidence (
    shard_key int NOT NULL,
    customer_id uuid NOT NULL,
    dispute_id uuid NOT NULL,
    answer int NOT NULL,
    position int NOT NULL,
    kind text NOT NULL,
    sha256 bytea NOT NULL,
    media_type text NOT NULL,
    CONSTRAINT dispute_evidence_pkey PRIMARY KEY (shard_key, dispute_id, answer, position),
    CONSTRAINT dispute_evidence_dispute_fkey FOREIGN KEY (shard_key, dispute_id) REFERENCES dispute (shard_key, id),
    CONSTRAINT dispute_evidence_file_fkey FOREIGN KEY (shard_key, customer_id, sha256, media_type)
        REFERENCES evidence_file (shard_key, customer_id, sha256, media_type),
    CONSTRAINT dispute_evidence_counts CHECK (answer >= 1 AND position >= 1)
);

CREATE TABLE dispute_policy (
    tenant_id uuid NOT NULL,
    on_open text NOT NULL,
    on_lost text NOT NULL,
    CONSTRAINT dispute_policy_pkey PRIMARY KEY (tenant_id),
    CONSTRAINT dispute_policy_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES tenant (id),
    CONSTRAINT dispute_policy_open_known CHECK (on_open IN ('keep', 'suspend')),
    CONSTRAINT dispute_policy_lost_known CHECK (on_lost IN ('keep', 'suspend', 'cancel'))
);

GRANT SELECT, INSERT ON dispute, evidence_file, dispute_evidence, dispute_policy TO quittance_app;
GRANT UPDATE (disputes_reserved) ON payment TO quittance_app;
GRANT UPDATE (covered, fee, due_at, on_lost, asked, asked_sent_at, asks, refused_code, queries, state, seq, closed_at)
    ON dispute TO quittance_app;
GRANT UPDATE (content) ON evidence_file TO quittance_app;
GRANT UPDATE (on_open, on_lost) ON dispute_policy TO quittance_app;
