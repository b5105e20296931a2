"""How an installation gets its first admin: by the operator's command, since only admins register staff."""

import asyncio

import pytest
from typer.testing import CliRunner, Result

from cli.main import app
from domain.reactions.house import House
from domain.tenants.tenant import find_tenant
from tests.api_callers import Api, Caller
from tests.world import World, fresh, make_world

GIVEN = ("--name", "Initech", "--code", "INIT", "--address", "1 Road, Town", "--country", "US")
STAFF = """mutation ($input: RegisterStaffInput!) { registerStaff(input: $input) { subject
    errors { ... on UserError { code path } } } }"""
TRAIL = """SELECT body ->> 'actor' AS actor FROM audit_body
            WHERE shard_key = $1 AND customer_id = $2 AND body ->> 'operation' = 'tenants.register_staff'"""


async def typed(*words: str) -> Result:
    """What the tool says; beside this test's loop, since the tool runs one of its own."""
    return await asyncio.to_thread(lambda: CliRunner().invoke(app, ["tenant", *words]))


async def trail(world: World) -> list[str]:
    """Who registered staff of the world's tenant, once for each time."""
    home = world.tenant.live_house
    return [row["actor"] for row in await world.house.db.primary.fetch(TRAIL, home.shard, home.uuid)]


async def test_the_first_admin_of_a_new_tenant_is_registered_by_the_operator_and_registers_the_others(api: Api) -> None:
    slug, subject = fresh("t"), fresh("first")
    assert (await typed("create", slug, *GIVEN)).exit_code == 0
    audience = f"quittance:{slug}:staff"
    told = ("--issuer", api.issuer, "--audience", audience, "--surface", "staff")
    assert (await typed("trust-issuer", slug, *told, "--jwks-uri", f"{api.issuer}/jwks")).exit_code == 0
    answer = await api.mint.post(f"{api.issuer}/dev/token", json={"audience": audience, "subject": subject})
    admin = Caller(api.http, str(answer.json()["access_token"]))
    given = {"issuer": api.issuer, "subject": fresh("second"), "role": "ADMIN"}
    assert (await admin.post({"query": STAFF, "variables": {"input": given}})).status_code == 403
    done = await typed("register-staff", slug, subject, "--role", "admin")
    assert (done.exit_code, done.output) == (0, f"{subject} is admin of {slug}.\n")
    assert (await admin.do(STAFF, **given))["subject"] == given["subject"]


async def test_a_role_is_given_once_changed_and_given_again_and_the_trail_says_each(house: House) -> None:
    world = await make_world(house)
    await world.trust("https://one.example")
    said = [
        (await typed("register-staff", world.slug, "ann", "--role", role)).output
        for role in ("admin", "admin", "support", "admin")
    ]
    assert said == [f"ann {word} of {world.slug}.\n" for word in ("is admin", "was admin", "is support", "is admin")]
    assert await trail(world) == ["system"] * 3


@pytest.mark.parametrize(
    ("trusted", "words", "said"),
    [
        ((), ("ann",), "No issuer is believed for the staff of {slug}; see quittance tenant trust-issuer."),
        (
            ("https://one.example",),
            ("ann", "--issuer", "https://one.exmaple"),
            "That issuer is not believed for the staff of {slug}; believed: https://one.example.",
        ),
        (
            ("https://one.example", "https://two.example"),
            ("ann",),
            "Say with --issuer which one is meant: https://one.example, https://two.example.",
        ),
        (("https://one.example",), ("two words",), "subject must be 1 to 255 visible ASCII characters."),
    ],
)
async def test_what_could_never_sign_in_is_refused_and_registers_nobody(
    house: House, trusted: tuple[str, ...], words: tuple[str, ...], said: str
) -> None:
    world = await make_world(house)
    for issuer in trusted:
        await world.trust(issuer)
    refused = await typed("register-staff", world.slug, *words, "--role", "admin")
    assert (refused.exit_code, refused.output) == (1, f"Not done: {said.format(slug=world.slug)}\n")
    assert await trail(world) == []


@pytest.mark.parametrize(("slug", "role"), [("nowhere-at-all", "admin"), ("nowhere-at-all", "system")])
async def test_a_tenant_or_a_role_that_is_none_is_refused_as_the_command_s_own_misuse(
    house: House, slug: str, role: str
) -> None:
    refused = await typed("register-staff", slug, "ann", "--role", role)
    assert refused.exit_code == 2
    assert "Traceback" not in refused.output
    assert await find_tenant(house.db.primary, slug) is None
