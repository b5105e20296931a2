"""Fetching objects again by id alone, each caller within its own bounds."""

from typing import Any

import pytest

from dev.story.documents import INVOICE, REFUND
from domain.actor import Grant
from tests.api_callers import Api, Caller, Guest
from tests.world import fresh

PUBLISH = """mutation ($input: PublishCouponInput!) { publishCoupon(input: $input) {
    coupon { id } errors { ... on UserError { code message path } } } }"""

NODE = """query ($id: ID!) { node(id: $id) { __typename id ... on Customer { reference }
    ... on Subscription { state } ... on Invoice { number } ... on Payment { attemptNumber } ... on Plan { code } } }"""
NODES = "query ($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }"
KINDS = ("Customer", "Subscription", "Invoice", "Payment", "Receipt", "Plan")


async def objects(api: Api, guest: Guest, bought: Any) -> dict[str, str]:
    """An id of each kind that the customer may fetch."""
    plans = (await guest.data("{ plans { id code } }"))["plans"]
    paid = (await guest.data(INVOICE, id=bought["invoice"]["id"]))["viewer"]["customer"]["invoice"]["payments"][0]
    return {
        "Customer": guest.id,
        "Subscription": bought["subscription"]["id"],
        "Invoice": bought["invoice"]["id"],
        "Payment": bought["invoice"]["payments"][0]["id"],
        "Receipt": paid["receipt"]["pdfUrl"].rpartition("/")[2].removesuffix(".pdf"),
        "Plan": next(plan["id"] for plan in plans if plan["code"] == "starter"),
    }


async def given_back(api: Api, guest: Guest, bought: Any) -> str:
    """The id of a refund."""
    payment, amount = bought["invoice"]["payments"][0]["id"], {"minorUnits": "100", "currency": "EUR"}
    support = await api.staff()
    done = await support.do(REFUND, customerId=guest.id, paymentId=payment, amount=amount, reason="R.")
    return str(done["refund"]["id"])


async def published(api: Api) -> str:
    """The id of a coupon."""
    admin = await api.staff(Grant.ADMIN)
    coupon = {"name": "Ten percent", "percentPpm": 100_000, "duration": "ONCE", "scope": "SUBSCRIPTION"}
    return str((await admin.do(PUBLISH, code=fresh("NODE").upper(), **coupon))["coupon"]["id"])


async def test_each_kind_of_object_is_fetched_again_by_its_id(api: Api, elsewhere: Api) -> None:
    guest, bought = await api.subscriber()
    ids, support = await objects(api, guest, bought), await api.staff()
    for caller in (guest, support):
        for kind, id in ids.items():
            node = (await caller.data(NODE, id=id))["node"]
            assert (node["__typename"], node["id"]) == (kind, id)
    refund, coupon = await given_back(api, guest, bought), await published(api)
    for caller, id, kind in ((guest, refund, "Refund"), (support, refund, "Refund"), (support, coupon, "Coupon")):
        assert (await caller.data(NODE, id=id))["node"] == {"__typename": kind, "id": id}
    for stranger in (await api.guest(), await elsewhere.staff(), guest):
        hidden = [coupon] if stranger is guest else [refund, coupon]
        for id in hidden:
            assert await miss(stranger, id) == await miss(stranger, "nonsense")
    assert (await guest.data(NODE, id=ids["Invoice"]))["node"]["number"] == bought["invoice"]["number"]
    assert (await guest.data(NODE, id=ids["Plan"]))["node"]["code"] == "starter"


async def miss(caller: Caller, id: str) -> Any:
    """The whole answer of a node that is not there, without what it cost."""
    body = await caller.ask(NODE, id=id)
    body.pop("extensions")
    return body


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "Plan"])
async def test_another_customer_s_object_answers_as_one_that_does_not_exist(api: Api, kind: str) -> None:
    guest, bought = await api.subscriber()
    stranger = await api.guest()
    theirs = (await objects(api, guest, bought))[kind]
    unknown = theirs[:-4] + ("zzzz" if not theirs.endswith("zzzz") else "yyyy")
    answer = await miss(stranger, theirs)
    assert answer == await miss(stranger, unknown) == await miss(stranger, "nonsense")
    assert answer["data"] == {"node": None}
    assert answer["errors"][0]["extensions"] == {"code": "NOT_FOUND", "refusal": "NOT_FOUND"}


@pytest.mark.parametrize("kind", KINDS)
async def test_another_tenant_s_object_exists_for_nobody(api: Api, elsewhere: Api, kind: str) -> None:
    guest, bought = await api.subscriber()
    theirs = (await objects(api, guest, bought))[kind]
    for caller in (await elsewhere.guest(), await elsewhere.staff()):
        assert await miss(caller, theirs) == await miss(caller, "nonsense")


async def test_many_objects_keep_their_places_and_a_missing_one_leaves_a_hole(api: Api) -> None:
    guest, bought = await api.subscriber()
    ids = await objects(api, guest, bought)
    body = await guest.ask(NODES, ids=[ids["Invoice"], "nonsense", ids["Customer"], ids["Invoice"]])
    kinds = [node and node["__typename"] for node in body["data"]["nodes"]]
    assert kinds == ["Invoice", None, "Customer", "Invoice"]
    (error,) = body["errors"]
    assert (error["path"], error["extensions"]["code"]) == (["nodes", 1], "NOT_FOUND")


async def test_no_more_than_a_hundred_objects_are_fetched_at_once(api: Api) -> None:
    guest = await api.guest()
    assert len((await guest.data(NODES, ids=[guest.id] * 100))["nodes"]) == 100
    error = await guest.error(NODES, ids=[guest.id] * 101)
    assert error["extensions"]["code"] == "BAD_INPUT"
    assert (await guest.data(NODES, ids=[]))["nodes"] == []


@pytest.mark.parametrize(
    "id", ["", "customer_", "invoice_zzz", "operation_" + "0" * 32, "payment_" + "u" * 32, "x" * 999]
)
async def test_an_id_of_nothing_is_not_found(api: Api, id: str) -> None:
    guest = await api.guest()
    assert (await miss(guest, id))["errors"][0]["extensions"]["code"] == "NOT_FOUND"
