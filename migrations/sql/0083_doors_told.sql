-- pre
-- What identity providers tell of sign-ins that ended elsewhere, what programs and staff asked of the API, how long the
-- bodies of the audit trail are kept, and documents that were withdrawn at once.

-- The provider's own session that a browser's belongs to: a hash of tenant, issuer and its name there.
ALTER TABLE web_session ADD COLUMN sign_in_key text;
-- Forgotten when no token that names it can be good any more.
GRANT DELETE ON ended_sign_in TO quittance_app;

-- One request of a partner's program or of staff, under the tenant's house: who sent which document, and what came of it.
-- Neither texts nor variables stand here. Written in batches beside the requests, so a crash loses a few.
CREATE TABLE api_request (
    shard_key int NOT NULL,
    id uuid NOT NULL,
    customer_id uuid NOT NULL,
    surface text NOT NULL,
    caller text NOT NULL,
    document text NOT NULL,
    operation text NOT NULL,
    kind text NOT NULL,
    outcome text NOT NULL,
    cost int NOT NULL,
    milliseconds int NOT NULL,
    request_id text NOT NULL,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT api_request_pkey PRIMARY KEY (shard_key, id),
    CONSTRAINT api_request_head_fkey FOREIGN KEY (shard_key, customer_id)
        REFERENCES customer_head (shard_key, customer_id),
    CONSTRAINT api_request_surface_known CHECK (surface IN ('partner', 'staff')),
    CONSTRAINT api_request_counted CHECK (cost >= 0 AND milliseconds >= 0)
);
CREATE INDEX api_request_list_idx ON api_request (shard_key, customer_id, id);
CREATE INDEX api_request_caller_idx ON api_request (shard_key, customer_id, surface, caller, id);
GRANT SELECT, INSERT, DELETE ON api_request TO quittance_app;

-- The application reads and adds bodies of the audit trail. It forgets none before seven years are over, whatever it is
-- set to, and none of a customer on legal hold; the entry with its hash stays for ever.
GRANT DELETE ON audit_body TO quittance_app;
ALTER TABLE audit_body ENABLE ROW LEVEL SECURITY;
CREATE POLICY audit_body_read ON audit_body FOR SELECT TO quittance_app USING (true);
CREATE POLICY audit_body_made ON audit_body FOR INSERT TO quittance_app WITH CHECK (true);
CREATE POLICY audit_body_forgotten ON audit_body FOR DELETE TO quittance_app USING (
    recorded_at < now() - interval '7 years'
    AND NOT EXISTS (SELECT 1 FROM legal_hold h
                     WHERE h.shard_key = audit_body.shard_key AND h.customer_id = audit_body.customer_id
                       AND h.lifted_at IS NULL));

-- A document that must not run any more, from this instant on and without the notice that retiring one takes.
ALTER TABLE trusted_document ADD COLUMN withdrawn_at timestamptz;
GRANT UPDATE (withdrawn_at) ON trusted_document TO quittance_app;
