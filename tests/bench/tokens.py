"""Bearer tokens of the seeded customers, signed by an issuer that the tenant trusts and the plain server speaks for."""

import json

from api.audience import Audience
from dev.identity.keys import ALGORITHM, SigningKeys
from dev.identity.tokens import LIFETIME_S, Login, Minter
from domain.perform import perform
from domain.tenants.register import TrustIssuer, trust_issuer
from tests.bench.seed import Shop
from tests.world import World, fresh

AUDIENCES = {Audience.PORTAL: "quittance:bench:portal", Audience.STAFF: "quittance:bench:staff"}


class Issuer:
    """An issuer at an address, with a key of its own."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._keys = SigningKeys(None)

    def jwks(self) -> bytes:
        """What is served at ``/jwks``."""
        return json.dumps(self._keys.public()).encode()

    async def introduce(self, world: World, door: Audience = Audience.PORTAL) -> None:
        """Lets a door of the tenant believe it."""
        command = TrustIssuer(self.url, AUDIENCES[door], door.value, f"{self.url}/jwks", (ALGORITHM,))
        house = world.house
        await perform(house.db, trust_issuer, house.actor, world.tenant.live_house, command, fresh("issuer"))

    def tokens(self, shop: Shop) -> list[str]:
        """One for each customer's user."""
        return [self.token(shop.subject(place)) for place in range(shop.count)]

    def token(
        self, subject: str, door: Audience = Audience.PORTAL, *, acr: str | None = None, auth_time: int | None = None
    ) -> str:
        """One for a customer's user, or for a member of staff who signed in as said."""
        login = Login(subject, AUDIENCES[door], acr=acr, auth_time=auth_time)
        return Minter(self.url, self._keys).access_token(login, "bench", "", LIFETIME_S)
