"""A customer reads who did what about it and when, and nothing of the house's own; staff read the same."""

from api.graph.activity import KINDS
from domain.operation import OPERATIONS
from tests.api_callers import Api
from tests.bad_input_stage import mutation

ACTIVITY = """query ($first: Int!, $after: String, $least: ConsistencyToken) { viewer { customer {
    activity(first: $first, after: $after, atLeast: $least) { asOf pageInfo { hasNextPage endCursor }
        edges { node { number kind by userId operationId at } } } } } }"""
BY_STAFF = """query ($id: ID!, $least: ConsistencyToken) { staff { customer(id: $id) {
    activity(first: 3, atLeast: $least) { edges { node { number kind by userId operationId at } } } } } }"""
PAUSE = """mutation ($input: PauseSubscriptionInput!) { pauseSubscription(input: $input) {
    operation { id consistencyToken } errors { ... on UserError { code } } } }"""


async def test_a_customer_reads_who_did_what_and_when(api: Api) -> None:
    guest, bought = await api.subscriber()
    support = await api.staff()
    own = {"subscriptionId": bought["subscription"]["id"]}
    assert (await guest.call(mutation("changeQuantity"), **own, quantity=0))["errors"] != []  # leaves no trace
    done = (await support.do(PAUSE, **own, customerId=guest.id))["operation"]
    least = done["consistencyToken"]
    page = (await guest.data(ACTIVITY, first=100, least=least))["viewer"]["customer"]["activity"]
    told = [each["node"] for each in page["edges"]]
    newest = told[0]
    assert (newest["kind"], newest["by"], newest["userId"]) == ("SUBSCRIPTION_PAUSED", "STAFF", None)
    assert newest["operationId"] == done["id"]
    by_user = {each["kind"]: each["userId"] for each in told if each["by"] == "USER"}
    assert by_user["SUBSCRIPTION_STARTED"] == guest.who.actor.subject
    assert {each["kind"] for each in told} >= {"PAYMENT_METHODS_CHANGED", "SUBSCRIPTION_STARTED"}
    assert [each["number"] for each in told] == [str(number) for number in range(len(told), 0, -1)]
    first = (await guest.data(ACTIVITY, first=2, least=least))["viewer"]["customer"]["activity"]
    rest = (await guest.data(ACTIVITY, first=100, after=first["pageInfo"]["endCursor"], least=least))["viewer"]
    assert [*first["edges"], *rest["customer"]["activity"]["edges"]] == page["edges"]
    seen = (await support.data(BY_STAFF, id=guest.id, least=least))["staff"]["customer"]["activity"]["edges"]
    assert seen == page["edges"][:3]


def test_what_is_named_in_the_log_of_activity_is_an_operation() -> None:
    assert KINDS.keys() - OPERATIONS.keys() == set()
