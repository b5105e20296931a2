-- post
-- no-transaction
-- The indexes of the file before know all that this one knew.

DROP INDEX CONCURRENTLY IF EXISTS due_work_wall_idx;
