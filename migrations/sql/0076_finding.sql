-- pre
-- no-transaction
-- What the desk finds by a word of the customer's own: the number on a document and the address it went to. Each
-- statement may run again after one below it failed.

DROP INDEX CONCURRENTLY IF EXISTS invoice_number_text_idx;
CREATE INDEX CONCURRENTLY IF NOT EXISTS invoice_number_text_idx ON invoice (number_text, tenant_id);

-- The address stands nowhere else, so that whoever erases the row has erased it here too.
DROP INDEX CONCURRENTLY IF EXISTS billing_person_email_idx;
CREATE INDEX CONCURRENTLY IF NOT EXISTS billing_person_email_idx ON billing_person (lower(email));
