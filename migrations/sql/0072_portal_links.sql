-- pre
-- Links of e-mails and of the support desk that do one thing without a sign-in: for whom, what about, until when. The
-- link's own text is made anew from the row where it is asked for; here stands its hash alone.

CREATE TABLE portal_link (
    shard_key int NOT NULL,
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    customer_id uuid NOT NULL,
    purpose text NOT NULL,
    invoice_id uuid,
    subscription_id uuid,
    token_hash text NOT NULL,
    expires_at timestamptz NOT NULL,
    -- When and by which operation it did what it was for.
    used_at timestamptz,
    used_by uuid,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT portal_link_pkey PRIMARY KEY (shard_key, id),
    CONSTRAINT portal_link_customer_fkey FOREIGN KEY (shard_key, tenant_id, customer_id)
        REFERENCES customer (shard_key, tenant_id, id),
    CONSTRAINT portal_link_invoice_fkey FOREIGN KEY (shard_key, customer_id, invoice_id)
        REFERENCES invoice (shard_key, customer_id, id),
    CONSTRAINT portal_link_subscription_fkey FOREIGN KEY (shard_key, customer_id, subscription_id)
        REFERENCES subscription (shard_key, customer_id, id),
    CONSTRAINT portal_link_subject CHECK (
        (purpose IN ('change_plan', 'cancel') AND subscription_id IS NOT NULL AND invoice_id IS NULL)
        OR (purpose = 'pay_invoice' AND invoice_id IS NOT NULL AND subscription_id IS NULL)
        OR (purpose = 'update_card' AND invoice_id IS NULL AND subscription_id IS NULL)),
    CONSTRAINT portal_link_used CHECK ((used_at IS NULL) = (used_by IS NULL)),
    CONSTRAINT portal_link_times CHECK (recorded_at < expires_at)
);

GRANT SELECT, INSERT ON portal_link TO quittance_app;
GRANT UPDATE (used_at, used_by) ON portal_link TO quittance_app;
