"""Nobody reaches what is another customer's or another tenant's, whatever id, token or door is tried."""

from typing import Any

import httpx2
import pytest

from dev.story.documents import CHANGE, PAY, REFUND
from tests.api_callers import START, Api, Caller, Guest, key

BY_ID = """query ($id: ID!) { viewer { customer { %s(id: $id) { id } } } }"""
FIELDS = {"subscription": BY_ID % "subscription", "invoice": BY_ID % "invoice", "payment": BY_ID % "payment"}
VIEWER = "{ viewer { customer { id balance { receivable { decimal } } invoices(first: 1) { totalCount } } } }"
STAFF = "query ($id: ID!) { staff { customer(id: $id) { id } } }"
BY_NAME = "query ($name: String!) { staff { customer(reference: $name) { id } } }"
TRAIL = "query ($id: ID!) { staff { auditTrail(customerId: $id, first: 1) { totalCount } } }"
CHAIN = "query ($id: ID!) { staff { auditChain(customerId: $id) { verified } } }"


async def bodies(caller: Caller, document: str, *variables: dict[str, Any]) -> list[Any]:
    """The whole answers, without what they cost."""
    found = [await caller.ask(document, **each) for each in variables]
    for body in found:
        body.pop("extensions")
    return found


def unknown(id: str) -> str:
    """An id of the same kind and shape of which there is nothing."""
    return id[:-4] + ("zzzz" if not id.endswith("zzzz") else "yyyy")


async def ids_of(guest: Guest, bought: Any) -> dict[str, str]:
    """An id of each kind."""
    payment = bought["invoice"]["payments"][0]["id"]
    return {"subscription": bought["subscription"]["id"], "invoice": bought["invoice"]["id"], "payment": payment}


@pytest.mark.parametrize("kind", FIELDS)
async def test_a_foreign_id_reads_as_an_unknown_one(api: Api, elsewhere: Api, kind: str) -> None:
    guest, bought = await api.subscriber()
    theirs = (await ids_of(guest, bought))[kind]
    for stranger in (await api.guest(), await elsewhere.guest()):
        foreign, none = await bodies(stranger, FIELDS[kind], {"id": theirs}, {"id": unknown(theirs)})
        assert foreign == none
        assert foreign["data"] == {"viewer": {"customer": {kind: None}}}
        assert foreign["errors"][0]["extensions"]["code"] == "NOT_FOUND"


async def test_a_foreign_id_in_a_mutation_is_refused_as_an_unknown_one(api: Api, elsewhere: Api) -> None:
    guest, bought = await api.subscriber()
    ids, price = await ids_of(guest, bought), str(api.world.prices["team"])
    for stranger, own_price in (
        ((await api.subscriber())[0], price),
        ((await elsewhere.subscriber())[0], str(elsewhere.world.prices["team"])),
    ):
        for document, field, more in ((CHANGE, "subscription", {"priceId": own_price}), (PAY, "invoice", {})):
            tried = [ids[field], unknown(ids[field])]
            foreign, none = await bodies(
                stranger, document,
                *({"input": {f"{field}Id": id, "idempotencyKey": key(), **more}} for id in tried),
            )  # fmt: skip
            assert foreign == none
            (payload,) = foreign["data"].values()
            assert payload["errors"][0]["code"] == "NOT_FOUND"


async def test_another_tenant_s_price_and_another_customer_s_card_are_not_found(api: Api, elsewhere: Api) -> None:
    guest = await api.guest("tok_insufficient_funds")
    bought = await guest.do(START, priceId=str(api.world.prices["starter"]))
    refused = await guest.refusal(START, priceId=str(elsewhere.world.prices["starter"]))
    assert (refused["code"], refused["path"]) == ("NOT_FOUND", ["priceId"])
    card = await api.world.card((await api.guest()).who)
    refused = await guest.refusal(PAY, invoiceId=bought["invoice"]["id"], methodId=str(card))
    assert (refused["code"], refused["path"]) == ("NOT_FOUND", ["methodId"])


@pytest.mark.parametrize("document", [STAFF, TRAIL, CHAIN])
async def test_staff_of_another_tenant_do_not_find_a_customer(api: Api, elsewhere: Api, document: str) -> None:
    guest, stranger = await api.guest(), await elsewhere.staff()
    foreign, none = await bodies(stranger, document, {"id": guest.id}, {"id": unknown(guest.id)})
    assert foreign == none
    assert foreign["errors"][0]["extensions"]["code"] == "NOT_FOUND"


async def test_staff_of_another_tenant_do_not_find_a_reference(api: Api, elsewhere: Api) -> None:
    guest = await api.guest()
    reference = (await guest.data("{ viewer { customer { reference } } }"))["viewer"]["customer"]["reference"]
    assert (await (await api.staff()).data(BY_NAME, name=reference))["staff"]["customer"]["id"] == guest.id
    foreign, none = await bodies(await elsewhere.staff(), BY_NAME, {"name": reference}, {"name": "nobody"})
    assert foreign == none


async def test_staff_of_another_tenant_cannot_refund(api: Api, elsewhere: Api) -> None:
    guest, bought = await api.subscriber()
    payment = bought["invoice"]["payments"][0]["id"]
    given = {"paymentId": payment, "amount": {"minorUnits": "100", "currency": "EUR"}, "reason": "Mine?"}
    stranger = await elsewhere.staff()
    foreign = await stranger.refusal(REFUND, customerId=guest.id, **given)
    assert foreign == await stranger.refusal(REFUND, customerId=unknown(guest.id), **given)
    assert foreign["code"] == "NOT_FOUND"


@pytest.mark.parametrize(
    "document", ["{ staff { deadLetters { id } } }", '{ partner { customer(reference: "x") { id } } }']
)
async def test_a_portal_token_opens_no_other_root(api: Api, document: str) -> None:
    body = await (await api.guest()).ask(document)
    assert body["data"] is None
    assert body["errors"][0]["extensions"]["code"] == "FORBIDDEN"


async def test_a_staff_token_opens_no_viewer(api: Api) -> None:
    assert (await (await api.staff()).ask(VIEWER))["errors"][0]["extensions"]["code"] == "FORBIDDEN"


@pytest.mark.parametrize("surface", ["portal", "staff", "partner"])
async def test_a_good_token_of_somebody_nobody_registered_is_forbidden(api: Api, surface: str) -> None:
    answer = await (await api.stranger(surface)).post({"query": VIEWER})
    assert answer.status_code == 403
    assert answer.json()["errors"][0]["extensions"]["code"] == "FORBIDDEN"


@pytest.mark.parametrize("token", ["", "nonsense", "a.b.c"])
async def test_without_a_good_token_nothing_is_answered(http: httpx2.AsyncClient, token: str) -> None:
    answer = await Caller(http, token).post({"query": VIEWER})
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")


async def test_one_customer_s_login_at_another_tenant_is_nobody(api: Api, elsewhere: Api) -> None:
    guest = await api.guest()
    visitor = Caller(api.http, await elsewhere.token("portal", guest.who.subject))
    assert (await visitor.post({"query": VIEWER})).status_code == 403


@pytest.mark.row("X7")
async def test_staff_who_act_for_a_customer_look_but_do_not_touch(api: Api) -> None:
    guest, bought = await api.subscriber()
    acting = await api.acting(guest)
    seen = (await acting.data(VIEWER))["viewer"]["customer"]
    assert seen["id"] == guest.id
    team = str(api.world.prices["team"])
    foreseen = await acting.data(PREVIEW, of=bought["subscription"]["id"], to=team)
    assert foreseen["viewer"]["customer"]["changePlanPreview"]["due"]["decimal"] == "10.00"
    for document, given in writes(bought, team).items():
        refused = (await acting.call(document, **given))["errors"][0]
        assert (refused["code"], refused["message"]) == ("FORBIDDEN", "Acting for a customer is read-only.")
    assert (await guest.data(VIEWER))["viewer"]["customer"]["balance"] == seen["balance"]


PREVIEW = """query ($of: ID!, $to: ID!) { viewer { customer {
    changePlanPreview(subscriptionId: $of, priceId: $to) { due { decimal } } } } }"""


def writes(bought: Any, price: str) -> dict[str, dict[str, Any]]:
    """Every mutation of the portal, each with an input that would do."""
    fields = "errors { ... on UserError { code message } }"

    def mutation(name: str) -> str:
        kind = name[0].upper() + name[1:]
        return f"mutation ($input: {kind}Input!) {{ {name}(input: $input) {{ {fields} }} }}"

    return {
        mutation("addPaymentMethod"): {"token": "tok_visa"},
        mutation("startSubscription"): {"priceId": price},
        mutation("changePlan"): {"subscriptionId": bought["subscription"]["id"], "priceId": price},
        mutation("payInvoice"): {"invoiceId": bought["invoice"]["id"]},
        mutation("advanceTestClock"): {"to": "2027-06-01T00:00:00Z"},
    }
