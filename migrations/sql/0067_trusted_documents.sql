-- pre
-- Documents that a tenant's clients may send by id: of its portal, of its staff, or of one partner's program.
-- A document is never changed: another text is another id. It may be retired from a date on, which is announced.

CREATE TABLE trusted_document (
    tenant_id uuid NOT NULL,
    owner text COLLATE "C" NOT NULL,
    document_id text COLLATE "C" NOT NULL,
    name text NOT NULL,
    body text NOT NULL,
    text_hash text NOT NULL,
    recorded_at timestamptz NOT NULL,
    announced_at timestamptz,
    retires_at timestamptz,
    CONSTRAINT trusted_document_pkey PRIMARY KEY (tenant_id, owner, document_id),
    CONSTRAINT trusted_document_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES tenant (id),
    CONSTRAINT trusted_document_owner_known CHECK (owner IN ('portal', 'staff') OR owner LIKE 'partner:_%'),
    CONSTRAINT trusted_document_hash_hex CHECK (text_hash ~ '^[0-9a-f]{64}$'),
    CONSTRAINT trusted_document_announced CHECK ((announced_at IS NULL) = (retires_at IS NULL))
);

CREATE INDEX trusted_document_hash_idx ON trusted_document (tenant_id, owner, text_hash);

-- How many days before a partner's document is retired it has to be announced, where a tenant says so itself.
CREATE TABLE document_policy (
    tenant_id uuid NOT NULL,
    notice_days int NOT NULL,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT document_policy_pkey PRIMARY KEY (tenant_id),
    CONSTRAINT document_policy_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES tenant (id),
    CONSTRAINT document_policy_days CHECK (notice_days BETWEEN 1 AND 3650)
);

-- How often a text was sent, added up by each process once a minute, on the shard key of the tenant's house.
CREATE TABLE document_use (
    shard_key int NOT NULL,
    tenant_id uuid NOT NULL,
    owner text NOT NULL,
    text_hash text NOT NULL,
    uses bigint NOT NULL,
    last_used_at timestamptz NOT NULL,
    CONSTRAINT document_use_pkey PRIMARY KEY (shard_key, tenant_id, owner, text_hash),
    CONSTRAINT document_use_counted CHECK (uses > 0)
);

GRANT SELECT, INSERT ON trusted_document TO quittance_app;
GRANT UPDATE (announced_at, retires_at) ON trusted_document TO quittance_app;
GRANT SELECT, INSERT ON document_policy TO quittance_app;
GRANT UPDATE (notice_days, recorded_at) ON document_policy TO quittance_app;
GRANT SELECT, INSERT ON document_use TO quittance_app;
GRANT UPDATE (uses, last_used_at) ON document_use TO quittance_app;
