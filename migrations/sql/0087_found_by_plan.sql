-- pre
-- no-transaction
-- The subscriptions of a plan, page by page, for runs over them. The second statement may run again after it failed.

DROP INDEX CONCURRENTLY IF EXISTS subscription_of_plan_idx;
CREATE INDEX CONCURRENTLY IF NOT EXISTS subscription_of_plan_idx ON subscription (tenant_id, plan_id, shard_key, id)
    WHERE state NOT IN ('canceled', 'incomplete_expired');
