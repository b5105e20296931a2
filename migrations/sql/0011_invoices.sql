-- pre
-- Invoices with discounts and tax, credit notes, net terms and contracts. Every default is what an older row means:
-- no discount, no tax, nothing given back, charged automatically. The sum before tax is the total less the tax.
-- What is added NOT VALID holds for every row written from now on; a later file validates the older ones.

INSERT INTO account_kind (kind, normal_side, kept) VALUES
    ('tax_payable', 'credit', false),
    ('cash_outside', 'debit', false);

INSERT INTO ledger_account (shard_key, customer_id, kind, currency)
    SELECT a.shard_key, a.customer_id, k.kind, a.currency
      FROM ledger_account a, (VALUES ('tax_payable'), ('cash_outside')) AS k (kind)
     WHERE a.kind = 'receivable';

-- squawk-ignore ban-drop-constraint
ALTER TABLE number_series DROP CONSTRAINT number_series_known;
ALTER TABLE number_series ADD CONSTRAINT number_series_known
    CHECK (series IN ('invoice', 'receipt', 'credit_note')) NOT VALID;

INSERT INTO number_series (shard_key, legal_entity_id, series, prefix, last_number)
    SELECT shard_key, legal_entity_id, 'credit_note', prefix || '-C', 0 FROM number_series WHERE series = 'invoice';

-- Drafts: also of staff, without a subscription or a price.
-- squawk-ignore ban-drop-not-null
ALTER TABLE invoice_draft ALTER COLUMN subscription_id DROP NOT NULL;
ALTER TABLE invoice_draft ADD COLUMN purchase_order text;
ALTER TABLE invoice_draft ADD COLUMN net_days int;
-- squawk-ignore ban-drop-not-null
ALTER TABLE invoice_draft_line ALTER COLUMN price_id DROP NOT NULL;
ALTER TABLE invoice_draft_line ADD COLUMN tax_inclusive boolean NOT NULL DEFAULT false;
ALTER TABLE invoice_draft_line ADD COLUMN category text NOT NULL DEFAULT 'standard';

-- squawk-ignore ban-drop-not-null
ALTER TABLE invoice ALTER COLUMN subscription_id DROP NOT NULL;
ALTER TABLE invoice ADD COLUMN tax bigint NOT NULL DEFAULT 0;
ALTER TABLE invoice ADD COLUMN noted bigint NOT NULL DEFAULT 0;
ALTER TABLE invoice ADD COLUMN collection text NOT NULL DEFAULT 'charge';
ALTER TABLE invoice ADD COLUMN purchase_order text;
ALTER TABLE invoice ADD CONSTRAINT invoice_collection_known CHECK (collection IN ('charge', 'invoice')) NOT VALID;
ALTER TABLE invoice ADD CONSTRAINT invoice_noted_positive CHECK (noted >= 0) NOT VALID;
-- squawk-ignore ban-drop-constraint
ALTER TABLE invoice DROP CONSTRAINT invoice_due_sum;
ALTER TABLE invoice ADD CONSTRAINT invoice_due_sum
    CHECK (due = total - credited - noted - paid - written_off - voided) NOT VALID;
-- squawk-ignore ban-drop-constraint
ALTER TABLE invoice DROP CONSTRAINT invoice_posted;
ALTER TABLE invoice ADD CONSTRAINT invoice_posted
    CHECK ((posted_number IS NULL) = (total = 0 AND tax = 0)) NOT VALID;

-- squawk-ignore ban-drop-not-null
ALTER TABLE invoice_line ALTER COLUMN subscription_id DROP NOT NULL;
-- squawk-ignore ban-drop-not-null
ALTER TABLE invoice_line ALTER COLUMN price_id DROP NOT NULL;
ALTER TABLE invoice_line ADD COLUMN discount bigint NOT NULL DEFAULT 0;
ALTER TABLE invoice_line ADD COLUMN tax bigint NOT NULL DEFAULT 0;
ALTER TABLE invoice_line ADD COLUMN tax_inclusive boolean NOT NULL DEFAULT false;
ALTER TABLE invoice_line ADD COLUMN category text NOT NULL DEFAULT 'standard';
ALTER TABLE invoice_line ADD COLUMN given_back bigint NOT NULL DEFAULT 0;
-- The amount is what is left after the discount; what it was before is their sum.
ALTER TABLE invoice_line ADD CONSTRAINT invoice_line_discount_of_charge
    CHECK (discount >= 0 AND (discount = 0 OR kind = 'charge')) NOT VALID;
-- Nothing is given back twice, nor more than was charged.
ALTER TABLE invoice_line ADD CONSTRAINT invoice_line_given_back_bounds
    CHECK (given_back >= 0 AND (given_back = 0 OR given_back <= amount)) NOT VALID;
-- Lines that were credited before this was counted.
UPDATE invoice_line l SET given_back = c.amount
  FROM (SELECT x.shard_key, x.credits_invoice_id, x.credits_position, -sum(x.amount) AS amount
          FROM invoice_line x
          JOIN invoice i ON i.shard_key = x.shard_key AND i.id = x.invoice_id
         WHERE x.kind = 'credit' AND i.state <> 'void'
         GROUP BY x.shard_key, x.credits_invoice_id, x.credits_position) c
 WHERE l.shard_key = c.shard_key AND l.invoice_id = c.credits_invoice_id AND l.position = c.credits_position;

-- The taxes of a line, one row for each component; of a charge, how much of it was given back.
CREATE TABLE invoice_line_tax (
    shard_key int NOT NULL, customer_id uuid NOT NULL, invoice_id uuid NOT NULL, position int NOT NULL,
    part int NOT NULL, rate_id uuid, name text NOT NULL, treatment text NOT NULL, rate_ppm int NOT NULL,
    currency text NOT NULL, taxable bigint NOT NULL, amount bigint NOT NULL, given_back bigint NOT NULL,
    CONSTRAINT invoice_line_tax_pkey PRIMARY KEY (shard_key, invoice_id, position, part),
    CONSTRAINT invoice_line_tax_line_fkey FOREIGN KEY (shard_key, invoice_id, position)
        REFERENCES invoice_line (shard_key, invoice_id, position),
    CONSTRAINT invoice_line_tax_owner_fkey FOREIGN KEY (shard_key, customer_id, invoice_id, currency)
        REFERENCES invoice (shard_key, customer_id, id, currency),
    CONSTRAINT invoice_line_tax_part CHECK (part >= 1),
    CONSTRAINT invoice_line_tax_rate CHECK (rate_ppm >= 0),
    CONSTRAINT invoice_line_tax_given_back CHECK (given_back >= 0 AND (given_back = 0 OR given_back <= amount))
);

-- The invoice's taxes by rate, as it prints them.
CREATE TABLE invoice_tax (
    shard_key int NOT NULL, customer_id uuid NOT NULL, invoice_id uuid NOT NULL, part int NOT NULL, rate_id uuid,
    name text NOT NULL, treatment text NOT NULL, rate_ppm int NOT NULL, currency text NOT NULL,
    taxable bigint NOT NULL, amount bigint NOT NULL,
    CONSTRAINT invoice_tax_pkey PRIMARY KEY (shard_key, invoice_id, part),
    CONSTRAINT invoice_tax_invoice_fkey FOREIGN KEY (shard_key, customer_id, invoice_id, currency)
        REFERENCES invoice (shard_key, customer_id, id, currency)
);

CREATE TABLE invoice_line_discount (
    shard_key int NOT NULL, customer_id uuid NOT NULL, invoice_id uuid NOT NULL, position int NOT NULL,
    redemption_id uuid NOT NULL, name text NOT NULL, currency text NOT NULL, amount bigint NOT NULL,
    CONSTRAINT invoice_line_discount_pkey PRIMARY KEY (shard_key, invoice_id, position, redemption_id),
    CONSTRAINT invoice_line_discount_line_fkey FOREIGN KEY (shard_key, invoice_id, position)
        REFERENCES invoice_line (shard_key, invoice_id, position),
    CONSTRAINT invoice_line_discount_owner_fkey FOREIGN KEY (shard_key, customer_id, invoice_id, currency)
        REFERENCES invoice (shard_key, customer_id, id, currency),
    CONSTRAINT invoice_line_discount_positive CHECK (amount > 0)
);

-- What the tax of a document was decided from and how, to the letter; ids and places, no personal data.
CREATE TABLE tax_decision (
    shard_key int NOT NULL, customer_id uuid NOT NULL, subject uuid NOT NULL, question jsonb NOT NULL,
    decision jsonb NOT NULL, recorded_at timestamptz NOT NULL,
    CONSTRAINT tax_decision_pkey PRIMARY KEY (shard_key, customer_id, subject),
    CONSTRAINT tax_decision_head_fkey FOREIGN KEY (shard_key, customer_id)
        REFERENCES customer_head (shard_key, customer_id)
);

-- What stands in the place of a voided invoice; the replacement is a draft first, under the id it keeps.
CREATE TABLE invoice_replacement (
    shard_key int NOT NULL, customer_id uuid NOT NULL, invoice_id uuid NOT NULL, replacement_id uuid NOT NULL,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT invoice_replacement_pkey PRIMARY KEY (shard_key, invoice_id),
    CONSTRAINT invoice_replacement_once UNIQUE (shard_key, replacement_id),
    CONSTRAINT invoice_replacement_invoice_fkey FOREIGN KEY (shard_key, customer_id, invoice_id)
        REFERENCES invoice (shard_key, customer_id, id)
);

-- What was taken back of an invoice. It first lowers what is due; the rest was refunded, credited or settled outside.
CREATE TABLE credit_note (
    shard_key int NOT NULL, id uuid NOT NULL, tenant_id uuid NOT NULL, customer_id uuid NOT NULL,
    legal_entity_id uuid NOT NULL, invoice_id uuid NOT NULL, kind text NOT NULL, reason text NOT NULL,
    series text NOT NULL, number bigint NOT NULL, previous_number bigint, number_text text NOT NULL,
    currency text NOT NULL, line_count int NOT NULL, subtotal bigint NOT NULL, tax bigint NOT NULL,
    total bigint NOT NULL, reduced bigint NOT NULL, refunded bigint NOT NULL, credited bigint NOT NULL,
    out_of_band bigint NOT NULL, posted_number bigint NOT NULL, voided_number bigint,
    snapshot_sealed bytea NOT NULL, state text NOT NULL, seq int NOT NULL, issued_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT credit_note_pkey PRIMARY KEY (shard_key, id),
    CONSTRAINT credit_note_owner_key UNIQUE (shard_key, customer_id, id),
    CONSTRAINT credit_note_currency_key UNIQUE (shard_key, customer_id, id, currency),
    CONSTRAINT credit_note_lines_key UNIQUE (shard_key, id, line_count, currency),
    CONSTRAINT credit_note_number_key UNIQUE (shard_key, legal_entity_id, series, number),
    CONSTRAINT credit_note_customer_fkey FOREIGN KEY (shard_key, tenant_id, customer_id)
        REFERENCES customer (shard_key, tenant_id, id),
    CONSTRAINT credit_note_invoice_fkey FOREIGN KEY (shard_key, customer_id, invoice_id, currency)
        REFERENCES invoice (shard_key, customer_id, id, currency),
    CONSTRAINT credit_note_series_fkey FOREIGN KEY (shard_key, legal_entity_id, series)
        REFERENCES number_series (shard_key, legal_entity_id, series),
    CONSTRAINT credit_note_previous_fkey FOREIGN KEY (shard_key, legal_entity_id, series, previous_number)
        REFERENCES credit_note (shard_key, legal_entity_id, series, number),
    CONSTRAINT credit_note_posted_fkey FOREIGN KEY (shard_key, customer_id, posted_number)
        REFERENCES ledger_transaction (shard_key, customer_id, number),
    CONSTRAINT credit_note_voided_fkey FOREIGN KEY (shard_key, customer_id, voided_number)
        REFERENCES ledger_transaction (shard_key, customer_id, number),
    CONSTRAINT credit_note_state_fkey FOREIGN KEY (shard_key, id, seq, state)
        REFERENCES transition (shard_key, entity_id, seq, to_state) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT credit_note_first_number CHECK ((number = 1) = (previous_number IS NULL)),
    CONSTRAINT credit_note_gapless CHECK (number >= 1 AND (previous_number IS NULL OR previous_number = number - 1)),
    CONSTRAINT credit_note_has_lines CHECK (line_count >= 1),
    CONSTRAINT credit_note_total_sum CHECK (total = subtotal + tax),
    CONSTRAINT credit_note_split_sum CHECK (total = reduced + refunded + credited + out_of_band),
    CONSTRAINT credit_note_positive
        CHECK (total > 0 AND reduced >= 0 AND refunded >= 0 AND credited >= 0 AND out_of_band >= 0),
    CONSTRAINT credit_note_void_state CHECK ((state = 'void') = (voided_number IS NOT NULL))
);

CREATE INDEX credit_note_invoice_idx ON credit_note (shard_key, customer_id, invoice_id, number);
CREATE INDEX credit_note_history_idx ON credit_note (shard_key, customer_id, issued_at, id);

-- Amount in the terms of the invoice line (with the tax where that is included), net and tax: above zero for a charge,
-- below zero for a credit that is taken back together with the charges of its invoice.
CREATE TABLE credit_note_line (
    shard_key int NOT NULL, customer_id uuid NOT NULL, credit_note_id uuid NOT NULL, position int NOT NULL,
    line_count int NOT NULL, invoice_id uuid NOT NULL, invoice_position int NOT NULL, description text NOT NULL,
    currency text NOT NULL, amount bigint NOT NULL, net bigint NOT NULL, tax bigint NOT NULL, starts_at timestamptz,
    ends_at timestamptz, derivation jsonb,
    CONSTRAINT credit_note_line_pkey PRIMARY KEY (shard_key, credit_note_id, position),
    CONSTRAINT credit_note_line_note_fkey FOREIGN KEY (shard_key, credit_note_id, line_count, currency)
        REFERENCES credit_note (shard_key, id, line_count, currency),
    CONSTRAINT credit_note_line_owner_fkey FOREIGN KEY (shard_key, customer_id, credit_note_id)
        REFERENCES credit_note (shard_key, customer_id, id),
    CONSTRAINT credit_note_line_once UNIQUE (shard_key, credit_note_id, invoice_position),
    CONSTRAINT credit_note_line_line_fkey FOREIGN KEY (shard_key, invoice_id, invoice_position)
        REFERENCES invoice_line (shard_key, invoice_id, position),
    CONSTRAINT credit_note_line_position CHECK (position BETWEEN 1 AND line_count),
    CONSTRAINT credit_note_line_something CHECK (net + tax <> 0),
    CONSTRAINT credit_note_line_span
        CHECK ((starts_at IS NULL) = (ends_at IS NULL) AND (derivation IS NULL) = (starts_at IS NULL))
);

CREATE INDEX credit_note_line_invoice_idx ON credit_note_line (shard_key, invoice_id, invoice_position);

-- Which component of the invoice line's tax was taken back, and how much of it.
CREATE TABLE credit_note_line_tax (
    shard_key int NOT NULL, customer_id uuid NOT NULL, credit_note_id uuid NOT NULL, position int NOT NULL,
    part int NOT NULL, invoice_id uuid NOT NULL, invoice_position int NOT NULL, rate_id uuid, name text NOT NULL,
    treatment text NOT NULL, rate_ppm int NOT NULL, currency text NOT NULL, taxable bigint NOT NULL,
    amount bigint NOT NULL,
    CONSTRAINT credit_note_line_tax_pkey PRIMARY KEY (shard_key, credit_note_id, position, part),
    CONSTRAINT credit_note_line_tax_line_fkey FOREIGN KEY (shard_key, credit_note_id, position)
        REFERENCES credit_note_line (shard_key, credit_note_id, position),
    CONSTRAINT credit_note_line_tax_owner_fkey FOREIGN KEY (shard_key, customer_id, credit_note_id, currency)
        REFERENCES credit_note (shard_key, customer_id, id, currency),
    CONSTRAINT credit_note_line_tax_of_fkey FOREIGN KEY (shard_key, invoice_id, invoice_position, part)
        REFERENCES invoice_line_tax (shard_key, invoice_id, position, part),
    CONSTRAINT credit_note_line_tax_part CHECK (part >= 1)
);

CREATE TABLE credit_note_tax (
    shard_key int NOT NULL, customer_id uuid NOT NULL, credit_note_id uuid NOT NULL, part int NOT NULL,
    rate_id uuid, name text NOT NULL, treatment text NOT NULL, rate_ppm int NOT NULL, currency text NOT NULL,
    taxable bigint NOT NULL, amount bigint NOT NULL,
    CONSTRAINT credit_note_tax_pkey PRIMARY KEY (shard_key, credit_note_id, part),
    CONSTRAINT credit_note_tax_note_fkey FOREIGN KEY (shard_key, customer_id, credit_note_id, currency)
        REFERENCES credit_note (shard_key, customer_id, id, currency)
);

-- The refunds that pay a credit note out; none has one that gives back what was paid in excess.
ALTER TABLE refund ADD COLUMN credit_note_id uuid;
-- How much of the refund is the credit note's; the rest was paid in excess.
ALTER TABLE refund ADD COLUMN noted bigint NOT NULL DEFAULT 0;
ALTER TABLE refund ADD CONSTRAINT refund_noted_bounds
    CHECK ((credit_note_id IS NULL) = (noted = 0) AND 0 <= noted AND noted <= amount) NOT VALID;
ALTER TABLE refund ADD CONSTRAINT refund_credit_note_fkey
    FOREIGN KEY (shard_key, customer_id, credit_note_id, currency)
    REFERENCES credit_note (shard_key, customer_id, id, currency) NOT VALID;

-- How a customer pays: charged at once, or within so many days of the invoice.
CREATE TABLE billing_terms (
    shard_key int NOT NULL, customer_id uuid NOT NULL, collection text NOT NULL, net_days int NOT NULL,
    purchase_order text, recorded_at timestamptz NOT NULL,
    CONSTRAINT billing_terms_pkey PRIMARY KEY (shard_key, customer_id),
    CONSTRAINT billing_terms_head_fkey FOREIGN KEY (shard_key, customer_id)
        REFERENCES customer_head (shard_key, customer_id),
    CONSTRAINT billing_terms_collection_known CHECK (collection IN ('charge', 'invoice')),
    CONSTRAINT billing_terms_days CHECK ((collection = 'charge') = (net_days = 0) AND net_days BETWEEN 0 AND 120)
);

-- A negotiated price for a term, with what is committed to for it before tax; 0: nothing is.
CREATE TABLE contract (
    shard_key int NOT NULL, id uuid NOT NULL, tenant_id uuid NOT NULL, customer_id uuid NOT NULL,
    price_id uuid NOT NULL, currency text NOT NULL, commitment bigint NOT NULL, starts_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL, net_days int NOT NULL, purchase_order text, true_up_invoice_id uuid,
    state text NOT NULL, seq int NOT NULL, recorded_at timestamptz NOT NULL,
    CONSTRAINT contract_pkey PRIMARY KEY (shard_key, id),
    CONSTRAINT contract_customer_fkey FOREIGN KEY (shard_key, tenant_id, customer_id)
        REFERENCES customer (shard_key, tenant_id, id),
    CONSTRAINT contract_price_fkey FOREIGN KEY (price_id) REFERENCES price (id),
    CONSTRAINT contract_state_fkey FOREIGN KEY (shard_key, id, seq, state)
        REFERENCES transition (shard_key, entity_id, seq, to_state) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT contract_commitment_positive CHECK (commitment >= 0),
    CONSTRAINT contract_term_forward CHECK (ends_at > starts_at),
    CONSTRAINT contract_true_up_ended CHECK (true_up_invoice_id IS NULL OR state = 'ended')
);

CREATE INDEX contract_customer_idx ON contract (shard_key, customer_id, starts_at);

-- An overdue invoice of staff has no subscription to suspend.
-- squawk-ignore ban-drop-not-null
ALTER TABLE dunning_case ALTER COLUMN subscription_id DROP NOT NULL;

INSERT INTO move (machine, from_state, event, to_state) VALUES
    ('credit_note', 'new', 'issue', 'issued'),
    ('credit_note', 'issued', 'void', 'void'),
    ('contract', 'new', 'sign', 'active'),
    ('contract', 'active', 'end', 'ended');

GRANT SELECT, INSERT ON invoice_line_tax, invoice_tax, invoice_line_discount, tax_decision, invoice_replacement,
    credit_note, credit_note_line, credit_note_line_tax, credit_note_tax, billing_terms, contract TO quittance_app;
GRANT UPDATE (noted) ON invoice TO quittance_app;
GRANT UPDATE (given_back) ON invoice_line, invoice_line_tax TO quittance_app;
GRANT UPDATE (voided_number, state, seq) ON credit_note TO quittance_app;
GRANT UPDATE (collection, net_days, purchase_order, recorded_at) ON billing_terms TO quittance_app;
GRANT UPDATE (true_up_invoice_id, state, seq) ON contract TO quittance_app;
