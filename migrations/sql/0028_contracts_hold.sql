-- pre
-- no-transaction
-- What 0027 added, checked against the rows that were there; a second run finds it checked. And what it is read by,
-- built while everybody works.

-- squawk-ignore prefer-robust-stmts
ALTER TABLE contract VALIDATE CONSTRAINT contract_true_up_over;
-- squawk-ignore prefer-robust-stmts
ALTER TABLE contract VALIDATE CONSTRAINT contract_canceled_state;
-- squawk-ignore prefer-robust-stmts
ALTER TABLE contract VALIDATE CONSTRAINT contract_renews_fkey;
-- squawk-ignore prefer-robust-stmts
ALTER TABLE dunning_case VALIDATE CONSTRAINT dunning_case_ended_known;
-- squawk-ignore prefer-robust-stmts
ALTER TABLE subscription VALIDATE CONSTRAINT subscription_pause_cause_known;
-- squawk-ignore prefer-robust-stmts
ALTER TABLE entitlement_exception VALIDATE CONSTRAINT entitlement_exception_span;

-- A contract is renewed once; a renewal that was cancelled makes room for another.
DROP INDEX CONCURRENTLY IF EXISTS contract_renewed_once_key;
CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS contract_renewed_once_key
    ON contract (shard_key, renews_id) WHERE state <> 'canceled';
-- The few subscriptions that staff has to find a price for.
DROP INDEX CONCURRENTLY IF EXISTS subscription_pause_cause_idx;
CREATE INDEX CONCURRENTLY IF NOT EXISTS subscription_pause_cause_idx
    ON subscription (shard_key, tenant_id) WHERE pause_cause IS NOT NULL;
