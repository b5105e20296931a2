"""A person signs in with one click; a client that asks wrongly gets nothing."""

import re
from typing import Any

import httpx2
import pytest
from authlib.integrations.starlette_client import OAuth, OAuthError
from authlib.oidc.discovery import OpenIDProviderMetadata
from joserfc import jwt
from joserfc.jwk import KeySet
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.dev.identity_kit import CALLBACK, ISSUER, asked, part, press, provider, query_of, redeem, signed_in

PORTAL = ["customer", "other-customer", "admin-member", "billing-member", "viewer-member"]


async def test_the_page_has_one_button_for_each_persona_of_the_client() -> None:
    async with provider() as client:
        portal = await client.get("/authorize", params=asked())
        console = await client.get("/authorize", params=asked(client_id="acme-staff"))
        globex = await client.get("/authorize", params=asked(client_id="globex-portal"))
    buttons = [re.findall(r'name="persona" value="([^"]+)"', page.text) for page in (portal, console, globex)]
    assert buttons == [PORTAL, ["support", "lead", "finance", "admin"], ["foreign-customer"]]
    assert "frame-ancestors 'none'" in portal.headers["content-security-policy"]


async def test_the_first_page_names_every_persona_and_its_command() -> None:
    async with provider() as client:
        page = (await client.get("/")).text
    names = [
        *PORTAL, "foreign-customer", "partner", "support", "foreign-support", "lead", "finance", "admin",
    ]  # fmt: skip
    assert re.findall(r"quittance token ([a-z-]+)", page) == names


async def test_one_click_gives_an_access_token_and_an_id_token_with_the_nonce() -> None:
    async with provider() as client:
        tokens = await signed_in(client, "customer", nonce="n-1")
        keys = KeySet.import_key_set((await client.get("/jwks")).json())
    said = jwt.decode(tokens["id_token"], keys, ["ES256"]).claims
    assert (said["iss"], said["aud"], said["sub"], said["nonce"]) == (ISSUER, "acme-portal", "ada", "n-1")
    assert (said["name"], said["email"]) == ("Ada Marchetti", "ada@marchetti.example")
    access = jwt.decode(tokens["access_token"], keys, ["ES256"])
    assert access.header["typ"] == "at+jwt"
    assert set(access.claims) == {
        *("iss", "aud", "sub", "client_id", "iat", "exp", "jti", "scope", "acr", "auth_time", "sid"),
    }
    assert (access.claims["aud"], access.claims["acr"]) == ("quittance:acme:portal", "aal1")


async def test_staff_get_their_roles_and_two_factors_when_the_client_asks_for_them() -> None:
    async with provider() as client:
        tokens = await signed_in(client, "lead", client_id="acme-staff", acr_values="aal2")
    said = part(tokens["access_token"], 1)
    assert (said["aud"], said["roles"], said["acr"]) == ("quittance:acme:staff", ["lead"], "aal2")


async def test_nobody_signs_in_through_the_client_of_another_tenant_or_door() -> None:
    async with provider() as client:
        for persona, by in (("customer", "globex-portal"), ("customer", "acme-staff"), ("nobody", "acme-portal")):
            answer = await client.post("/authorize", params=asked(client_id=by), data={"persona": persona})
            assert (answer.status_code, "location" in answer.headers) == (400, False)


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"code_challenge": None, "code_challenge_method": None}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"nonce": None}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": None}, "unsupported_response_type"),
        ({"scope": "openid admin"}, "invalid_scope"),
        ({"prompt": "none"}, "login_required"),
    ],
)
async def test_a_wrong_request_goes_back_to_the_client_as_an_error(changed: dict[str, str], error: str) -> None:
    async with provider() as client:
        answer = await client.get("/authorize", params=asked(**changed))
    assert answer.status_code == 302
    back = query_of(answer)
    assert (back["error"], back["state"], back.get("code")) == (error, "st", None)


@pytest.mark.parametrize(
    "changed",
    [
        {"client_id": "nobody"},
        {"client_id": None},
        {"client_id": "\0"},
        {"redirect_uri": "https://evil.example/callback"},
        {"redirect_uri": "http://127.0.0.1.evil.example/"},
        {"redirect_uri": "http://evil.example\\@127.0.0.1/"},
        {"redirect_uri": "http://127.0.0.1@evil.example/"},
        {"redirect_uri": "http://127.0.0.1\\.evil.example/"},
        {"redirect_uri": "http://127.0.0.1:8000/a#b"},
        {"redirect_uri": "http://127.0.0.1:8000/\r\nSet-Cookie: a=b"},
        {"redirect_uri": "javascript:alert(1)"},
        {"redirect_uri": "http://["},
        {"redirect_uri": None},
    ],
)
async def test_an_unknown_client_or_address_is_told_here_and_never_redirected(changed: dict[str, str]) -> None:
    async with provider() as client:
        answer = await client.get("/authorize", params=asked(**changed))
    assert (answer.status_code, "location" in answer.headers) == (400, False)


async def test_what_a_request_says_is_text_on_the_page_and_no_markup() -> None:
    async with provider() as client:
        page = await client.get("/authorize", params=asked(client_id=None, redirect_uri="<script>alert(1)</script>"))
        other = await client.get("/authorize", params=asked(redirect_uri="http://<script>"))
    assert "<script>" not in page.text + other.text


async def test_a_code_counts_once() -> None:
    async with provider() as client:
        code = (await press(client, "customer"))["code"]
        answers = [await redeem(client, code), await redeem(client, code)]
    assert [answer.status_code for answer in answers] == [200, 400]
    assert answers[1].json()["error"] == "invalid_grant"


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"code_verifier": None}, "invalid_request"),
        ({"code_verifier": "another-verifier-of-the-length-that-rfc-7636-asks-for"}, "invalid_grant"),
        ({"redirect_uri": "http://127.0.0.1:8000/other"}, "invalid_grant"),
        ({"client_id": "acme-staff"}, "invalid_grant"),
        ({"client_id": "acme-partner"}, "invalid_client"),
        ({"client_id": None}, "invalid_client"),
        ({"code": None}, "invalid_request"),
        ({"code": "invented"}, "invalid_grant"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": None}, "unsupported_grant_type"),
    ],
)
async def test_a_stolen_code_is_worth_nothing(changed: dict[str, str], error: str) -> None:
    async with provider() as client:
        code = (await press(client, "customer"))["code"]
        refused = await redeem(client, **{"code": code, **changed})
        good = await redeem(client, code)
    assert (refused.status_code, refused.json()["error"]) == (400, error)
    assert good.status_code == 200


async def test_a_nonce_counts_once() -> None:
    async with provider() as client:
        await press(client, "customer", nonce="n-1")
        again = await client.get("/authorize", params=asked(nonce="n-1"))
    assert query_of(again)["error"] == "invalid_request"


async def test_signing_out_ends_the_session_and_goes_back_to_the_client_only() -> None:
    async with provider() as client:
        tokens = await signed_in(client, "customer")
        bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
        before = await client.get("/userinfo", headers=bearer)
        leave = {"id_token_hint": tokens["id_token"], "post_logout_redirect_uri": CALLBACK, "state": "bye"}
        away = await client.get("/end-session", params={**leave, "post_logout_redirect_uri": "https://evil.example/"})
        back = await client.get("/end-session", params=leave)
        after = await client.get("/userinfo", headers=bearer)
    assert before.json() == {"sub": "ada", "name": "Ada Marchetti", "email": "ada@marchetti.example"}
    assert (away.status_code, "location" in away.headers) == (200, False)
    assert (back.status_code, back.headers["location"]) == (302, f"{CALLBACK}?state=bye")
    assert after.status_code == 401


async def test_only_a_token_for_openid_tells_who_it_is() -> None:
    async with provider() as client:
        tokens = await signed_in(client, "customer", scope="profile", nonce=None)
        answers = [
            await client.get("/userinfo", headers={"Authorization": value})
            for value in (f"Bearer {tokens['access_token']}", "Bearer x", "Basic YTpi", "Bearer")
        ]
        proof = (await signed_in(client, "customer"))["id_token"]
        by_id_token = await client.get("/userinfo", headers={"Authorization": f"Bearer {proof}"})
    assert "id_token" not in tokens
    assert [answer.status_code for answer in (*answers, by_id_token)] == [403, 401, 401, 401, 401]


async def test_the_discovery_document_is_a_valid_one() -> None:
    async with provider() as client:
        document = (await client.get("/.well-known/openid-configuration")).json()
    OpenIDProviderMetadata(document)
    assert document["issuer"] == ISSUER
    assert all(document[name].startswith(ISSUER) for name in document if name.endswith("_endpoint"))


async def test_a_portal_signs_in_with_nothing_but_the_issuers_address() -> None:
    async with provider() as identity, portal_of(identity) as portal:
        away = await portal.get("/login")
        assert away.headers["location"].startswith(f"{ISSUER}/authorize?")
        pressed = await identity.post(away.headers["location"], data={"persona": "customer"})
        back = await portal.get(pressed.headers["location"])
        assert back.json() == {"sub": "ada", "name": "Ada Marchetti"}
        forged = await portal.get(pressed.headers["location"].replace("state=", "state=x"))
        assert forged.status_code == 401


def portal_of(identity: httpx2.AsyncClient) -> httpx2.AsyncClient:
    """A web portal as authlib makes one, whose way to the provider is the given client's."""
    oauth = OAuth()
    oauth.register(
        "issuer",
        client_id="acme-portal",
        server_metadata_url=f"{ISSUER}/.well-known/openid-configuration",
        client_kwargs={
            "scope": "openid profile",
            "code_challenge_method": "S256",
            "token_endpoint_auth_method": "none",
            "transport": identity._transport,
        },
    )

    async def login(request: Request) -> Response:
        answer: Response = await oauth.issuer.authorize_redirect(request, CALLBACK)
        return answer

    async def callback(request: Request) -> Response:
        try:
            tokens = await oauth.issuer.authorize_access_token(request)
        except OAuthError as error:
            return JSONResponse({"error": str(error)}, 401)
        return JSONResponse({name: tokens["userinfo"][name] for name in ("sub", "name")})

    app = Starlette(
        routes=[Route("/login", login), Route("/callback", callback)],
        middleware=[Middleware(SessionMiddleware, secret_key="portal")],
    )
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://127.0.0.1:8000")


async def test_each_client_of_a_persona_is_told_that_it_signed_out_elsewhere() -> None:
    heard: list[tuple[str, dict[str, Any]]] = []

    async def hear(request: Request) -> Response:
        async with request.form() as form:
            said = jwt.decode(str(form["logout_token"]), KeySet.import_key_set(keys), ["ES256"])
        heard.append((str(request.url), {**said.header, **said.claims}))
        return Response()

    client_app = Starlette(routes=[Route("/logout/backchannel", hear, methods=["POST"])])

    def http() -> httpx2.AsyncClient:
        return httpx2.AsyncClient(transport=httpx2.ASGITransport(app=client_app))

    async with provider(http=http) as client:
        keys = (await client.get("/jwks")).json()
        first, second = [await signed_in(client, "customer") for _ in range(2)]
        await signed_in(client, "other-customer")
        await client.get("/end-session", params={"id_token_hint": first["id_token"], "client_id": "acme-portal"})
        assert [each["sid"] for _, each in heard] == [part(first["access_token"], 1)["sid"]]
        await client.post("/sign-out", data={"persona": "customer"})
        assert (await client.post("/sign-out", data={"persona": "nobody"})).status_code == 400
        (_, (address, said)) = heard
        assert address == "http://127.0.0.1:8000/logout/backchannel"
        assert (said["typ"], said["iss"], said["aud"], said["sub"]) == ("logout+jwt", ISSUER, "acme-portal", "ada")
        assert said["sid"] == part(second["access_token"], 1)["sid"]
        assert "nonce" not in said
        assert list(said["events"]) == ["http://schemas.openid.net/event/backchannel-logout"]
        renewed = await client.post(
            "/token",
            data={"grant_type": "refresh_token", "client_id": "acme-portal", "refresh_token": second["refresh_token"]},
        )
        assert renewed.status_code == 400
