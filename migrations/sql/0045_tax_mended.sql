-- pre
-- Documents in which prices with and without their tax stand together say all of it without, from their fourth version
-- on; those of before stay in theirs.

ALTER TABLE invoice ALTER COLUMN presentation SET DEFAULT 4;
ALTER TABLE receipt ALTER COLUMN presentation SET DEFAULT 4;
ALTER TABLE credit_note ALTER COLUMN presentation SET DEFAULT 4;
