-- pre
-- Who may do what in a customer's account: the role of each of its users, and the invitations of others. A user who was
-- there before is an owner.

ALTER TABLE customer_user ADD COLUMN role text NOT NULL DEFAULT 'owner';
ALTER TABLE customer_user ADD CONSTRAINT customer_user_role_known
    CHECK (role IN ('owner', 'admin', 'billing', 'viewer')) NOT VALID;
-- Where the user was invited; nobody's any more once it was removed.
ALTER TABLE customer_user ADD COLUMN email text;

-- An invitation opens the account to whoever signs in with its text, once, until it expires. The text is made anew from
-- the row where it is sent. The address stands here only while it is open.
CREATE TABLE member_invitation (
    shard_key int NOT NULL,
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    customer_id uuid NOT NULL,
    email text,
    role text NOT NULL,
    expires_at timestamptz NOT NULL,
    accepted_at timestamptz,
    user_id uuid,
    withdrawn_at timestamptz,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT member_invitation_pkey PRIMARY KEY (shard_key, id),
    CONSTRAINT member_invitation_customer_fkey FOREIGN KEY (shard_key, tenant_id, customer_id)
        REFERENCES customer (shard_key, tenant_id, id),
    CONSTRAINT member_invitation_user_fkey FOREIGN KEY (shard_key, customer_id, user_id)
        REFERENCES customer_user (shard_key, customer_id, id),
    CONSTRAINT member_invitation_role_known CHECK (role IN ('owner', 'admin', 'billing', 'viewer')),
    CONSTRAINT member_invitation_accepted CHECK ((accepted_at IS NULL) = (user_id IS NULL)),
    CONSTRAINT member_invitation_open CHECK ((email IS NOT NULL) = (accepted_at IS NULL AND withdrawn_at IS NULL)),
    CONSTRAINT member_invitation_times CHECK (recorded_at < expires_at)
);

CREATE INDEX member_invitation_newest_idx ON member_invitation (shard_key, customer_id, recorded_at);

GRANT UPDATE (role, email) ON customer_user TO quittance_app;
GRANT SELECT, INSERT ON member_invitation TO quittance_app;
GRANT UPDATE (email, accepted_at, user_id, withdrawn_at) ON member_invitation TO quittance_app;
