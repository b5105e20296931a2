-- pre
-- Notices: what a customer is told by e-mail. A row holds ids and words of ours; whom it goes to is read when it is sent.

INSERT INTO move (machine, from_state, event, to_state) VALUES
    ('notice', 'new', 'queue', 'due'),
    ('notice', 'due', 'send', 'sent'),
    ('notice', 'due', 'fail', 'failed'),
    ('notice', 'due', 'park', 'parked'),
    ('notice', 'due', 'suppress', 'suppressed');

CREATE TABLE notice (
    shard_key int NOT NULL,
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    customer_id uuid NOT NULL,
    -- The number of the event that it tells of; a copy is one that staff had sent again.
    cause bigint NOT NULL,
    kind text NOT NULL,
    copy int NOT NULL,
    subject uuid NOT NULL,
    invoice_id uuid,
    -- When a try began; while it is due, a message may have left since.
    sending_at timestamptz,
    first_tried_at timestamptz,
    attempts int NOT NULL,
    -- Tries of which nobody knows whether a message left; one that is under way is such a try.
    doubts int NOT NULL,
    sent_at timestamptz,
    reason text,
    state text NOT NULL,
    seq int NOT NULL,
    machine text NOT NULL DEFAULT 'notice',
    happened_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT notice_pkey PRIMARY KEY (shard_key, id),
    CONSTRAINT notice_once UNIQUE (shard_key, customer_id, cause, kind, copy),
    CONSTRAINT notice_customer_fkey FOREIGN KEY (shard_key, tenant_id, customer_id)
        REFERENCES customer (shard_key, tenant_id, id),
    CONSTRAINT notice_invoice_fkey FOREIGN KEY (shard_key, customer_id, invoice_id)
        REFERENCES invoice (shard_key, customer_id, id),
    CONSTRAINT notice_machine CHECK (machine = 'notice'),
    CONSTRAINT notice_history_fkey FOREIGN KEY (shard_key, id, seq, state, machine)
        REFERENCES transition (shard_key, entity_id, seq, to_state, machine) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT notice_numbers CHECK (cause > 0 AND copy >= 0 AND attempts >= 0 AND doubts >= 0 AND doubts <= attempts),
    CONSTRAINT notice_tried CHECK ((attempts > 0) = (sending_at IS NOT NULL)
        AND (sending_at IS NULL) = (first_tried_at IS NULL)),
    CONSTRAINT notice_sent_state CHECK ((state = 'sent') = (sent_at IS NOT NULL)),
    CONSTRAINT notice_reason_state CHECK ((state IN ('failed', 'parked', 'suppressed')) = (reason IS NOT NULL))
);

CREATE INDEX notice_newest_idx ON notice (shard_key, customer_id, recorded_at DESC, id DESC);
CREATE INDEX notice_unsent_idx ON notice (shard_key, tenant_id, recorded_at, id) WHERE state IN ('failed', 'parked');

-- What a legal entity sends, and as whom.
CREATE TABLE notice_policy (
    legal_entity_id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    switched_off text[] NOT NULL,
    sender text NOT NULL,
    reply_to text NOT NULL,
    attach_documents boolean NOT NULL,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT notice_policy_pkey PRIMARY KEY (legal_entity_id),
    CONSTRAINT notice_policy_entity_fkey FOREIGN KEY (legal_entity_id) REFERENCES legal_entity (id),
    CONSTRAINT notice_policy_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES tenant (id)
);

GRANT SELECT, INSERT ON notice, notice_policy TO quittance_app;
GRANT UPDATE (sending_at, first_tried_at, attempts, doubts, sent_at, reason, state, seq) ON notice TO quittance_app;
GRANT UPDATE (switched_off, sender, reply_to, attach_documents, recorded_at) ON notice_policy TO quittance_app;
