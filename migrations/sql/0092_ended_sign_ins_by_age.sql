-- pre
-- no-transaction
-- Sign-ins that are over are forgotten oldest first. The second statement may run again after it failed.

DROP INDEX CONCURRENTLY IF EXISTS ended_sign_in_age_idx;
CREATE INDEX CONCURRENTLY IF NOT EXISTS ended_sign_in_age_idx ON ended_sign_in (ended_at);
