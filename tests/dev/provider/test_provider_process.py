"""The provider as a process: it survives kill -9 with its books, and says in one sentence why it does not start."""

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from tests.ports import free_port
from tests.provider_process import SECRET, WEBHOOK_SECRET, Receiver, bench_at, own_provider


async def test_a_killed_provider_knows_every_charge_key_and_open_webhook_again(
    tmp_path: Path, endpoint: Receiver
) -> None:
    endpoint.answering.clear()
    with own_provider(tmp_path) as provider:
        async with bench_at(provider) as bench:
            await bench.behave("tok_visa", webhook_url=endpoint.url)
            method = await bench.method("tok_visa")
            payments = [await bench.charge(method, f"n{n}") for n in range(3)]
            books = await bench.books()
            for _ in payments:
                await endpoint.next()
        provider.kill()
    endpoint.answering.set()
    with own_provider(tmp_path, provider.url) as restarted:
        async with bench_at(restarted) as again:
            again.mark = bench.mark
            assert await again.books() == books
            assert await again.charge(method, "n1") == payments[1]
            other = await again.try_post("/v1/payments", again.order(method, amount_minor=5), key="n1")
            assert other.status_code == 409
            await _all_announced(endpoint, {payment["id"] for payment in payments})


async def _all_announced(endpoint: Receiver, missing: set[str]) -> None:
    while missing:
        raw = (await endpoint.next()).raw.decode()
        missing = {payment for payment in missing if payment not in raw}


async def test_what_was_processing_when_the_provider_died_settles_afterwards(
    tmp_path: Path, endpoint: Receiver
) -> None:
    with own_provider(tmp_path) as provider:
        async with bench_at(provider) as bench:
            await bench.behave("tok_bank", webhook_url=endpoint.url, settle_after_ms=1500)
            payment = await bench.charge(await bench.method("tok_bank"))
        provider.kill()
    with own_provider(tmp_path, provider.url) as restarted:
        while b"payment.succeeded" not in (await endpoint.next()).raw:
            pass
        async with bench_at(restarted) as again:
            assert (await again.get(f"/v1/payments/{payment['id']}"))["status"] == "succeeded"


def run(**environment: str) -> subprocess.CompletedProcess[str]:
    """Try to start a provider that cannot start."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PROVIDER_", "WEBHOOK_"))}
    command = [sys.executable, "-m", "dev.provider"]
    return subprocess.run(command, env=kept | environment, capture_output=True, text=True, timeout=30)


def settings(**changed: str) -> dict[str, str]:
    """An environment in which a provider starts."""
    url = f"http://127.0.0.1:{free_port()}"
    return {"PROVIDER_URL": url, "PROVIDER_SECRET": SECRET, "WEBHOOK_SECRET": WEBHOOK_SECRET} | changed


@pytest.mark.parametrize(
    ("changed", "word"),
    [
        ({"PROVIDER_URL": "https://example.org"}, "PROVIDER_URL"),
        ({"PROVIDER_URL": "http://127.0.0.1"}, "PROVIDER_URL"),
        ({"WEBHOOK_SECRET": "secret"}, "WEBHOOK_SECRET"),
        ({"WEBHOOK_SECRET": "whsec_"}, "WEBHOOK_SECRET"),
        ({"PROVIDER_STATE": "/dev/null/x"}, "cannot start"),
    ],
)
def test_bad_settings_end_in_one_sentence(changed: dict[str, str], word: str) -> None:
    ended = run(**settings(**changed))
    assert (ended.returncode, ended.stdout) == (2, "")
    assert word in ended.stderr and len(ended.stderr.splitlines()) == 1


def test_a_taken_port_ends_in_one_sentence() -> None:
    with own_provider() as provider:
        ended = run(**settings(PROVIDER_URL=provider.url))
    assert ended.returncode == 2
    assert "in use" in ended.stderr and len(ended.stderr.splitlines()) == 1


def test_books_of_another_version_are_left_alone(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "provider.sqlite3") as newer:
        newer.execute("PRAGMA user_version = 99")
    newer.close()
    ended = run(**settings(PROVIDER_STATE=str(tmp_path)))
    assert ended.returncode == 2
    assert "version 99" in ended.stderr and len(ended.stderr.splitlines()) == 1


def test_a_secret_is_never_printed() -> None:
    ended = run(**settings(WEBHOOK_SECRET="hunter2-hunter2"))
    assert ended.returncode == 2
    assert "hunter2" not in ended.stderr
