-- pre
-- Subscriptions, drafts and issued invoices with their lines.

CREATE TABLE subscription (
    shard_key int NOT NULL,
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    customer_id uuid NOT NULL,
    plan_id uuid NOT NULL,
    price_id uuid NOT NULL,
    quantity int NOT NULL,
    currency text NOT NULL,
    unit_amount bigint NOT NULL,
    cadence_unit text NOT NULL,
    cadence_count int NOT NULL,
    anchor_at timestamptz NOT NULL,
    time_zone text NOT NULL,
    period_index int NOT NULL,
    period_start timestamptz NOT NULL,
    period_end timestamptz NOT NULL,
    next_price_id uuid,
    pending_price_id uuid,
    pending_invoice_id uuid,
    state text NOT NULL,
    seq int NOT NULL,
    resumed_at timestamptz,
    ended_at timestamptz,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT subscription_pkey PRIMARY KEY (shard_key, id),
    CONSTRAINT subscription_owner_key UNIQUE (shard_key, customer_id, id),
    CONSTRAINT subscription_customer_fkey FOREIGN KEY (shard_key, tenant_id, customer_id)
        REFERENCES customer (shard_key, tenant_id, id),
    CONSTRAINT subscription_plan_fkey FOREIGN KEY (tenant_id, plan_id) REFERENCES plan (tenant_id, id),
    CONSTRAINT subscription_price_fkey FOREIGN KEY (price_id) REFERENCES price (id),
    CONSTRAINT subscription_next_price_fkey FOREIGN KEY (next_price_id) REFERENCES price (id),
    CONSTRAINT subscription_pending_price_fkey FOREIGN KEY (pending_price_id) REFERENCES price (id),
    CONSTRAINT subscription_state_fkey FOREIGN KEY (shard_key, id, seq, state)
        REFERENCES transition (shard_key, entity_id, seq, to_state) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT subscription_period_forward CHECK (period_end > period_start AND period_index >= 0),
    CONSTRAINT subscription_quantity_positive CHECK (quantity > 0),
    CONSTRAINT subscription_pending_whole CHECK ((pending_price_id IS NULL) = (pending_invoice_id IS NULL)),
    CONSTRAINT subscription_end_known CHECK ((state IN ('canceled', 'incomplete_expired')) = (ended_at IS NOT NULL))
);

-- One living subscription a plan: a second click under another key starts nothing.
CREATE UNIQUE INDEX subscription_one_per_plan_key ON subscription (shard_key, customer_id, plan_id)
    WHERE state NOT IN ('canceled', 'incomplete_expired');

-- A number series of a legal entity on one shard key; the row is locked last.
CREATE TABLE number_series (
    shard_key int NOT NULL,
    legal_entity_id uuid NOT NULL,
    series text NOT NULL,
    prefix text NOT NULL,
    last_number bigint NOT NULL,
    CONSTRAINT number_series_pkey PRIMARY KEY (shard_key, legal_entity_id, series),
    CONSTRAINT number_series_entity_fkey FOREIGN KEY (legal_entity_id) REFERENCES legal_entity (id),
    CONSTRAINT number_series_known CHECK (series IN ('invoice', 'receipt'))
);

CREATE TABLE invoice_draft (
    shard_key int NOT NULL,
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    customer_id uuid NOT NULL,
    subscription_id uuid NOT NULL,
    reason text NOT NULL,
    period_start timestamptz NOT NULL,
    period_end timestamptz NOT NULL,
    currency text NOT NULL,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT invoice_draft_pkey PRIMARY KEY (shard_key, id),
    CONSTRAINT invoice_draft_currency_key UNIQUE (shard_key, customer_id, id, currency),
    CONSTRAINT invoice_draft_once UNIQUE (shard_key, subscription_id, period_start, reason),
    CONSTRAINT invoice_draft_customer_fkey FOREIGN KEY (shard_key, tenant_id, customer_id)
        REFERENCES customer (shard_key, tenant_id, id)
);

CREATE TABLE invoice_draft_line (
    shard_key int NOT NULL,
    customer_id uuid NOT NULL,
    draft_id uuid NOT NULL,
    position int NOT NULL,
    kind text NOT NULL,
    description text NOT NULL,
    price_id uuid NOT NULL,
    quantity int NOT NULL,
    unit_amount bigint NOT NULL,
    starts_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    currency text NOT NULL,
    amount bigint NOT NULL,
    credits_invoice_id uuid,
    credits_position int,
    derivation jsonb NOT NULL,
    CONSTRAINT invoice_draft_line_pkey PRIMARY KEY (shard_key, draft_id, position),
    CONSTRAINT invoice_draft_line_draft_fkey FOREIGN KEY (shard_key, customer_id, draft_id, currency)
        REFERENCES invoice_draft (shard_key, customer_id, id, currency) ON DELETE CASCADE
);

CREATE TABLE invoice (
    shard_key int NOT NULL,
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    customer_id uuid NOT NULL,
    legal_entity_id uuid NOT NULL,
    subscription_id uuid NOT NULL,
    reason text NOT NULL,
    period_start timestamptz NOT NULL,
    period_end timestamptz NOT NULL,
    series text NOT NULL,
    number bigint NOT NULL,
    previous_number bigint,
    number_text text NOT NULL,
    currency text NOT NULL,
    line_count int NOT NULL,
    total bigint NOT NULL,
    credited bigint NOT NULL,
    paid bigint NOT NULL,
    written_off bigint NOT NULL,
    voided bigint NOT NULL,
    due bigint NOT NULL,
    posted_number bigint,
    snapshot_sealed bytea NOT NULL,
    state text NOT NULL,
    seq int NOT NULL,
    issued_at timestamptz NOT NULL,
    due_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT invoice_pkey PRIMARY KEY (shard_key, id),
    CONSTRAINT invoice_owner_key UNIQUE (shard_key, customer_id, id),
    CONSTRAINT invoice_currency_key UNIQUE (shard_key, customer_id, id, currency),
    CONSTRAINT invoice_lines_key UNIQUE (shard_key, id, line_count, currency),
    CONSTRAINT invoice_number_key UNIQUE (shard_key, legal_entity_id, series, number),
    CONSTRAINT invoice_once UNIQUE (shard_key, subscription_id, period_start, reason),
    CONSTRAINT invoice_customer_fkey FOREIGN KEY (shard_key, tenant_id, customer_id)
        REFERENCES customer (shard_key, tenant_id, id),
    CONSTRAINT invoice_subscription_fkey FOREIGN KEY (shard_key, customer_id, subscription_id)
        REFERENCES subscription (shard_key, customer_id, id),
    CONSTRAINT invoice_series_fkey FOREIGN KEY (shard_key, legal_entity_id, series)
        REFERENCES number_series (shard_key, legal_entity_id, series),
    CONSTRAINT invoice_previous_fkey FOREIGN KEY (shard_key, legal_entity_id, series, previous_number)
        REFERENCES invoice (shard_key, legal_entity_id, series, number),
    CONSTRAINT invoice_posted_fkey FOREIGN KEY (shard_key, customer_id, posted_number)
        REFERENCES ledger_transaction (shard_key, customer_id, number),
    CONSTRAINT invoice_state_fkey FOREIGN KEY (shard_key, id, seq, state)
        REFERENCES transition (shard_key, entity_id, seq, to_state) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT invoice_first_number CHECK ((number = 1) = (previous_number IS NULL)),
    CONSTRAINT invoice_gapless CHECK (number >= 1 AND (previous_number IS NULL OR previous_number = number - 1)),
    CONSTRAINT invoice_has_lines CHECK (line_count >= 1),
    CONSTRAINT invoice_due_sum CHECK (due = total - credited - paid - written_off - voided),
    CONSTRAINT invoice_due_bounds CHECK (0 <= due AND due <= total),
    CONSTRAINT invoice_parts_positive CHECK (credited >= 0 AND paid >= 0 AND written_off >= 0 AND voided >= 0),
    CONSTRAINT invoice_open_is_due CHECK ((state = 'open') = (due > 0)),
    CONSTRAINT invoice_posted CHECK ((posted_number IS NULL) = (total = 0)),
    CONSTRAINT invoice_written_off_state CHECK ((state = 'uncollectible') = (written_off > 0)),
    CONSTRAINT invoice_void_state CHECK (voided = 0 OR state = 'void')
);

CREATE INDEX invoice_history_idx ON invoice (shard_key, customer_id, issued_at, id);

CREATE TABLE invoice_line (
    shard_key int NOT NULL,
    customer_id uuid NOT NULL,
    invoice_id uuid NOT NULL,
    position int NOT NULL,
    line_count int NOT NULL,
    subscription_id uuid NOT NULL,
    kind text NOT NULL,
    description text NOT NULL,
    price_id uuid NOT NULL,
    quantity int NOT NULL,
    unit_amount bigint NOT NULL,
    starts_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    currency text NOT NULL,
    amount bigint NOT NULL,
    credits_invoice_id uuid,
    credits_position int,
    derivation jsonb NOT NULL,
    CONSTRAINT invoice_line_pkey PRIMARY KEY (shard_key, invoice_id, position),
    CONSTRAINT invoice_line_invoice_fkey FOREIGN KEY (shard_key, invoice_id, line_count, currency)
        REFERENCES invoice (shard_key, id, line_count, currency),
    CONSTRAINT invoice_line_owner_fkey FOREIGN KEY (shard_key, customer_id, invoice_id)
        REFERENCES invoice (shard_key, customer_id, id),
    CONSTRAINT invoice_line_price_fkey FOREIGN KEY (price_id) REFERENCES price (id),
    CONSTRAINT invoice_line_credits_fkey FOREIGN KEY (shard_key, credits_invoice_id, credits_position)
        REFERENCES invoice_line (shard_key, invoice_id, position),
    CONSTRAINT invoice_line_position CHECK (position BETWEEN 1 AND line_count),
    CONSTRAINT invoice_line_kind_known CHECK (kind IN ('charge', 'credit')),
    CONSTRAINT invoice_line_sign CHECK ((kind = 'charge' AND amount >= 0) OR (kind = 'credit' AND amount <= 0)),
    CONSTRAINT invoice_line_credit_names_line
        CHECK ((kind = 'credit') = (credits_invoice_id IS NOT NULL AND credits_position IS NOT NULL)),
    CONSTRAINT invoice_line_span CHECK (ends_at > starts_at)
);

CREATE INDEX invoice_line_slice_idx ON invoice_line (shard_key, customer_id, subscription_id, starts_at);
