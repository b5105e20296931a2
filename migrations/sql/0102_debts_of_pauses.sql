-- pre
-- A subscription that pauses is suspended, too, when the case of an invoice of its own says so; once nothing is owed any
-- more it goes on with the pause, of which therefore more has to be known.

INSERT INTO move (machine, from_state, event, to_state) VALUES
    ('subscription', 'paused', 'suspend', 'suspended'),
    ('subscription', 'pending_cancellation', 'suspend', 'suspended');

-- Empty on the rows of pauses that are over, and that an older release began meanwhile.
ALTER TABLE subscription_pause ADD COLUMN resumes_at timestamptz, ADD COLUMN cause text;
ALTER TABLE subscription_pause ADD CONSTRAINT subscription_pause_cause_kept CHECK (cause IN ('no_price')) NOT VALID;

UPDATE subscription_pause p SET resumes_at = s.resumes_at, cause = s.pause_cause
  FROM subscription s
 WHERE s.state = 'paused' AND s.shard_key = p.shard_key AND s.id = p.subscription_id AND s.seq = p.seq
   AND (s.resumes_at IS NOT NULL OR s.pause_cause IS NOT NULL);
