"""The class of every table: S sharded by ``shard_key``, R reference, D directory sharded by its look-up text."""

TABLES: dict[str, str] = {
    "schema_migration": "R",
    "tenant": "R",
    "tenant_shard_key": "R",
    "legal_entity": "R",
    "token_issuer": "R",
    "staff_member": "R",
    "partner_client": "R",
    "move": "R",
    "account_kind": "R",
    "plan": "R",
    "price": "R",
    "dunning_policy": "R",
    "customer_head": "S",
    "operation_key": "S",
    "audit_entry": "S",
    "audit_body": "S",
    "outbox_event": "S",
    "outbox_lease": "S",
    "due_work": "S",
    "dead_letter": "S",
    "transition": "S",
    "refusal_log": "S",
    "ledger_account": "S",
    "accounting_period": "S",
    "ledger_transaction": "S",
    "ledger_transfer": "S",
    "account_balance": "S",
    "customer": "S",
    "billing_person": "S",
    "sealing_key": "S",
    "customer_user": "S",
    "payment_method": "S",
    "subscription": "S",
    "number_series": "S",
    "invoice_draft": "S",
    "invoice_draft_line": "S",
    "invoice": "S",
    "invoice_line": "S",
    "payment": "S",
    "refund": "S",
    "receipt": "S",
    "issued_document": "S",
    "dunning_case": "S",
    "customer_directory": "D:customer",
    "login_directory": "D:login",
    "inbox_event": "D:event",
    "webhook_body": "D:event",
}

DIRECTORY_KEYS: dict[str, str] = {
    "customer_directory": "reference_key",
    "login_directory": "login_key",
    "inbox_event": "event_key",
    "webhook_body": "event_key",
}

# Bodies that grow without bound, by month of recorded_at; what dedupes or numbers is never partitioned by time.
PARTITIONED: tuple[str, ...] = ("audit_body", "webhook_body")

# Views, each with the class of the tables it reads.
VIEWS: dict[str, str] = {"ledger_entry": "S"}
