"""What a person sees once everything is ready."""

from dev.stack.plan import Plan

FIRST_QUERY = "{ viewer { customer { name } } }"
PERSONAS = ("customer", "other-customer", "partner", "support", "lead", "finance")


def banner(plan: Plan) -> str:
    """Where to click, who to be and what to ask first; the servers' addresses alone when nothing else runs."""
    if not plan.processes:
        return f"\n  Servers only; `quittance psql` opens the primary. State: {plan.state}\n"
    url = f"http://127.0.0.1:{plan.ports.api}"
    return "\n".join(
        (
            "",
            f"  GraphQL     {url}/graphql",
            f"  Health      {url}/healthz   {url}/readyz   {url}/metrics",
            f"  Sign in     {plan.given.get('OIDC_ISSUER', f'http://127.0.0.1:{plan.ports.identity}')}",
            f"  Provider    {_provider(plan)}",
            f"  Logs        {plan.state / 'logs'}",
            "",
            f"  Personas    {', '.join(PERSONAS)}: `quittance token customer` prints a bearer token",
            "  First query",
            f'    curl -s {url}/graphql -H "Authorization: Bearer $(.venv/bin/quittance token customer)" \\',
            f"      -H 'Content-Type: application/json' -d '{{\"query\": \"{FIRST_QUERY}\"}}'",
            "",
            "  Ctrl-C stops everything; the next start continues with the same data.",
            "",
        )
    )


def _provider(plan: Plan) -> str:
    return plan.given.get("PROVIDER") or f"http://127.0.0.1:{plan.ports.provider} (sandbox)"
