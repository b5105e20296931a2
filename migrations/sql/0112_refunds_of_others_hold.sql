-- pre
-- What 0111 added, checked against the rows that were there while everybody works.

ALTER TABLE refund VALIDATE CONSTRAINT refund_of_invoice_fkey;
