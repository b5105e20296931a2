"""Endpoints in Stripe's shape, over the same books, tokens and faults as the provider's own API."""
