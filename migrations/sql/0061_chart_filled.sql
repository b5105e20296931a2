-- post
-- Older code opens for a new customer the accounts that it knows, also after 0032 and 0048 had added theirs to those of
-- before. Every customer has the whole chart, in each of its currencies; kept accounts have always been opened.
-- It runs once no older code does, so it stands behind all that goes before.

INSERT INTO ledger_account (shard_key, customer_id, kind, currency)
    SELECT a.shard_key, a.customer_id, k.kind, a.currency
      FROM ledger_account a
     CROSS JOIN account_kind k
     WHERE a.kind = 'receivable' AND NOT k.kept
        ON CONFLICT DO NOTHING;
