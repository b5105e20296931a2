-- pre
-- The life of a subscription: trials, pauses, an end that is known before, seats, and the history of its terms.

ALTER TABLE subscription ADD COLUMN plan_version_id uuid;
ALTER TABLE subscription ADD COLUMN family text NOT NULL DEFAULT '';
ALTER TABLE subscription ADD COLUMN version int NOT NULL DEFAULT 1;
ALTER TABLE subscription ADD COLUMN terms_seq int NOT NULL DEFAULT 0;
ALTER TABLE subscription ADD COLUMN next_quantity int;
ALTER TABLE subscription ADD COLUMN next_family text;
ALTER TABLE subscription ADD COLUMN pending_quantity int;
ALTER TABLE subscription ADD COLUMN pending_family text;
ALTER TABLE subscription ADD COLUMN pending_from timestamptz;
ALTER TABLE subscription ADD COLUMN pending_until timestamptz;
ALTER TABLE subscription ADD COLUMN pending_anchor_at timestamptz;
ALTER TABLE subscription ADD COLUMN trial_end timestamptz;
ALTER TABLE subscription ADD COLUMN cancel_at timestamptz;
ALTER TABLE subscription ADD COLUMN paused_at timestamptz;
ALTER TABLE subscription ADD COLUMN resumes_at timestamptz;
ALTER TABLE subscription ADD COLUMN pause_access text;

-- The first version of a plan that was sold before there were versions has the plan's id and its code as family.
UPDATE subscription s SET plan_version_id = p.id, family = p.code FROM plan p WHERE p.id = s.plan_id;
UPDATE subscription s SET next_family = p.code
  FROM price r JOIN plan p ON p.id = r.plan_id WHERE r.id = s.next_price_id;
UPDATE subscription s SET pending_family = p.code, pending_quantity = s.quantity, pending_until = s.period_end
  FROM price r JOIN plan p ON p.id = r.plan_id WHERE r.id = s.pending_price_id;

-- What a subscription cost from when on: never changed, one row for each time its terms became others.
CREATE TABLE subscription_terms (
    shard_key int NOT NULL,
    customer_id uuid NOT NULL,
    subscription_id uuid NOT NULL,
    seq int NOT NULL,
    previous_seq int,
    effective_at timestamptz NOT NULL,
    cause text NOT NULL,
    plan_version_id uuid NOT NULL,
    price_id uuid NOT NULL,
    family text NOT NULL,
    quantity int NOT NULL,
    currency text NOT NULL,
    unit_amount bigint NOT NULL,
    cadence_unit text NOT NULL,
    cadence_count int NOT NULL,
    anchor_at timestamptz NOT NULL,
    operation_id uuid,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT subscription_terms_pkey PRIMARY KEY (shard_key, subscription_id, seq),
    CONSTRAINT subscription_terms_subscription_fkey FOREIGN KEY (shard_key, customer_id, subscription_id)
        REFERENCES subscription (shard_key, customer_id, id),
    CONSTRAINT subscription_terms_previous_fkey FOREIGN KEY (shard_key, subscription_id, previous_seq)
        REFERENCES subscription_terms (shard_key, subscription_id, seq),
    CONSTRAINT subscription_terms_version_fkey FOREIGN KEY (plan_version_id)
        REFERENCES plan_version (id),
    CONSTRAINT subscription_terms_price_fkey FOREIGN KEY (price_id) REFERENCES price (id),
    CONSTRAINT subscription_terms_first CHECK ((seq = 1) = (previous_seq IS NULL)),
    CONSTRAINT subscription_terms_gapless CHECK (seq >= 1 AND (previous_seq IS NULL OR previous_seq = seq - 1)),
    CONSTRAINT subscription_terms_quantity_positive CHECK (quantity > 0)
);

-- What stood before this table did: the terms of the day, from the start of the running period.
INSERT INTO subscription_terms (shard_key, customer_id, subscription_id, seq, effective_at, cause,
    plan_version_id, price_id, family, quantity, currency, unit_amount, cadence_unit, cadence_count, anchor_at, recorded_at)
SELECT shard_key, customer_id, id, 1, period_start, 'migration', plan_id, price_id, family, quantity, currency,
       unit_amount, cadence_unit, cadence_count, anchor_at, recorded_at
  FROM subscription;
UPDATE subscription SET terms_seq = 1;

-- One subscription a plan family: what a living one is on, or will be by a change that is under way, is taken.
CREATE TABLE family_claim (
    shard_key int NOT NULL,
    customer_id uuid NOT NULL,
    family text NOT NULL,
    subscription_id uuid NOT NULL,
    CONSTRAINT family_claim_pkey PRIMARY KEY (shard_key, customer_id, family),
    CONSTRAINT family_claim_subscription_fkey FOREIGN KEY (shard_key, customer_id, subscription_id)
        REFERENCES subscription (shard_key, customer_id, id) DEFERRABLE INITIALLY DEFERRED
);

INSERT INTO family_claim (shard_key, customer_id, family, subscription_id)
SELECT s.shard_key, s.customer_id, f.family, s.id
  FROM subscription s CROSS JOIN LATERAL (VALUES (s.family), (s.next_family), (s.pending_family)) AS f (family)
 WHERE s.ended_at IS NULL AND f.family IS NOT NULL
    ON CONFLICT DO NOTHING;

-- One trial for each customer and plan family, for ever.
CREATE TABLE trial_taken (
    shard_key int NOT NULL,
    customer_id uuid NOT NULL,
    family text NOT NULL,
    subscription_id uuid NOT NULL,
    taken_at timestamptz NOT NULL,
    CONSTRAINT trial_taken_pkey PRIMARY KEY (shard_key, customer_id, family),
    CONSTRAINT trial_taken_subscription_fkey FOREIGN KEY (shard_key, customer_id, subscription_id)
        REFERENCES subscription (shard_key, customer_id, id)
);

-- How a tenant treats those who leave, pause or shrink; a tenant without a row follows the defaults in the code.
CREATE TABLE subscription_policy (
    tenant_id uuid NOT NULL,
    cancel_now text NOT NULL,
    seat_decrease text NOT NULL,
    pause_access text NOT NULL,
    trial_reminder_days int NOT NULL,
    CONSTRAINT subscription_policy_pkey PRIMARY KEY (tenant_id),
    CONSTRAINT subscription_policy_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES tenant (id),
    CONSTRAINT subscription_policy_cancel_known CHECK (cancel_now IN ('none', 'credit', 'refund')),
    CONSTRAINT subscription_policy_decrease_known CHECK (seat_decrease IN ('period_end', 'now')),
    CONSTRAINT subscription_policy_access_known CHECK (pause_access IN ('paid', 'none', 'full')),
    CONSTRAINT subscription_policy_reminder_bounds CHECK (trial_reminder_days BETWEEN 0 AND 30)
);

-- Not validated here, which would block readers: rows of before hold them, since their columns are new and empty.
ALTER TABLE subscription ADD CONSTRAINT subscription_pause_known
    CHECK ((state = 'paused') = (paused_at IS NOT NULL) AND (state = 'paused') = (pause_access IS NOT NULL)) NOT VALID;
ALTER TABLE subscription ADD CONSTRAINT subscription_version_fkey
    FOREIGN KEY (plan_version_id) REFERENCES plan_version (id) NOT VALID;
ALTER TABLE subscription ADD CONSTRAINT subscription_resume_known
    CHECK (resumes_at IS NULL OR state = 'paused') NOT VALID;
ALTER TABLE subscription ADD CONSTRAINT subscription_cancel_known
    CHECK (state <> 'pending_cancellation' OR cancel_at IS NOT NULL) NOT VALID;
ALTER TABLE subscription ADD CONSTRAINT subscription_trial_known
    CHECK (state <> 'trialing' OR trial_end IS NOT NULL) NOT VALID;
ALTER TABLE subscription ADD CONSTRAINT subscription_pending_terms
    CHECK (pending_price_id IS NOT NULL OR (pending_quantity IS NULL AND pending_family IS NULL
        AND pending_from IS NULL AND pending_until IS NULL AND pending_anchor_at IS NULL)) NOT VALID;

INSERT INTO move (machine, from_state, event, to_state) VALUES
    ('subscription', 'new', 'start_trial', 'trialing'),
    ('subscription', 'trialing', 'convert', 'active'),
    ('subscription', 'trialing', 'pause', 'paused'),
    ('subscription', 'active', 'pause', 'paused'),
    ('subscription', 'paused', 'resume', 'active'),
    ('subscription', 'trialing', 'schedule_cancel', 'pending_cancellation'),
    ('subscription', 'active', 'schedule_cancel', 'pending_cancellation'),
    ('subscription', 'paused', 'schedule_cancel', 'pending_cancellation'),
    ('subscription', 'pending_cancellation', 'reactivate', 'active'),
    ('subscription', 'pending_cancellation', 'reactivate_trial', 'trialing'),
    ('subscription', 'pending_cancellation', 'payment_failed', 'past_due'),
    ('subscription', 'incomplete', 'cancel', 'canceled'),
    ('subscription', 'trialing', 'cancel', 'canceled'),
    ('subscription', 'active', 'cancel', 'canceled'),
    ('subscription', 'past_due', 'cancel', 'canceled'),
    ('subscription', 'grace', 'cancel', 'canceled'),
    ('subscription', 'suspended', 'cancel', 'canceled'),
    ('subscription', 'paused', 'cancel', 'canceled'),
    ('subscription', 'pending_cancellation', 'cancel', 'canceled'),
    ('dunning', 'retrying', 'stop', 'stopped'),
    ('dunning', 'grace', 'stop', 'stopped'),
    ('dunning', 'suspended', 'stop', 'stopped');

GRANT SELECT ON subscription_terms, family_claim, trial_taken, subscription_policy TO quittance_app;
GRANT INSERT ON subscription_terms, family_claim, trial_taken, subscription_policy TO quittance_app;
GRANT DELETE ON family_claim TO quittance_app;
GRANT UPDATE (cancel_now, seat_decrease, pause_access, trial_reminder_days) ON subscription_policy TO quittance_app;
GRANT UPDATE (plan_version_id, family, version, terms_seq, next_quantity, next_family, pending_quantity, pending_family, pending_from,
    pending_until, pending_anchor_at, trial_end, cancel_at, paused_at, resumes_at, pause_access) ON subscription TO quittance_app;
