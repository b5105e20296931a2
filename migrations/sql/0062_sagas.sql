-- pre
-- Sagas: what goes on over several steps between a provider and the ledger, with its step, its time and its end.
-- What was under way before this file has none, on purpose: it is carried on by the work that was made due for it. A saga
-- begins with its first step, so older code beside newer code begins none, and leaves the work about one alone.

INSERT INTO move (machine, from_state, event, to_state) VALUES
    ('saga', 'new', 'begin', 'running'),
    ('saga', 'running', 'advance', 'running'),
    ('saga', 'running', 'fall_back', 'running'),
    ('saga', 'running', 'complete', 'completed'),
    ('saga', 'running', 'compensate', 'compensating'),
    ('saga', 'running', 'undo', 'compensated'),
    ('saga', 'running', 'stall', 'stuck'),
    ('saga', 'compensating', 'advance', 'running'),
    ('saga', 'compensating', 'complete', 'completed'),
    ('saga', 'compensating', 'undo', 'compensated'),
    ('saga', 'compensating', 'stall', 'stuck'),
    ('saga', 'stuck', 'resume', 'running'),
    ('saga', 'stuck', 'advance', 'running'),
    ('saga', 'stuck', 'fall_back', 'running'),
    ('saga', 'stuck', 'complete', 'completed'),
    ('saga', 'stuck', 'undo', 'compensated');

-- Its subject is what it is about once and no more: the subscription that is bought, the invoice of a change, the credit
-- note that is refunded.
CREATE TABLE saga (
    shard_key int NOT NULL,
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    customer_id uuid NOT NULL,
    kind text NOT NULL,
    subject uuid NOT NULL,
    subscription_id uuid NOT NULL,
    invoice_id uuid,
    credit_note_id uuid,
    currency text NOT NULL,
    amount bigint NOT NULL,
    step text NOT NULL,
    step_since timestamptz NOT NULL,
    deadline timestamptz NOT NULL,
    waits_until timestamptz,
    tries int NOT NULL,
    cause text,
    machine text NOT NULL DEFAULT 'saga',
    state text NOT NULL,
    seq int NOT NULL,
    begun_at timestamptz NOT NULL,
    ended_at timestamptz,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT saga_pkey PRIMARY KEY (shard_key, id),
    CONSTRAINT saga_once UNIQUE (shard_key, subject, kind),
    CONSTRAINT saga_customer_fkey FOREIGN KEY (shard_key, tenant_id, customer_id)
        REFERENCES customer (shard_key, tenant_id, id),
    CONSTRAINT saga_subscription_fkey FOREIGN KEY (shard_key, customer_id, subscription_id)
        REFERENCES subscription (shard_key, customer_id, id),
    CONSTRAINT saga_invoice_fkey FOREIGN KEY (shard_key, customer_id, invoice_id, currency)
        REFERENCES invoice (shard_key, customer_id, id, currency),
    CONSTRAINT saga_credit_note_fkey FOREIGN KEY (shard_key, customer_id, credit_note_id, currency)
        REFERENCES credit_note (shard_key, customer_id, id, currency),
    CONSTRAINT saga_kind_known CHECK (kind IN ('purchase', 'trial', 'paid_change', 'refund_and_cancel')),
    CONSTRAINT saga_subject CHECK (subject = CASE kind WHEN 'paid_change' THEN invoice_id
        WHEN 'refund_and_cancel' THEN credit_note_id ELSE subscription_id END),
    CONSTRAINT saga_amount CHECK (amount >= 0 AND tries >= 0),
    CONSTRAINT saga_machine CHECK (machine = 'saga'),
    CONSTRAINT saga_history_fkey FOREIGN KEY (shard_key, id, seq, state, machine)
        REFERENCES transition (shard_key, entity_id, seq, to_state, machine) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT saga_ended CHECK ((ended_at IS NOT NULL) = (state IN ('completed', 'compensated'))),
    CONSTRAINT saga_cause CHECK ((cause IS NOT NULL) = (state = 'stuck'))
);

CREATE INDEX saga_living_idx ON saga (shard_key, customer_id) WHERE ended_at IS NULL;
-- The desk's lists, over all shard keys.
CREATE INDEX saga_state_idx ON saga (tenant_id, state, recorded_at, id);

-- A saga that is stuck is an exception too; what is in doubt then may be no payment yet.
ALTER TABLE exception_case ADD COLUMN saga_id uuid;
ALTER TABLE exception_case ADD CONSTRAINT exception_case_saga_fkey FOREIGN KEY (shard_key, saga_id)
    REFERENCES saga (shard_key, id) NOT VALID;
-- Only the case of a saga has none, and no older code has opened one.
-- squawk-ignore ban-drop-not-null
ALTER TABLE exception_case ALTER COLUMN payment_id DROP NOT NULL;
-- squawk-ignore ban-drop-constraint
ALTER TABLE exception_case DROP CONSTRAINT exception_case_kind_known;
ALTER TABLE exception_case ADD CONSTRAINT exception_case_kind_known CHECK (
    (saga_id IS NULL AND refund_id IS NULL AND payment_id IS NOT NULL
        AND kind IN ('payment_unknown', 'payment_mismatch', 'payment_contradicted', 'payment_excess', 'payment_loss'))
    OR (saga_id IS NULL AND refund_id IS NOT NULL AND payment_id IS NOT NULL
        AND kind IN ('refund_unknown', 'refund_mismatch', 'refund_contradicted', 'refund_failed'))
    OR (saga_id IS NOT NULL AND refund_id IS NULL AND kind = 'saga_stuck')) NOT VALID;
-- squawk-ignore ban-drop-constraint
ALTER TABLE exception_case DROP CONSTRAINT exception_case_subject;
ALTER TABLE exception_case ADD CONSTRAINT exception_case_subject
    CHECK (subject = coalesce(saga_id, refund_id, payment_id)) NOT VALID;
-- squawk-ignore ban-drop-constraint
ALTER TABLE exception_case DROP CONSTRAINT exception_case_amounts;
ALTER TABLE exception_case ADD CONSTRAINT exception_case_amounts CHECK (
    (amount > 0 OR saga_id IS NOT NULL) AND amount >= 0 AND (told_amount IS NULL) = (told_currency IS NULL)) NOT VALID;

GRANT SELECT, INSERT ON saga TO quittance_app;
GRANT UPDATE (step, step_since, deadline, waits_until, tries, cause, state, seq, ended_at) ON saga TO quittance_app;
