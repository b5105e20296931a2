-- pre
-- What a provider gave back after all, although the same money had gone back otherwise: of such a refund only what was
-- left of the payment is reserved on it, and the rest is beyond that, a loss. Older rows have none.

ALTER TABLE refund ADD COLUMN beyond bigint NOT NULL DEFAULT 0;
ALTER TABLE refund ADD CONSTRAINT refund_beyond_within CHECK (0 <= beyond AND beyond <= amount) NOT VALID;

GRANT UPDATE (beyond) ON refund TO quittance_app;
