"""What the launcher decides before it starts anything."""

import os
import stat
from pathlib import Path

import pytest

from dev.stack.addresses import Ports, given_from, ports_from
from dev.stack.claim import claim, is_claimed
from dev.stack.keys import keys_in
from dev.stack.layout import SOCKET_PATH_BYTES, Layout
from dev.stack.plan import plan_from
from dev.stack.processes import CHECKOUT
from dev.stack.program import Program, launch, never, why_not_ready
from dev.stack.trouble import StackError

ALL_THREE = {
    "OWNER_DATABASE_URL": "postgresql://o/",
    "DATABASE_URL": "postgresql://a/",
    "REPLICA_URL": "postgresql://r/",
}


def test_the_other_ports_follow_the_first_unless_they_are_named() -> None:
    assert ports_from({}) == Ports(8000, 8001, 8002, 8003, 8004, 8005)
    assert ports_from({"PORT": "9000", "IDENTITY_PORT": "7000"}) == Ports(9000, 9001, 7000, 9003, 9004, 9005)


@pytest.mark.parametrize("text", ["0", "-1", "65534", "http", "8000 ", "٣٠٠٠", "9" * 5000, "1e3"])
def test_what_is_no_port_is_refused(text: str) -> None:
    with pytest.raises(StackError, match="PORT must be a port number"):
        ports_from({"PORT": text})


@pytest.mark.parametrize("left_out", ALL_THREE)
def test_one_database_address_without_the_others_is_refused(left_out: str) -> None:
    given = {name: url for name, url in ALL_THREE.items() if name != left_out}
    with pytest.raises(StackError, match=f"{left_out} is not: set all three"):
        given_from(given)


def test_given_addresses_take_the_place_of_what_would_be_started() -> None:
    plan = plan_from(
        {
            **ALL_THREE,
            "REDIS_URL": "redis://q/",
            "OIDC_ISSUER": "https://login.test",
            "PROVIDER": "stripe",
            "SMTP_URL": "smtps://mail.test",
        }
    )
    assert not plan.own_postgres
    assert not plan.own_valkey
    assert [process.name for process in plan.processes] == ["api", "worker"]
    assert [step.name for step in plan.steps] == ["migrations"]


def test_without_addresses_everything_is_started_in_the_checkout() -> None:
    plan = plan_from({"PROVIDER": "sandbox", "PORT": "9000"})
    assert plan.own_postgres
    assert plan.own_valkey
    assert plan.durable
    assert plan.state == CHECKOUT / ".state"
    assert [process.name for process in plan.processes] == ["identity", "provider", "mailroom", "api", "worker"]
    assert [process.port for process in plan.processes] == [9002, 9001, 9003, 9000, None]


@pytest.mark.parametrize("folder", ["a" * 200, "with space", "it's", "a,b", "50%", "ä"])
def test_sockets_move_out_of_a_path_that_is_too_long_or_would_need_quoting(tmp_path: Path, folder: str) -> None:
    sockets = Layout(tmp_path / folder, tmp_path / folder / "servers").sockets
    assert tmp_path not in sockets.parents
    assert len(os.fsencode(sockets / ".s.PGSQL.5432")) <= SOCKET_PATH_BYTES
    assert sockets != Layout(tmp_path / f"{folder}2", tmp_path / f"{folder}2" / "servers").sockets


def test_sockets_stay_inside_a_short_and_plain_path() -> None:
    assert Layout(Path("/srv/q"), Path("/srv/q/servers")).sockets == Path("/srv/q/servers/s")


def test_keys_are_for_their_owner_alone_and_stay_the_same(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    first = keys_in(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert keys_in(path) == first
    assert first.webhook_secret.startswith("whsec_")
    assert first.superuser not in repr(first)
    assert keys_in(tmp_path / "others.json").app != first.app


def test_a_claim_holds_until_it_is_given_up(tmp_path: Path) -> None:
    with claim(tmp_path / "new"):
        assert is_claimed(tmp_path / "new")
        with pytest.raises(StackError, match=f"in use by process {os.getpid()}"):
            claim(tmp_path / "new")
    assert not is_claimed(tmp_path / "new")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("no queue here", "no queue here"),
        ('{"event": "job.failed", "cause": "%s"}' % ("x" * 4000), "job.failed"),
        ('{"event": "job.failed", "exception": "Traceback\\n  File\\nKeyError: 1"}', "job.failed: KeyError: 1"),
        ('{"event": ' + "x" * 4000, '{"event": ' + "x" * 150 + "..."),
        ("42", "42"),
    ],
)
def test_the_last_words_of_a_program_are_a_sentence(tmp_path: Path, line: str, said: str) -> None:
    log = tmp_path / "worker.log"
    child = launch(Program("worker", ("/bin/sh", "-c", 'printf "%s\\n" "$0"; exit 3', line), log, never, {}))
    child.process.wait()
    assert why_not_ready(child) == f"worker exited with 3: {said} (all of it: {log})"
