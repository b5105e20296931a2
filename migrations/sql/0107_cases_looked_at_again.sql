-- post
-- What older code left behind, put before the code that knows what is to become of it. It runs once no older code does.

-- An invoice that is owed again beside the credit note that had stopped its case was collected no more: it is overdue,
-- and its case is opened anew. On a test clock that is found as the clock moves on.
INSERT INTO due_work (shard_key, customer_id, kind, subject, due_at, follows, clocked, attempts, recorded_at)
SELECT i.shard_key, i.customer_id, 'invoice_overdue', i.id, coalesce(h.clock_at, now()), 'business',
       h.clock_at IS NOT NULL, 0, now()
  FROM dunning_case c
  JOIN invoice i ON i.shard_key = c.shard_key AND i.customer_id = c.customer_id AND i.id = c.invoice_id
                AND i.state = 'open'
  JOIN customer_head h ON h.shard_key = c.shard_key AND h.customer_id = c.customer_id
  LEFT JOIN subscription s ON s.shard_key = c.shard_key AND s.customer_id = c.customer_id AND s.id = c.subscription_id
 WHERE c.state = 'stopped' AND c.ended_by IS DISTINCT FROM 'subscription_ended' AND s.ended_at IS NULL
    ON CONFLICT (shard_key, customer_id, kind, subject) DO NOTHING;

-- Cases on account that were opened before their invoices were due: their next step is to see that, and to end them
-- until then.
UPDATE due_work w
   SET due_at = c.opened_at, attempts = 0, lease_until = NULL
  FROM dunning_case c
  JOIN invoice i ON i.shard_key = c.shard_key AND i.customer_id = c.customer_id AND i.id = c.invoice_id
                AND i.state = 'open' AND i.collection = 'invoice'
 WHERE w.shard_key = c.shard_key AND w.customer_id = c.customer_id AND w.subject = c.id
   AND w.kind = CASE c.state WHEN 'suspended' THEN 'dunning_write_off' ELSE 'dunning_suspend' END
   AND c.state IN ('retrying', 'grace', 'suspended') AND c.opened_at < i.due_at;
