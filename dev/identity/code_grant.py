"""Signing in: authorization code with PKCE and nonce (OpenID Connect Core section 3.1, RFC 7636, RFC 9700)."""

import time
from typing import Any, Final

from authlib.oauth2.rfc6749 import InvalidRequestError
from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oidc.core import OpenIDCode
from joserfc.jwk import ECKey

from dev.identity.clients import Client
from dev.identity.farewell import origin_of
from dev.identity.keys import ALGORITHM, SigningKeys
from dev.identity.memory import Code, Visit
from dev.identity.personas import PERSONAS
from dev.identity.server import FormRequest, Parts
from dev.identity.tokens import Login

_CODE_S: Final = 60  # a redirect and one call; RFC 6749 allows ten minutes
_NONCE_S: Final = 600  # longer than any code made with it


class SignIn(AuthorizationCodeGrant):  # type: ignore[misc]  # authlib has no types
    """Codes are given to the client and the redirect they were asked for, and count once."""

    TOKEN_ENDPOINT_AUTH_METHODS = ("none",)

    @property
    def _parts(self) -> Parts:
        parts: Parts = self.server.parts
        return parts

    def save_authorization_code(self, code: str, request: FormRequest) -> None:
        """Keep the code with what the token request must repeat or will get."""
        asked, client_id = request.payload.data, request.client.client_id
        nonce = asked.get("nonce")
        if nonce:
            self._parts.memory.nonces.add((client_id, nonce), time.time() + _NONCE_S)
        kept = Code(
            code=code,
            client_id=client_id,
            redirect_uri=request.payload.redirect_uri,
            scope=request.scope,
            login=request.user,
            nonce=nonce,
            code_challenge=asked["code_challenge"],
            expires=time.time() + _CODE_S,
        )
        self._parts.memory.keep(kept)
        if kept.login.session:
            visit = Visit(kept.login.session, kept.login.subject, client_id, origin_of(kept.redirect_uri))
            self._parts.memory.visits[visit.session] = visit

    def query_authorization_code(self, code: str, client: Client) -> Code | None:
        return self._parts.memory.open_code(code, client.client_id)

    def delete_authorization_code(self, authorization_code: Code) -> None:
        self._parts.memory.codes.pop(authorization_code.code, None)

    def authenticate_user(self, authorization_code: Code) -> Login:
        return authorization_code.login


class MandatoryPkce(CodeChallenge):  # type: ignore[misc]  # authlib has no types
    """RFC 9700 section 2.1.1: every client uses PKCE, and with S256, since `plain` proves nothing."""

    SUPPORTED_CODE_CHALLENGE_METHOD = ("S256",)

    def validate_code_challenge(self, grant: SignIn, redirect_uri: str) -> None:
        asked = grant.request.payload.data
        if not asked.get("code_challenge") or asked.get("code_challenge_method") != "S256":
            raise InvalidRequestError("A 'code_challenge' with method S256 is required.")
        super().validate_code_challenge(grant, redirect_uri)


class IdTokens(OpenIDCode):  # type: ignore[misc]  # authlib has no types
    """ID tokens for clients that ask for `openid`; the nonce is required and counts once."""

    def __init__(self, keys: SigningKeys, parts: Parts) -> None:
        super().__init__(require_nonce=True)
        self._keys = keys
        self._parts = parts

    def exists_nonce(self, nonce: str, request: FormRequest) -> bool:
        return (request.payload.client_id, nonce) in self._parts.memory.nonces

    def resolve_client_private_key(self, _: Client) -> ECKey:
        return self._keys.current

    def get_client_algorithm(self, _: Client) -> str:
        return ALGORITHM

    def get_client_claims(self, client: Client) -> dict[str, Any]:
        return {"iss": self._parts.minter.issuer, "aud": client.client_id}

    def get_encode_header(self, client: Client) -> dict[str, Any]:
        return {"alg": self.get_client_algorithm(client), "kid": self._keys.current.kid}

    def get_authorization_code_claims(self, authorization_code: Code) -> dict[str, Any]:
        claims: dict[str, Any] = super().get_authorization_code_claims(authorization_code)
        return {**claims, "sid": authorization_code.login.session}

    def generate_user_info(self, user: Login, scope: str) -> dict[str, str]:
        return user_info(user.subject, scope)


def user_info(subject: str, scope: str) -> dict[str, str]:
    """The claims about a person that these scopes allow (OpenID Connect Core section 5.4)."""
    person = next((each for each in PERSONAS.values() if each.subject == subject), None)
    said = {"sub": subject}
    if person and "profile" in scope.split():
        said["name"] = person.full_name
    if person and "email" in scope.split():
        said["email"] = person.email
    return said
