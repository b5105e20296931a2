-- pre
-- Signing in through a browser: where a tenant's pages live, and the sessions that its people have there. A session
-- stands under the customer of its user, that of a member of staff under the house of its tenant; the browser holds a
-- random text whose hash stands here, and the tokens are sealed.

CREATE TABLE web_door (
    host text NOT NULL,
    surface text NOT NULL,
    origin text NOT NULL,
    tenant_id uuid NOT NULL,
    issuer text NOT NULL,
    audience text NOT NULL,
    client_id text NOT NULL,
    origins text[] NOT NULL,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT web_door_pkey PRIMARY KEY (host, surface),
    CONSTRAINT web_door_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES tenant (id),
    CONSTRAINT web_door_issuer_fkey FOREIGN KEY (issuer, audience) REFERENCES token_issuer (issuer, audience),
    CONSTRAINT web_door_surface_known CHECK (surface IN ('portal', 'staff'))
);

CREATE TABLE web_session (
    shard_key int NOT NULL,
    id uuid NOT NULL,
    customer_id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    surface text NOT NULL,
    person text NOT NULL,
    opened_by uuid,
    secret_hash text NOT NULL,
    sealed bytea NOT NULL,
    fresh_until timestamptz NOT NULL,
    refreshing_until timestamptz,
    began_at timestamptz NOT NULL,
    idle_until timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    ended_at timestamptz,
    CONSTRAINT web_session_pkey PRIMARY KEY (shard_key, id),
    CONSTRAINT web_session_secret_key UNIQUE (shard_key, secret_hash),
    CONSTRAINT web_session_head_fkey FOREIGN KEY (shard_key, customer_id)
        REFERENCES customer_head (shard_key, customer_id),
    CONSTRAINT web_session_surface_known CHECK (surface IN ('portal', 'staff', 'acting')),
    CONSTRAINT web_session_acting_opened CHECK ((surface = 'acting') = (opened_by IS NOT NULL)),
    CONSTRAINT web_session_times CHECK (began_at < ends_at AND idle_until <= ends_at)
);

CREATE INDEX web_session_person_idx ON web_session (shard_key, customer_id, person);

-- Sign-ins that an identity provider ended: no token that names one is believed any more.
CREATE TABLE ended_sign_in (
    sign_in_key text NOT NULL,
    ended_at timestamptz NOT NULL,
    CONSTRAINT ended_sign_in_pkey PRIMARY KEY (sign_in_key)
);

-- From when on a token must have been issued to be believed, where somebody was signed out everywhere.
ALTER TABLE customer_user ADD COLUMN tokens_from timestamptz;
ALTER TABLE staff_member ADD COLUMN tokens_from timestamptz;

-- What happened at the doors of a tenant: ids, and the reason that staff gave for acting. Under the tenant's house.
CREATE TABLE security_event (
    shard_key int NOT NULL,
    id uuid NOT NULL,
    customer_id uuid NOT NULL,
    kind text NOT NULL,
    surface text NOT NULL,
    person text NOT NULL,
    about text NOT NULL,
    cause text NOT NULL,
    request_id text NOT NULL,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT security_event_pkey PRIMARY KEY (shard_key, id),
    CONSTRAINT security_event_head_fkey FOREIGN KEY (shard_key, customer_id)
        REFERENCES customer_head (shard_key, customer_id)
);

CREATE INDEX security_event_list_idx ON security_event (shard_key, customer_id, id);

GRANT SELECT, INSERT ON web_door TO quittance_app;
GRANT UPDATE (origin, tenant_id, issuer, audience, client_id, origins, recorded_at) ON web_door TO quittance_app;
GRANT SELECT, INSERT, DELETE ON web_session TO quittance_app;
GRANT UPDATE (sealed, fresh_until, refreshing_until, idle_until, ended_at) ON web_session TO quittance_app;
GRANT SELECT, INSERT ON ended_sign_in TO quittance_app;
GRANT UPDATE (tokens_from) ON customer_user, staff_member TO quittance_app;
GRANT SELECT, INSERT ON security_event TO quittance_app;
