"""A small registry for the statements of the lint's own tests."""

TABLES = {
    "customer": "S",
    "invoice": "S",
    "invoice_line": "S",
    "number_series": "S",
    "ledger_entry": "S",
    "plan": "R",
    "tenant_shard_key": "R",
    "login_directory": "D:login",
    "inbox_event": "D:event",
}
