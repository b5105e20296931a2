-- pre
-- no-transaction
-- Renewals and their invoices go in batches of one shard key: they are looked for apart from all other due work, so that
-- a million of them hides nothing else, and claimed shard key by shard key. A build that was cut off leaves an index
-- that is not valid, so each begins anew.

DROP INDEX CONCURRENTLY IF EXISTS due_work_batch_idx;
CREATE INDEX CONCURRENTLY IF NOT EXISTS due_work_batch_idx ON due_work (shard_key, kind, due_at)
    WHERE NOT clocked AND attempts = 0 AND kind IN ('renew', 'finalize_invoice');
DROP INDEX CONCURRENTLY IF EXISTS due_work_batches_idx;
CREATE INDEX CONCURRENTLY IF NOT EXISTS due_work_batches_idx ON due_work (due_at, shard_key, kind)
    WHERE NOT clocked AND attempts = 0 AND kind IN ('renew', 'finalize_invoice');
DROP INDEX CONCURRENTLY IF EXISTS due_work_single_idx;
CREATE INDEX CONCURRENTLY IF NOT EXISTS due_work_single_idx ON due_work (due_at, shard_key)
    WHERE NOT clocked AND (kind NOT IN ('renew', 'finalize_invoice') OR attempts > 0);
