-- pre
-- The constraints of the file before, checked against the rows that were there while everybody works.

ALTER TABLE invoice_draft_line VALIDATE CONSTRAINT invoice_draft_line_version_fkey;
ALTER TABLE invoice_line VALIDATE CONSTRAINT invoice_line_version_fkey;
ALTER TABLE invoice_line_discount VALIDATE CONSTRAINT invoice_line_discount_working;
ALTER TABLE invoice_line_tax VALIDATE CONSTRAINT invoice_line_tax_working;
