-- pre
-- What money that came without a provider is paid back to: by a person, who says so with a reference. Where it goes is
-- personal, sealed under the customer's key, and erased with it or by itself; means, times and amounts stay.

CREATE TABLE refund_payout (
    shard_key int NOT NULL,
    refund_id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    customer_id uuid NOT NULL,
    means text NOT NULL,
    sealed bytea,
    settled_at timestamptz,
    settled_by text,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT refund_payout_pkey PRIMARY KEY (shard_key, refund_id),
    CONSTRAINT refund_payout_refund_fkey FOREIGN KEY (shard_key, refund_id) REFERENCES refund (shard_key, id),
    CONSTRAINT refund_payout_means_known CHECK (means IN ('transfer', 'cash', 'cheque')),
    CONSTRAINT refund_payout_account CHECK (sealed IS NULL OR means = 'transfer'),
    CONSTRAINT refund_payout_settled CHECK ((settled_at IS NULL) = (settled_by IS NULL))
);
CREATE INDEX refund_payout_queue_idx ON refund_payout (tenant_id, recorded_at, refund_id) WHERE settled_at IS NULL;

GRANT SELECT, INSERT ON refund_payout TO quittance_app;
-- Sealed is set to nothing where it is erased.
GRANT UPDATE (sealed, settled_at, settled_by) ON refund_payout TO quittance_app;
