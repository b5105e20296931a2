-- pre
-- Histories keep to their machine, and keys of operations that move money stay as they are.
-- Each key that is dropped is replaced by one that holds more.
-- squawk-ignore-file ban-drop-constraint

-- One history is one machine's: no entity goes on, or stands, by a move of another kind of entity. The keys of before
-- held all but the machine for the rows that are there; the new ones are checked against those by the next file.
ALTER TABLE transition ADD CONSTRAINT transition_chain_fkey
    FOREIGN KEY (shard_key, entity_id, previous_seq, from_state, machine)
    REFERENCES transition (shard_key, entity_id, seq, to_state, machine) NOT VALID;
ALTER TABLE transition DROP CONSTRAINT transition_previous_fkey;

ALTER TABLE subscription ADD COLUMN machine text NOT NULL DEFAULT 'subscription';
ALTER TABLE subscription ADD CONSTRAINT subscription_machine CHECK (machine = 'subscription') NOT VALID;
ALTER TABLE subscription ADD CONSTRAINT subscription_history_fkey FOREIGN KEY (shard_key, id, seq, state, machine)
    REFERENCES transition (shard_key, entity_id, seq, to_state, machine) DEFERRABLE INITIALLY DEFERRED NOT VALID;
ALTER TABLE subscription DROP CONSTRAINT subscription_state_fkey;

ALTER TABLE invoice ADD COLUMN machine text NOT NULL DEFAULT 'invoice';
ALTER TABLE invoice ADD CONSTRAINT invoice_machine CHECK (machine = 'invoice') NOT VALID;
ALTER TABLE invoice ADD CONSTRAINT invoice_history_fkey FOREIGN KEY (shard_key, id, seq, state, machine)
    REFERENCES transition (shard_key, entity_id, seq, to_state, machine) DEFERRABLE INITIALLY DEFERRED NOT VALID;
ALTER TABLE invoice DROP CONSTRAINT invoice_state_fkey;

ALTER TABLE payment ADD COLUMN machine text NOT NULL DEFAULT 'payment';
ALTER TABLE payment ADD CONSTRAINT payment_machine CHECK (machine = 'payment') NOT VALID;
ALTER TABLE payment ADD CONSTRAINT payment_history_fkey FOREIGN KEY (shard_key, id, seq, state, machine)
    REFERENCES transition (shard_key, entity_id, seq, to_state, machine) DEFERRABLE INITIALLY DEFERRED NOT VALID;
ALTER TABLE payment DROP CONSTRAINT payment_state_fkey;

ALTER TABLE refund ADD COLUMN machine text NOT NULL DEFAULT 'refund';
ALTER TABLE refund ADD CONSTRAINT refund_machine CHECK (machine = 'refund') NOT VALID;
ALTER TABLE refund ADD CONSTRAINT refund_history_fkey FOREIGN KEY (shard_key, id, seq, state, machine)
    REFERENCES transition (shard_key, entity_id, seq, to_state, machine) DEFERRABLE INITIALLY DEFERRED NOT VALID;
ALTER TABLE refund DROP CONSTRAINT refund_state_fkey;

ALTER TABLE dunning_case ADD COLUMN machine text NOT NULL DEFAULT 'dunning';
ALTER TABLE dunning_case ADD CONSTRAINT dunning_case_machine CHECK (machine = 'dunning') NOT VALID;
ALTER TABLE dunning_case ADD CONSTRAINT dunning_case_history_fkey FOREIGN KEY (shard_key, id, seq, state, machine)
    REFERENCES transition (shard_key, entity_id, seq, to_state, machine) DEFERRABLE INITIALLY DEFERRED NOT VALID;
ALTER TABLE dunning_case DROP CONSTRAINT dunning_case_state_fkey;

ALTER TABLE credit_note ADD COLUMN machine text NOT NULL DEFAULT 'credit_note';
ALTER TABLE credit_note ADD CONSTRAINT credit_note_machine CHECK (machine = 'credit_note') NOT VALID;
ALTER TABLE credit_note ADD CONSTRAINT credit_note_history_fkey FOREIGN KEY (shard_key, id, seq, state, machine)
    REFERENCES transition (shard_key, entity_id, seq, to_state, machine) DEFERRABLE INITIALLY DEFERRED NOT VALID;
ALTER TABLE credit_note DROP CONSTRAINT credit_note_state_fkey;

ALTER TABLE contract ADD COLUMN machine text NOT NULL DEFAULT 'contract';
ALTER TABLE contract ADD CONSTRAINT contract_machine CHECK (machine = 'contract') NOT VALID;
ALTER TABLE contract ADD CONSTRAINT contract_history_fkey FOREIGN KEY (shard_key, id, seq, state, machine)
    REFERENCES transition (shard_key, entity_id, seq, to_state, machine) DEFERRABLE INITIALLY DEFERRED NOT VALID;
ALTER TABLE contract DROP CONSTRAINT contract_state_fkey;

ALTER TABLE transition DROP CONSTRAINT transition_state_key;

-- An outcome is written once, and a key that is kept for ever is never deleted; the grants alone say neither.
ALTER TABLE operation_key ENABLE ROW LEVEL SECURITY;
CREATE POLICY operation_key_seen ON operation_key FOR SELECT USING (true);
CREATE POLICY operation_key_stored ON operation_key FOR INSERT WITH CHECK (true);
CREATE POLICY operation_key_outcome_once ON operation_key FOR UPDATE
    USING (outcome IS NULL) WITH CHECK (outcome IS NOT NULL);
CREATE POLICY operation_key_expires ON operation_key FOR DELETE USING (keep_until IS NOT NULL);

-- Who first posts in a month and who closes a later one lock this row of their legal entity on their shard key.
CREATE TABLE books (
    shard_key int NOT NULL,
    legal_entity_id uuid NOT NULL,
    CONSTRAINT books_pkey PRIMARY KEY (shard_key, legal_entity_id),
    CONSTRAINT books_entity_fkey FOREIGN KEY (legal_entity_id) REFERENCES legal_entity (id)
);

GRANT SELECT, INSERT, UPDATE (legal_entity_id) ON books TO quittance_app;
