-- Fills the temporary tables' one shop (see seed.py) with its past. Keys are not checked here; `verify` checks the sums.

INSERT INTO customer_head (shard_key, customer_id, tenant_id, legal_entity_id, kind, ledger_number, audit_number,
        audit_hash, event_number)
    SELECT shard, id, tenant, entity, 'company', invoices, 0, genesis, 0 FROM shop, seeded;

INSERT INTO customer (shard_key, id, tenant_id, legal_entity_id, reference, currency, time_zone, locale, recorded_at)
    SELECT shard, id, tenant, entity, 'seeded-' || place, 'EUR', 'UTC', 'en', since FROM shop, seeded;

INSERT INTO customer_directory (reference_key, tenant_id, shard_key, customer_id)
    SELECT 'seeded-' || place, tenant, shard, id FROM shop, seeded;

INSERT INTO billing_person (shard_key, customer_id, name, email, address, country, recorded_at)
    SELECT shard, id, 'Seeded ' || place, 'seeded-' || place || '@example.test', '1 Test Street', 'DE', since
      FROM shop, seeded;

INSERT INTO sealing_key (shard_key, customer_id, wrapped, recorded_at)
    SELECT shard, id, decode(repeat('00', 60), 'hex'), since FROM shop, seeded;

INSERT INTO customer_user (shard_key, id, customer_id, active, recorded_at)
    SELECT shard, user_id, id, true, since FROM shop, seeded;

INSERT INTO login_directory (login_key, tenant_id, shard_key, customer_id, user_id, recorded_at)
    SELECT login, tenant, shard, id, user_id, since FROM shop, seeded;

INSERT INTO ledger_account (shard_key, customer_id, kind, currency)
    SELECT shard, id, kind, 'EUR' FROM shop, seeded, account_kind;

CREATE TEMP TABLE past ON COMMIT DROP AS
    SELECT shard, tenant, entity, id AS customer, k,
           since + make_interval(months => k) AS starts_at, since + make_interval(months => k + 1) AS ends_at,
           row_number() OVER (ORDER BY k, place) AS number,
           (lpad(to_hex((extract(epoch FROM since + make_interval(months => k)) * 1000)::bigint), 12, '0')
            || '7' || substr(md5('invoice ' || id || k), 1, 3) || '8' || substr(md5('invoice ' || id || k), 4, 15))::uuid
               AS invoice,
           md5('subscription ' || id)::uuid AS subscription
      FROM shop, seeded, generate_series(0, invoices - 1) AS k;

CREATE TEMP TABLE past_line ON COMMIT DROP AS
    SELECT past.*, position::int AS position, 1000 * position AS amount,
           extract(epoch FROM ends_at - starts_at)::bigint AS seconds
      FROM past, shop, generate_series(1, lines) AS position;

INSERT INTO accounting_period (shard_key, legal_entity_id, starts_on)
    SELECT DISTINCT shard, entity, (starts_at AT TIME ZONE 'UTC')::date FROM past
    UNION SELECT shard, entity, date_trunc('month', now() AT TIME ZONE 'UTC')::date FROM shop;

INSERT INTO ledger_transaction (shard_key, customer_id, number, previous_number, legal_entity_id, period_starts_on,
        transfer_count, cause, cause_id, operation_id, happened_at, recorded_at)
    SELECT shard, customer, k + 1, nullif(k, 0), entity, (starts_at AT TIME ZONE 'UTC')::date, 1, 'invoice.finalized',
           invoice, invoice, starts_at, starts_at
      FROM past;

INSERT INTO ledger_transfer (shard_key, customer_id, number, position, transfer_count, debit_kind, credit_kind,
        currency, amount)
    SELECT shard, customer, k + 1, 1, 1, 'receivable', 'revenue', 'EUR', sum(amount)
      FROM past_line GROUP BY shard, customer, k;

INSERT INTO account_balance (shard_key, customer_id, kind, currency, balance, version, through_number)
    SELECT shard_key, customer_id, 'receivable', 'EUR', sum(amount), max(number), max(number)
      FROM ledger_transfer JOIN shop ON shard = shard_key GROUP BY shard_key, customer_id
    UNION ALL
    SELECT shard, id, 'customer_credit', 'EUR', 0, 0, 0 FROM shop, seeded;

INSERT INTO transition (shard_key, customer_id, entity_id, seq, previous_seq, machine, from_state, event, to_state,
        operation_id, happened_at, recorded_at)
    SELECT shard, customer, invoice, 1, NULL::int, 'invoice', 'new', 'finalize', 'open', invoice, starts_at, starts_at
      FROM past
    UNION ALL
    SELECT shard, customer, subscription, 1, NULL, 'subscription', 'new', 'start', 'incomplete', invoice, starts_at,
           starts_at
      FROM past WHERE k = 0
    UNION ALL
    SELECT shard, customer, subscription, 2, 1, 'subscription', 'incomplete', 'activate', 'active', invoice, starts_at,
           starts_at
      FROM past WHERE k = 0;

INSERT INTO subscription (shard_key, id, tenant_id, customer_id, plan_id, price_id, quantity, currency, unit_amount,
        cadence_unit, cadence_count, anchor_at, time_zone, period_index, period_start, period_end, state, seq,
        plan_version_id, family, version, terms_seq, recorded_at)
    SELECT past.shard, subscription, past.tenant, customer, plan, price, 1, 'EUR', 1000, 'month', 1, since, 'UTC', k,
           starts_at, ends_at, 'active', 2, v.id, v.family, 1, 1, since
      FROM past, shop JOIN plan_version v ON v.plan_id = plan AND v.version = 1 WHERE k = invoices - 1;

INSERT INTO subscription_terms (shard_key, customer_id, subscription_id, seq, effective_at, cause, plan_version_id,
        price_id, family, quantity, currency, unit_amount, cadence_unit, cadence_count, anchor_at, recorded_at)
    SELECT shard_key, customer_id, id, 1, anchor_at, 'start', plan_version_id, price_id, family, quantity, currency,
           unit_amount, cadence_unit, cadence_count, anchor_at, recorded_at
      FROM subscription JOIN shop ON shard = shard_key;

INSERT INTO family_claim (shard_key, customer_id, family, subscription_id)
    SELECT shard_key, customer_id, family, id FROM subscription JOIN shop ON shard = shard_key;

INSERT INTO due_work (shard_key, customer_id, kind, subject, due_at, follows, clocked, attempts, lease_until,
        recorded_at)
    SELECT past.shard, customer, 'renew', subscription, ends_at, 'business', false, 0, lease_until, since
      FROM past, shop WHERE k = invoices - 1;

INSERT INTO invoice (shard_key, id, tenant_id, customer_id, legal_entity_id, subscription_id, reason, period_start,
        period_end, series, number, previous_number, number_text, currency, line_count, total, credited, paid,
        written_off, voided, due, posted_number, snapshot_sealed, state, seq, issued_at, due_at, recorded_at)
    SELECT past.shard, invoice, past.tenant, customer, past.entity, subscription,
           CASE k WHEN 0 THEN 'start' ELSE 'renewal' END, starts_at, ends_at, 'invoice', past.number,
           nullif(past.number - 1, 0), prefix || '-' || lpad(past.number::text, 6, '0'), 'EUR', lines, amount, 0, 0, 0,
           0, amount, k + 1, decode(repeat('00', 200), 'hex'), 'open', 1, starts_at, starts_at, starts_at
      FROM past
      JOIN shop ON true
      JOIN number_series s ON s.shard_key = past.shard AND s.legal_entity_id = past.entity AND s.series = 'invoice'
      JOIN ledger_transfer f ON f.shard_key = past.shard AND f.customer_id = customer AND f.number = k + 1;

INSERT INTO invoice_line (shard_key, customer_id, invoice_id, position, line_count, subscription_id, kind, description,
        price_id, quantity, unit_amount, starts_at, ends_at, currency, amount, derivation)
    SELECT past_line.shard, customer, invoice, position, lines, subscription, 'charge', 'Starter', price, position,
           1000, starts_at, ends_at, 'EUR', amount,
           jsonb_build_object('formula', 'rest', 'price', jsonb_build_object('minor', amount, 'currency', 'EUR'),
                              'numerator', seconds, 'denominator', seconds)
      FROM past_line, shop;

UPDATE number_series SET last_number = (SELECT count(*) FROM past)
 WHERE series = 'invoice' AND (shard_key, legal_entity_id) IN (SELECT shard, entity FROM shop);
