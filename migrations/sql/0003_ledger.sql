-- pre
-- The ledger. A transfer has two sides and one amount, so an unbalanced posting cannot be written down.

CREATE TABLE ledger_account (
    shard_key int NOT NULL,
    customer_id uuid NOT NULL,
    kind text NOT NULL,
    currency text NOT NULL,
    CONSTRAINT ledger_account_pkey PRIMARY KEY (shard_key, customer_id, kind, currency),
    CONSTRAINT ledger_account_kind_fkey FOREIGN KEY (kind) REFERENCES account_kind (kind),
    CONSTRAINT ledger_account_head_fkey FOREIGN KEY (shard_key, customer_id)
        REFERENCES customer_head (shard_key, customer_id),
    CONSTRAINT ledger_account_currency_form CHECK (currency ~ '^[A-Z]{3}$')
);

-- A month of a legal entity's books on one shard key; posting reads the row under a share lock that closing must win.
CREATE TABLE accounting_period (
    shard_key int NOT NULL,
    legal_entity_id uuid NOT NULL,
    starts_on date NOT NULL,
    closed_at timestamptz,
    CONSTRAINT accounting_period_pkey PRIMARY KEY (shard_key, legal_entity_id, starts_on),
    CONSTRAINT accounting_period_entity_fkey FOREIGN KEY (legal_entity_id) REFERENCES legal_entity (id),
    CONSTRAINT accounting_period_month CHECK (extract(day FROM starts_on) = 1)
);

CREATE TABLE ledger_transaction (
    shard_key int NOT NULL,
    customer_id uuid NOT NULL,
    number bigint NOT NULL,
    previous_number bigint,
    legal_entity_id uuid NOT NULL,
    period_starts_on date NOT NULL,
    transfer_count smallint NOT NULL,
    cause text NOT NULL,
    cause_id uuid NOT NULL,
    operation_id uuid NOT NULL,
    reverses_number bigint,
    happened_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT ledger_transaction_pkey PRIMARY KEY (shard_key, customer_id, number),
    CONSTRAINT ledger_transaction_count_key UNIQUE (shard_key, customer_id, number, transfer_count),
    CONSTRAINT ledger_transaction_reversed_once UNIQUE (shard_key, customer_id, reverses_number),
    CONSTRAINT ledger_transaction_head_fkey FOREIGN KEY (shard_key, customer_id)
        REFERENCES customer_head (shard_key, customer_id),
    CONSTRAINT ledger_transaction_previous_fkey FOREIGN KEY (shard_key, customer_id, previous_number)
        REFERENCES ledger_transaction (shard_key, customer_id, number),
    CONSTRAINT ledger_transaction_reverses_fkey FOREIGN KEY (shard_key, customer_id, reverses_number)
        REFERENCES ledger_transaction (shard_key, customer_id, number),
    CONSTRAINT ledger_transaction_period_fkey FOREIGN KEY (shard_key, legal_entity_id, period_starts_on)
        REFERENCES accounting_period (shard_key, legal_entity_id, starts_on),
    CONSTRAINT ledger_transaction_first CHECK ((number = 1) = (previous_number IS NULL)),
    CONSTRAINT ledger_transaction_gapless
        CHECK (number >= 1 AND (previous_number IS NULL OR previous_number = number - 1)),
    CONSTRAINT ledger_transaction_reverses_earlier CHECK (reverses_number < number),
    CONSTRAINT ledger_transaction_has_transfers CHECK (transfer_count >= 1)
);

CREATE TABLE ledger_transfer (
    shard_key int NOT NULL,
    customer_id uuid NOT NULL,
    number bigint NOT NULL,
    position smallint NOT NULL,
    transfer_count smallint NOT NULL,
    debit_kind text NOT NULL,
    credit_kind text NOT NULL,
    currency text NOT NULL,
    amount bigint NOT NULL,
    CONSTRAINT ledger_transfer_pkey PRIMARY KEY (shard_key, customer_id, number, position),
    CONSTRAINT ledger_transfer_transaction_fkey FOREIGN KEY (shard_key, customer_id, number, transfer_count)
        REFERENCES ledger_transaction (shard_key, customer_id, number, transfer_count),
    CONSTRAINT ledger_transfer_debit_fkey FOREIGN KEY (shard_key, customer_id, debit_kind, currency)
        REFERENCES ledger_account (shard_key, customer_id, kind, currency),
    CONSTRAINT ledger_transfer_credit_fkey FOREIGN KEY (shard_key, customer_id, credit_kind, currency)
        REFERENCES ledger_account (shard_key, customer_id, kind, currency),
    CONSTRAINT ledger_transfer_position CHECK (position BETWEEN 1 AND transfer_count),
    CONSTRAINT ledger_transfer_two_accounts CHECK (debit_kind <> credit_kind),
    CONSTRAINT ledger_transfer_positive CHECK (amount > 0)
);

-- A transaction without its last transfer cannot be committed.
ALTER TABLE ledger_transaction ADD CONSTRAINT ledger_transaction_transfers_fkey
    FOREIGN KEY (shard_key, customer_id, number, transfer_count)
    REFERENCES ledger_transfer (shard_key, customer_id, number, position) DEFERRABLE INITIALLY DEFERRED;

-- A cache of the kept accounts, in minor units on the account's normal side, written by the posting statement itself.
CREATE TABLE account_balance (
    shard_key int NOT NULL,
    customer_id uuid NOT NULL,
    kind text NOT NULL,
    currency text NOT NULL,
    balance bigint NOT NULL,
    version bigint NOT NULL,
    through_number bigint NOT NULL,
    CONSTRAINT account_balance_pkey PRIMARY KEY (shard_key, customer_id, kind, currency),
    CONSTRAINT account_balance_account_fkey FOREIGN KEY (shard_key, customer_id, kind, currency)
        REFERENCES ledger_account (shard_key, customer_id, kind, currency),
    CONSTRAINT account_balance_covered CHECK (balance >= 0)
);

-- The two sides of each transfer.
CREATE VIEW ledger_entry AS
    SELECT shard_key, customer_id, number, position, 'debit' AS side, debit_kind AS kind, currency, amount
      FROM ledger_transfer
    UNION ALL
    SELECT shard_key, customer_id, number, position, 'credit' AS side, credit_kind AS kind, currency, amount
      FROM ledger_transfer;
