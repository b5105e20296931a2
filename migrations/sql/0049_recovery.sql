-- pre
-- How what is unpaid comes back: retries that a decline or the customer moves, backup methods, tries of the customer's
-- own, and an overdue invoice that is paid in parts. Every default is what an older row means: nothing was moved,
-- nothing waits. What cases that were open before may try is said by a later file, while everybody works.

INSERT INTO move (machine, from_state, event, to_state) VALUES
    ('installment_plan', 'new', 'agree', 'active'),
    ('installment_plan', 'active', 'complete', 'completed'),
    ('installment_plan', 'active', 'break', 'broken'),
    ('installment_plan', 'active', 'cancel', 'cancelled');

-- When the next retry is instead of on its day, and from which attempt on the backups of a step are tried.
ALTER TABLE dunning_case ADD COLUMN retry_at timestamptz;
ALTER TABLE dunning_case ADD COLUMN step_from int;
ALTER TABLE dunning_case ADD COLUMN paydays_chosen int NOT NULL DEFAULT 0;
-- While the invoice is paid in parts its case waits; what it has waited is not counted as days of its timeline.
ALTER TABLE dunning_case ADD COLUMN waiting_since timestamptz;
ALTER TABLE dunning_case ADD COLUMN waited interval NOT NULL DEFAULT '0';

-- Since when the customer has stood by a method again: what was declined before that says nothing about it.
ALTER TABLE payment_method ADD COLUMN verified_at timestamptz;

CREATE TABLE recovery_policy (
    tenant_id uuid NOT NULL,
    backups boolean NOT NULL,
    backups_at_first boolean NOT NULL,
    methods_per_step int NOT NULL,
    own_tries int NOT NULL,
    paydays int[] NOT NULL,
    payday_choices int NOT NULL,
    split_parts int NOT NULL,
    split_days int NOT NULL,
    split_plans int NOT NULL,
    least_currencies text[] NOT NULL,
    least_amounts bigint[] NOT NULL,
    rule_codes text[] NOT NULL,
    rule_steps text[] NOT NULL,
    rule_days int[] NOT NULL,
    CONSTRAINT recovery_policy_pkey PRIMARY KEY (tenant_id),
    CONSTRAINT recovery_policy_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES tenant (id),
    CONSTRAINT recovery_policy_bounds CHECK (
        methods_per_step > 0 AND own_tries >= 0 AND payday_choices >= 0 AND split_parts >= 0 AND split_days > 0
        AND split_plans >= 0 AND 1 <= ALL (paydays) AND 31 >= ALL (paydays)),
    CONSTRAINT recovery_policy_lists CHECK (
        cardinality(least_currencies) = cardinality(least_amounts)
        AND cardinality(rule_codes) = cardinality(rule_steps) AND cardinality(rule_codes) = cardinality(rule_days))
);

-- How often a customer may try to pay an invoice by itself, and has.
CREATE TABLE own_tries (
    shard_key int NOT NULL,
    customer_id uuid NOT NULL,
    invoice_id uuid NOT NULL,
    used int NOT NULL,
    most int NOT NULL,
    CONSTRAINT own_tries_pkey PRIMARY KEY (shard_key, customer_id, invoice_id),
    CONSTRAINT own_tries_invoice_fkey FOREIGN KEY (shard_key, customer_id, invoice_id)
        REFERENCES invoice (shard_key, customer_id, id),
    CONSTRAINT own_tries_bounds CHECK (0 <= used AND used <= most)
);

-- An overdue invoice in parts: one plan of an invoice holds at a time, and each part has one attempt at a time.
CREATE TABLE installment_plan (
    shard_key int NOT NULL,
    id uuid NOT NULL,
    customer_id uuid NOT NULL,
    invoice_id uuid NOT NULL,
    number int NOT NULL,
    currency text NOT NULL,
    made_at timestamptz NOT NULL,
    ended_at timestamptz,
    machine text NOT NULL DEFAULT 'installment_plan',
    state text NOT NULL,
    seq int NOT NULL,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT installment_plan_pkey PRIMARY KEY (shard_key, id),
    CONSTRAINT installment_plan_number_key UNIQUE (shard_key, customer_id, invoice_id, number),
    CONSTRAINT installment_plan_invoice_fkey FOREIGN KEY (shard_key, customer_id, invoice_id, currency)
        REFERENCES invoice (shard_key, customer_id, id, currency),
    CONSTRAINT installment_plan_machine_known CHECK (machine = 'installment_plan'),
    CONSTRAINT installment_plan_machine FOREIGN KEY (shard_key, id, seq, state, machine)
        REFERENCES transition (shard_key, entity_id, seq, to_state, machine) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT installment_plan_ended CHECK ((state = 'active') = (ended_at IS NULL)),
    CONSTRAINT installment_plan_number_positive CHECK (number > 0)
);

CREATE UNIQUE INDEX installment_plan_one_active_key ON installment_plan (shard_key, customer_id, invoice_id)
    WHERE state = 'active';

CREATE TABLE installment (
    shard_key int NOT NULL,
    customer_id uuid NOT NULL,
    plan_id uuid NOT NULL,
    part int NOT NULL,
    amount bigint NOT NULL,
    due_at timestamptz NOT NULL,
    payment_id uuid,
    CONSTRAINT installment_pkey PRIMARY KEY (shard_key, plan_id, part),
    CONSTRAINT installment_payment_key UNIQUE (shard_key, payment_id),
    CONSTRAINT installment_plan_fkey FOREIGN KEY (shard_key, plan_id) REFERENCES installment_plan (shard_key, id),
    CONSTRAINT installment_payment_fkey FOREIGN KEY (shard_key, customer_id, payment_id)
        REFERENCES payment (shard_key, customer_id, id),
    CONSTRAINT installment_amount_positive CHECK (part > 0 AND amount > 0)
);

GRANT SELECT, INSERT ON recovery_policy, own_tries, installment_plan, installment TO quittance_app;
GRANT UPDATE (backups, backups_at_first, methods_per_step, own_tries, paydays, payday_choices, split_parts, split_days,
    split_plans, least_currencies, least_amounts, rule_codes, rule_steps, rule_days) ON recovery_policy TO quittance_app;
GRANT UPDATE (used, most) ON own_tries TO quittance_app;
GRANT UPDATE (state, seq, ended_at) ON installment_plan TO quittance_app;
GRANT UPDATE (payment_id) ON installment TO quittance_app;
GRANT UPDATE (retry_at, step_from, paydays_chosen, waiting_since, waited) ON dunning_case TO quittance_app;
GRANT UPDATE (verified_at) ON payment_method TO quittance_app;
