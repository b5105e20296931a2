"""The provider as a process, and the command that asks it for a token."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest
import typer
from typer.testing import CliRunner, Result

from api.audience import Audience
from api.auth.issuer import TrustedIssuer
from api.auth.keys import KeyCache
from api.auth.refused import Unauthenticated, Why
from api.auth.verify import Verifier
from cli.token import register
from runtime.clock import SystemClock
from tests.api.auth.conftest import ACME
from tests.dev.identity_kit import part
from tests.fixed_issuers import FixedIssuers
from tests.ports import free_port

PATIENCE_S = 60.0
"""How long a test waits for what must come; only a broken provider uses it up."""


def environment(**given: str) -> dict[str, str]:
    """This process's environment with nothing about a stack around it, and what is given."""
    ours = ("OIDC_ISSUER", "ENVIRONMENT", "IDENTITY_STATE", "PORT", "IDENTITY_PORT")
    return {name: value for name, value in os.environ.items() if name not in ours} | given


def launch(**given: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-m", "dev.identity"],
        env=environment(**given),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@contextmanager
def running(state: Path | None = None, issuer: str = "") -> Iterator[str]:
    """The address of a provider process that answers."""
    issuer = issuer or f"http://127.0.0.1:{free_port()}"
    process = launch(OIDC_ISSUER=issuer, ENVIRONMENT="dev", **({"IDENTITY_STATE": str(state)} if state else {}))
    assert process.stdout and process.stderr
    try:
        line = process.stdout.readline()
        assert line == f"dev identity provider at {issuer}\n", process.stderr.read()
        yield issuer
    finally:
        process.terminate()
        process.communicate(timeout=PATIENCE_S)


def quittance(persona: str, given: Mapping[str, str]) -> Result:
    """`quittance token PERSONA` in this environment."""
    app = typer.Typer()
    register(app)
    app.callback()(lambda: None)
    cleared = dict.fromkeys(("OIDC_ISSUER", "ENVIRONMENT", "PORT", "IDENTITY_PORT"))
    return CliRunner().invoke(app, ["token", persona], env={**cleared, **given})


@pytest.mark.parametrize(
    "given",
    [
        {"OIDC_ISSUER": "http://127.0.0.1:{port}"},
        {"OIDC_ISSUER": "http://127.0.0.1:{port}", "ENVIRONMENT": "production"},
        {"ENVIRONMENT": "dev"},
        {"ENVIRONMENT": "dev", "OIDC_ISSUER": "http://0.0.0.0:{port}"},
        {"ENVIRONMENT": "dev", "OIDC_ISSUER": "http://id.example:{port}"},
        {"ENVIRONMENT": "dev", "OIDC_ISSUER": "http://192.0.2.1:{port}"},
        {"ENVIRONMENT": "dev", "OIDC_ISSUER": "http://127.0.0.1"},
        {"ENVIRONMENT": "dev", "OIDC_ISSUER": "https://127.0.0.1:{port}"},
        {"ENVIRONMENT": "dev", "OIDC_ISSUER": "http://[::1"},
        {"ENVIRONMENT": "dev", "OIDC_ISSUER": "http://127.0.0.1:99999"},
    ],
)
def test_the_provider_refuses_to_start_outside_dev_or_off_loopback(given: dict[str, str]) -> None:
    port = str(free_port())
    process = launch(**{name: value.replace("{port}", port) for name, value in given.items()})
    told, complaint = process.communicate(timeout=PATIENCE_S)
    assert (process.returncode, told) == (2, "")
    assert len(complaint.splitlines()) == 1 and "dev identity provider" in complaint


def test_a_port_that_is_taken_and_a_state_that_cannot_be_kept_are_one_sentence_each(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with running() as issuer:
        taken = launch(OIDC_ISSUER=issuer, ENVIRONMENT="dev")
        unkept = launch(
            OIDC_ISSUER=f"http://127.0.0.1:{free_port()}", ENVIRONMENT="dev", IDENTITY_STATE=str(tmp_path / "file")
        )
        complaints = [process.communicate(timeout=PATIENCE_S)[1] for process in (taken, unkept)]
    assert [process.returncode for process in (taken, unkept)] == [2, 2]
    assert [len(complaint.splitlines()) for complaint in complaints] == [1, 1]


async def test_the_door_believes_the_running_provider_through_rotation_outage_and_restart(tmp_path: Path) -> None:
    issuer = f"http://127.0.0.1:{free_port()}"
    clock = Watch()
    async with httpx2.AsyncClient(trust_env=False) as http:
        verifier = door(issuer, http, clock)
        with running(tmp_path, issuer):
            first = quittance("customer", {"OIDC_ISSUER": issuer}).stdout.strip()
            assert (await verifier.verify(first)).subject == "ada"
            await http.post(f"{issuer}/dev/rotate-keys", json={})
            rotated = quittance("customer", {"OIDC_ISSUER": issuer}).stdout.strip()
            assert (await verifier.verify(rotated)).subject == "ada"
        clock.seconds += 3600
        assert (await verifier.verify(rotated)).subject == "ada"
        with running(tmp_path, issuer):
            clock.seconds += 3600
            assert (await verifier.verify(rotated)).subject == "ada"
            await http.post(f"{issuer}/dev/rotate-keys", json={"keep_previous": False})
            clock.seconds += 3600
            with pytest.raises(Unauthenticated) as refused:
                await verifier.verify(rotated)
    assert refused.value.why is Why.KEY


async def test_a_token_for_another_door_does_not_open_this_one() -> None:
    with running() as issuer:
        async with httpx2.AsyncClient(trust_env=False) as http:
            staff = quittance("lead", {"OIDC_ISSUER": issuer}).stdout.strip()
            with pytest.raises(Unauthenticated) as refused:
                await door(issuer, http, Watch()).verify(staff)
    assert refused.value.why is Why.ISSUER


def test_the_command_prints_a_token_and_nothing_else() -> None:
    with running() as issuer:
        by_issuer = quittance("partner", {"OIDC_ISSUER": issuer, "ENVIRONMENT": "dev"})
        by_port = quittance("partner", {"IDENTITY_PORT": issuer.rpartition(":")[2]})
    for result in (by_issuer, by_port):
        assert (result.exit_code, result.stderr) == (0, "")
        assert part(result.stdout.removesuffix("\n"), 1)["sub"] == "acme-partner"


def test_the_command_says_in_one_sentence_why_there_is_no_token() -> None:
    nobody = f"http://127.0.0.1:{free_port()}"
    results = {
        "ENVIRONMENT is 'production'": quittance("customer", {"OIDC_ISSUER": nobody, "ENVIRONMENT": "production"}),
        "not on this machine": quittance("customer", {"OIDC_ISSUER": "https://id.acme.example"}),
        "no dev identity provider answers": quittance("customer", {"OIDC_ISSUER": nobody}),
        "no persona 'root'": quittance("root", {"OIDC_ISSUER": nobody}),
    }
    for expected, result in results.items():
        assert (result.exit_code, result.stdout) == (1, "")
        assert expected in result.stderr and len(result.stderr.splitlines()) == 1


def test_the_command_takes_no_token_from_something_else_that_listens() -> None:
    other = subprocess.Popen(
        [sys.executable, "-c", IMPOSTOR], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert other.stdout
    try:
        result = quittance("customer", {"OIDC_ISSUER": f"http://127.0.0.1:{json.loads(other.stdout.readline())}"})
    finally:
        other.kill()
        other.communicate()
    assert (result.exit_code, result.stdout) == (1, "")
    assert "is not the dev identity provider" in result.stderr


IMPOSTOR = """
from http.server import BaseHTTPRequestHandler, HTTPServer
class Other(BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"hello")
server = HTTPServer(("127.0.0.1", 0), Other)
print(server.server_port, flush=True)
server.handle_request()
"""


class Watch:
    """Monotonic seconds that a test moves."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def door(issuer: str, http: httpx2.AsyncClient, clock: Watch) -> Verifier:
    """What the API would build for the portal of one tenant."""
    row = TrustedIssuer(issuer, "quittance:acme:portal", ACME, Audience.PORTAL, f"{issuer}/jwks", frozenset({"ES256"}))
    return Verifier(FixedIssuers([row]), KeyCache(http, clock), SystemClock(), clock)
