-- pre
-- Customers and their users. Personal data stands in one erasable table per concept; everything else holds ids.

CREATE TABLE customer (
    shard_key int NOT NULL,
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    legal_entity_id uuid NOT NULL,
    reference text NOT NULL,
    currency text NOT NULL,
    time_zone text NOT NULL,
    locale text NOT NULL,
    default_method_id uuid,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT customer_pkey PRIMARY KEY (shard_key, id),
    CONSTRAINT customer_tenant_key UNIQUE (shard_key, tenant_id, id),
    CONSTRAINT customer_head_fkey FOREIGN KEY (shard_key, tenant_id, legal_entity_id, id)
        REFERENCES customer_head (shard_key, tenant_id, legal_entity_id, customer_id),
    CONSTRAINT customer_entity_fkey FOREIGN KEY (tenant_id, legal_entity_id) REFERENCES legal_entity (tenant_id, id),
    CONSTRAINT customer_currency_form CHECK (currency ~ '^[A-Z]{3}$')
);

-- The tenant's own reference of a customer (its account number there), unique in the tenant.
CREATE TABLE customer_directory (
    reference_key text NOT NULL,
    tenant_id uuid NOT NULL,
    shard_key int NOT NULL,
    customer_id uuid NOT NULL,
    CONSTRAINT customer_directory_pkey PRIMARY KEY (reference_key, tenant_id)
);

CREATE TABLE billing_person (
    shard_key int NOT NULL,
    customer_id uuid NOT NULL,
    name text NOT NULL,
    email text NOT NULL,
    address text NOT NULL,
    country text NOT NULL,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT billing_person_pkey PRIMARY KEY (shard_key, customer_id),
    CONSTRAINT billing_person_head_fkey FOREIGN KEY (shard_key, customer_id)
        REFERENCES customer_head (shard_key, customer_id),
    CONSTRAINT billing_person_country_form CHECK (country ~ '^[A-Z]{2}$')
);

-- The key that opens the sealed snapshots in this customer's issued documents, itself wrapped by the house key.
CREATE TABLE sealing_key (
    shard_key int NOT NULL,
    customer_id uuid NOT NULL,
    wrapped bytea NOT NULL,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT sealing_key_pkey PRIMARY KEY (shard_key, customer_id),
    CONSTRAINT sealing_key_head_fkey FOREIGN KEY (shard_key, customer_id)
        REFERENCES customer_head (shard_key, customer_id)
);

CREATE TABLE customer_user (
    shard_key int NOT NULL,
    id uuid NOT NULL,
    customer_id uuid NOT NULL,
    active boolean NOT NULL,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT customer_user_pkey PRIMARY KEY (shard_key, id),
    CONSTRAINT customer_user_owner_key UNIQUE (shard_key, customer_id, id),
    CONSTRAINT customer_user_head_fkey FOREIGN KEY (shard_key, customer_id)
        REFERENCES customer_head (shard_key, customer_id)
);

-- Which customer a verified (issuer, subject) belongs to; the key is a hash of both, so no identity stands here.
CREATE TABLE login_directory (
    login_key text NOT NULL,
    tenant_id uuid NOT NULL,
    shard_key int NOT NULL,
    customer_id uuid NOT NULL,
    user_id uuid NOT NULL,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT login_directory_pkey PRIMARY KEY (login_key, tenant_id)
);

-- A token at the provider, never card data.
CREATE TABLE payment_method (
    shard_key int NOT NULL,
    id uuid NOT NULL,
    customer_id uuid NOT NULL,
    provider_account text NOT NULL,
    provider_ref text NOT NULL,
    kind text NOT NULL,
    brand text NOT NULL,
    last4 text NOT NULL,
    removed_at timestamptz,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT payment_method_pkey PRIMARY KEY (shard_key, id),
    CONSTRAINT payment_method_owner_key UNIQUE (shard_key, customer_id, id),
    CONSTRAINT payment_method_provider_key UNIQUE (shard_key, customer_id, provider_account, provider_ref),
    CONSTRAINT payment_method_head_fkey FOREIGN KEY (shard_key, customer_id)
        REFERENCES customer_head (shard_key, customer_id),
    CONSTRAINT payment_method_last4_form CHECK (last4 ~ '^[0-9]{0,4}$')
);

ALTER TABLE customer ADD CONSTRAINT customer_default_method_fkey
    FOREIGN KEY (shard_key, id, default_method_id) REFERENCES payment_method (shard_key, customer_id, id);
