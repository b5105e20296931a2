-- pre
-- Reference rows: small, seldom written, readable on every shard, owned by a tenant or by the house itself.

CREATE TABLE tenant (
    id uuid NOT NULL,
    slug text NOT NULL,
    name text NOT NULL,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT tenant_pkey PRIMARY KEY (id),
    CONSTRAINT tenant_slug_key UNIQUE (slug),
    CONSTRAINT tenant_slug_form CHECK (slug ~ '^[a-z][a-z0-9-]{1,30}$')
);

-- The allocation of shard keys: a small tenant has one, a big one many; a customer never changes its own.
CREATE TABLE tenant_shard_key (
    shard_key int NOT NULL,
    tenant_id uuid NOT NULL,
    accepts_new boolean NOT NULL,
    CONSTRAINT tenant_shard_key_pkey PRIMARY KEY (shard_key),
    CONSTRAINT tenant_shard_key_tenant_key UNIQUE (tenant_id, shard_key),
    CONSTRAINT tenant_shard_key_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES tenant (id),
    CONSTRAINT tenant_shard_key_positive CHECK (shard_key > 0)
);

CREATE TABLE legal_entity (
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    code text NOT NULL,
    name text NOT NULL,
    address text NOT NULL,
    country text NOT NULL,
    time_zone text NOT NULL,
    sandbox boolean NOT NULL,
    home_shard_key int NOT NULL,
    house_customer_id uuid NOT NULL,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT legal_entity_pkey PRIMARY KEY (id),
    CONSTRAINT legal_entity_tenant_key UNIQUE (tenant_id, id),
    CONSTRAINT legal_entity_code_key UNIQUE (tenant_id, code),
    CONSTRAINT legal_entity_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES tenant (id),
    CONSTRAINT legal_entity_home_fkey FOREIGN KEY (tenant_id, home_shard_key)
        REFERENCES tenant_shard_key (tenant_id, shard_key),
    CONSTRAINT legal_entity_code_form CHECK (code ~ '^[A-Z][A-Z0-9]{1,9}$'),
    CONSTRAINT legal_entity_country_form CHECK (country ~ '^[A-Z]{2}$')
);

-- Whose tokens are believed for which tenant and surface. The tenant of a request comes from here, never from input.
CREATE TABLE token_issuer (
    issuer text NOT NULL,
    audience text NOT NULL,
    tenant_id uuid NOT NULL,
    surface text NOT NULL,
    jwks_uri text NOT NULL,
    algorithms text[] NOT NULL,
    CONSTRAINT token_issuer_pkey PRIMARY KEY (issuer, audience),
    CONSTRAINT token_issuer_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES tenant (id),
    CONSTRAINT token_issuer_surface_known CHECK (surface IN ('portal', 'staff', 'partner'))
);

CREATE TABLE staff_member (
    tenant_id uuid NOT NULL,
    issuer text NOT NULL,
    subject text NOT NULL,
    role text NOT NULL,
    active boolean NOT NULL,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT staff_member_pkey PRIMARY KEY (tenant_id, issuer, subject),
    CONSTRAINT staff_member_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES tenant (id),
    CONSTRAINT staff_member_role_known CHECK (role IN ('support', 'lead', 'finance', 'admin'))
);

CREATE TABLE partner_client (
    tenant_id uuid NOT NULL,
    client_id text NOT NULL,
    name text NOT NULL,
    active boolean NOT NULL,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT partner_client_pkey PRIMARY KEY (tenant_id, client_id),
    CONSTRAINT partner_client_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES tenant (id)
);

-- The allowed moves of every state machine; a history row points at the move it made, so no other can be written.
CREATE TABLE move (
    machine text NOT NULL,
    from_state text NOT NULL,
    event text NOT NULL,
    to_state text NOT NULL,
    CONSTRAINT move_pkey PRIMARY KEY (machine, from_state, event, to_state),
    CONSTRAINT move_deterministic UNIQUE (machine, from_state, event)
);

-- The chart of accounts. A kept account is read strongly, so its balance row is written with each posting.
CREATE TABLE account_kind (
    kind text NOT NULL,
    normal_side text NOT NULL,
    kept boolean NOT NULL,
    CONSTRAINT account_kind_pkey PRIMARY KEY (kind),
    CONSTRAINT account_kind_side_known CHECK (normal_side IN ('debit', 'credit'))
);

INSERT INTO account_kind (kind, normal_side, kept) VALUES
    ('receivable', 'debit', true),
    ('customer_credit', 'credit', true),
    ('cash_clearing', 'debit', false),
    ('revenue', 'credit', false),
    ('refunds_payable', 'credit', false),
    ('write_offs', 'debit', false);

CREATE TABLE plan (
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    code text NOT NULL,
    name text NOT NULL,
    description text NOT NULL,
    rank int NOT NULL,
    active boolean NOT NULL,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT plan_pkey PRIMARY KEY (id),
    CONSTRAINT plan_tenant_key UNIQUE (tenant_id, id),
    CONSTRAINT plan_code_key UNIQUE (tenant_id, code),
    CONSTRAINT plan_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES tenant (id)
);

-- A price is a version and never changes; a new price is a new row with the next version.
CREATE TABLE price (
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    plan_id uuid NOT NULL,
    version int NOT NULL,
    currency text NOT NULL,
    unit_amount bigint NOT NULL,
    cadence_unit text NOT NULL,
    cadence_count int NOT NULL,
    effective_from timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT price_pkey PRIMARY KEY (id),
    CONSTRAINT price_version_key UNIQUE (plan_id, currency, cadence_unit, cadence_count, version),
    CONSTRAINT price_plan_fkey FOREIGN KEY (tenant_id, plan_id) REFERENCES plan (tenant_id, id),
    CONSTRAINT price_currency_form CHECK (currency ~ '^[A-Z]{3}$'),
    CONSTRAINT price_not_negative CHECK (unit_amount >= 0),
    CONSTRAINT price_cadence_known CHECK (cadence_unit IN ('day', 'week', 'month', 'year') AND cadence_count > 0)
);

-- One timeline of a dunning case, in days after the first failure.
CREATE TABLE dunning_policy (
    tenant_id uuid NOT NULL,
    retry_days int[] NOT NULL,
    suspend_day int NOT NULL,
    give_up_day int NOT NULL,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT dunning_policy_pkey PRIMARY KEY (tenant_id),
    CONSTRAINT dunning_policy_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES tenant (id),
    CONSTRAINT dunning_policy_order CHECK (
        0 < ALL (retry_days) AND suspend_day >= ALL (retry_days) AND give_up_day > suspend_day
    )
);
