"""authlib's framework-free authorization server between Starlette's requests and responses."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from authlib.oauth2.rfc6749 import AuthorizationServer, OAuth2Payload, OAuth2Request
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from dev.identity.clients import Client, Clients
from dev.identity.memory import Memory
from dev.identity.tokens import LIFETIME_S, Login, Minter


class FormRequest(OAuth2Request):  # type: ignore[misc]  # authlib has no types
    """A request whose form was read already."""

    def __init__(self, method: str, uri: str, headers: Mapping[str, str], parameters: list[tuple[str, str]]) -> None:
        super().__init__(method, uri, headers=headers)
        self._values = dict(parameters)
        self.payload = Parameters(parameters)

    @property
    def args(self) -> dict[str, str]:
        return self._values

    @property
    def form(self) -> dict[str, str]:
        return self._values


class Parameters(OAuth2Payload):  # type: ignore[misc]  # authlib has no types
    """Query parameters or form fields; of a name that came twice the last counts, and `datalist` shows both."""

    def __init__(self, parameters: list[tuple[str, str]]) -> None:
        self._parameters = parameters

    @property
    def data(self) -> dict[str, str]:
        return dict(self._parameters)

    @property
    def datalist(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for name, value in self._parameters:
            found.setdefault(name, []).append(value)
        return found


async def from_form(request: Request) -> FormRequest:
    """A POST of a form; files are left out."""
    async with request.form() as form:
        fields = [(name, value) for name, value in form.multi_items() if isinstance(value, str)]
    return FormRequest("POST", str(request.url), request.headers, fields)


def from_query(request: Request) -> FormRequest:
    """What the address asks for, whatever the method."""
    return FormRequest("GET", str(request.url), request.headers, request.query_params.multi_items())


@dataclass(frozen=True, slots=True)
class Parts:
    """What grants and endpoints work with."""

    clients: Clients
    memory: Memory
    minter: Minter


class IdentityServer(AuthorizationServer):  # type: ignore[misc]  # authlib has no types
    """The server; register its grants before use."""

    def __init__(self, parts: Parts) -> None:
        super().__init__(scopes_supported=sorted({scope for each in parts.clients.values() for scope in each.scopes}))
        self.parts = parts
        self.register_token_generator("default", self._token)

    def query_client(self, client_id: str) -> Client | None:
        return self.parts.clients.get(client_id)

    def save_token(self, token: Mapping[str, Any], request: FormRequest) -> None:
        """Tokens verify themselves, so none is kept."""

    def send_signal(self, name: str, *args: Any, **kwargs: Any) -> None:
        """Nobody listens."""

    def create_oauth2_request(self, request: FormRequest) -> FormRequest:
        return request

    def handle_response(self, status: int, body: Any, headers: list[tuple[str, str]]) -> Response:
        """JSON for what is said to a program, an empty body for a redirect."""
        said = dict(headers)
        if isinstance(body, dict):
            said.pop("Content-Type", None)
            return JSONResponse(body, status, said)
        return Response(body, status, said)

    def _token(
        self,
        client: Client,
        user: Login | None,
        scope: str | None,
        expires_in: int | None,
        include_refresh_token: bool = False,
        **_: Any,
    ) -> dict[str, Any]:
        login = user or Login(subject=client.client_id, audience=client.audience)
        lifetime = expires_in or LIFETIME_S
        token = self.parts.minter.access_token(login, client.client_id, scope or "", lifetime)
        said = {"token_type": "Bearer", "access_token": token, "expires_in": lifetime, "scope": scope or ""}
        if include_refresh_token and client.check_grant_type("refresh_token"):
            said["refresh_token"] = self.parts.memory.renewal(login, client.client_id, scope or "")
        return said
