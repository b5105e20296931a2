-- pre
-- How a customer wants to be billed, as it says itself: whom letters about invoices go to, and who else gets which of
-- them without signing in.

-- The role of those who were there before, checked while everybody works.
ALTER TABLE customer_user VALIDATE CONSTRAINT customer_user_role_known;

-- Where invoices and receipts are sent, where that is another address than the billing person's.
ALTER TABLE billing_person ADD COLUMN invoice_email text;

CREATE TABLE billing_contact (
    shard_key int NOT NULL,
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    customer_id uuid NOT NULL,
    name text NOT NULL,
    email text NOT NULL,
    topics text[] NOT NULL,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT billing_contact_pkey PRIMARY KEY (shard_key, id),
    CONSTRAINT billing_contact_once UNIQUE (shard_key, customer_id, email),
    CONSTRAINT billing_contact_customer_fkey FOREIGN KEY (shard_key, tenant_id, customer_id)
        REFERENCES customer (shard_key, tenant_id, id),
    CONSTRAINT billing_contact_topics_known CHECK (
        topics <@ ARRAY['invoices', 'dunning'] AND cardinality(topics) BETWEEN 1 AND 2)
);

GRANT UPDATE (invoice_email) ON billing_person TO quittance_app;
GRANT SELECT, INSERT, DELETE ON billing_contact TO quittance_app;
GRANT UPDATE (name, email, topics) ON billing_contact TO quittance_app;
