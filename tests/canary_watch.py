"""Where a test run looks for what must not be told, and what it found."""

import logging
from collections.abc import Callable, Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import httpx2
import msgspec

from dev.stack.keys import keys_in
from dev.stack.layout import Layout
from runtime.logs import json_lines
from tests.canary import Canary

LEAKS: Final[list[str]] = []  # since the last test ended
_AT_MOST: Final = 20  # of one test: who sees the first few has enough to do
_LINES: Final = json_lines()
_files: set[Path] = set()
_canary = Canary()


def arm(secrets: Iterable[str]) -> None:
    """Looks for these too from now on."""
    global _canary
    _canary = Canary(secrets)


def look(where: str, text: str, canary: Canary | None = None) -> None:
    """Takes down what leaked."""
    if len(LEAKS) < _AT_MOST:
        LEAKS.extend(f"{where}: {leak}" for leak in (canary or _canary).leaks(text))


def look_into(layout: Layout) -> None:
    """Looks through the logs of a stack, which has secrets of its own."""
    canary = Canary(asdict(keys_in(layout.keys)).values()) if layout.keys.exists() else _canary
    for path in layout.logs.glob("*.log"):
        look(path.name, path.read_text(errors="replace"), canary)


def watch_file(path: Path) -> None:
    """Has the log of a process looked at when the test ends that started it."""
    _files.add(path)


def look_into_files() -> None:
    """Looks through what the processes of this test wrote, which have ended."""
    while _files:
        path = _files.pop()
        if path.exists():
            look(path.name, path.read_text(errors="replace"))


def watch_records() -> None:
    """Looks at each log record from now on as the product would write it, whatever handlers there are."""
    handle: Callable[..., None] = logging.Logger.callHandlers

    def look_and_handle(self: logging.Logger, record: logging.LogRecord) -> None:
        look(record.name, _LINES.format(record))
        handle(self, record)

    logging.Logger.callHandlers = look_and_handle  # type: ignore[method-assign]  # every logger of the run is watched


def watch_answers() -> None:
    """Looks at the errors in each answer that a test is given."""
    send = httpx2.AsyncClient.send

    async def send_and_look(
        self: httpx2.AsyncClient, request: httpx2.Request, *, stream: bool = False, **more: Any
    ) -> httpx2.Response:
        answer = await send(self, request, stream=stream, **more)
        if not stream:
            look(f"{request.method} {request.url.path} {answer.status_code}", _errors_of(answer))
        return answer

    httpx2.AsyncClient.send = send_and_look  # type: ignore[method-assign]  # every answer of the run is watched


def _errors_of(answer: httpx2.Response) -> str:
    """The body of a refusal; of another answer its errors alone, since what was asked for may well be personal."""
    if answer.status_code >= 400:
        return answer.text
    if b'"errors"' not in answer.content:
        return ""
    try:
        return str(list(_errors_in(msgspec.json.decode(answer.content))))
    except msgspec.DecodeError:
        return ""


def _errors_in(body: Any) -> Iterable[Any]:
    """What stands under ``errors``, at the top or in the payload of a mutation."""
    if isinstance(body, dict):
        if body.get("errors"):
            yield body["errors"]
        for each in body.values():
            if isinstance(each, dict):
                yield from _errors_in(each)
