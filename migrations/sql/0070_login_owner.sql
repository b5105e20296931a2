-- pre
-- no-transaction
-- The logins of one customer, which erasing takes away; the directory is far too large to be read for it.
DROP INDEX CONCURRENTLY IF EXISTS login_directory_owner_idx;
CREATE INDEX CONCURRENTLY IF NOT EXISTS login_directory_owner_idx
    ON login_directory (tenant_id, shard_key, customer_id);
