"""The pages over HTTP, on the loopback address alone. Plain library code: it starts before others have imported."""

from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final
from urllib.parse import urlsplit

from dev.mailroom.pages import list_page, mail_page
from dev.mailroom.room import Mailroom

# Nothing of a mail may run or fetch anything, wherever it is opened.
_LOCKED: Final = "sandbox; default-src 'none'; style-src 'unsafe-inline'"
_PAGES: Final = "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'; frame-ancestors 'none'"
Answer = tuple[str, bytes, str]
"""Media type, body and content security policy."""


class Door(ThreadingHTTPServer):
    """Listens from the start; ``serve_forever`` answers."""

    daemon_threads = True

    def __init__(self, room: Mailroom, port: int) -> None:
        super().__init__(("127.0.0.1", port), Visitor)
        self.room = room


class Visitor(BaseHTTPRequestHandler):
    """One request."""

    server: Door

    def do_GET(self) -> None:
        """The page of the path; http.server asks for this name."""
        host = urlsplit(f"//{self.headers.get('Host', '')}").hostname
        # A page elsewhere whose name was pointed at this machine reads nothing.
        answer = self._answer(self.path) if host in ("127.0.0.1", "localhost") else None
        kind, body, policy = answer or ("text/plain", b"There is no such page.\n", _LOCKED)
        self.send_response(HTTPStatus.OK if answer else HTTPStatus.NOT_FOUND)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Security-Policy", policy)
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(body)

    def _answer(self, path: str) -> Answer | None:
        if path == "/healthz":
            return "text/plain", b"ok\n", _LOCKED
        if path == "/":
            return "text/html", list_page(self.server.room.newest_first()).encode(), _PAGES
        _, folder, number, *part = [*path.split("/"), ""][:4]
        mail = (
            self.server.room.find(int(number)) if folder == "mails" and number.isascii() and number.isdigit() else None
        )
        if mail is None:
            return None
        match part[0] if part else "":
            case "":
                return "text/html", mail_page(mail).encode(), _PAGES
            case "html":
                return "text/html", (mail.body("html") or "").encode(), _LOCKED
            case "raw":
                return "text/plain", mail.raw, _LOCKED
        return None

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: whoever looks at mails sees what was asked for."""
