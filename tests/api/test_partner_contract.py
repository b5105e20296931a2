"""What a partner is told of what it can rely on, and what staff are told of a partner."""

from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from api.audience import PRODUCTION, Audience, Sender
from api.documents import Found, Prepared
from api.manifests import Trusted
from api.uses import UseCounter
from domain.actor import Grant
from domain.reactions.events import drain
from domain.reactions.house import House
from domain.tenants.document_use import uses_of
from domain.tenants.persist_documents import (
    NewDocument,
    PersistDocuments,
    RetireDocuments,
    persist_documents,
    retire_documents,
)
from domain.tenants.trusted_document import hash_of
from runtime.house import open_house
from runtime.settings import Settings
from tests.api.test_registered_documents import PLANS, do, partner_of
from tests.api_callers import Api, Caller
from tests.lives import caught_up
from tests.server_gate import gate_before
from tests.world import World, fresh

OLD = "query Old($id: ID!) { node(id: $id) { ... on Customer { simulate(subscriptionId: $id) { endsAt } } } }"
CONTRACT = "partner-contract.1"
NOTHING = Prepared(None, (), {}, PRODUCTION[Audience.PARTNER])
OF_STAFF = """query ($client: String!) { staff { partner(clientId: $client) { clientId name active contract {
    budget { limit left restoresPerSecond } noticeDays notices { documentId kind at use { field reason removedAfter } }
    documents(first: 25) { totalCount edges { node { id uses text registeredAt } } } } } } }"""
LIST = "query ($after: String) { staff { partners(first: 1, after: $after) { pageInfo { hasNextPage endCursor }"
LIST += " edges { node { clientId contract { noticeDays } } } } } }"
REGISTER = """mutation ($input: RegisterWebhookEndpointInput!) { registerWebhookEndpoint(input: $input) {
    endpoint { id } errors { ... on UserError { code } } } }"""
SENT = "{ staff { webhookDeliveries(first: 5) { edges { node { kind body } } } } }"


async def contract_of(partner: Caller) -> Any:
    """The contract, its documents by id."""
    body = (await partner.post({"documentId": CONTRACT})).json()
    contract = body["data"]["partner"]["contract"]
    return {**contract, "documents": {each["node"]["id"]: each["node"] for each in contract["documents"]["edges"]}}


@pytest.mark.row("X10")
async def test_a_partner_reads_what_its_documents_take_and_what_goes_when(api: Api) -> None:
    world = api.world
    (partner, owner), (other, _) = await partner_of(api), await partner_of(api)
    own = (
        NewDocument("own.1", "Own plans", PLANS),
        NewDocument("old.1", "", OLD),
        NewDocument("bad.1", "", "{ gone }"),
    )
    await do(world, persist_documents, PersistDocuments(owner, own))
    at = (datetime.now(UTC) + timedelta(days=100)).replace(microsecond=0)
    await do(world, retire_documents, RetireDocuments(owner, ("own.1",), at))
    for id in ("own.1", f"sha256:{hash_of(PLANS)}"):
        sent = (await partner.post({"documentId": id})).json()

    told = await contract_of(partner)
    mine = told["documents"]["own.1"]
    when = f"{at:%Y-%m-%dT%H:%M:%SZ}"
    assert (mine["name"], mine["uses"], mine["retiresAt"]) == ("Own plans", 2, when)
    assert mine["fields"] == ["Plan.id", "Plan.name", "Query.plans"]
    assert mine["cost"] == sent["extensions"]["cost"]["requestedQueryCost"]
    assert mine["lastUsedAt"] <= f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"
    use = {"field": "Customer.simulate", "removedAfter": "2027-06-01"}
    deprecated = told["documents"]["old.1"]["deprecatedUses"]
    assert {key: deprecated[0][key] for key in use} == use
    assert [each["field"] for each in deprecated] == ["Customer.simulate", "Simulation.endsAt"]
    assert (told["documents"]["old.1"]["name"], told["documents"]["old.1"]["lastUsedAt"]) == ("Old", None)
    assert "gone" in told["documents"]["bad.1"]["problems"][0]
    assert told["documents"][CONTRACT]["problems"] == []
    assert told["noticeDays"] == 90
    notices = [(each["documentId"], each["kind"], each["at"][:10]) for each in told["notices"]]
    removals = [("old.1", "REMOVAL", "2027-06-01")] * 2
    assert notices == sorted([("own.1", "RETIREMENT", when[:10]), *removals], key=lambda each: each[2])
    budget = told["budget"]
    assert budget["limit"] == sent["extensions"]["cost"]["throttleStatus"]["maximumAvailable"]
    assert 0 < budget["left"] < budget["limit"]
    assert budget["restoresPerSecond"] == sent["extensions"]["cost"]["throttleStatus"]["restoreRate"]

    theirs = await contract_of(other)
    assert theirs["notices"] == []
    assert "own.1" not in theirs["documents"]
    assert theirs["documents"][CONTRACT]["uses"] == 1
    assert (await contract_of(other))["documents"][CONTRACT]["uses"] == 2

    staff = (await (await api.staff()).data(OF_STAFF, client=owner.removeprefix("partner:")))["staff"]["partner"]
    assert (staff["name"], staff["active"], staff["contract"]["budget"]["left"]) == ("A partner", True, None)
    assert staff["contract"]["notices"] == told["notices"]
    seen = {each["node"]["id"]: each["node"] for each in staff["contract"]["documents"]["edges"]}
    assert (seen["own.1"]["uses"], seen["own.1"]["text"]) == (2, PLANS)
    assert staff["contract"]["documents"]["totalCount"] == len(seen) == len(told["documents"])


async def test_pages_of_documents_and_partners_hold_each_once_and_no_other_tenant_s(api: Api, elsewhere: Api) -> None:
    partner, owner = await partner_of(elsewhere)
    await partner_of(elsewhere)
    ids = [f"plan-{n:02}" for n in range(30)]
    await do(elsewhere.world, persist_documents, PersistDocuments(owner, tuple(NewDocument(i, "", PLANS) for i in ids)))
    found: list[str] = []
    after = None
    while True:
        body = (await partner.post({"documentId": CONTRACT, "variables": {"after": after}})).json()
        page = body["data"]["partner"]["contract"]["documents"]
        found += [each["node"]["id"] for each in page["edges"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert found == sorted(found)
    assert len(found) == len(set(found))
    assert set(ids) <= set(found)

    desk = await elsewhere.staff()
    first = (await desk.data(LIST))["staff"]["partners"]
    second = (await desk.data(LIST, after=first["pageInfo"]["endCursor"]))["staff"]["partners"]
    assert first["pageInfo"]["hasNextPage"]
    assert first["edges"][0]["node"]["clientId"] < second["edges"][0]["node"]["clientId"]
    client = owner.removeprefix("partner:")
    assert (await (await api.staff()).data(OF_STAFF, client=client))["staff"]["partner"] is None
    refused = await (await api.guest()).error("{ partner { contract { noticeDays } } }")
    assert refused["extensions"]["code"] == "FORBIDDEN"


async def test_the_tenant_s_own_systems_hear_that_a_document_goes(elsewhere: Api) -> None:
    world, admin = elsewhere.world, await elsewhere.staff(Grant.ADMIN)
    made = await admin.do(REGISTER, url=f"https://hooks.example.com/{fresh('documents')}", kinds=["document.retiring"])
    assert made["endpoint"]["id"]
    _, owner = await partner_of(elsewhere)
    await do(world, persist_documents, PersistDocuments(owner, (NewDocument("own.1", "", PLANS),)))
    at = datetime.now(UTC) + timedelta(days=100)
    await do(world, retire_documents, RetireDocuments(owner, ("own.1",), at))
    await drain(world.house, world.tenant.live_house)
    await caught_up(world)
    sent = [each["node"] for each in (await admin.data(SENT))["staff"]["webhookDeliveries"]["edges"]]
    assert [each["kind"] for each in sent if f'"{owner}"' in each["body"]] == ["document.retiring"]


async def test_uses_wait_for_a_database_that_is_away(world: World, process_settings: Settings) -> None:
    uses, tenant = UseCounter(world.house.db.clock), world.tenant.tenant
    sender, hash = Sender(Audience.STAFF, tenant), hash_of(fresh("text"))
    async with AsyncExitStack() as stack:
        gate, url = await stack.enter_async_context(gate_before(process_settings.database_url.get_secret_value()))
        behind = process_settings.model_copy(update={"database_url": SecretStr(url)})
        house = await stack.enter_async_context(open_house(behind, "uses"))
        await gate.shut()
        uses.count(sender, Found(NOTHING, Trusted("own.1", PLANS, hash, False)))
        await uses.flush(house.db)
        kept = uses.waiting(tenant, "staff", hash)
        assert kept is not None
        assert kept.uses == 1
        await gate.open()
        uses.count(sender, Found(NOTHING, Trusted("own.1", PLANS, hash, False)))
        await uses.flush(house.db)
        known = await uses_of(house.db.primary, world.tenant.live_house, tenant, "staff", [hash])
        assert known[hash].uses == 2


async def test_uses_are_added_up_in_the_database_and_counted_for_monitoring(
    house: House, world: World, api: Api
) -> None:
    partner, owner = await partner_of(api)
    tenant, home, hash = world.tenant.tenant, world.tenant.live_house, hash_of(PLANS)
    uses = UseCounter(house.db.clock)
    sender = Sender(Audience.PARTNER, tenant, owner.removeprefix("partner:"))
    for expected in (2, 4):
        for _ in range(2):
            uses.count(sender, Found(NOTHING, Trusted("own.1", PLANS, hash, False)))
        await uses.flush(house.db)
        assert uses.waiting(tenant, owner, hash) is None
        known = (await uses_of(house.db.primary, home, tenant, owner, [hash, "0" * 64]))[hash]
        assert known.uses == expected
    assert await uses_of(house.db.primary, home, tenant, "portal", [hash]) == {}
    await partner.post({"documentId": CONTRACT})
    lines = (await api.http.get("/metrics")).text.splitlines()
    for document in ("REGISTERED", CONTRACT):
        name = f'quittance_document_uses_total{{audience="partner",document="{document}"}}'
        assert [float(line.split()[-1]) >= 1 for line in lines if line.startswith(name)] == [True]
