"""Staff move money only just after they signed in, with two factors; what is seen and foreseen needs no more."""

from typing import Any

from dev.story.documents import REFUND
from domain.actor import Grant
from tests.api_callers import Api, Caller, Guest, key
from tests.web_kit import Acme

HOURS_AGO = 7_300  # seconds: the tests' own bound is two hours
REFUND_WHAT = """mutation ($input: RefundPaymentInput!) { refundPayment(input: $input) { errors {
    __typename ... on UserError { code message } ... on StepUpRequiredError { maxAgeSeconds acrValues } } } }"""


async def test_money_is_not_moved_on_an_old_or_weak_sign_in(api: Api) -> None:
    guest, bought = await api.subscriber()
    subject = await api.world.colleague(api.issuer, Grant.FINANCE)
    given = refund_of(guest, bought)
    weak: tuple[dict[str, Any], ...] = (
        {"auth_time_ago": HOURS_AGO}, {"acr": "aal1"}, {"acr": None}, {"auth_time_ago": None}
    )  # fmt: skip
    for claims in weak:
        caller = Caller(api.http, await api.token("staff", subject, **claims))
        (refused,) = (await caller.call(REFUND_WHAT, **given))["errors"]
        assert (refused["__typename"], refused["code"]) == ("StepUpRequiredError", "STEP_UP_REQUIRED"), claims
        assert (refused["maxAgeSeconds"], refused["acrValues"]) == (7200, "aal2")
        assert (await caller.ask("{ staff { deadLetters { id } } }"))["data"] is not None
    again = Caller(api.http, await api.token("staff", subject))
    assert (await again.do(REFUND, **given))["operation"]["replayed"] is False  # the key was not burnt


def refund_of(guest: Guest, bought: Any) -> dict[str, Any]:
    """A small refund, under a key of its own."""
    amount = {"minorUnits": "100", "currency": "EUR"}
    payment = bought["invoice"]["payments"][0]["id"]
    return {"customerId": guest.id, "paymentId": payment, "reason": "R.", "amount": amount, "idempotencyKey": key()}


async def test_a_page_sends_the_person_to_sign_in_again_and_repeats_the_call(acme: Acme) -> None:
    guest, bought = await acme.api.subscriber()
    browser = await acme.signed_in("staff", "finance")  # with one factor, as the console begins
    given = refund_of(guest, bought)
    sent = {"query": REFUND_WHAT, "variables": {"input": given}}
    answer = await browser.send("POST", "/graphql", sent, x_quittance_csrf="staff")
    (refused,) = answer.json()["data"]["refundPayment"]["errors"]
    query = f"?max_age={refused['maxAgeSeconds']}&acr={refused['acrValues']}&return_to=/console/"
    assert (await browser.sign_in("staff", "finance", query)).headers["location"] == "/console/"
    assert (await browser.who("staff"))["assurance"] == "aal2"
    answer = await browser.send("POST", "/graphql", sent, x_quittance_csrf="staff")
    assert answer.json()["data"]["refundPayment"]["errors"] == []
