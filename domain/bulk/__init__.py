"""Runs of staff that do one thing to many subscriptions, invoices, drafts or notices."""
