"""Where the demo tenants' pages live on this machine: acme at the API's own address, globex at its name.

Runs at every start, since the address may be another one; what is open already stays as it is.
"""

import asyncio
import sys
from typing import Final
from urllib.parse import urlsplit

from api.audience import Audience
from dev.identity.personas import TENANTS, audience_of, client_id_of
from domain.ids import CustomerId
from domain.perform import perform
from domain.reactions.house import House
from domain.refusals import Refused
from domain.tenants.tenant import find_tenant, home_of
from domain.tenants.web_door import OpenWebDoor, open_web_door
from runtime.house import open_house
from runtime.logs import configure_logs
from runtime.settings import settings

# Where frontends under development are served by the tools of their trade: vite, next.
FRONTENDS: Final = (5173, 3000)


def origin_of(tenant: str, public_url: str) -> str:
    """Two tenants on one machine need two hosts, and a loopback address has two names."""
    parts = urlsplit(public_url)
    host = parts.hostname if tenant == TENANTS[0] else "localhost"
    return f"{parts.scheme}://{host}:{parts.port}"


async def open_doors(house: House, issuer: str, public_url: str) -> None:
    """Opens the portal and the console of each demo tenant that there is."""
    for slug in TENANTS:
        tenant = await find_tenant(house.db.primary, slug)
        if tenant is None:
            continue
        home, origin = await home_of(house.db.primary, tenant.id), origin_of(slug, public_url)
        for surface in (Audience.PORTAL, Audience.STAFF):
            command = OpenWebDoor(
                surface.value, origin, issuer, audience_of(slug, surface), client_id_of(slug, surface),
                tuple(f"http://{urlsplit(origin).hostname}:{port}" for port in FRONTENDS),
            )  # fmt: skip
            await _open(house, home, command)


async def _open(house: House, home: CustomerId, command: OpenWebDoor) -> None:
    key = f"demo:door:{command.surface}:{command.origin}:{command.issuer}"
    try:
        await perform(house.db, open_web_door, house.actor, home, command, key)
    except Refused as refused:  # another issuer than the data was made with: nobody signs in by a click then
        print(f"{command.surface} of {command.origin}: {refused.message}", file=sys.stderr)


async def _main() -> None:
    configure_logs()
    async with open_house(settings(), "quittance-demo-doors") as house:
        await open_doors(house, settings().oidc_issuer, settings().public_url)


if __name__ == "__main__":
    asyncio.run(_main())
