-- pre
-- Families of customers, and from when on overdue debt blocks what a customer may use.

-- Whose child a customer is and was: a span after the other, under the child's own key.
CREATE TABLE customer_parent (
    shard_key int NOT NULL,
    customer_id uuid NOT NULL,
    seq int NOT NULL,
    parent_shard_key int NOT NULL,
    parent_id uuid NOT NULL,
    since_at timestamptz NOT NULL,
    until_at timestamptz,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT customer_parent_pkey PRIMARY KEY (shard_key, customer_id, seq),
    CONSTRAINT customer_parent_head_fkey FOREIGN KEY (shard_key, customer_id)
        REFERENCES customer_head (shard_key, customer_id),
    CONSTRAINT customer_parent_other CHECK (parent_id <> customer_id),
    CONSTRAINT customer_parent_span CHECK (until_at >= since_at),
    CONSTRAINT customer_parent_counts CHECK (seq >= 1)
);
CREATE UNIQUE INDEX customer_parent_one_key ON customer_parent (shard_key, customer_id) WHERE until_at IS NULL;

-- The same spans under the parent's key, by which its children are found.
CREATE TABLE customer_child (
    shard_key int NOT NULL,
    customer_id uuid NOT NULL,
    child_id uuid NOT NULL,
    child_shard_key int NOT NULL,
    seq int NOT NULL,
    since_at timestamptz NOT NULL,
    until_at timestamptz,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT customer_child_pkey PRIMARY KEY (shard_key, customer_id, child_id, seq),
    CONSTRAINT customer_child_head_fkey FOREIGN KEY (shard_key, customer_id)
        REFERENCES customer_head (shard_key, customer_id),
    CONSTRAINT customer_child_other CHECK (child_id <> customer_id),
    CONSTRAINT customer_child_span CHECK (until_at >= since_at)
);
CREATE UNIQUE INDEX customer_child_once_key ON customer_child (shard_key, customer_id, child_id) WHERE until_at IS NULL;

-- From when on debt blocks, by tenant: the version that was in force at an instant is the newest of before it.
-- days NULL: it never blocks. What may be owed besides stands for each currency; for others it is nothing.
CREATE TABLE debt_policy (
    tenant_id uuid NOT NULL,
    seq int NOT NULL,
    effective_at timestamptz NOT NULL,
    days int,
    scope text NOT NULL,
    currencies text[] NOT NULL,
    amounts bigint[] NOT NULL,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT debt_policy_pkey PRIMARY KEY (tenant_id, seq),
    CONSTRAINT debt_policy_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES tenant (id),
    CONSTRAINT debt_policy_days_bounds CHECK (days BETWEEN 0 AND 365),
    CONSTRAINT debt_policy_scope_known CHECK (scope IN ('own', 'parents', 'family')),
    CONSTRAINT debt_policy_pairs CHECK (cardinality(currencies) = cardinality(amounts)),
    CONSTRAINT debt_policy_counts CHECK (seq >= 1)
);

-- A customer's own rules in their place; follows: the tenant's hold again.
CREATE TABLE customer_debt_policy (
    shard_key int NOT NULL,
    customer_id uuid NOT NULL,
    seq int NOT NULL,
    effective_at timestamptz NOT NULL,
    follows boolean NOT NULL,
    days int,
    scope text NOT NULL,
    currencies text[] NOT NULL,
    amounts bigint[] NOT NULL,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT customer_debt_policy_pkey PRIMARY KEY (shard_key, customer_id, seq),
    CONSTRAINT customer_debt_policy_head_fkey FOREIGN KEY (shard_key, customer_id)
        REFERENCES customer_head (shard_key, customer_id),
    CONSTRAINT customer_debt_policy_days_bounds CHECK (days BETWEEN 0 AND 365),
    CONSTRAINT customer_debt_policy_scope_known CHECK (scope IN ('own', 'parents', 'family')),
    CONSTRAINT customer_debt_policy_pairs CHECK (cardinality(currencies) = cardinality(amounts)),
    CONSTRAINT customer_debt_policy_counts CHECK (seq >= 1)
);

GRANT SELECT ON customer_parent, customer_child, debt_policy, customer_debt_policy TO quittance_app;
GRANT INSERT ON customer_parent, customer_child, debt_policy, customer_debt_policy TO quittance_app;
GRANT UPDATE (until_at) ON customer_parent, customer_child TO quittance_app;
