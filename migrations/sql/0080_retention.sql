-- pre
-- What a customer who is about to cancel may be offered instead, by plan, and what came of it.

-- A plan without a row, or with one that names nothing, has no offer.
CREATE TABLE retention_offer (
    tenant_id uuid NOT NULL,
    plan_id uuid NOT NULL,
    coupon_id uuid,
    pause_days int,
    price_id uuid,
    -- A subscription takes it at most once in so many months.
    every_months int NOT NULL,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT retention_offer_pkey PRIMARY KEY (tenant_id, plan_id),
    CONSTRAINT retention_offer_plan_fkey FOREIGN KEY (tenant_id, plan_id) REFERENCES plan (tenant_id, id),
    CONSTRAINT retention_offer_coupon_fkey FOREIGN KEY (tenant_id, coupon_id) REFERENCES coupon (tenant_id, id),
    CONSTRAINT retention_offer_price_fkey FOREIGN KEY (price_id) REFERENCES price (id),
    CONSTRAINT retention_offer_bounds CHECK (pause_days BETWEEN 1 AND 366 AND every_months BETWEEN 1 AND 120)
);

-- What somebody who was about to cancel did: took an offer, or left it; named after the operation.
CREATE TABLE retention_answer (
    shard_key int NOT NULL,
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    customer_id uuid NOT NULL,
    subscription_id uuid NOT NULL,
    plan_id uuid NOT NULL,
    reason text,
    offered text[] NOT NULL,
    taken text,
    answered_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT retention_answer_pkey PRIMARY KEY (shard_key, id),
    CONSTRAINT retention_answer_customer_fkey FOREIGN KEY (shard_key, tenant_id, customer_id)
        REFERENCES customer (shard_key, tenant_id, id),
    CONSTRAINT retention_answer_subscription_fkey FOREIGN KEY (shard_key, customer_id, subscription_id)
        REFERENCES subscription (shard_key, customer_id, id),
    CONSTRAINT retention_answer_plan_fkey FOREIGN KEY (tenant_id, plan_id) REFERENCES plan (tenant_id, id),
    CONSTRAINT retention_answer_taken CHECK (taken IS NULL OR taken = ANY (offered))
);

CREATE INDEX retention_answer_of_idx ON retention_answer (shard_key, customer_id, subscription_id, answered_at);

GRANT SELECT, INSERT ON retention_offer, retention_answer TO quittance_app;
GRANT UPDATE (coupon_id, pause_days, price_id, every_months, recorded_at) ON retention_offer TO quittance_app;
