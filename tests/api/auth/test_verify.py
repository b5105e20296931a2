"""What a good token says, and for how long."""

from dataclasses import FrozenInstanceError
from datetime import UTC, datetime, timedelta

import pytest
from joserfc.jwk import ECKey

from api.audience import Audience
from api.auth.issuer import TrustedIssuer
from api.auth.keys import FRESH_S
from api.auth.principal import Principal
from api.auth.refused import Unauthenticated, Why
from api.auth.verify import REMEMBERED, REMEMBERED_S, Verifier
from tests.api.auth.conftest import ACME, AUDIENCES, GLOBEX, ISSUER, NOON, Stage
from tests.fixed_issuers import FixedIssuers


async def test_a_customers_token_tells_who_at_which_tenant_and_how_they_signed_in(stage: Stage) -> None:
    token = stage.token(acr="aal2", auth_time=int(NOON.timestamp()) - 60, jti="1", sid="s-1", email="ada@acme.example")
    assert await stage.verifier.verify(token) == Principal(
        kind=Audience.PORTAL,
        tenant=ACME,
        issuer=ISSUER,
        audience=AUDIENCES[Audience.PORTAL],
        subject="ada",
        client_id="web",
        scopes=frozenset({"openid", "profile"}),
        roles=frozenset(),
        acr="aal2",
        auth_time=datetime(2026, 3, 1, 11, 59, tzinfo=UTC),
        acting_staff=None,
        reason=None,
        issued_at=NOON,
        sign_in="s-1",
        until=NOON + timedelta(hours=1),
    )


async def test_only_a_staff_token_gives_roles(stage: Stage) -> None:
    customer = await stage.verifier.verify(stage.token(roles=["lead"]))
    staff = await stage.verifier.verify(stage.token(aud=AUDIENCES[Audience.STAFF], roles=["lead", "finance"]))
    assert customer.roles == frozenset()
    assert (staff.kind, staff.roles) == (Audience.STAFF, frozenset({"lead", "finance"}))


async def test_a_token_of_staff_that_act_for_a_customer_names_both_and_the_reason(stage: Stage) -> None:
    acting = await stage.verifier.verify(stage.token(act={"sub": "sam"}, reason="asked on the phone"))
    assert (acting.kind, acting.subject) == (Audience.PORTAL, "ada")
    assert (acting.acting_staff, acting.reason) == ("sam", "asked on the phone")


async def test_a_reason_without_somebody_acting_is_nothing(stage: Stage) -> None:
    assert (await stage.verifier.verify(stage.token(reason="asked on the phone"))).reason is None


async def test_a_provider_that_says_azp_instead_of_client_id_is_understood(stage: Stage) -> None:
    partner = await stage.verifier.verify(
        stage.token(aud=AUDIENCES[Audience.PARTNER], sub="service-7", client_id=None, azp="reseller")
    )
    assert (partner.kind, partner.client_id) == (Audience.PARTNER, "reseller")


@pytest.mark.parametrize("typ", ["at+jwt", "AT+JWT", "application/at+jwt"])
async def test_a_media_type_is_the_same_in_every_spelling(stage: Stage, typ: str) -> None:
    assert (await stage.verifier.verify(stage.token(header={"typ": typ}))).subject == "ada"


async def test_a_token_for_others_too_opens_the_one_door_that_is_ours(stage: Stage) -> None:
    principal = await stage.verifier.verify(stage.token(aud=["https://other.example", AUDIENCES[Audience.STAFF]]))
    assert principal.kind is Audience.STAFF


async def test_headers_that_we_do_not_know_are_ignored_unless_they_are_critical(stage: Stage) -> None:
    assert (await stage.verifier.verify(stage.token(header={"x5t": "abc", "nonce": "n"}))).subject == "ada"


async def test_one_issuer_serves_tenants_that_never_meet(stage: Stage) -> None:
    other = TrustedIssuer(
        ISSUER, "quittance:globex:portal", GLOBEX, Audience.PORTAL, f"{ISSUER}/jwks", frozenset({"ES256"})
    )
    issuers = FixedIssuers([stage.trusted(Audience.PORTAL), other])
    verifier = Verifier(issuers, stage.cache, stage.hands, stage.hands.monotonic)
    assert (await verifier.verify(stage.token())).tenant == ACME
    assert (await verifier.verify(stage.token(aud=other.audience))).tenant == GLOBEX


@pytest.mark.parametrize("algorithms", [set(), {"none"}, {"HS256"}, {"ES256", "HS512"}, {"RSA-OAEP"}])
def test_an_issuer_with_an_algorithm_that_proves_nothing_cannot_be_trusted(algorithms: set[str]) -> None:
    with pytest.raises(ValueError, match="not allowed"):
        TrustedIssuer(ISSUER, "a", ACME, Audience.PORTAL, f"{ISSUER}/jwks", frozenset(algorithms))


async def test_a_clock_that_is_thirty_seconds_off_signs_nobody_out(stage: Stage) -> None:
    token = stage.token()
    stage.hands.wall -= timedelta(seconds=30)
    assert (await stage.verifier.verify(token)).subject == "ada"
    stage.hands.wall = NOON + timedelta(seconds=3600 + 29)
    assert (await stage.verifier.verify(token)).subject == "ada"


async def test_a_remembered_token_ends_with_its_own_time(stage: Stage) -> None:
    token = stage.token(exp=int(NOON.timestamp()) + 10)
    await stage.verifier.verify(token)
    stage.hands.pass_by(40)
    with pytest.raises(Unauthenticated) as refused:
        await stage.verifier.verify(token)
    assert refused.value.why is Why.EXPIRED


async def test_a_remembered_token_survives_neither_its_minute_nor_a_withdrawn_key(stage: Stage) -> None:
    token = stage.token()
    await stage.verifier.verify(token)
    stage.server.keys = [stage.public(ECKey.generate_key("P-256", {"kid": "signing-2"}))]
    stage.hands.pass_by(REMEMBERED_S - 1)
    assert (await stage.verifier.verify(token)).subject == "ada"
    stage.hands.pass_by(FRESH_S)
    with pytest.raises(Unauthenticated) as refused:
        await stage.verifier.verify(token)
    assert refused.value.why is Why.KEY


async def test_a_wall_clock_that_jumps_back_prolongs_nothing_that_is_remembered(stage: Stage) -> None:
    token = stage.token()
    await stage.verifier.verify(token)
    stage.hands.pass_by(REMEMBERED_S)
    stage.hands.wall = NOON - timedelta(hours=1)
    with pytest.raises(Unauthenticated) as refused:
        await stage.verifier.verify(token)
    assert refused.value.why is Why.NOT_YET


async def test_forged_tokens_do_not_push_out_the_remembered_ones(stage: Stage) -> None:
    token = stage.token()
    await stage.verifier.verify(token)
    for number in range(REMEMBERED + 1):
        with pytest.raises(Unauthenticated):
            await stage.verifier.verify(f"{number}.b.c")
    stage.server.status = 500
    stage.server.keys = []
    assert (await stage.verifier.verify(token)).subject == "ada"
    assert stage.server.asked == [f"{ISSUER}/jwks"]


async def test_a_principal_cannot_be_changed(stage: Stage) -> None:
    principal = await stage.verifier.verify(stage.token())
    with pytest.raises(FrozenInstanceError):
        principal.subject = "ben"  # type: ignore[misc]  # the mistake is the test
