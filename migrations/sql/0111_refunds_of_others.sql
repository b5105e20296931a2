-- pre
-- Which invoice a refund gives back of, where that is not the one that its payment paid; NULL where it is.

ALTER TABLE refund ADD COLUMN of_invoice_id uuid;
ALTER TABLE refund ADD CONSTRAINT refund_of_invoice_fkey FOREIGN KEY (shard_key, customer_id, of_invoice_id)
    REFERENCES invoice (shard_key, customer_id, id) NOT VALID;
