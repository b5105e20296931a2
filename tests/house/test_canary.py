"""What must stand in no log and in no error is found wherever it is told, and nothing else is."""

import logging
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
import structlog

from dev.stack.keys import keys_in
from dev.stack.layout import Layout
from runtime.logs import WITHHELD, configure_logs, json_lines
from tests import canary_watch
from tests.canary import Canary
from tests.canary_watch import LEAKS

SECRET = "0a1b2c3d4e5f60718293a4b5c6d7e8f9"
CARD = "4242 4242 4242 4242"


@pytest.fixture
def leaks() -> Iterator[list[str]]:
    """What leaked in this test, which is no leak: it is forgiven at its end."""
    yield LEAKS
    LEAKS.clear()


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("card", CARD), ("card", "4242424242424242"), ("card", "3782 822463 10005"), ("card", "a=5555-5555-5555-4444,"),
        ("iban", "DE89370400440532013000"), ("iban", "to GB82 WEST 1234 5698 7654 32."), ("secret", f"x{SECRET}x"),
        ("token", "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln"), ("token", "Authorization: Bearer opaque-0123456789"),
        ("key", "sk_live_0123456789abcdef"), ("key", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
        ("key", "-----BEGIN EC PRIVATE KEY-----"), ("cookie", "__Host-quittance-staff=abc"),
        ("password", "postgresql://app:0123456789@127.0.0.1/x"), ("person", '{"to": "ada@example.test"}'),
    ],
)  # fmt: skip
def test_a_secret_is_found_and_not_repeated(kind: str, told: str) -> None:
    (found,) = Canary([SECRET]).leaks(f"some words {told}")
    assert found.startswith(f"{kind}: some words ") and "***" in found
    assert told.strip('".,{}') not in found


@pytest.mark.parametrize(
    "told",
    [
        "4242 4242 4242 4241", "id_4242424242424242", "DE89370400440532013001", "payment_0199aa0ffd227000a71c",
        "2026-11-21T20:02:35.424242Z", "https://portal.example/login", "staff:sam@1f0c9a52be07", "visa ending in 4242",
        "postgresql://app:***@127.0.0.1/x", "at=1795291355.4242424", "",
    ],
)  # fmt: skip
def test_what_only_looks_like_one_is_none(told: str) -> None:
    assert Canary([SECRET]).leaks(told) == []


async def test_it_is_looked_for_in_each_record_line_file_and_error(leaks: list[str], tmp_path: Path) -> None:
    logging.getLogger("quittance.x").info("plain", extra={"card": CARD})
    structlog.get_logger("api.x").info("structured", card=CARD)
    try:
        raise ValueError(CARD)
    except ValueError:
        logging.getLogger("elsewhere").exception("with its trace")
    (tmp_path / "worker.log").write_text(f"said {CARD}\n")
    canary_watch.watch_file(tmp_path / "worker.log")
    canary_watch.look_into_files()

    def answer(request: httpx2.Request) -> httpx2.Response:
        body = {"data": {"m": {"name": CARD, "errors": [{"message": CARD}]}}}
        return httpx2.Response(200, json=body) if request.url.path == "/graphql" else httpx2.Response(400, text=CARD)

    async with httpx2.AsyncClient(transport=httpx2.MockTransport(answer), base_url="http://api.test") as http:
        await http.get("/graphql")
        await http.get("/login")
    where = [leak.partition(": card: ")[0] for leak in leaks]
    assert where == ["quittance.x", "api.x", "elsewhere", "worker.log", "GET /graphql 200", "GET /login 400"]


class _RowError(Exception):
    """As a database's driver says that a row broke a rule."""

    sqlstate, detail = "23514", f"Failing row contains ({CARD})."

    def __str__(self) -> str:
        return f"a rule was broken\nDETAIL:  {self.detail}"


def test_the_logs_of_a_stack_of_a_test_s_own_are_looked_through_for_its_own_secrets(
    leaks: list[str], tmp_path: Path
) -> None:
    layout = Layout(tmp_path, tmp_path)
    layout.logs.mkdir(parents=True)
    (layout.logs / "worker.log").write_text(f"connected as {keys_in(layout.keys).app}\n")
    canary_watch.look_into(layout)
    assert leaks == ["worker.log: secret: connected as ***\n"]


def test_where_a_request_goes_to_is_in_no_log(capsys: pytest.CaptureFixture[str]) -> None:
    loggers = [logging.getLogger(name) for name in (None, "httpx2")]
    before = [(each.handlers, each.level) for each in loggers], structlog.get_config()
    try:
        configure_logs()
        with httpx2.Client(transport=httpx2.MockTransport(lambda _: httpx2.Response(200))) as http:
            http.post("https://hooks.example.com/services/hidden?key=hidden")
        logging.getLogger("quittance").info("delivered")
    finally:
        for each, (handlers, level) in zip(loggers, before[0], strict=True):
            each.handlers = handlers
            each.setLevel(level)
        structlog.configure(**before[1])
    told = capsys.readouterr().err
    assert "delivered" in told and "hidden" not in told


def test_what_a_database_says_of_a_row_is_in_no_log(leaks: list[str]) -> None:
    try:
        try:
            raise _RowError
        except _RowError as error:
            raise RuntimeError("it failed") from error
    except RuntimeError as error:
        record = logging.LogRecord("quittance", logging.ERROR, __file__, 1, "x failed", None, None)
        record.exc_info = (type(error), error, error.__traceback__)
    told = json_lines().format(record)
    assert "a rule was broken" in told and WITHHELD in told
    assert CARD not in told
