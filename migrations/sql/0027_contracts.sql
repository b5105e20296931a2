-- pre
-- Contracts that are renewed, announced and cancelled; why a dunning case or a pause is what it is; what a coupon's use
-- bound; exceptions that end early. Every column is empty on older rows. What is added NOT VALID holds for every row
-- written from now on; the next file validates the older ones.

ALTER TABLE contract ADD COLUMN canceled_at timestamptz;
ALTER TABLE contract ADD COLUMN renews_id uuid;
-- squawk-ignore ban-drop-constraint
ALTER TABLE contract DROP CONSTRAINT contract_true_up_ended;
ALTER TABLE contract ADD CONSTRAINT contract_true_up_over
    CHECK (true_up_invoice_id IS NULL OR state IN ('ended', 'canceled')) NOT VALID;
ALTER TABLE contract ADD CONSTRAINT contract_canceled_state
    CHECK ((state = 'canceled') = (canceled_at IS NOT NULL)) NOT VALID;
ALTER TABLE contract ADD CONSTRAINT contract_renews_fkey
    FOREIGN KEY (shard_key, renews_id) REFERENCES contract (shard_key, id) NOT VALID;

-- What ended a case, where it is over.
ALTER TABLE dunning_case ADD COLUMN ended_by text;
ALTER TABLE dunning_case ADD CONSTRAINT dunning_case_ended_known
    CHECK (ended_by IN ('paid', 'voided', 'credited', 'written_off', 'subscription_ended', 'timeline')) NOT VALID;

-- Why a subscription pauses, where nobody asked for it.
ALTER TABLE subscription ADD COLUMN pause_cause text;
ALTER TABLE subscription ADD CONSTRAINT subscription_pause_cause_known
    CHECK (pause_cause IN ('no_price')) NOT VALID;

-- The invoice by which a redemption for any subscription became that of one.
ALTER TABLE coupon_redemption ADD COLUMN bound_by_invoice_id uuid;

-- An exception that ends where it begins never holds: it was taken back before its time.
-- squawk-ignore ban-drop-constraint
ALTER TABLE entitlement_exception DROP CONSTRAINT entitlement_exception_forward;
ALTER TABLE entitlement_exception ADD CONSTRAINT entitlement_exception_span
    CHECK (ends_at >= starts_at) NOT VALID;

INSERT INTO move (machine, from_state, event, to_state) VALUES
    ('contract', 'active', 'announce', 'ending'),
    ('contract', 'ending', 'end', 'ended'),
    ('contract', 'active', 'cancel', 'canceled'),
    ('contract', 'ending', 'cancel', 'canceled');

GRANT UPDATE (canceled_at) ON contract TO quittance_app;
GRANT UPDATE (ended_by) ON dunning_case TO quittance_app;
GRANT UPDATE (pause_cause) ON subscription TO quittance_app;
GRANT UPDATE (bound_by_invoice_id) ON coupon_redemption TO quittance_app;
GRANT UPDATE (ends_at) ON entitlement_exception TO quittance_app;
