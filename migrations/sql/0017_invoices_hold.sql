-- pre
-- What 0011 added to older tables, checked against the rows that were there while everybody works.

ALTER TABLE number_series VALIDATE CONSTRAINT number_series_known;
ALTER TABLE invoice VALIDATE CONSTRAINT invoice_collection_known;
ALTER TABLE invoice VALIDATE CONSTRAINT invoice_noted_positive;
ALTER TABLE invoice VALIDATE CONSTRAINT invoice_due_sum;
ALTER TABLE invoice VALIDATE CONSTRAINT invoice_posted;
ALTER TABLE invoice_line VALIDATE CONSTRAINT invoice_line_discount_of_charge;
ALTER TABLE invoice_line VALIDATE CONSTRAINT invoice_line_given_back_bounds;
ALTER TABLE refund VALIDATE CONSTRAINT refund_noted_bounds;
ALTER TABLE refund VALIDATE CONSTRAINT refund_credit_note_fkey;
