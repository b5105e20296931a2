-- pre
-- no-transaction
-- Whose a provider's object is, how far the look for lost disputes has come, and how long bodies of webhooks are kept.
-- Each statement may run again after one below it failed.

-- What a provider account calls by one name is one payment, refund, dispute or method of one customer, whatever the
-- shard key: the key is what keeps a second one from it, and the way from the provider's id to ours.
CREATE TABLE IF NOT EXISTS provider_reference (
    provider_ref text NOT NULL,
    provider_account text NOT NULL,
    kind text NOT NULL,
    tenant_id uuid NOT NULL,
    shard_key int NOT NULL,
    customer_id uuid NOT NULL,
    subject_id uuid NOT NULL,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT provider_reference_pkey PRIMARY KEY (provider_ref, provider_account, kind),
    CONSTRAINT provider_reference_kind_known CHECK (kind IN ('payment', 'refund', 'dispute', 'method'))
);
GRANT SELECT, INSERT ON provider_reference TO quittance_app;

-- Of those of before the first one keeps the name, should there be two; what older code adds meanwhile is found as
-- before, by looking at every shard key.
INSERT INTO provider_reference (provider_ref, provider_account, kind, tenant_id, shard_key, customer_id, subject_id,
        recorded_at)
    SELECT p.provider_ref, p.provider_account, 'payment', p.tenant_id, p.shard_key, p.customer_id, p.id, p.recorded_at
      FROM payment p WHERE p.provider_ref IS NOT NULL ORDER BY p.id
        ON CONFLICT DO NOTHING;
INSERT INTO provider_reference (provider_ref, provider_account, kind, tenant_id, shard_key, customer_id, subject_id,
        recorded_at)
    SELECT r.provider_ref, p.provider_account, 'refund', r.tenant_id, r.shard_key, r.customer_id, r.id, r.recorded_at
      FROM refund r JOIN payment p ON p.shard_key = r.shard_key AND p.id = r.payment_id
     WHERE r.provider_ref IS NOT NULL AND p.kind = 'provider' ORDER BY r.id
        ON CONFLICT DO NOTHING;
INSERT INTO provider_reference (provider_ref, provider_account, kind, tenant_id, shard_key, customer_id, subject_id,
        recorded_at)
    SELECT d.provider_ref, d.provider_account, 'dispute', d.tenant_id, d.shard_key, d.customer_id, d.id, d.recorded_at
      FROM dispute d ORDER BY d.id
        ON CONFLICT DO NOTHING;
INSERT INTO provider_reference (provider_ref, provider_account, kind, tenant_id, shard_key, customer_id, subject_id,
        recorded_at)
    SELECT m.provider_ref, m.provider_account, 'method', c.tenant_id, m.shard_key, m.customer_id, m.id, m.recorded_at
      FROM payment_method m JOIN customer c ON c.shard_key = m.shard_key AND c.id = m.customer_id ORDER BY m.id
        ON CONFLICT DO NOTHING;

-- Where the round of an account's list of disputes stands: it goes on there, and begins anew when it is through.
CREATE TABLE IF NOT EXISTS dispute_look (
    provider_account text NOT NULL,
    since timestamptz NOT NULL,
    after_ref text,
    begun_at timestamptz NOT NULL,
    ended_at timestamptz,
    CONSTRAINT dispute_look_pkey PRIMARY KEY (provider_account)
);
GRANT SELECT, INSERT ON dispute_look TO quittance_app;
GRANT UPDATE (since, after_ref, begun_at, ended_at) ON dispute_look TO quittance_app;

-- Raw bodies name people: they go after their time, and the hash stays with the event's id. Null for those of before.
ALTER TABLE inbox_event ADD COLUMN IF NOT EXISTS body_sha256 bytea;
GRANT DELETE ON webhook_body TO quittance_app;

-- The list of a tenant's deliveries, of one state or of one endpoint. A build that was cut off leaves an index that is
-- not valid, so each begins anew.
DROP INDEX CONCURRENTLY IF EXISTS webhook_delivery_state_idx;
CREATE INDEX CONCURRENTLY IF NOT EXISTS webhook_delivery_state_idx
    ON webhook_delivery (tenant_id, state, recorded_at, id);
DROP INDEX CONCURRENTLY IF EXISTS webhook_delivery_to_idx;
CREATE INDEX CONCURRENTLY IF NOT EXISTS webhook_delivery_to_idx
    ON webhook_delivery (tenant_id, endpoint_id, recorded_at, id);
