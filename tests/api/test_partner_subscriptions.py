"""A partner starts, changes and cancels its tenant's customers' subscriptions by its documents, and nobody else's."""

from dataclasses import dataclass
from typing import Any

import pytest

from tests.api_callers import START, Api, Caller, Guest, key
from tests.world import fresh

START_IT, QUOTE = "start-subscription.1", "plan-change-quote.1"
CHANGE, CANCEL = "change-plan.1", "cancel-subscription.1"
CANCEL_IT = """mutation ($input: CancelSubscriptionInput!) { cancelSubscription(input: $input) {
    subscription { state } operation { id replayed } errors { ... on UserError { code } } } }"""


@dataclass
class Partner(Caller):
    """A partner's program, which names documents."""

    async def data_of(self, document: str, **variables: Any) -> Any:
        """The data of a document."""
        body = (await self.post({"documentId": document, "variables": variables})).json()
        assert "errors" not in body, body
        return body["data"]

    async def perform(self, document: str, **given: Any) -> Any:
        """The payload of a mutation, refused or not."""
        (payload,) = (await self.data_of(document, input={"idempotencyKey": key(), **given})).values()
        return payload

    async def refused(self, document: str, **given: Any) -> tuple[str, list[str]]:
        """The code and path of a refusal."""
        (error,) = (await self.perform(document, **given))["errors"]
        return error["code"], error["path"]


async def partner_of(api: Api, name: str | None = None) -> Partner:
    """A program that the tenant let in."""
    return Partner(api.http, await api.token("partner", name or await api.world.partner(), scopes=["documents"]))


async def reference_of(guest: Guest) -> str:
    """What the tenant calls the customer."""
    return str((await guest.data("{ viewer { customer { reference } } }"))["viewer"]["customer"]["reference"])


@pytest.mark.row("Z")
@pytest.mark.row("X1")
async def test_a_partner_starts_changes_by_quote_and_cancels_for_a_customer(api: Api) -> None:
    guest, partner, prices = await api.guest("tok_visa"), await partner_of(api), api.world.prices
    started = await partner.perform(START_IT, customerId=guest.id, priceId=str(prices["starter"]))
    assert (started["errors"], started["subscription"]["state"], started["invoice"]["state"]) == ([], "ACTIVE", "PAID")
    of = started["subscription"]["id"]
    named = {"reference": await reference_of(guest), "subscription": of, "price": str(prices["team"])}
    quote = (await partner.data_of(QUOTE, **named))["partner"]["customer"]["planChangeQuote"]
    changed = await partner.perform(CHANGE, customerId=guest.id, quoteId=quote["id"])
    assert changed["invoice"]["total"] == quote["total"]
    assert changed["subscription"]["plan"]["code"] == "team"
    assert await partner.refused(CHANGE, customerId=guest.id, quoteId=quote["id"]) == ("QUOTE_STALE", ["quoteId"])
    ended = await partner.perform(CANCEL, customerId=guest.id, subscriptionId=of)
    assert (ended["errors"], ended["subscription"]["state"]) == ([], "PENDING_CANCELLATION")
    trail = "{ viewer { customer { subscriptions { id state plan { code } } } } }"
    (seen,) = (await guest.data(trail))["viewer"]["customer"]["subscriptions"]
    assert seen == {"id": of, "state": "PENDING_CANCELLATION", "plan": {"code": "team"}}


async def test_a_partner_says_whose_it_is_and_leaves_to_staff_what_is_theirs(api: Api) -> None:
    guest, bought = await api.subscriber()
    partner, of = await partner_of(api), bought["subscription"]["id"]
    for document, given in (
        (START_IT, {"priceId": str(api.world.prices["team"])}),
        (CHANGE, {"subscriptionId": of, "priceId": str(api.world.prices["team"])}),
        (CANCEL, {"subscriptionId": of}),
    ):
        assert await partner.refused(document, **given) == ("INVALID_INPUT", ["customerId"])
    now = {"customerId": guest.id, "subscriptionId": of, "timing": "NOW"}
    assert await partner.refused(CHANGE, **now, priceId=str(api.world.prices["team"])) == ("FORBIDDEN", ["timing"])
    assert await partner.refused(CANCEL, **now, unused="REFUND") == ("FORBIDDEN", ["unused"])


@pytest.mark.row("F1")
async def test_what_is_not_its_tenant_s_or_not_that_customer_s_is_answered_as_what_there_is_not(
    api: Api, elsewhere: Api
) -> None:
    guest, bought = await api.subscriber()
    other, theirs = await api.subscriber()
    prices, of = api.world.prices, bought["subscription"]["id"]
    partner, stranger = await partner_of(api), await partner_of(elsewhere)
    quote = {"reference": await reference_of(guest), "subscription": of, "price": str(prices["team"])}
    quoted = (await partner.data_of(QUOTE, **quote))["partner"]["customer"]["planChangeQuote"]["id"]
    calls: list[tuple[str, dict[str, Any]]] = [
        (START_IT, {"priceId": str(prices["team"])}),
        (CHANGE, {"subscriptionId": of, "priceId": str(prices["team"])}),
        (CHANGE, {"quoteId": quoted}),
        (CANCEL, {"subscriptionId": of}),
    ]
    nobody = guest.id[:-4] + ("zzzz" if not guest.id.endswith("zzzz") else "yyyy")
    for document, given in calls:
        foreign = await stranger.perform(document, customerId=guest.id, **given)
        missing = await stranger.perform(document, customerId=nobody, **given)
        assert foreign["errors"] == missing["errors"] or "quoteId" in given  # who holds a quote knows whose it is
        assert {each["errors"][0]["code"] for each in (foreign, missing)} == {"NOT_FOUND"}
        assert missing["errors"][0]["path"] == ["customerId"] or "quoteId" in given
    for document, given in calls[1:]:  # the right tenant, and the subscription or quote of another customer
        assert (await partner.refused(document, customerId=other.id, **given))[0] == "NOT_FOUND"
    look = "{ viewer { customer { subscriptions { id state plan { code } } } } }"
    for each, payload in ((guest, bought), (other, theirs)):
        (seen,) = (await each.data(look))["viewer"]["customer"]["subscriptions"]
        assert (seen["id"], seen["state"]) == (payload["subscription"]["id"], "ACTIVE")


@pytest.mark.row("F1")
async def test_a_key_is_the_caller_s_own_so_that_portal_and_partners_use_the_same_one_apart(api: Api) -> None:
    guest, used = await api.guest("tok_visa"), key()
    one, two = await partner_of(api), await partner_of(api)
    mine = {"customerId": guest.id, "idempotencyKey": used}
    first = await one.perform(START_IT, **mine, priceId=str(api.world.prices["starter"]))
    second = await two.perform(START_IT, **mine, priceId=str(api.world.prices["team"]))
    third = await guest.do(START, idempotencyKey=used, priceId=str(api.world.prices["yearly"]))
    operations = {each["operation"]["id"] for each in (first, second, third)}
    assert (len(operations), {each["operation"]["replayed"] for each in (first, second, third)}) == (3, {False})
    again = await one.perform(START_IT, **mine, priceId=str(api.world.prices["starter"]))
    assert again["operation"] == {
        **first["operation"],
        "replayed": True,
        "consistencyToken": again["operation"]["consistencyToken"],
    }
    taken = await two.refused(START_IT, **mine, priceId=str(api.world.prices["starter"]))
    assert taken == ("IDEMPOTENCY_MISMATCH", ["idempotencyKey"])
    assert (await two.refused(START_IT, customerId=guest.id, idempotencyKey=fresh("key"),
                              priceId=str(api.world.prices["starter"])))[0] == "ALREADY_EXISTS"  # fmt: skip


async def test_a_retry_of_one_partner_is_not_a_retry_of_the_other_or_of_the_portal(api: Api) -> None:
    guest, bought = await api.subscriber()
    one, two, used = await partner_of(api), await partner_of(api), key()
    given = {"subscriptionId": bought["subscription"]["id"], "idempotencyKey": used}
    done = await one.perform(CANCEL, customerId=guest.id, **given)
    assert done["errors"] == []
    assert (await two.refused(CANCEL, customerId=guest.id, **given))[0] == "STATE_CONFLICT"  # performed, not replayed
    assert (await guest.refusal(CANCEL_IT, **given))["code"] == "STATE_CONFLICT"
    assert (await one.perform(CANCEL, customerId=guest.id, **given))["operation"]["replayed"]
