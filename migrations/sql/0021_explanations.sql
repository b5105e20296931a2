-- pre
-- What a line was worked out from, where that does not stand on it yet. Every column is empty on older rows.

-- The version of the plan whose terms it was billed on.
ALTER TABLE invoice_draft_line ADD COLUMN plan_version_id uuid;
ALTER TABLE invoice_line ADD COLUMN plan_version_id uuid;
ALTER TABLE invoice_draft_line ADD CONSTRAINT invoice_draft_line_version_fkey
    FOREIGN KEY (plan_version_id) REFERENCES plan_version (id) NOT VALID;
ALTER TABLE invoice_line ADD CONSTRAINT invoice_line_version_fkey
    FOREIGN KEY (plan_version_id) REFERENCES plan_version (id) NOT VALID;

-- Of a discount: the coupon's percentage or amount, the sum it was taken of, and this line's weight in that.
ALTER TABLE invoice_line_discount ADD COLUMN percent_ppm int;
ALTER TABLE invoice_line_discount ADD COLUMN fixed bigint;
ALTER TABLE invoice_line_discount ADD COLUMN base bigint;
ALTER TABLE invoice_line_discount ADD COLUMN weight bigint;
ALTER TABLE invoice_line_discount ADD CONSTRAINT invoice_line_discount_working
    CHECK ((base IS NULL) = (weight IS NULL)
       AND (base IS NULL OR ((percent_ppm IS NULL) <> (fixed IS NULL) AND 0 < weight AND weight <= base))) NOT VALID;

-- Of a tax that goes back with a credit: what was left of the charge, and of its tax, before it.
ALTER TABLE invoice_line_tax ADD COLUMN of_amount bigint;
ALTER TABLE invoice_line_tax ADD COLUMN of_tax bigint;
ALTER TABLE invoice_line_tax ADD CONSTRAINT invoice_line_tax_working
    CHECK ((of_amount IS NULL) = (of_tax IS NULL)) NOT VALID;
