"""The registered clients: one for each door of each tenant of the demo."""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from joserfc.jwk import ECKey

from api.audience import Audience
from dev.identity.keys import client_key
from dev.identity.personas import TENANTS, audience_of, client_id_of

TOKEN_EXCHANGE: Final = "urn:ietf:params:oauth:grant-type:token-exchange"  # RFC 8693 section 2.1
# Spelled out, since browsers and URL parsers differ over user names and backslashes.
_LOOPBACK_ADDRESS: Final = re.compile(r"https?://(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?(/[!$&-;=?-\[\]_a-z~%]*)?")

PERSON_SCOPES: Final = ("openid", "profile", "email")
PARTNER_SCOPES: Final = ("documents",)  # a scope of a partner names the documents it may send


@dataclass(frozen=True, slots=True)
class Client:
    """A client in the words that authlib asks for; a public one proves itself by PKCE, one with a key by that key."""

    client_id: str
    tenant: str
    surface: Audience
    scopes: tuple[str, ...]
    grants: tuple[str, ...]
    key: ECKey | None = field(default=None, repr=False)

    @property
    def audience(self) -> str:
        return audience_of(self.tenant, self.surface)

    def get_client_id(self) -> str:
        return self.client_id

    def get_default_redirect_uri(self) -> None:
        return None

    def get_allowed_scope(self, scope: str | None) -> str:
        return " ".join(each for each in self.scopes if each in (scope or "").split())

    def may_ask(self, scope: str) -> bool:
        """Its own scopes, or a part of what one of them names: documents:customer-account of documents."""
        return scope.partition(":")[0] in self.scopes

    def check_redirect_uri(self, uri: str) -> bool:
        """RFC 8252 section 7.3: any port of the loopback address, since nobody knows it beforehand."""
        return bool(_LOOPBACK_ADDRESS.fullmatch(uri))

    def check_client_secret(self, _: str) -> bool:
        return False

    def check_endpoint_auth_method(self, method: str, _: str) -> bool:
        return method == ("private_key_jwt" if self.key else "none")

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code" and self.check_grant_type("authorization_code")

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type in self.grants


Clients = dict[str, Client]


def demo_clients(state: Path | None) -> Clients:
    """Every client by its id; partners' keys are read from the state or made."""
    return {client.client_id: client for tenant in TENANTS for client in _clients_of(tenant, state)}


def _clients_of(tenant: str, state: Path | None) -> list[Client]:
    def client(surface: Audience, scopes: tuple[str, ...], *grants: str, **more: Any) -> Client:
        return Client(client_id_of(tenant, surface), tenant, surface, scopes, grants, **more)

    partner_key = client_key(state, client_id_of(tenant, Audience.PARTNER))
    return [
        client(Audience.PORTAL, PERSON_SCOPES, "authorization_code", "refresh_token"),
        client(Audience.STAFF, PERSON_SCOPES, "authorization_code", "refresh_token", TOKEN_EXCHANGE),
        client(Audience.PARTNER, PARTNER_SCOPES, "client_credentials", key=partner_key),
    ]
