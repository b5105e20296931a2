"""The console's page and its files, read once when the process starts."""

import gzip
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Final

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from api.console.policy import page_headers

BUILT: Final = Path(__file__).parent / "built"
PLACE: Final = "/console/"
_NONCE: Final = "CSP-NONCE"  # what the build leaves where a nonce belongs
_NONCE_BYTES: Final = 16  # 128 bits, as the policy's standard asks for at least
_TYPES: Final = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".ttf": "font/ttf",
    ".md": "text/plain; charset=utf-8",
}
# A file's name holds the hash of what is in it, so that what was kept is right for as long as it is asked for.
_KEPT: Final = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class _File:
    packed: bytes
    media_type: str


def routes() -> list[Route]:
    """The console's door; it asks for no sign-in, since there is nothing in it that is not published."""
    door = _Door((BUILT / "index.html").read_text(), _files(BUILT / "assets"))
    return [
        Route(PLACE.rstrip("/"), _to_the_page),
        Route(PLACE, door.page),
        Route(f"{PLACE}assets/{{name}}", door.file),
    ]


def _files(folder: Path) -> dict[str, _File]:
    """The packed files by the names under which the page asks for them."""
    packed = {path.name.removesuffix(".gz"): path.read_bytes() for path in folder.glob("*.gz")}
    return {name: _File(content, _TYPES[PurePath(name).suffix]) for name, content in packed.items()}


async def _to_the_page(_: Request) -> Response:
    return RedirectResponse(PLACE)


class _Door:
    """Answers with the page and its files."""

    def __init__(self, page: str, files: Mapping[str, _File]) -> None:
        self._page = page
        self._files = files

    async def page(self, _: Request) -> Response:
        """The page, with a nonce of its own in its policy."""
        nonce = secrets.token_urlsafe(_NONCE_BYTES)
        return HTMLResponse(self._page.replace(_NONCE, nonce), headers=page_headers(nonce))

    async def file(self, request: Request) -> Response:
        """A file of the page, packed where the caller takes it so."""
        found = self._files.get(request.path_params["name"])
        if found is None:
            return Response("There is no such file.", 404, media_type="text/plain")
        headers = {"Cache-Control": _KEPT, "Vary": "Accept-Encoding", "Content-Type": found.media_type}
        if "gzip" in request.headers.get("accept-encoding", ""):
            return Response(found.packed, headers={**headers, "Content-Encoding": "gzip"})
        return Response(gzip.decompress(found.packed), headers=headers)
