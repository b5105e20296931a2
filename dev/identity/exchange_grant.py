"""Acting for a customer: token exchange (RFC 8693) of a staff member's token for one of a customer's user.

The subject token is the staff member's. ``requested_subject`` names the user and ``reason`` says why; RFC 8693 has
neither, the first is what several providers call it. ``audience`` is the portal of the same tenant.
"""

import re
from typing import Any

from authlib.oauth2.rfc6749 import (
    InvalidGrantError,
    InvalidRequestError,
    InvalidScopeError,
    OAuth2Error,
    UnauthorizedClientError,
)
from authlib.oauth2.rfc6749.grants import BaseGrant, TokenEndpointMixin

from api.audience import Audience
from dev.identity.clients import TOKEN_EXCHANGE, Client
from dev.identity.personas import audience_of
from dev.identity.tokens import ACTING_S, Login

ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"
SUBJECT = re.compile(r"[\x21-\x7e]{1,255}")  # OpenID Connect Core section 2
WRITE = "act:write"  # asks for more than looking
WRITERS = {"lead", "admin"}  # who gets it
REASON = re.compile(r"(?=.*\S)[^\x00-\x1f\x7f]{1,500}")  # an auditor reads it: one line of text


class InvalidTargetError(OAuth2Error):  # type: ignore[misc]  # authlib has no types
    """RFC 8693 section 2.2.2: a token for that audience is not given."""

    error = "invalid_target"


class ActFor(BaseGrant, TokenEndpointMixin):  # type: ignore[misc]  # authlib has no types
    """A short token for the customer's user that carries who acts and why; it cannot be exchanged again."""

    GRANT_TYPE = TOKEN_EXCHANGE
    TOKEN_ENDPOINT_AUTH_METHODS = ("none",)

    def validate_token_request(self) -> None:
        """Refuses anybody but staff of the tenant, any door but its portal, and silence about the reason."""
        client: Client = self.authenticate_token_endpoint_client()
        if not client.check_grant_type(self.GRANT_TYPE):
            raise UnauthorizedClientError("The client may not exchange tokens.")
        self.request.client = client
        asked = self.request.form
        if asked.get("subject_token_type") != ACCESS_TOKEN:
            raise InvalidRequestError(f"'subject_token_type' must be {ACCESS_TOKEN}.")
        staff = self._staff(asked.get("subject_token", ""), client)
        audience = audience_of(client.tenant, Audience.PORTAL)
        if asked.get("audience") != audience:
            raise InvalidTargetError(f"'audience' must be {audience}.")
        if not SUBJECT.fullmatch(asked.get("requested_subject", "")):
            raise InvalidRequestError("'requested_subject' must name the customer's user.")
        if not REASON.fullmatch(asked.get("reason", "")):
            raise InvalidRequestError("'reason' must say in up to 500 characters why you act for the customer.")
        self._scope = WRITE if WRITE in asked.get("scope", "").split() else ""
        if self._scope and not WRITERS & set(staff["roles"]):
            raise InvalidScopeError
        self._login = Login(
            subject=asked["requested_subject"],
            audience=audience,
            acr=staff.get("acr"),
            auth_time=staff.get("auth_time"),
            session=staff.get("sid"),
            act={"sub": staff["sub"]},
            reason=asked["reason"],
        )

    def create_token_response(self) -> tuple[int, dict[str, Any], list[tuple[str, str]]]:
        token = self.generate_token(
            user=self._login, scope=self._scope, expires_in=ACTING_S, include_refresh_token=False
        )
        return 200, {**token, "issued_token_type": ACCESS_TOKEN}, self.TOKEN_RESPONSE_HEADER

    def _staff(self, token: str, client: Client) -> dict[str, Any]:
        claims: dict[str, Any] | None = self.server.parts.minter.read(token)
        ended = self.server.parts.memory.ended
        if claims is None or claims["aud"] != client.audience or claims.get("sid") in ended or not claims.get("roles"):
            raise InvalidGrantError("The subject token is not a valid one of a staff member.")
        return claims
