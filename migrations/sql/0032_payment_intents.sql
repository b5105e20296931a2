-- pre
-- Payments that are held before they are taken, that a bank takes back, and that no provider was part of.
-- Every default is what an older row means: taken at once, by a provider, nothing held or returned. Where nothing was
-- ever held apart, authorized is NULL: older code writes such rows too.
-- What is added NOT VALID holds for every row written from now on; older rows keep it too, and a later file says so.

INSERT INTO move (machine, from_state, event, to_state) VALUES
    ('payment', 'new', 'record', 'succeeded'),
    ('payment', 'processing', 'authorize', 'authorized'),
    ('payment', 'requires_action', 'authorize', 'authorized'),
    ('payment', 'unknown', 'authorize', 'authorized'),
    ('payment', 'authorized', 'capture', 'captured'),
    ('payment', 'authorized', 'void', 'voided'),
    ('payment', 'authorized', 'fail', 'failed'),
    ('payment', 'authorized', 'lose', 'unknown'),
    ('payment', 'authorized', 'expire', 'expired'),
    ('payment', 'processing', 'expire', 'expired'),
    ('payment', 'requires_action', 'expire', 'expired'),
    ('payment', 'unknown', 'expire', 'expired'),
    ('payment', 'expired', 'capture_late', 'captured'),
    ('payment', 'captured', 'settle', 'settling'),
    ('payment', 'settling', 'confirm', 'succeeded'),
    ('payment', 'captured', 'return', 'failed'),
    ('payment', 'settling', 'return', 'failed'),
    ('payment', 'succeeded', 'return', 'failed'),
    ('dunning', 'recovered', 'reopen', 'retrying'),
    ('invoice', 'paid', 'reopen', 'open'),
    ('invoice', 'paid', 'lose_again', 'uncollectible');

-- What a bank took back of money that no invoice owes any more: it had become credit, and the credit was used up.
INSERT INTO account_kind (kind, normal_side, kept) VALUES ('returned_payments', 'debit', false);
INSERT INTO ledger_account (shard_key, customer_id, kind, currency)
    SELECT shard_key, customer_id, 'returned_payments', currency FROM ledger_account WHERE kind = 'receivable';

ALTER TABLE payment ADD COLUMN kind text NOT NULL DEFAULT 'provider';
ALTER TABLE payment ADD COLUMN means text;
ALTER TABLE payment ADD COLUMN reference text;
ALTER TABLE payment ADD COLUMN capture_mode text NOT NULL DEFAULT 'now';
ALTER TABLE payment ADD COLUMN authorized bigint;
ALTER TABLE payment ADD COLUMN capturable bigint NOT NULL DEFAULT 0;
ALTER TABLE payment ADD COLUMN released bigint NOT NULL DEFAULT 0;
ALTER TABLE payment ADD COLUMN returned bigint NOT NULL DEFAULT 0;
ALTER TABLE payment ADD COLUMN expires_at timestamptz;
ALTER TABLE payment ADD COLUMN expected_at timestamptz;
ALTER TABLE payment ADD COLUMN returnable_until timestamptz;
-- What was asked of a hold and not answered yet: to take up to a total, or to let it go (and then under which code the
-- payment has failed).
ALTER TABLE payment ADD COLUMN asked text;
ALTER TABLE payment ADD COLUMN asked_total bigint;
ALTER TABLE payment ADD COLUMN asked_final boolean;
ALTER TABLE payment ADD COLUMN asked_code text;
ALTER TABLE payment ADD COLUMN asked_sent_at timestamptz;
ALTER TABLE payment ADD COLUMN asks int NOT NULL DEFAULT 0;

-- What was recorded by staff has no stored method.
-- squawk-ignore ban-drop-not-null
ALTER TABLE payment ALTER COLUMN method_id DROP NOT NULL;

ALTER TABLE payment ADD CONSTRAINT payment_kind_known CHECK (
    (kind = 'provider' AND method_id IS NOT NULL AND means IS NULL AND reference IS NULL)
    OR (kind = 'offline' AND method_id IS NULL AND means IN ('transfer', 'cash', 'cheque') AND means IS NOT NULL
        AND reference <> '' AND reference IS NOT NULL)) NOT VALID;
ALTER TABLE payment ADD CONSTRAINT payment_capture_mode_known CHECK (capture_mode IN ('now', 'later')) NOT VALID;
-- Of what was held everything is somewhere: taken, still to be taken, or let go.
ALTER TABLE payment ADD CONSTRAINT payment_held_sum CHECK (captured + capturable + released = authorized) NOT VALID;
ALTER TABLE payment ADD CONSTRAINT payment_held_bounds
    CHECK (capturable >= 0 AND released >= 0 AND (authorized IS NOT NULL OR capturable + released = 0)) NOT VALID;
ALTER TABLE payment ADD CONSTRAINT payment_capturable_state
    CHECK (capturable = 0 OR state IN ('authorized', 'unknown')) NOT VALID;
ALTER TABLE payment ADD CONSTRAINT payment_authorized_state CHECK (state <> 'authorized' OR capturable > 0) NOT VALID;
ALTER TABLE payment ADD CONSTRAINT payment_asked_known CHECK (
    (asked IS NULL AND asked_total IS NULL AND asked_final IS NULL AND asked_code IS NULL AND asked_sent_at IS NULL)
    OR (asked = 'capture' AND asked_total > captured AND asked_final IS NOT NULL AND asked_code IS NULL)
    OR (asked = 'void' AND asked_total IS NULL AND asked_final IS NULL)) NOT VALID;
-- A bank takes back all or nothing; with that the payment has failed.
ALTER TABLE payment ADD CONSTRAINT payment_returned_whole
    CHECK (returned = 0 OR (returned = captured AND state = 'failed')) NOT VALID;
-- squawk-ignore ban-drop-constraint
ALTER TABLE payment DROP CONSTRAINT payment_captured_state;
ALTER TABLE payment ADD CONSTRAINT payment_taken_state CHECK (
    CASE WHEN state IN ('captured', 'settling', 'succeeded') THEN captured > 0
         WHEN state IN ('authorized', 'unknown') THEN true
         ELSE captured = returned END) NOT VALID;

ALTER TABLE receipt ADD COLUMN withdrawn_at timestamptz;

-- Which payment of staff has a reference: one for each tenant, means and reference, whoever's it is.
CREATE TABLE offline_reference (
    reference_key text NOT NULL,
    tenant_id uuid NOT NULL,
    shard_key int NOT NULL,
    customer_id uuid NOT NULL,
    payment_id uuid NOT NULL,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT offline_reference_pkey PRIMARY KEY (reference_key, tenant_id)
);

-- The order in which methods are tried after the default one.
ALTER TABLE payment_method ADD COLUMN place int;

CREATE TABLE payment_policy (
    tenant_id uuid NOT NULL,
    capture text NOT NULL,
    partial_authorization text NOT NULL,
    CONSTRAINT payment_policy_pkey PRIMARY KEY (tenant_id),
    CONSTRAINT payment_policy_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES tenant (id),
    CONSTRAINT payment_policy_capture_known CHECK (capture IN ('now', 'later')),
    CONSTRAINT payment_policy_partial_known CHECK (partial_authorization IN ('void', 'capture'))
);

GRANT SELECT ON offline_reference, payment_policy TO quittance_app;
GRANT INSERT ON offline_reference, payment_policy TO quittance_app;
GRANT UPDATE (capture, partial_authorization) ON payment_policy TO quittance_app;
GRANT UPDATE (authorized, capturable, released, returned, expires_at, expected_at, returnable_until, asked, asked_total,
    asked_final, asked_code, asked_sent_at, asks) ON payment TO quittance_app;
GRANT UPDATE (opened_at, retry_days, suspend_at, give_up_at) ON dunning_case TO quittance_app;
GRANT UPDATE (withdrawn_at) ON receipt TO quittance_app;
GRANT UPDATE (place) ON payment_method TO quittance_app;
