"""Events that never came are asked for: kept once, taken as any webhook, and what is unknown here is told."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import httpx2
import pytest

from domain.inbox import find, raw_of
from domain.payments.gateways.sandbox import SandboxGateway
from domain.payments.gateways.sandbox_events import id_of
from domain.payments.past_events import PastAnswer, PastEvent, PastEvents
from domain.perform import perform
from domain.reactions.provider_events import apply
from domain.reactions.refetch import refetch
from domain.reactions.work import do_now
from domain.refusals import Refused
from domain.subscriptions.start import StartSubscription, start_subscription
from tests.provider_process import ProviderProcess
from tests.webhook_desk import encoded, key_of, made_up
from tests.world import ACCOUNT, World, fresh


async def test_what_a_provider_told_in_vain_is_asked_for_once(world: World, provider_here: ProviderProcess) -> None:
    gateway = SandboxGateway("main", provider_here.url, provider_here.secret)
    house = replace(world.house, gateways={ACCOUNT: gateway})
    there, began = replace(world, house=house), datetime.now(UTC) - timedelta(minutes=1)
    try:
        ada = await there.customer()
        await there.card(ada)
        command = StartSubscription(there.prices["starter"], 1)
        begun = await perform(house.db, start_subscription, ada.actor, ada.id, command, fresh("key"))
        await do_now(house, ada.id)
        first = await refetch(house, ACCOUNT, began)
        again = await refetch(house, ACCOUNT, began)
        assert (first.seen, first.kept, again.kept) == (again.seen, first.seen, 0)
        assert again.unknown == first.unknown
        async with provider_here.client() as http:
            paid = await events_of(http, str(begun.outcome.payment))
            foreign = await charge_of_nobody(http)
        assert [await apply(house, f"{ACCOUNT}:{event}") for event in paid] == ["applied"]
        found = await refetch(house, ACCOUNT, began)
        assert (found.kept, [each.charge_ref for each in found.unknown][-1]) == (1, foreign)
        with pytest.raises(Refused):
            await refetch(house, "sandbox/other", began)
    finally:
        await gateway.close()


class Weather(SandboxGateway):
    """A provider that has told one thing, and nothing that concerns us; before it, perhaps, what nobody can read."""

    def __init__(self, *odd: bytes) -> None:
        super().__init__("main", "http://127.0.0.1:1", "secret")
        self.told = made_up("weather.changed", name="Ada Lovelace")
        self._told = [*odd, encoded(self.told)]

    async def past_events(self, since: datetime, after: str | None) -> PastAnswer:
        named = [(id_of(raw), raw) for raw in self._told]
        rest = named[[id for id, _ in named].index(after) + 1 :] if after else named
        return PastEvents(tuple(PastEvent(id, raw, {"webhook-id": id}) for id, raw in rest[:2]))


async def test_of_what_means_nothing_to_us_nothing_but_its_coming_is_kept(world: World) -> None:
    gateway, db = Weather(), world.house.db
    found = await refetch(replace(world.house, gateways={ACCOUNT: gateway}), ACCOUNT, datetime.now(UTC))
    await gateway.close()
    event = await find(db.primary, key_of(gateway.told))
    assert found.kept == 1 and event is not None
    assert await raw_of(db.primary, event) == ({}, b"")


async def test_what_cannot_be_read_is_told_and_keeps_nothing_else_back(world: World) -> None:
    gateway, db = Weather(b'{"id": "evt_odd"}', b"{}"), world.house.db
    found = await refetch(replace(world.house, gateways={ACCOUNT: gateway}), ACCOUNT, datetime.now(UTC))
    await gateway.close()
    assert ([id for id, _ in found.unreadable], found.kept) == (["evt_odd", ""], 1)
    assert await find(db.primary, key_of(gateway.told)) is not None


async def events_of(http: httpx2.AsyncClient, reference: str) -> list[str]:
    """The ids of the events about a charge of ours."""
    (charge,) = (await http.get("/v1/payments", params={"reference": reference})).json()["payments"]
    events = (await http.get("/v1/events", params={"object": charge["id"]})).json()["events"]
    return [event["id"] for event in events]


async def charge_of_nobody(http: httpx2.AsyncClient) -> str:
    """A charge that this house knows nothing of."""
    method = (await http.post("/v1/payment_methods", json={"token": "tok_visa"})).json()["id"]
    order = {"amount_minor": 700, "currency": "EUR", "method": method, "reference": fresh("lost"), "metadata": {}}
    answer = await http.post("/v1/payments", json=order, headers={"Idempotency-Key": fresh("key")})
    return str(answer.json()["id"])
