"""Documents that a tenant registers for its clients: who finds them, in every process, and until when."""

from copy import copy
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from api.app import build_app
from api.audience import Audience, Sender
from api.installed import KEPT_SECONDS, MISSED_SECONDS, InstalledDocuments
from api.manifests import ManifestDocuments
from domain.actor import Grant
from domain.perform import perform
from domain.reactions.house import House
from domain.refusals import RefusalCode, Refused
from domain.tenants.persist_documents import (
    MOST_AT_ONCE,
    DocumentsPersisted,
    NewDocument,
    PersistDocuments,
    RetireDocuments,
    SetDocumentNotice,
    WithdrawDocument,
    persist_documents,
    retire_documents,
    set_document_notice,
    withdraw_document,
)
from domain.tenants.trusted_document import find_document, hash_of, notice_days
from runtime.settings import Settings
from tests.api_callers import Api, Caller, running, until
from tests.world import World, fresh, make_world

PLANS = "query Plans { plans { id name } }"
DAY = timedelta(days=1)


@dataclass
class Then:
    """A clock that stands."""

    at: datetime

    def now(self) -> datetime:
        return self.at


async def partner_of(api: Api) -> tuple[Caller, str]:
    """A new partner's program, and the owner of its documents."""
    client = await api.world.partner()
    return Caller(api.http, await api.token("partner", client, scopes=["documents"])), f"partner:{client}"


async def do(world: World, operation: Any, command: Any) -> Any:
    """Performs it by the house."""
    home = world.tenant.live_house
    return (await perform(world.house.db, operation, world.house.actor, home, command, fresh("house"))).outcome


async def register(world: World, owner: str, **texts: str) -> DocumentsPersisted:
    """Registers the texts under the names of the arguments."""
    documents = tuple(NewDocument(id, id.capitalize(), text) for id, text in texts.items())
    done: DocumentsPersisted = await do(world, persist_documents, PersistDocuments(owner, documents))
    return done


async def refused(world: World, operation: Any, command: Any) -> RefusalCode:
    """The code of the refusal."""
    with pytest.raises(Refused) as refusal:
        await do(world, operation, command)
    return refusal.value.code


async def test_a_registered_document_runs_in_every_form_for_its_owner_alone(api: Api, elsewhere: Api) -> None:
    partner, owner = await partner_of(api)
    other, _ = await partner_of(api)
    stranger, _ = await partner_of(elsewhere)
    text = f"{PLANS} # {fresh('text')}"  # which nobody sent as it stands
    await register(api.world, owner, plans=text)
    hash = hash_of(text)
    forms: list[dict[str, Any]] = [
        {"documentId": "plans"}, {"documentId": f"sha256:{hash}"}, {"doc_id": hash},
        {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": hash}}},
    ]  # fmt: skip
    for form in forms:
        answer = await partner.post(form)
        assert "plans" in answer.json()["data"]
        assert "sunset" not in answer.headers
        for nobody in (other, stranger, await api.guest(), await api.staff()):
            [error] = (await nobody.post(form)).json()["errors"]
            assert error["extensions"]["code"] in ("DOCUMENT_NOT_FOUND", "PERSISTED_QUERY_NOT_FOUND")


async def test_an_id_that_says_a_hash_says_that_of_its_text(api: Api) -> None:
    partner, owner = await partner_of(api)
    text, other = (f"{PLANS} # {fresh('text')}" for _ in range(2))
    for wrong in (f"sha256:{hash_of(other)}", f"sha256:{hash_of(text).upper()}", "sha256:plans"):
        both = (NewDocument("good", "Good", other), NewDocument(wrong, "Plans", text))
        assert await refused(api.world, persist_documents, PersistDocuments(owner, both)) is RefusalCode.INVALID_INPUT
    assert "errors" in (await partner.post({"documentId": "good"})).json(), "all are registered, or none"
    right = f"sha256:{hash_of(text)}"
    assert (await register(api.world, owner, **{right: text})).added == (right,)
    assert "plans" in (await partner.post({"documentId": right})).json()["data"]


async def test_what_goes_is_said_in_the_headers_of_every_answer(api: Api) -> None:
    partner, owner = await partner_of(api)
    old = "query Old($id: ID!) { node(id: $id) { ... on Customer { simulate(subscriptionId: $id) { endsAt } } } }"
    await register(api.world, owner, plans=PLANS, old=old)
    at = (datetime.now(UTC) + 100 * DAY).replace(microsecond=0)
    await do(api.world, retire_documents, RetireDocuments(owner, ("plans",), at))
    retiring = (await partner.post({"documentId": "plans"})).headers
    assert retiring["sunset"] == f"{at:%a, %d %b %Y %H:%M:%S} GMT"
    assert abs(int(retiring["deprecation"].removeprefix("@")) - datetime.now(UTC).timestamp()) < 60
    stored = await find_document(api.world.house.db.primary, api.world.tenant.tenant, owner, "plans")
    assert stored is not None
    assert stored.retires_at == at
    headers = (await partner.post({"documentId": "old", "variables": {"id": "x"}})).headers
    assert headers["sunset"] == "Tue, 01 Jun 2027 00:00:00 GMT"
    assert headers["deprecation"] == f"@{int(datetime(2026, 11, 21, tzinfo=UTC).timestamp())}"


async def test_other_processes_find_it_without_a_restart_and_lose_it_when_it_is_retired(
    house: House, world: World
) -> None:
    seconds = [0.0]
    process = InstalledDocuments(house.db, ManifestDocuments({}), lambda: seconds[0])
    sender = Sender(Audience.STAFF, world.tenant.tenant)
    id = fresh("plans")
    assert await process.find(sender, id) is None
    await register(world, "staff", **{id: PLANS})
    assert await process.find(sender, id) is None, "every guess would cost a query"
    seconds[0] += MISSED_SECONDS
    found = await process.find(sender, id)
    assert found is not None
    assert (found.text, found.retires_at) == (PLANS, None)
    at = datetime.now(UTC) + 2 * DAY
    await do(world, retire_documents, RetireDocuments("staff", (id,), at))
    seconds[0] += KEPT_SECONDS
    again = await process.find(sender, id)
    assert again is not None
    assert again.retires_at == at
    later = copy(house.db)
    later.clock = Then(at)
    assert await InstalledDocuments(later, ManifestDocuments({})).find(sender, id) is None
    with pytest.raises(Refused) as refusal:
        command = RetireDocuments("staff", (id,), at + 9 * DAY)
        await perform(later, retire_documents, house.actor, world.tenant.live_house, command, fresh("late"))
    assert refusal.value.code == "STATE_CONFLICT"
    assert await process.find(Sender(Audience.STAFF), id) is None


async def test_a_partner_is_told_in_time_and_what_cannot_be_meant_is_refused(house: House) -> None:
    world = await make_world(house)
    owner, now = f"partner:{await world.partner()}", datetime.now(UTC)
    assert (await register(world, owner, a=PLANS, b=PLANS)).added == ("a", "b")
    assert (await register(world, owner, b=PLANS, c=PLANS)).added == ("c",)
    new = NewDocument("d", "", PLANS)
    many = tuple(NewDocument(f"n{n}", "", PLANS) for n in range(MOST_AT_ONCE + 1))
    for documents in ((), (new, new), many, (NewDocument("no id", "", PLANS),), (NewDocument("d", "", " "),)):
        assert await refused(world, persist_documents, PersistDocuments(owner, documents)) == "INVALID_INPUT"
    assert await refused(world, persist_documents, PersistDocuments("everybody", (new,))) == "INVALID_INPUT"
    assert await refused(world, persist_documents, PersistDocuments("partner:x", (new,))) == "NOT_FOUND"
    other = (NewDocument("a", "", "{ __typename }"),)
    assert await refused(world, persist_documents, PersistDocuments(owner, other)) == "ALREADY_EXISTS"

    assert await refused(world, retire_documents, RetireDocuments(owner, ("a",), now + 89 * DAY)) == "INVALID_INPUT"
    assert await refused(world, retire_documents, RetireDocuments(owner, ("a", "x"), now + 91 * DAY)) == "NOT_FOUND"
    assert await refused(world, set_document_notice, SetDocumentNotice(0)) == "INVALID_INPUT"
    await do(world, set_document_notice, SetDocumentNotice(7))
    await do(world, set_document_notice, SetDocumentNotice(1))
    assert await notice_days(house.db.primary, world.tenant.tenant) == 1
    await do(world, retire_documents, RetireDocuments(owner, ("a",), now + 2 * DAY))
    for_admins: list[tuple[Grant, Any, Any]] = [
        (Grant.SUPPORT, persist_documents, PersistDocuments(owner, (new,))),
        (Grant.FINANCE, retire_documents, RetireDocuments(owner, ("a",), now + 9 * DAY)),
        (Grant.LEAD, set_document_notice, SetDocumentNotice(9)),
    ]
    for role, operation, command in for_admins:
        with pytest.raises(Refused) as refusal:
            home = world.tenant.live_house
            await perform(house.db, operation, world.staff(role), home, command, fresh("key"))
        assert refusal.value.code == "FORBIDDEN"


WITHDRAW = """mutation ($input: WithdrawDocumentInput!) { withdrawDocument(input: $input) {
    ids at operation { id replayed } errors { ... on UserError { code message path } } } }"""
REGISTER = """mutation ($input: RegisterDocumentsInput!) { registerDocuments(input: $input) {
    added operation { replayed } errors { ... on UserError { code message path } } } }"""


@pytest.mark.row("K5")
async def test_admins_register_a_document_and_withdraw_it_from_every_process_at_once(
    api: Api, process_settings: Settings
) -> None:
    partner, owner = await partner_of(api)
    admin = await api.staff(Grant.ADMIN)
    new = [{"id": "plans.1", "name": "Plans", "text": PLANS}, {"id": "again.1", "name": "Again", "text": PLANS}]
    wrong = await admin.refusal(REGISTER, owner=owner, documents=[*new, {"id": "x", "name": "X", "text": "{ x }"}])
    assert (wrong["code"], wrong["message"]) == (
        "INVALID_INPUT", "Nothing was registered: x: Cannot query field 'x' on type 'Query'.",
    )  # fmt: skip
    assert (await admin.do(REGISTER, owner=owner, documents=new))["added"] == ["plans.1", "again.1"]
    async with running(build_app(process_settings, fenced=lambda house: house)) as http:
        other = Caller(http, partner.token)  # of another process, which hears of it by Redis
        for caller in (partner, other):
            assert (await caller.post({"documentId": "plans.1"})).json()["data"]["plans"]
        given = {"owner": owner, "id": "plans.1", "urgent": True, "idempotencyKey": fresh("urgent")}
        assert (await admin.do(WITHDRAW, **given))["ids"] == ["again.1", "plans.1"]
        assert (await admin.do(WITHDRAW, **given))["operation"]["replayed"] is True

        async def refused() -> bool | None:
            return (await other.post({"documentId": "plans.1"})).status_code == 410 or None

        await until(refused)
    hashed = {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": hash_of(PLANS)}}}
    for body in ({"documentId": "plans.1"}, {"documentId": "again.1"}, hashed, {**hashed, "query": PLANS}):
        answer = await partner.post(body)
        (error,) = answer.json()["errors"]
        assert (answer.status_code, error["extensions"]["code"]) == (410, "DOCUMENT_WITHDRAWN"), body
    listed = (await partner.post({"documentId": "partner-contract.1"})).json()["data"]["partner"]["contract"]
    assert {each["node"]["id"] for each in listed["documents"]["edges"]} >= {"plans.1", "again.1"}
    assert "withdrawn" in (await admin.refusal(WITHDRAW, owner=owner, id="plans.1", urgent=True))["message"]
    soon = {"owner": owner, "id": "plans.1", "at": "2037-01-01T00:00:00Z"}
    assert (await admin.refusal(WITHDRAW, **soon))["code"] == "STATE_CONFLICT"


async def test_a_process_that_cannot_hear_of_withdrawals_looks_every_second(house: House, world: World) -> None:
    seconds, heard = [0.0], [True]
    process = InstalledDocuments(house.db, ManifestDocuments({}), lambda: seconds[0])
    process.hears = lambda: heard[0]
    id = fresh("unheard")
    await register(world, "portal", **{id: PLANS.replace("Plans", "Unheard")})
    sender = Sender(Audience.PORTAL, world.tenant.tenant)
    before = await process.find(sender, id)
    assert before is not None
    await do(world, withdraw_document, WithdrawDocument("portal", id))
    for at, hears, withdrawn in ((KEPT_SECONDS - 1, True, False), (KEPT_SECONDS - 1, False, True)):
        seconds[0], heard[0] = at, hears
        found = await process.find(sender, id)
        assert found is not None
        assert found.withdrawn is withdrawn, (at, hears)
