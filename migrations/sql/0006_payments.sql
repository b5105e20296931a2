-- pre
-- Payments, refunds, receipts, issued documents and dunning cases.

CREATE TABLE payment (
    shard_key int NOT NULL,
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    customer_id uuid NOT NULL,
    invoice_id uuid NOT NULL,
    attempt_number int NOT NULL,
    currency text NOT NULL,
    amount bigint NOT NULL,
    method_id uuid NOT NULL,
    provider_account text NOT NULL,
    provider_key text NOT NULL,
    provider_ref text,
    action_url text,
    failure_code text,
    failure_hard boolean,
    sent_at timestamptz,
    queries int NOT NULL,
    captured bigint NOT NULL,
    refunds_reserved bigint NOT NULL,
    posted_number bigint,
    state text NOT NULL,
    seq int NOT NULL,
    happened_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT payment_pkey PRIMARY KEY (shard_key, id),
    CONSTRAINT payment_owner_key UNIQUE (shard_key, customer_id, id),
    CONSTRAINT payment_currency_key UNIQUE (shard_key, customer_id, id, currency),
    CONSTRAINT payment_attempt_key UNIQUE (shard_key, invoice_id, attempt_number),
    CONSTRAINT payment_provider_key UNIQUE (shard_key, provider_account, provider_key),
    CONSTRAINT payment_customer_fkey FOREIGN KEY (shard_key, tenant_id, customer_id)
        REFERENCES customer (shard_key, tenant_id, id),
    CONSTRAINT payment_invoice_fkey FOREIGN KEY (shard_key, customer_id, invoice_id, currency)
        REFERENCES invoice (shard_key, customer_id, id, currency),
    CONSTRAINT payment_method_fkey FOREIGN KEY (shard_key, customer_id, method_id)
        REFERENCES payment_method (shard_key, customer_id, id),
    CONSTRAINT payment_posted_fkey FOREIGN KEY (shard_key, customer_id, posted_number)
        REFERENCES ledger_transaction (shard_key, customer_id, number),
    CONSTRAINT payment_state_fkey FOREIGN KEY (shard_key, id, seq, state)
        REFERENCES transition (shard_key, entity_id, seq, to_state) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT payment_amount_positive CHECK (amount > 0),
    CONSTRAINT payment_captured_bounds CHECK (captured >= 0),
    CONSTRAINT payment_refunds_covered CHECK (0 <= refunds_reserved AND refunds_reserved <= captured),
    CONSTRAINT payment_captured_posted CHECK ((captured > 0) = (posted_number IS NOT NULL)),
    CONSTRAINT payment_captured_state CHECK ((captured > 0) = (state IN ('captured', 'settling', 'succeeded'))),
    CONSTRAINT payment_failure_known CHECK ((state = 'failed') = (failure_code IS NOT NULL))
);

-- No second charge while one may still succeed.
CREATE UNIQUE INDEX payment_one_open_key ON payment (shard_key, invoice_id)
    WHERE state IN ('processing', 'requires_action', 'unknown', 'authorized');

-- Support starts from the provider's id as often as from ours.
CREATE INDEX payment_provider_ref_idx ON payment (provider_ref, tenant_id) WHERE provider_ref IS NOT NULL;

CREATE INDEX payment_history_idx ON payment (shard_key, customer_id, happened_at, id);

CREATE TABLE refund (
    shard_key int NOT NULL,
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    customer_id uuid NOT NULL,
    payment_id uuid NOT NULL,
    currency text NOT NULL,
    amount bigint NOT NULL,
    reason text NOT NULL,
    provider_key text NOT NULL,
    provider_ref text,
    failure_code text,
    sent_at timestamptz,
    queries int NOT NULL,
    posted_number bigint NOT NULL,
    settled_number bigint,
    state text NOT NULL,
    seq int NOT NULL,
    happened_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT refund_pkey PRIMARY KEY (shard_key, id),
    CONSTRAINT refund_provider_key UNIQUE (shard_key, provider_key),
    CONSTRAINT refund_customer_fkey FOREIGN KEY (shard_key, tenant_id, customer_id)
        REFERENCES customer (shard_key, tenant_id, id),
    CONSTRAINT refund_payment_fkey FOREIGN KEY (shard_key, customer_id, payment_id, currency)
        REFERENCES payment (shard_key, customer_id, id, currency),
    CONSTRAINT refund_posted_fkey FOREIGN KEY (shard_key, customer_id, posted_number)
        REFERENCES ledger_transaction (shard_key, customer_id, number),
    CONSTRAINT refund_settled_fkey FOREIGN KEY (shard_key, customer_id, settled_number)
        REFERENCES ledger_transaction (shard_key, customer_id, number),
    CONSTRAINT refund_state_fkey FOREIGN KEY (shard_key, id, seq, state)
        REFERENCES transition (shard_key, entity_id, seq, to_state) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT refund_amount_positive CHECK (amount > 0),
    CONSTRAINT refund_settled_state CHECK ((state IN ('succeeded', 'failed')) = (settled_number IS NOT NULL))
);

CREATE INDEX refund_payment_idx ON refund (shard_key, customer_id, payment_id, id);

-- A document of its own, only after money was captured.
CREATE TABLE receipt (
    shard_key int NOT NULL,
    id uuid NOT NULL,
    customer_id uuid NOT NULL,
    legal_entity_id uuid NOT NULL,
    payment_id uuid NOT NULL,
    series text NOT NULL,
    number bigint NOT NULL,
    previous_number bigint,
    number_text text NOT NULL,
    issued_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT receipt_pkey PRIMARY KEY (shard_key, id),
    CONSTRAINT receipt_payment_key UNIQUE (shard_key, customer_id, payment_id),
    CONSTRAINT receipt_number_key UNIQUE (shard_key, legal_entity_id, series, number),
    CONSTRAINT receipt_payment_fkey FOREIGN KEY (shard_key, customer_id, payment_id)
        REFERENCES payment (shard_key, customer_id, id),
    CONSTRAINT receipt_series_fkey FOREIGN KEY (shard_key, legal_entity_id, series)
        REFERENCES number_series (shard_key, legal_entity_id, series),
    CONSTRAINT receipt_previous_fkey FOREIGN KEY (shard_key, legal_entity_id, series, previous_number)
        REFERENCES receipt (shard_key, legal_entity_id, series, number),
    CONSTRAINT receipt_first_number CHECK ((number = 1) = (previous_number IS NULL)),
    CONSTRAINT receipt_gapless CHECK (number >= 1 AND (previous_number IS NULL OR previous_number = number - 1))
);

-- The hash of each document that left the house, so that a later render can be proved equal.
CREATE TABLE issued_document (
    shard_key int NOT NULL,
    customer_id uuid NOT NULL,
    subject uuid NOT NULL,
    locale text NOT NULL,
    sha256 bytea NOT NULL,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT issued_document_pkey PRIMARY KEY (shard_key, customer_id, subject, locale),
    CONSTRAINT issued_document_head_fkey FOREIGN KEY (shard_key, customer_id)
        REFERENCES customer_head (shard_key, customer_id)
);

CREATE TABLE dunning_case (
    shard_key int NOT NULL,
    id uuid NOT NULL,
    customer_id uuid NOT NULL,
    invoice_id uuid NOT NULL,
    subscription_id uuid NOT NULL,
    opened_at timestamptz NOT NULL,
    retry_days int[] NOT NULL,
    retries_done int NOT NULL,
    suspend_at timestamptz NOT NULL,
    give_up_at timestamptz NOT NULL,
    state text NOT NULL,
    seq int NOT NULL,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT dunning_case_pkey PRIMARY KEY (shard_key, id),
    CONSTRAINT dunning_case_invoice_key UNIQUE (shard_key, customer_id, invoice_id),
    CONSTRAINT dunning_case_invoice_fkey FOREIGN KEY (shard_key, customer_id, invoice_id)
        REFERENCES invoice (shard_key, customer_id, id),
    CONSTRAINT dunning_case_subscription_fkey FOREIGN KEY (shard_key, customer_id, subscription_id)
        REFERENCES subscription (shard_key, customer_id, id),
    CONSTRAINT dunning_case_state_fkey FOREIGN KEY (shard_key, id, seq, state)
        REFERENCES transition (shard_key, entity_id, seq, to_state) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT dunning_case_retries CHECK (retries_done BETWEEN 0 AND cardinality(retry_days)),
    CONSTRAINT dunning_case_order CHECK (opened_at < suspend_at AND suspend_at < give_up_at)
);
