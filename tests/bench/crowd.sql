-- A crowd after the pattern of one seeded customer (see sizes.py): what a renewal reads and a sweep passes by, under ids
-- of its own, due between tomorrow and a month from now. Columns that it does not name are those of the pattern.

CREATE TEMP TABLE crowd ON COMMIT DROP AS
    SELECT n, md5('crowd customer ' || n)::uuid AS customer, md5('crowd subscription ' || n)::uuid AS subscription,
           now() + interval '1 day' + n % 2592000 * interval '1 second' AS due_at
      FROM pattern, generate_series(1, count) AS n;

INSERT INTO customer_head
    SELECT (jsonb_populate_record(h, jsonb_build_object('customer_id', c.customer, 'ledger_number', 0,
                                                        'audit_number', 0, 'audit_hash', genesis, 'event_number', 0))).*
      FROM pattern p JOIN customer_head h ON h.shard_key = p.shard AND h.customer_id = p.customer, crowd c;

INSERT INTO customer
    SELECT (jsonb_populate_record(o, jsonb_build_object('id', c.customer, 'reference', 'crowd-' || c.n))).*
      FROM pattern p JOIN customer o ON o.shard_key = p.shard AND o.id = p.customer, crowd c;

INSERT INTO transition
    SELECT (jsonb_populate_record(t, jsonb_build_object('customer_id', c.customer, 'entity_id', c.subscription))).*
      FROM pattern p
      JOIN transition t ON t.shard_key = p.shard AND t.customer_id = p.customer AND t.machine = 'subscription', crowd c;

INSERT INTO subscription
    SELECT (jsonb_populate_record(s, jsonb_build_object('id', c.subscription, 'customer_id', c.customer))).*
      FROM pattern p JOIN subscription s ON s.shard_key = p.shard AND s.customer_id = p.customer, crowd c;

INSERT INTO due_work
    SELECT (jsonb_populate_record(d, jsonb_build_object('customer_id', c.customer, 'subject', c.subscription,
                                                        'due_at', c.due_at, 'lease_until', NULL))).*
      FROM pattern p
      JOIN due_work d ON d.shard_key = p.shard AND d.customer_id = p.customer AND d.kind = 'renew', crowd c;

INSERT INTO subscription_terms
    SELECT (jsonb_populate_record(t, jsonb_build_object('customer_id', c.customer,
                                                        'subscription_id', c.subscription))).*
      FROM pattern p JOIN subscription_terms t ON t.shard_key = p.shard AND t.customer_id = p.customer, crowd c;

INSERT INTO family_claim
    SELECT (jsonb_populate_record(f, jsonb_build_object('customer_id', c.customer,
                                                        'subscription_id', c.subscription))).*
      FROM pattern p JOIN family_claim f ON f.shard_key = p.shard AND f.customer_id = p.customer, crowd c;
