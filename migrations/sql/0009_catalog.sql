-- pre
-- Versions of plans, models of prices, features, coupons and what a customer may use beside what its plan says.

-- Which terms a plan has from an instant on. A version never changes; a new one is a new row.
CREATE TABLE plan_version (
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    plan_id uuid NOT NULL,
    version int NOT NULL,
    effective_from timestamptz NOT NULL,
    existing_from timestamptz,
    family text NOT NULL,
    tax_category text NOT NULL,
    proration text NOT NULL,
    trial_days int NOT NULL,
    trial_needs_method boolean NOT NULL,
    trial_end text,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT plan_version_pkey PRIMARY KEY (id),
    CONSTRAINT plan_version_tenant_key UNIQUE (tenant_id, id),
    CONSTRAINT plan_version_number_key UNIQUE (plan_id, version),
    CONSTRAINT plan_version_effective_key UNIQUE (plan_id, effective_from),
    CONSTRAINT plan_version_plan_fkey FOREIGN KEY (tenant_id, plan_id) REFERENCES plan (tenant_id, id),
    CONSTRAINT plan_version_positive CHECK (version >= 1),
    CONSTRAINT plan_version_existing_later CHECK (existing_from >= effective_from),
    CONSTRAINT plan_version_proration_known CHECK (proration IN ('second', 'day')),
    CONSTRAINT plan_version_trial_end_known CHECK (trial_end IN ('cancel', 'pause', 'invoice')),
    CONSTRAINT plan_version_trial_ends CHECK (trial_days >= 0 AND (trial_days > 0) = (trial_end IS NOT NULL)),
    CONSTRAINT plan_version_trial_method CHECK (trial_days > 0 OR NOT trial_needs_method)
);

-- What is sold already has been sold on these terms for as long as anybody can ask; the plan lends its id.
INSERT INTO plan_version (id, tenant_id, plan_id, version, effective_from, existing_from, family, tax_category,
    proration, trial_days, trial_needs_method, trial_end, recorded_at)
SELECT id, tenant_id, id, 1, '1970-01-01T00:00:00Z', NULL, code, 'standard', 'second', 0, false, NULL, recorded_at
  FROM plan;

-- What a plan may let its customers use: something that is on or off, or a number of something.
CREATE TABLE feature (
    tenant_id uuid NOT NULL,
    code text NOT NULL,
    name text NOT NULL,
    kind text NOT NULL,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT feature_pkey PRIMARY KEY (tenant_id, code),
    CONSTRAINT feature_kind_key UNIQUE (tenant_id, code, kind),
    CONSTRAINT feature_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES tenant (id),
    CONSTRAINT feature_kind_known CHECK (kind IN ('switch', 'limit'))
);

CREATE TABLE plan_entitlement (
    plan_version_id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    feature_code text NOT NULL,
    kind text NOT NULL,
    value bigint NOT NULL,
    CONSTRAINT plan_entitlement_pkey PRIMARY KEY (plan_version_id, feature_code),
    CONSTRAINT plan_entitlement_version_fkey FOREIGN KEY (tenant_id, plan_version_id)
        REFERENCES plan_version (tenant_id, id),
    CONSTRAINT plan_entitlement_feature_fkey FOREIGN KEY (tenant_id, feature_code, kind)
        REFERENCES feature (tenant_id, code, kind),
    CONSTRAINT plan_entitlement_value CHECK (value >= 0 AND (kind = 'limit' OR value = 1))
);

-- Every price so far was one of a unit, before tax, on offer for all, and never taken away from who had bought at it.
-- The table is small and its rows keep the rules already, so that checking them at once holds up nobody.
ALTER TABLE price ADD COLUMN model text NOT NULL DEFAULT 'per_seat';
ALTER TABLE price ADD COLUMN tax_inclusive boolean NOT NULL DEFAULT false;
ALTER TABLE price ADD COLUMN private boolean NOT NULL DEFAULT false;
ALTER TABLE price ADD COLUMN existing_from timestamptz;
-- squawk-ignore constraint-missing-not-valid
ALTER TABLE price ADD CONSTRAINT price_model_known CHECK (model IN ('flat', 'per_seat'));
-- squawk-ignore constraint-missing-not-valid
ALTER TABLE price ADD CONSTRAINT price_existing_later CHECK (existing_from >= effective_from);
-- squawk-ignore constraint-missing-not-valid
ALTER TABLE price ADD CONSTRAINT price_private_stays CHECK (NOT private OR existing_from IS NULL);

-- Of versions that began at one instant only the last was ever on offer: the others end a moment before it.
UPDATE price SET effective_from = price.effective_from - later.count * interval '1 microsecond'
  FROM (SELECT p.id, count(*) AS count
          FROM price p
          JOIN price n ON n.plan_id = p.plan_id AND n.currency = p.currency AND n.cadence_unit = p.cadence_unit
                      AND n.cadence_count = p.cadence_count AND n.effective_from = p.effective_from
                      AND n.version > p.version
         GROUP BY p.id) later
 WHERE price.id = later.id;

-- squawk-ignore require-concurrent-index-creation
CREATE UNIQUE INDEX price_effective_key ON price (plan_id, currency, cadence_unit, cadence_count, effective_from)
    WHERE NOT private;

-- A reduction that customers redeem by its code, so many parts in a million or an amount a period.
CREATE TABLE coupon (
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    code text NOT NULL,
    name text NOT NULL,
    percent_ppm int,
    currency text,
    amount bigint,
    duration text NOT NULL,
    periods int,
    plan_ids uuid[] NOT NULL,
    scope text NOT NULL,
    redeem_until timestamptz,
    max_redemptions int,
    active boolean NOT NULL,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT coupon_pkey PRIMARY KEY (id),
    CONSTRAINT coupon_tenant_key UNIQUE (tenant_id, id),
    CONSTRAINT coupon_code_key UNIQUE (tenant_id, code),
    CONSTRAINT coupon_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES tenant (id),
    CONSTRAINT coupon_code_form CHECK (code ~ '^[A-Z0-9][A-Z0-9_-]{1,39}$'),
    CONSTRAINT coupon_percent_bounds CHECK (percent_ppm BETWEEN 1 AND 1000000),
    CONSTRAINT coupon_amount_positive CHECK (amount > 0),
    CONSTRAINT coupon_currency_form CHECK (currency ~ '^[A-Z]{3}$'),
    CONSTRAINT coupon_one_kind CHECK (
        (percent_ppm IS NULL) = (amount IS NOT NULL) AND (amount IS NULL) = (currency IS NULL)
    ),
    CONSTRAINT coupon_duration_known CHECK (duration IN ('once', 'periods', 'forever')),
    CONSTRAINT coupon_periods_known CHECK ((duration = 'periods') = (periods IS NOT NULL)),
    CONSTRAINT coupon_periods_positive CHECK (periods > 0),
    CONSTRAINT coupon_scope_known CHECK (scope IN ('subscription', 'account')),
    CONSTRAINT coupon_limit_positive CHECK (max_redemptions > 0)
);

-- How often a coupon was redeemed: one row under the tenant's home key, and one for sandboxes; locked last.
CREATE TABLE coupon_counter (
    shard_key int NOT NULL,
    coupon_id uuid NOT NULL,
    sandbox boolean NOT NULL,
    tenant_id uuid NOT NULL,
    redeemed int NOT NULL,
    max_redemptions int,
    CONSTRAINT coupon_counter_pkey PRIMARY KEY (shard_key, coupon_id, sandbox),
    CONSTRAINT coupon_counter_coupon_fkey FOREIGN KEY (tenant_id, coupon_id) REFERENCES coupon (tenant_id, id),
    CONSTRAINT coupon_counter_limit CHECK (0 <= redeemed AND redeemed <= max_redemptions)
);

CREATE TABLE coupon_redemption (
    shard_key int NOT NULL,
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    customer_id uuid NOT NULL,
    coupon_id uuid NOT NULL,
    subscription_id uuid,
    periods_left int,
    redeemed_at timestamptz NOT NULL,
    ended_at timestamptz,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT coupon_redemption_pkey PRIMARY KEY (shard_key, id),
    CONSTRAINT coupon_redemption_owner_key UNIQUE (shard_key, customer_id, id),
    CONSTRAINT coupon_redemption_customer_fkey FOREIGN KEY (shard_key, tenant_id, customer_id)
        REFERENCES customer (shard_key, tenant_id, id),
    CONSTRAINT coupon_redemption_coupon_fkey FOREIGN KEY (tenant_id, coupon_id) REFERENCES coupon (tenant_id, id),
    CONSTRAINT coupon_redemption_subscription_fkey FOREIGN KEY (shard_key, customer_id, subscription_id)
        REFERENCES subscription (shard_key, customer_id, id),
    CONSTRAINT coupon_redemption_periods CHECK (periods_left >= 0),
    CONSTRAINT coupon_redemption_forward CHECK (ended_at >= redeemed_at)
);

-- One a customer: a coupon that is used up stays redeemed, only one that staff took back may be redeemed again.
CREATE UNIQUE INDEX coupon_redemption_one_key ON coupon_redemption (shard_key, customer_id, coupon_id)
    WHERE ended_at IS NULL;

-- What a customer may use, or not, from an instant on whatever its plans say.
CREATE TABLE entitlement_exception (
    shard_key int NOT NULL,
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    customer_id uuid NOT NULL,
    feature_code text NOT NULL,
    kind text NOT NULL,
    value bigint NOT NULL,
    starts_at timestamptz NOT NULL,
    ends_at timestamptz,
    reason text NOT NULL,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT entitlement_exception_pkey PRIMARY KEY (shard_key, id),
    CONSTRAINT entitlement_exception_customer_fkey FOREIGN KEY (shard_key, tenant_id, customer_id)
        REFERENCES customer (shard_key, tenant_id, id),
    CONSTRAINT entitlement_exception_feature_fkey FOREIGN KEY (tenant_id, feature_code, kind)
        REFERENCES feature (tenant_id, code, kind),
    CONSTRAINT entitlement_exception_value CHECK (value >= 0 AND (kind = 'limit' OR value <= 1)),
    CONSTRAINT entitlement_exception_forward CHECK (ends_at > starts_at)
);

CREATE INDEX entitlement_exception_owner_idx ON entitlement_exception (shard_key, customer_id, starts_at);

GRANT SELECT, INSERT ON plan_version, feature, plan_entitlement, coupon, coupon_counter, coupon_redemption,
    entitlement_exception TO quittance_app;
GRANT UPDATE (active) ON coupon TO quittance_app;
GRANT UPDATE (redeemed) ON coupon_counter TO quittance_app;
GRANT UPDATE (subscription_id, periods_left, ended_at) ON coupon_redemption TO quittance_app;
