-- pre
-- no-transaction
-- The events of one provider object in their order, and those that wait for somebody.

DROP INDEX CONCURRENTLY IF EXISTS inbox_event_object_idx;
CREATE INDEX CONCURRENTLY inbox_event_object_idx ON inbox_event (provider_account, object_ref, object_sequence);

DROP INDEX CONCURRENTLY IF EXISTS inbox_event_dead_idx;
CREATE INDEX CONCURRENTLY inbox_event_dead_idx ON inbox_event (recorded_at) WHERE state = 'dead';
