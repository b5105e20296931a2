-- pre
-- no-transaction
-- What a customer's feed of changes is read by: its history in the order of business time. Built while everybody works.

DROP INDEX CONCURRENTLY IF EXISTS transition_feed_idx;
CREATE INDEX CONCURRENTLY IF NOT EXISTS transition_feed_idx
    ON transition (shard_key, customer_id, happened_at);
DROP INDEX CONCURRENTLY IF EXISTS subscription_terms_feed_idx;
CREATE INDEX CONCURRENTLY IF NOT EXISTS subscription_terms_feed_idx
    ON subscription_terms (shard_key, customer_id, effective_at);
