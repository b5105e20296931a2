-- pre
-- What the law wants of who issues documents: its entry in a public register, and for how many years they are kept.

ALTER TABLE legal_entity ADD COLUMN register_entry text NOT NULL DEFAULT '';
ALTER TABLE legal_entity ADD COLUMN retention_years int NOT NULL DEFAULT 10;
-- The table is small, and its rows keep the rule by the default, so that checking it at once holds up nobody.
-- squawk-ignore constraint-missing-not-valid
ALTER TABLE legal_entity ADD CONSTRAINT legal_entity_retention_range CHECK (retention_years BETWEEN 1 AND 50);
GRANT UPDATE (register_entry, retention_years) ON legal_entity TO quittance_app;

-- Documents name the entry from their third version on; those of before stay in theirs.
ALTER TABLE invoice ALTER COLUMN presentation SET DEFAULT 3;
ALTER TABLE receipt ALTER COLUMN presentation SET DEFAULT 3;
ALTER TABLE credit_note ALTER COLUMN presentation SET DEFAULT 3;

-- Without its key nobody can read a sealed snapshot, so the key is kept as long as the documents are. Whoever makes
-- the end of that time an operation gives this right back, for the keys whose documents nobody has to keep any more.
REVOKE DELETE ON sealing_key FROM quittance_app;
