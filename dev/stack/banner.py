"""What a person sees once everything is ready."""

from dev.identity.personas import PERSONAS
from dev.stack.addresses import DEFAULT_PORT
from dev.stack.plan import Plan

FIRST_QUERY = "{ viewer { customer { balance { receivable { decimal currency } } } } }"


def banner(plan: Plan) -> str:
    """Where to click, who to be and what to ask first; the servers' addresses alone when nothing else runs."""
    if not plan.processes:
        return f"\n  Servers only; `quittance psql` opens the primary. State: {plan.state}\n"
    url = f"http://127.0.0.1:{plan.ports.api}"
    # The other commands find the stack by the same variable.
    where = "" if plan.ports.api == DEFAULT_PORT else f"PORT={plan.ports.api} "
    token = f"{where}.venv/bin/quittance token customer"
    return "\n".join(
        (
            "",
            f"  GraphQL     {url}/graphql",
            f"  Console     {url}/console/",
            f"  Health      {url}/healthz   {url}/readyz   {url}/metrics",
            f"  Worker      http://127.0.0.1:{plan.ports.metrics}/metrics",
            f"  Sign in     {url}/login/portal   {url}/login/staff",
            f"  Identity    {plan.given.get('OIDC_ISSUER', f'http://127.0.0.1:{plan.ports.identity}')}",
            f"  Provider    {_provider(plan)}",
            f"  Mails       {_mails(plan)}",
            f"  Logs        {plan.state / 'logs'}",
            "",
            f"  Personas    {', '.join(PERSONAS)}",
            f"  Token       {token}",
            "  First query",
            f'    curl -s {url}/graphql -H "Authorization: Bearer $({token})" \\',
            f"      -H 'Content-Type: application/json' -d '{{\"query\": \"{FIRST_QUERY}\"}}'",
            "",
            "  Ctrl-C stops everything; the next start continues with the same data.",
            "",
        )
    )


def _mails(plan: Plan) -> str:
    return (
        "go out"
        if "SMTP_URL" in plan.given
        else f"http://127.0.0.1:{plan.ports.mailroom} (nothing leaves this machine)"
    )


def _provider(plan: Plan) -> str:
    return plan.given.get("PROVIDER") or f"http://127.0.0.1:{plan.ports.provider} (sandbox)"
