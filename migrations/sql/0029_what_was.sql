-- pre
-- What has to be known of the past to say it again: what a pause left of access, since when terms were known, and how
-- a line of a credit note was worked out. The columns are empty on older rows.

-- One row a pause: the move that began it, the access it left, and until when the time was paid for.
CREATE TABLE subscription_pause (
    shard_key int NOT NULL,
    customer_id uuid NOT NULL,
    subscription_id uuid NOT NULL,
    seq int NOT NULL,
    access text NOT NULL,
    paid_until timestamptz NOT NULL,
    state text NOT NULL DEFAULT 'paused',
    machine text NOT NULL DEFAULT 'subscription',
    recorded_at timestamptz NOT NULL,
    CONSTRAINT subscription_pause_pkey PRIMARY KEY (shard_key, subscription_id, seq),
    CONSTRAINT subscription_pause_subscription_fkey FOREIGN KEY (shard_key, customer_id, subscription_id)
        REFERENCES subscription (shard_key, customer_id, id),
    CONSTRAINT subscription_pause_move_fkey FOREIGN KEY (shard_key, subscription_id, seq, state, machine)
        REFERENCES transition (shard_key, entity_id, seq, to_state, machine),
    CONSTRAINT subscription_pause_move CHECK (state = 'paused' AND machine = 'subscription'),
    CONSTRAINT subscription_pause_access_known CHECK (access IN ('paid', 'none', 'full'))
);

-- A pause that runs keeps what its row says. Of one that is over nobody wrote it down: a trial's left none, any other
-- what its tenant's policy says today, until the end of the last period that was billed before it.
INSERT INTO subscription_pause (shard_key, customer_id, subscription_id, seq, access, paid_until, recorded_at)
SELECT t.shard_key, s.customer_id, s.id, t.seq,
       CASE WHEN s.seq = t.seq AND s.pause_access IS NOT NULL THEN s.pause_access
            WHEN t.from_state = 'trialing' THEN 'none'
            ELSE coalesce(p.pause_access, 'paid') END,
       CASE WHEN s.seq = t.seq THEN s.period_end
            ELSE coalesce((SELECT max(i.period_end) FROM invoice i
                            WHERE i.shard_key = s.shard_key AND i.customer_id = s.customer_id
                              AND i.subscription_id = s.id AND i.period_start <= t.happened_at AND i.state <> 'void'),
                          t.happened_at) END,
       t.recorded_at
  FROM transition t
  JOIN subscription s ON s.shard_key = t.shard_key AND s.id = t.entity_id
  LEFT JOIN subscription_policy p ON p.tenant_id = s.tenant_id
 WHERE t.machine = 'subscription' AND t.event = 'pause'
    ON CONFLICT DO NOTHING;

-- The business time at which terms were taken on; they may hold from earlier on, as a renewal's from its period's start.
ALTER TABLE subscription_terms ADD COLUMN applied_at timestamptz;

-- How a line of a credit note follows: what was asked for, and what was left of the charge and its taxes before it.
ALTER TABLE credit_note_line ADD COLUMN working jsonb;

GRANT SELECT, INSERT ON subscription_pause TO quittance_app;
