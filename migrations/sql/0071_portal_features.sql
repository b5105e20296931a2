-- pre
-- Which functions of the portal a tenant has switched off for its customers; a tenant without a row has all of them on.

CREATE TABLE portal_policy (
    tenant_id uuid NOT NULL,
    switched_off text[] NOT NULL,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT portal_policy_pkey PRIMARY KEY (tenant_id),
    CONSTRAINT portal_policy_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES tenant (id)
);

GRANT SELECT, INSERT ON portal_policy TO quittance_app;
GRANT UPDATE (switched_off, recorded_at) ON portal_policy TO quittance_app;
