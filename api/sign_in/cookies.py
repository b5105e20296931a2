"""The cookies of sessions and of sign-ins under way: opaque, for this host alone, out of reach of scripts."""

from typing import Final

from starlette.requests import HTTPConnection
from starlette.responses import Response

SURFACES: Final = ("portal", "staff", "acting")
PENDING_SECONDS: Final = 600  # time to find a password and a second factor


class Cookies:
    """With an https address they carry the prefix by which browsers hold them to one host (RFC 6265bis 4.1.3.2).

    Over plain http, which is for a laptop alone, browsers refuse the prefix, so it is left out there.
    """

    def __init__(self, public_url: str) -> None:
        self._secure = public_url.startswith("https://")
        self._prefix = "__Host-quittance-" if self._secure else "quittance-"

    def read(self, request: HTTPConnection, name: str) -> str:
        """The cookie of that name; nothing where there is none."""
        return request.cookies.get(self._prefix + name, "")

    def present(self, request: HTTPConnection) -> bool:
        """Whether the request carries a session of any surface."""
        return "cookie" in request.headers and any(self.read(request, surface) for surface in SURFACES)

    def keep(self, response: Response, name: str, value: str, seconds: int | None = None) -> None:
        """Sets it, until the browser ends or for so many seconds."""
        response.set_cookie(
            self._prefix + name, value, max_age=seconds, path="/", secure=self._secure, httponly=True, samesite="lax"
        )

    def drop(self, response: Response, name: str) -> None:
        """Takes it out of the browser."""
        response.delete_cookie(self._prefix + name, path="/", secure=self._secure, httponly=True, samesite="lax")
