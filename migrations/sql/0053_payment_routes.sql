-- pre
-- no-transaction
-- Which provider account new payment methods of a tenant go to, by currency ('' for all others); without a row it is
-- the one of the deployment. Refunds are looked up by the provider's own id of them, as payments are. Each statement
-- can be run again.

CREATE TABLE IF NOT EXISTS payment_route (
    tenant_id uuid NOT NULL,
    currency text NOT NULL,
    provider_account text NOT NULL,
    CONSTRAINT payment_route_pkey PRIMARY KEY (tenant_id, currency),
    CONSTRAINT payment_route_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES tenant (id),
    CONSTRAINT payment_route_currency_form CHECK (currency = '' OR currency ~ '^[A-Z]{3}$'),
    CONSTRAINT payment_route_account_form CHECK (provider_account ~ '^[a-z0-9_-]{1,40}/[a-z0-9_-]{1,40}$')
);

GRANT SELECT, INSERT, DELETE ON payment_route TO quittance_app;
GRANT UPDATE (provider_account) ON payment_route TO quittance_app;

DROP INDEX CONCURRENTLY IF EXISTS refund_provider_ref_idx;
CREATE INDEX CONCURRENTLY IF NOT EXISTS refund_provider_ref_idx ON refund (provider_ref, tenant_id)
    WHERE provider_ref IS NOT NULL;
