-- pre
-- no-transaction
-- Corrections of the tax on issued invoices. Each statement may run again after one below it failed.

-- Where a customer was for tax in a span of the past, and the country of the valid tax id it had then, as staff found
-- out later. The newest row that covers an instant holds.
CREATE TABLE IF NOT EXISTS tax_place (
    shard_key int NOT NULL, id uuid NOT NULL, customer_id uuid NOT NULL, country text NOT NULL, region text NOT NULL,
    tax_id_country text, valid_from timestamptz NOT NULL, valid_until timestamptz, recorded_at timestamptz NOT NULL,
    CONSTRAINT tax_place_pkey PRIMARY KEY (shard_key, id),
    CONSTRAINT tax_place_head_fkey FOREIGN KEY (shard_key, customer_id)
        REFERENCES customer_head (shard_key, customer_id),
    CONSTRAINT tax_place_country_form CHECK (country ~ '^[A-Z]{2}$'),
    CONSTRAINT tax_place_region_form CHECK (region ~ '^([A-Z0-9]{1,3}(-[A-Z0-9]{1,20})?)?$'),
    CONSTRAINT tax_place_id_form CHECK (tax_id_country ~ '^[A-Z]{2}$'),
    CONSTRAINT tax_place_forward CHECK (valid_until > valid_from)
);

DROP INDEX CONCURRENTLY IF EXISTS tax_place_owner_idx;
CREATE INDEX CONCURRENTLY IF NOT EXISTS tax_place_owner_idx ON tax_place (shard_key, customer_id, id);
DROP INDEX CONCURRENTLY IF EXISTS tax_place_country_idx;
CREATE INDEX CONCURRENTLY IF NOT EXISTS tax_place_country_idx ON tax_place (country, shard_key, customer_id);

-- One correction of an invoice's tax: the document that makes the difference, and the decision that it replaces, whose
-- subject is the invoice itself or the document of the correction before. The new decision's subject is the document.
CREATE TABLE IF NOT EXISTS tax_correction (
    shard_key int NOT NULL, document_id uuid NOT NULL, customer_id uuid NOT NULL, invoice_id uuid NOT NULL,
    ordinal int NOT NULL, replaces uuid NOT NULL, credit_note_id uuid, adjustment_id uuid, currency text NOT NULL,
    tax_before bigint NOT NULL, tax_after bigint NOT NULL, gross bigint NOT NULL, reason text NOT NULL,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT tax_correction_pkey PRIMARY KEY (shard_key, document_id),
    CONSTRAINT tax_correction_ordinal_key UNIQUE (shard_key, invoice_id, ordinal),
    CONSTRAINT tax_correction_replaces_once UNIQUE (shard_key, replaces),
    CONSTRAINT tax_correction_invoice_fkey FOREIGN KEY (shard_key, customer_id, invoice_id, currency)
        REFERENCES invoice (shard_key, customer_id, id, currency),
    CONSTRAINT tax_correction_note_fkey FOREIGN KEY (shard_key, customer_id, credit_note_id)
        REFERENCES credit_note (shard_key, customer_id, id) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT tax_correction_adjustment_fkey FOREIGN KEY (shard_key, customer_id, adjustment_id)
        REFERENCES invoice (shard_key, customer_id, id) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT tax_correction_document CHECK (num_nonnulls(credit_note_id, adjustment_id) = 1
        AND document_id = coalesce(credit_note_id, adjustment_id)),
    CONSTRAINT tax_correction_way CHECK ((gross < 0) = (credit_note_id IS NOT NULL)),
    CONSTRAINT tax_correction_counts CHECK (ordinal >= 1)
);

-- Many corrections at once, of whose invoices a page after the other is listed; on the tenant's house customer.
CREATE TABLE IF NOT EXISTS tax_correction_run (
    shard_key int NOT NULL, id uuid NOT NULL, customer_id uuid NOT NULL, tenant_id uuid NOT NULL, rate_id uuid,
    country text NOT NULL, since timestamptz NOT NULL, until timestamptz, refund boolean NOT NULL,
    collect boolean NOT NULL, reason text NOT NULL, listed int NOT NULL, after_issued timestamptz, after_shard int,
    after_invoice uuid, listed_all boolean NOT NULL, recorded_at timestamptz NOT NULL,
    CONSTRAINT tax_correction_run_pkey PRIMARY KEY (shard_key, id),
    CONSTRAINT tax_correction_run_head_fkey FOREIGN KEY (shard_key, customer_id)
        REFERENCES customer_head (shard_key, customer_id),
    CONSTRAINT tax_correction_run_rate_fkey FOREIGN KEY (rate_id) REFERENCES tax_rate (id),
    CONSTRAINT tax_correction_run_forward CHECK (until > since),
    CONSTRAINT tax_correction_run_place CHECK (num_nulls(after_issued, after_shard, after_invoice) IN (0, 3))
);

-- One invoice of a run; the result is not there before somebody has looked at it.
CREATE TABLE IF NOT EXISTS tax_correction_item (
    shard_key int NOT NULL, id uuid NOT NULL, customer_id uuid NOT NULL, run_id uuid NOT NULL, invoice_id uuid NOT NULL,
    refund boolean NOT NULL, collect boolean NOT NULL, reason text NOT NULL, result text, document_id uuid,
    refusal text, recorded_at timestamptz NOT NULL,
    CONSTRAINT tax_correction_item_pkey PRIMARY KEY (shard_key, id),
    CONSTRAINT tax_correction_item_once UNIQUE (shard_key, run_id, invoice_id),
    CONSTRAINT tax_correction_item_invoice_fkey FOREIGN KEY (shard_key, customer_id, invoice_id)
        REFERENCES invoice (shard_key, customer_id, id),
    CONSTRAINT tax_correction_item_result CHECK (result IN ('nothing', 'credited', 'charged', 'refused')),
    CONSTRAINT tax_correction_item_refusal CHECK ((refusal IS NOT NULL) = (result IS NOT DISTINCT FROM 'refused'))
);

-- The progress of a run is counted over all shard keys.
DROP INDEX CONCURRENTLY IF EXISTS tax_correction_item_run_idx;
CREATE INDEX CONCURRENTLY IF NOT EXISTS tax_correction_item_run_idx ON tax_correction_item (run_id, result);

-- What may have to be corrected is found by when it was issued.
DROP INDEX CONCURRENTLY IF EXISTS invoice_issued_idx;
CREATE INDEX CONCURRENTLY IF NOT EXISTS invoice_issued_idx ON invoice (tenant_id, issued_at, shard_key, id);

-- A tax that stands on a line since it was corrected, beside those that the line was issued with.
ALTER TABLE invoice_line_tax ADD COLUMN IF NOT EXISTS correction_id uuid;
-- squawk-ignore ban-drop-constraint
ALTER TABLE invoice_line_tax DROP CONSTRAINT IF EXISTS invoice_line_tax_correction_fkey;
ALTER TABLE invoice_line_tax ADD CONSTRAINT invoice_line_tax_correction_fkey
    FOREIGN KEY (shard_key, correction_id) REFERENCES tax_correction (shard_key, document_id) NOT VALID;
ALTER TABLE invoice_line_tax VALIDATE CONSTRAINT invoice_line_tax_correction_fkey;

-- A line of a credit note is about some money, but for one that only says another tax than before.
-- squawk-ignore ban-drop-constraint
ALTER TABLE credit_note_line DROP CONSTRAINT IF EXISTS credit_note_line_something;
-- squawk-ignore ban-drop-constraint
ALTER TABLE credit_note_line DROP CONSTRAINT IF EXISTS credit_note_line_some_amount;
ALTER TABLE credit_note_line ADD CONSTRAINT credit_note_line_some_amount CHECK (net + tax <> 0 OR amount = 0) NOT VALID;
ALTER TABLE credit_note_line VALIDATE CONSTRAINT credit_note_line_some_amount;

-- Every row has kept the rule since it was added: those of before have the default, which keeps it. Checking them lets
-- everybody read and write meanwhile.
-- squawk-ignore prefer-robust-stmts
ALTER TABLE billing_person VALIDATE CONSTRAINT billing_person_region_form;

GRANT SELECT, INSERT ON tax_place, tax_correction, tax_correction_run, tax_correction_item TO quittance_app;
GRANT UPDATE (listed, after_issued, after_shard, after_invoice, listed_all) ON tax_correction_run TO quittance_app;
GRANT UPDATE (result, document_id, refusal) ON tax_correction_item TO quittance_app;
