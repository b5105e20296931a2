"""Who asks: a bearer token of a trusted issuer becomes a Principal, or nothing."""
