-- pre
-- Which version of their presentation issued documents are rendered in: those of before in the first, new ones in the
-- second. The next version is the next default.

ALTER TABLE invoice ADD COLUMN presentation int NOT NULL DEFAULT 1;
ALTER TABLE invoice ALTER COLUMN presentation SET DEFAULT 2;
ALTER TABLE receipt ADD COLUMN presentation int NOT NULL DEFAULT 1;
ALTER TABLE receipt ALTER COLUMN presentation SET DEFAULT 2;
-- The first version had no credit notes.
ALTER TABLE credit_note ADD COLUMN presentation int NOT NULL DEFAULT 2;
