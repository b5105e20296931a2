-- pre
-- What the application may do. Financial rows are append-only for it; only status and cache columns may change.

GRANT USAGE ON SCHEMA public TO quittance_app;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO quittance_app;

GRANT INSERT ON tenant, tenant_shard_key, legal_entity, token_issuer, staff_member, partner_client, plan, price,
    dunning_policy TO quittance_app;
GRANT UPDATE (accepts_new) ON tenant_shard_key TO quittance_app;
GRANT UPDATE (role, active) ON staff_member TO quittance_app;
GRANT UPDATE (active) ON partner_client, plan TO quittance_app;
GRANT UPDATE (retry_days, suspend_day, give_up_day) ON dunning_policy TO quittance_app;

GRANT INSERT ON customer_head, operation_key, audit_entry, audit_body, outbox_event, outbox_lease, due_work,
    dead_letter, transition, refusal_log, inbox_event, webhook_body TO quittance_app;
GRANT UPDATE (ledger_number, audit_number, audit_hash, event_number, clock_at, clock_target) ON customer_head
    TO quittance_app;
GRANT UPDATE (outcome) ON operation_key TO quittance_app;
GRANT DELETE ON operation_key TO quittance_app;
GRANT UPDATE (attempts, retry_at) ON outbox_event TO quittance_app;
GRANT DELETE ON outbox_event TO quittance_app;
GRANT UPDATE (holder, lease_until) ON outbox_lease TO quittance_app;
GRANT UPDATE (due_at, follows, clocked, attempts, lease_until, recorded_at) ON due_work TO quittance_app;
GRANT DELETE ON due_work TO quittance_app;
GRANT UPDATE (replayed_at) ON dead_letter TO quittance_app;
GRANT UPDATE (previous_state, last_event, state, attempts, due_at, lease_until, cause, error_id)
    ON inbox_event TO quittance_app;

GRANT INSERT ON ledger_account, accounting_period, ledger_transaction, ledger_transfer, account_balance
    TO quittance_app;
GRANT UPDATE (closed_at) ON accounting_period TO quittance_app;
GRANT UPDATE (balance, version, through_number) ON account_balance TO quittance_app;

GRANT INSERT ON customer, customer_directory, billing_person, sealing_key, customer_user, login_directory,
    payment_method TO quittance_app;
GRANT UPDATE (default_method_id, time_zone, locale) ON customer TO quittance_app;
GRANT UPDATE (name, email, address, country) ON billing_person TO quittance_app;
GRANT DELETE ON billing_person, sealing_key, login_directory TO quittance_app;
GRANT UPDATE (active) ON customer_user TO quittance_app;
GRANT UPDATE (removed_at) ON payment_method TO quittance_app;

GRANT INSERT ON subscription, number_series, invoice_draft, invoice_draft_line, invoice, invoice_line, payment, refund,
    receipt, issued_document, dunning_case TO quittance_app;
GRANT UPDATE (plan_id, price_id, quantity, unit_amount, cadence_unit,
    cadence_count, anchor_at, period_index, period_start, period_end, next_price_id, pending_price_id,
    pending_invoice_id, state, seq, resumed_at, ended_at) ON subscription TO quittance_app;
GRANT UPDATE (last_number) ON number_series TO quittance_app;
GRANT DELETE ON invoice_draft, invoice_draft_line TO quittance_app;
GRANT UPDATE (credited, paid, written_off, voided, due, state, seq) ON invoice TO quittance_app;
GRANT UPDATE (provider_ref, action_url, failure_code, failure_hard, sent_at, queries, captured, refunds_reserved,
    posted_number, state, seq) ON payment TO quittance_app;
GRANT UPDATE (provider_ref, failure_code, sent_at, queries, settled_number, state, seq) ON refund TO quittance_app;
GRANT UPDATE (retries_done, state, seq) ON dunning_case TO quittance_app;
