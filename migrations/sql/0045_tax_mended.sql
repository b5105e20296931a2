-- pre
-- no-transaction
-- What documents promise, what certificates free, and what is no longer sold. Each statement may run again after one
-- below it failed.

-- Documents in which prices with and without their tax stand together say all of it without, from their fourth version
-- on; those of before stay in theirs.
-- squawk-ignore prefer-robust-stmts
ALTER TABLE invoice ALTER COLUMN presentation SET DEFAULT 4;
-- squawk-ignore prefer-robust-stmts
ALTER TABLE receipt ALTER COLUMN presentation SET DEFAULT 4;
-- squawk-ignore prefer-robust-stmts
ALTER TABLE credit_note ALTER COLUMN presentation SET DEFAULT 4;

-- A certificate for a country frees from what its regions levy only where it says so. Those of before did: what they
-- freed customers from was not charged, and is not charged later.
ALTER TABLE tax_exemption ADD COLUMN IF NOT EXISTS all_regions boolean NOT NULL DEFAULT false;
UPDATE tax_exemption SET all_regions = true WHERE region = '';
-- squawk-ignore ban-drop-constraint
ALTER TABLE tax_exemption DROP CONSTRAINT IF EXISTS tax_exemption_all_regions;
ALTER TABLE tax_exemption ADD CONSTRAINT tax_exemption_all_regions CHECK (NOT all_regions OR region = '') NOT VALID;
ALTER TABLE tax_exemption VALIDATE CONSTRAINT tax_exemption_all_regions;

-- For how many years a legal entity's documents were to be kept, from when on: a document is kept as long as any of
-- these said since its issue.
CREATE TABLE IF NOT EXISTS retention_promise (
    legal_entity_id uuid NOT NULL, seq int NOT NULL, years int NOT NULL, recorded_at timestamptz NOT NULL,
    CONSTRAINT retention_promise_pkey PRIMARY KEY (legal_entity_id, seq),
    CONSTRAINT retention_promise_entity_fkey FOREIGN KEY (legal_entity_id) REFERENCES legal_entity (id),
    CONSTRAINT retention_promise_range CHECK (years BETWEEN 1 AND 50),
    CONSTRAINT retention_promise_counts CHECK (seq >= 1)
);
INSERT INTO retention_promise (legal_entity_id, seq, years, recorded_at)
SELECT id, 1, retention_years, recorded_at FROM legal_entity ON CONFLICT DO NOTHING;
GRANT SELECT, INSERT ON retention_promise TO quittance_app;

-- From when on a plan, or one price of it, is not sold any more; who has bought it keeps it.
ALTER TABLE plan ADD COLUMN IF NOT EXISTS retired_at timestamptz;
ALTER TABLE price ADD COLUMN IF NOT EXISTS retired_at timestamptz;
GRANT UPDATE (retired_at) ON plan, price TO quittance_app;

-- What is declared of tax is found by when it was issued, credit notes as invoices.
DROP INDEX CONCURRENTLY IF EXISTS credit_note_issued_idx;
CREATE INDEX CONCURRENTLY IF NOT EXISTS credit_note_issued_idx ON credit_note (tenant_id, issued_at, shard_key, id);
