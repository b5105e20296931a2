"""Run with another version's checkout on the path: a tenant with customers, made by that version's own code.

``python village.py COUNT`` prints one line of JSON: the tenant's door, and id, login and token of each customer.
"""

import asyncio
import json
import sys

import httpx2

from runtime.house import open_house
from runtime.settings import settings
from tests.api_callers import Api
from tests.world import make_world


async def main(count: int) -> None:
    """Makes them."""
    given = settings()
    async with open_house(given, "quittance-drill") as house, httpx2.AsyncClient(trust_env=False, verify=False) as http:
        world = await make_world(house)
        await world.trust(given.oidc_issuer)
        api = Api(http, world, given.oidc_issuer, http)
        guests = [await api.guest("tok_visa") for _ in range(count)]
        people = [{"id": str(each.who.id), "token": each.token, "subject": each.who.subject} for each in guests]
        print(json.dumps({"slug": world.slug, "price": str(world.prices["starter"]), "people": people}))


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
