-- pre
-- no-transaction
-- A customer's sagas as the desk reads them, and sessions by the provider's own. Each statement may run again after one
-- below it failed.

DROP INDEX CONCURRENTLY IF EXISTS saga_customer_idx;
CREATE INDEX CONCURRENTLY IF NOT EXISTS saga_customer_idx ON saga (shard_key, customer_id, state, recorded_at, id);

DROP INDEX CONCURRENTLY IF EXISTS web_session_sign_in_idx;
CREATE INDEX CONCURRENTLY IF NOT EXISTS web_session_sign_in_idx ON web_session (sign_in_key)
    WHERE sign_in_key IS NOT NULL AND ended_at IS NULL;
