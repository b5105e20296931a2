"""``quittance token PERSONA``: a bearer token of a demo persona, for a stack in dev."""

import os
from collections.abc import Mapping
from typing import Annotated
from urllib.parse import urlsplit

import httpx2
import typer

from dev.identity.personas import PERSONAS
from dev.identity.settings import is_loopback
from dev.stack.addresses import ports_from
from dev.stack.trouble import StackError

# The provider is on this machine and signs one token.
WAIT_SECONDS = 5.0


class NoToken(Exception):
    """Why there is no token; its text is for a person."""


def register(app: typer.Typer) -> None:
    """Adds the command to the tool."""
    app.command(name="token")(token)


def token(persona: Annotated[str, typer.Argument(help=f"One of {', '.join(PERSONAS)}.")]) -> None:
    """Print a bearer token of a demo persona; only for a stack in dev."""
    try:
        typer.echo(fetch(persona, os.environ))
    except (NoToken, StackError) as error:
        typer.echo(f"No token: {error}", err=True)
        raise typer.Exit(1) from None


def fetch(persona: str, environ: Mapping[str, str]) -> str:
    """The token, from the dev identity provider of this environment; NoToken or StackError says why not."""
    if persona not in PERSONAS:
        raise NoToken(f"there is no persona {persona!r}; there are {', '.join(PERSONAS)}.")
    issuer = _issuer(environ)
    try:
        answer = httpx2.post(
            f"{issuer}/dev/token",
            json={"persona": persona},
            timeout=WAIT_SECONDS,
            follow_redirects=False,
            trust_env=False,
        )
    except (httpx2.HTTPError, httpx2.InvalidURL):
        raise NoToken(f"no dev identity provider answers at {issuer}; start the stack with `make run`.") from None
    if answer.status_code != httpx2.codes.OK:
        raise NoToken(f"what answers at {issuer} is not the dev identity provider (status {answer.status_code}).")
    return _read(answer, issuer)


def _issuer(environ: Mapping[str, str]) -> str:
    kind = environ.get("ENVIRONMENT", "dev")
    if kind != "dev":
        raise NoToken(f"demo personas exist in dev only, and ENVIRONMENT is {kind!r}.")
    issuer = environ.get("OIDC_ISSUER") or f"http://127.0.0.1:{ports_from(environ).identity}"
    try:
        loopback = is_loopback(urlsplit(issuer).hostname or "")
    except ValueError:
        loopback = False
    if not loopback:
        raise NoToken(f"{issuer} is not on this machine, and demo personas exist on a dev stack only.")
    return issuer.rstrip("/")


def _read(answer: httpx2.Response, issuer: str) -> str:
    try:
        return str(answer.json()["access_token"])
    except (ValueError, KeyError, TypeError):
        raise NoToken(f"what answers at {issuer} is not the dev identity provider.") from None
