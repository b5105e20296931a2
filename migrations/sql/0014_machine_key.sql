-- pre
-- no-transaction
-- What the next file points its keys at: a row of history with its machine. Built while everybody works.

DROP INDEX CONCURRENTLY IF EXISTS transition_machine_key;
CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS transition_machine_key
    ON transition (shard_key, entity_id, seq, to_state, machine);
