"""``quittance tenant``: makes a tenant, and says whose tokens are believed for it and who works there."""

from dataclasses import replace
from enum import StrEnum
from typing import Annotated

import typer
from rich.console import Console

from api.graph.texts import word
from cli.in_a_house import in_a_house
from domain.actor import Grant, staff_scope
from domain.ids import CustomerId
from domain.operation import Performed
from domain.perform import perform
from domain.reactions.house import House
from domain.refusals import RefusalCode, Refused
from domain.tenants.access import staff_issuers, staff_role
from domain.tenants.create_tenant import CreateTenant, TenantCreated, create_tenant, founding_house
from domain.tenants.legal_details import DEFAULT_YEARS
from domain.tenants.register import RegisterStaff, TrustIssuer, register_staff, trust_issuer
from domain.tenants.tenant import Tenant, find_tenant, free_shard_key, home_of
from domain.tenants.web_door import OpenWebDoor, open_web_door

app = typer.Typer(name="tenant", help="Tenants: the businesses that sell.", no_args_is_help=True)


class Role(StrEnum):
    """What a member of staff may be given; the other grants are no role."""

    SUPPORT = "support"
    LEAD = "lead"
    FINANCE = "finance"
    ADMIN = "admin"


def register(main: typer.Typer) -> None:
    """Adds the commands to the tool."""
    main.add_typer(app)


@app.command("create")
def create(
    slug: Annotated[str, typer.Argument(help="The tenant's name in addresses, for example acme.")],
    name: Annotated[str, typer.Option(help="The name on its documents.")],
    code: Annotated[str, typer.Option(help="What its document numbers start with, for example ACME.")],
    address: Annotated[str, typer.Option(help="The address on its documents, parts separated by commas.")],
    country: Annotated[str, typer.Option(help="The ISO 3166 code of its country.")],
    time_zone: Annotated[str, typer.Option(help="The IANA zone of its books.")] = "UTC",
    shard_keys: Annotated[int, typer.Option(min=1, max=1024, help="About one per one to five thousand customers.")] = 1,
    register_entry: Annotated[str, typer.Option(help="Its entry in a public register, printed on documents.")] = "",
    retention_years: Annotated[int, typer.Option(help="How many years its documents are kept.")] = DEFAULT_YEARS,
) -> None:
    """Make a tenant with a live and a sandbox legal entity; the same call again finds the first."""
    made = CreateTenant(slug, name, code, address, country, time_zone, (), register_entry, retention_years)
    done = in_a_house("tenant", lambda house: _create(house, made, shard_keys))
    word = "was there" if done.replayed else "is made"
    Console().print(f"Tenant {slug} {word}: {done.outcome.tenant}", soft_wrap=True)


async def _create(house: House, wanted: CreateTenant, count: int) -> Performed[TenantCreated]:
    db = house.db.primary
    known = await find_tenant(db, wanted.slug)
    first = (await home_of(db, known.id)).shard if known else await free_shard_key(db)
    command = replace(wanted, keys=tuple(range(first, first + count)))
    home = founding_house(command.slug, command.code, first)
    return await perform(house.db, create_tenant, house.actor, home, command, f"tenant:{command.slug}")


@app.command("trust-issuer")
def trust(
    slug: Annotated[str, typer.Argument(help="The tenant.")],
    issuer: Annotated[str, typer.Option(help="The issuer, exactly as tokens say it.")],
    audience: Annotated[str, typer.Option(help="The audience, exactly as tokens say it.")],
    surface: Annotated[str, typer.Option(help="portal, staff or partner.")],
    jwks_uri: Annotated[str, typer.Option(help="Where the issuer's public keys are.")],
    algorithm: Annotated[str, typer.Option(help="How its tokens are signed.")] = "ES256",
) -> None:
    """Believe an issuer's tokens for one surface of the tenant."""
    command = TrustIssuer(issuer, audience, surface, jwks_uri, (algorithm,))
    in_a_house("tenant", lambda house: _trust(house, slug, command))
    Console().print(f"Tokens of {issuer} for {audience} are believed.", soft_wrap=True)


async def _trust(house: House, slug: str, command: TrustIssuer) -> object:
    home = await _home(house, slug)
    key = f"issuer:{command.issuer}:{command.audience}"
    return await perform(house.db, trust_issuer, house.actor, home, command, key)


@app.command("register-staff")
def employ(
    slug: Annotated[str, typer.Argument(help="The tenant.")],
    subject: Annotated[str, typer.Argument(help="The member of staff, exactly as its tokens say it.")],
    role: Annotated[Role, typer.Option(help="What it may do.")],
    issuer: Annotated[
        str, typer.Option(help="Whose tokens it signs in with; by default the one that is believed for staff.")
    ] = "",
) -> None:
    """Give a member of staff a role, or another one: the first admin, who registers the others, or again an admin."""
    changed = in_a_house("tenant", lambda house: _employ(house, slug, subject, Grant(role.value), issuer))
    Console().print(f"{subject} {'is' if changed else 'was'} {role.value} of {slug}.", soft_wrap=True, highlight=False)


async def _employ(house: House, slug: str, subject: str, role: Grant, given: str) -> bool:
    """Whether anything changed: the same call again writes nothing, also not into the trail."""
    db, tenant = house.db.primary, await _tenant(house, slug)
    issuer = await _staff_issuer(house, tenant, given)
    known = await staff_role(db, tenant.id, issuer, word(subject, "subject"))
    if known is not None and known.role is role:
        return False
    # A role that was taken away is given anew, so the instant is part of the key.
    key = f"staff:{staff_scope(issuer, subject)}:{house.db.clock.now().isoformat()}"
    command, home = RegisterStaff(issuer, subject, role), await home_of(db, tenant.id)
    await perform(house.db, register_staff, house.actor, home, command, key)
    return True


async def _staff_issuer(house: House, tenant: Tenant, given: str) -> str:
    """The issuer that is meant; INVALID_INPUT for one that is not believed: its tokens would open nothing."""
    believed = await staff_issuers(house.db.primary, tenant.id)
    if not believed:
        message = f"No issuer is believed for the staff of {tenant.slug}; see quittance tenant trust-issuer."
    elif given and given not in believed:
        message = f"That issuer is not believed for the staff of {tenant.slug}; believed: {', '.join(believed)}."
    elif not given and len(believed) > 1:
        message = f"Say with --issuer which one is meant: {', '.join(believed)}."
    else:
        return given or believed[0]
    raise Refused(RefusalCode.INVALID_INPUT, message, ("issuer",))


@app.command("open-web-door")
def open_door(
    slug: Annotated[str, typer.Argument(help="The tenant.")],
    origin: Annotated[str, typer.Option(help="Where people meet it, for example https://billing.acme.example.")],
    issuer: Annotated[str, typer.Option(help="The trusted issuer, exactly as its tokens say it.")],
    audience: Annotated[str, typer.Option(help="The audience of its access tokens, exactly as they say it.")],
    client_id: Annotated[str, typer.Option(help="The client that is registered there, without a secret, with PKCE.")],
    surface: Annotated[str, typer.Option(help="portal or staff.")],
    allow_origin: Annotated[list[str] | None, typer.Option(help="A page elsewhere that may use the session.")] = None,
) -> None:
    """Let people sign in with a browser at an address of the tenant's; the same call again changes the door."""
    command = OpenWebDoor(surface, origin, issuer, audience, client_id, tuple(allow_origin or ()))
    in_a_house("tenant", lambda house: _open(house, slug, command))
    Console().print(f"{surface}: {origin}/login/{surface}; the issuer must know {origin}/callback/{surface}.")


async def _open(house: House, slug: str, command: OpenWebDoor) -> object:
    home = await _home(house, slug)
    key = f"door:{command.surface}:{command.origin}:{house.db.clock.now().isoformat()}"
    return await perform(house.db, open_web_door, house.actor, home, command, key)


async def _home(house: House, slug: str) -> CustomerId:
    return await home_of(house.db.primary, (await _tenant(house, slug)).id)


async def _tenant(house: House, slug: str) -> Tenant:
    tenant = await find_tenant(house.db.primary, slug)
    if tenant is None:
        raise typer.BadParameter(f"there is no tenant {slug!r}")
    return tenant
