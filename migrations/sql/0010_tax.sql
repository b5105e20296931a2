-- pre
-- Tax: versions of rates, where legal entities are registered, and what customers show of themselves to a tax engine.

-- One component of the tax at a place, in parts per million. None is ever changed: the rate of an instant is the row
-- that began last before it, of these the one of the greatest version; so versions cannot overlap.
CREATE TABLE tax_rate (
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    country text NOT NULL,
    region text NOT NULL,
    category text NOT NULL,
    customer_kind text NOT NULL,
    component text NOT NULL,
    name text NOT NULL,
    rate_ppm int NOT NULL,
    exempt boolean NOT NULL,
    authority text NOT NULL,
    effective_from timestamptz NOT NULL,
    version int NOT NULL,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT tax_rate_pkey PRIMARY KEY (id),
    CONSTRAINT tax_rate_version_key UNIQUE (tenant_id, country, region, category, customer_kind, component,
        effective_from, version),
    CONSTRAINT tax_rate_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES tenant (id),
    CONSTRAINT tax_rate_country_form CHECK (country ~ '^[A-Z]{2}$'),
    CONSTRAINT tax_rate_region_form CHECK (region ~ '^([A-Z0-9]{1,3}(-[A-Z0-9]{1,20})?)?$'),
    CONSTRAINT tax_rate_category_form CHECK (category ~ '^[a-z0-9][a-z0-9_.-]{0,199}$'),
    CONSTRAINT tax_rate_kind_known CHECK (customer_kind IN ('any', 'consumer', 'business')),
    CONSTRAINT tax_rate_bounds CHECK (rate_ppm BETWEEN 0 AND 1000000),
    CONSTRAINT tax_rate_exempt_is_nothing CHECK (NOT exempt OR rate_ppm = 0),
    CONSTRAINT tax_rate_authority_above CHECK (authority = '' OR region = authority OR region LIKE authority || '-%'),
    CONSTRAINT tax_rate_version_positive CHECK (version >= 1)
);

-- Versions of where a legal entity is registered; the greatest holds. An end is a version too.
CREATE TABLE tax_registration (
    legal_entity_id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    country text NOT NULL,
    region text NOT NULL,
    scheme text NOT NULL,
    tax_number text NOT NULL,
    registered_from timestamptz NOT NULL,
    registered_until timestamptz,
    version int NOT NULL,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT tax_registration_pkey PRIMARY KEY (legal_entity_id, country, region, scheme, version),
    CONSTRAINT tax_registration_entity_fkey FOREIGN KEY (tenant_id, legal_entity_id)
        REFERENCES legal_entity (tenant_id, id),
    CONSTRAINT tax_registration_country_form CHECK (country ~ '^[A-Z]{2}$'),
    CONSTRAINT tax_registration_region_form CHECK (region ~ '^([A-Z0-9]{1,3}(-[A-Z0-9]{1,20})?)?$'),
    CONSTRAINT tax_registration_scheme_known CHECK (scheme IN ('domestic', 'oss', 'state', 'gst')),
    CONSTRAINT tax_registration_forward CHECK (registered_until > registered_from),
    CONSTRAINT tax_registration_version_positive CHECK (version >= 1)
);

-- Which region a legal entity sits in, and whether its tax is rounded by line or once an invoice.
ALTER TABLE legal_entity ADD COLUMN region text NOT NULL DEFAULT '';
-- The table is small, and its rows keep the rules by the defaults, so that checking them at once holds up nobody.
ALTER TABLE legal_entity ADD COLUMN tax_rounding text NOT NULL DEFAULT 'line';
-- squawk-ignore constraint-missing-not-valid
ALTER TABLE legal_entity ADD CONSTRAINT legal_entity_region_form
    CHECK (region ~ '^([A-Z0-9]{1,3}(-[A-Z0-9]{1,20})?)?$');
-- squawk-ignore constraint-missing-not-valid
ALTER TABLE legal_entity ADD CONSTRAINT legal_entity_tax_rounding_known CHECK (tax_rounding IN ('line', 'invoice'));

-- Where in its country a customer is. This table may be large: its rows have the default, which keeps the rule, so the
-- constraint is checked for what is written from now on, and nobody waits for a scan that could find nothing.
ALTER TABLE billing_person ADD COLUMN region text NOT NULL DEFAULT '';
ALTER TABLE billing_person ADD CONSTRAINT billing_person_region_form
    CHECK (region ~ '^([A-Z0-9]{1,3}(-[A-Z0-9]{1,20})?)?$') NOT VALID;

-- The tax ids of customers: personal data, and this is its one table. A withdrawn or erased id is a deleted row.
CREATE TABLE tax_identity (
    shard_key int NOT NULL,
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    customer_id uuid NOT NULL,
    kind text NOT NULL,
    country text NOT NULL,
    value text NOT NULL,
    status text NOT NULL,
    validated_at timestamptz,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT tax_identity_pkey PRIMARY KEY (shard_key, id),
    CONSTRAINT tax_identity_one_per_country UNIQUE (shard_key, customer_id, country),
    CONSTRAINT tax_identity_customer_fkey FOREIGN KEY (shard_key, tenant_id, customer_id)
        REFERENCES customer (shard_key, tenant_id, id),
    CONSTRAINT tax_identity_country_form CHECK (country ~ '^[A-Z]{2}$'),
    CONSTRAINT tax_identity_status_known CHECK (status IN ('valid', 'unverified', 'invalid')),
    CONSTRAINT tax_identity_validated CHECK (status <> 'valid' OR validated_at IS NOT NULL)
);

-- Certificates that free a customer from tax: in a country or region, for a category ('' is any), from and until when.
CREATE TABLE tax_exemption (
    shard_key int NOT NULL,
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    customer_id uuid NOT NULL,
    country text NOT NULL,
    region text NOT NULL,
    category text NOT NULL,
    certificate text NOT NULL,
    valid_from timestamptz NOT NULL,
    valid_until timestamptz,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT tax_exemption_pkey PRIMARY KEY (shard_key, id),
    CONSTRAINT tax_exemption_customer_fkey FOREIGN KEY (shard_key, tenant_id, customer_id)
        REFERENCES customer (shard_key, tenant_id, id),
    CONSTRAINT tax_exemption_country_form CHECK (country ~ '^[A-Z]{2}$'),
    CONSTRAINT tax_exemption_region_form CHECK (region ~ '^([A-Z0-9]{1,3}(-[A-Z0-9]{1,20})?)?$'),
    CONSTRAINT tax_exemption_category_form CHECK (category ~ '^([a-z0-9][a-z0-9_.-]{0,199})?$'),
    CONSTRAINT tax_exemption_forward CHECK (valid_until > valid_from)
);

CREATE INDEX tax_exemption_owner_idx ON tax_exemption (shard_key, customer_id, valid_from);

GRANT SELECT, INSERT ON tax_rate, tax_registration, tax_identity, tax_exemption TO quittance_app;
GRANT UPDATE (region, tax_rounding) ON legal_entity TO quittance_app;
GRANT UPDATE (region) ON billing_person TO quittance_app;
GRANT UPDATE (status, validated_at) ON tax_identity TO quittance_app;
GRANT UPDATE (valid_until) ON tax_exemption TO quittance_app;
GRANT DELETE ON tax_identity, tax_exemption TO quittance_app;
