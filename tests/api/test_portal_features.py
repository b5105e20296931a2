"""What a tenant has switched off in the portal its customers cannot do by themselves; its staff still can."""

from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest

from api.graph.schema import build_schema
from domain.actor import Grant
from domain.operation import OPERATIONS
from domain.reactions.house import House
from runtime.settings import Settings
from tests.api_callers import Api
from tests.bad_input_stage import mutation
from tests.world import make_world

FEATURES = """{ startSubscription changePlan changeSeats cancel pause updateCard payInvoice arrangePayment redeemCoupon
    billingDetails taxIds members }"""
SWITCH = f"""mutation ($input: SetPortalFeaturesInput!) {{ setPortalFeatures(input: $input) {{
    features {FEATURES} errors {{ ... on UserError {{ code }} }} }} }}"""
FUNCTIONS = ["START_SUBSCRIPTION", "CHANGE_PLAN", "CHANGE_SEATS", "CANCEL", "PAUSE", "UPDATE_CARD", "PAY_INVOICE",
             "ARRANGE_PAYMENT", "REDEEM_COUPON", "BILLING_DETAILS", "TAX_IDS",
             "MEMBERS"]  # fmt: skip
# Open to portal users and never switched off: reads, what takes a step back, signing out, the clock of a
# sandbox, and what the law gives a person whatever a tenant would like.
ALWAYS = {
    *("subscriptions.preview_next_invoice", "subscriptions.simulate", "catalog.check_coupon"),
    *("subscriptions.reactivate", "subscriptions.resume", "customers.advance_clock", "sessions.end"),
    *("privacy.request_erasure", "privacy.ask_export", "privacy.fetch_export"),
}


@pytest.fixture
async def own(
    process_settings: Settings, http: httpx2.AsyncClient, house: House, minting: httpx2.AsyncClient
) -> AsyncIterator[Api]:
    """A tenant of this test's own."""
    world = await make_world(house)
    await world.trust(process_settings.oidc_issuer)
    yield Api(http, world, process_settings.oidc_issuer, minting)


async def test_what_is_switched_off_is_refused_to_customers_and_not_to_staff(own: Api) -> None:
    guest, bought = await own.subscriber()
    admin, support = await own.staff(Grant.ADMIN), await own.staff()
    off = (await admin.do(SWITCH, switchedOff=FUNCTIONS))["features"]
    assert set(off.values()) == {False}
    own_one = {"subscriptionId": bought["subscription"]["id"]}
    invoice, method = {"invoiceId": bought["invoice"]["id"]}, "method_" + "0" * 32
    tries: dict[str, dict[str, Any]] = {
        "startSubscription": {"priceId": str(own.world.prices["yearly"])},
        "changePlan": {**own_one, "priceId": str(own.world.prices["team"])},
        "changeQuantity": {**own_one, "quantity": 3},
        "cancelScheduledChange": own_one,
        "cancelSubscription": own_one,
        "pauseSubscription": own_one,
        "addPaymentMethod": {"token": "tok_visa"},
        "removePaymentMethod": {"methodId": method},
        "setPaymentMethodOrder": {"methodIds": [method]},
        "payInvoice": invoice,
        "choosePayday": {**invoice, "day": "2027-02-07"},
        "splitInvoice": {**invoice, "parts": 2, "intervalDays": 10},
        "redeemCoupon": {"code": "ANY"},
        "changeBillingDetails": {"name": "A", "email": "a@b.test", "address": "1 Street", "country": "DE"},
        "addTaxId": {"country": "DE", "value": "DE136695976"},
        "removeTaxId": {"taxId": "taxid_" + "0" * 32},
        "setInvoicePreferences": {"language": "en"},
        "saveBillingContact": {"name": "A", "email": "a@b.test", "topics": ["DUNNING"]},
        "removeBillingContact": {"contactId": "contact_" + "0" * 32},
        "inviteMember": {"email": "a@b.test", "role": "VIEWER"},
        "withdrawInvitation": {"invitationId": "invitation_" + "0" * 32},
        "changeMemberRole": {"memberId": "user_" + "0" * 32, "role": "VIEWER"},
        "removeMember": {"memberId": "user_" + "0" * 32},
    }
    refused = {name: await guest.refusal(mutation(name), **given) for name, given in tries.items()}
    assert {(each["__typename"], each["code"]) for each in refused.values()} == {("ForbiddenError", "FEATURE_OFF")}
    for of_staff, back in (
        ("pauseSubscription", "resumeSubscription"),
        ("cancelSubscription", "reactivateSubscription"),
    ):
        assert (await support.call(mutation(of_staff), **own_one, customerId=guest.id))["errors"] == []
        assert (await guest.call(mutation(back), **own_one))["errors"] == []
    assert (await admin.do(SWITCH, switchedOff=["CANCEL"]))["features"] == {
        name: name != "cancel" for name in off
    }  # fmt: skip
    told = (await guest.data(f"{{ viewer {{ features {FEATURES} }} }}"))["viewer"]["features"]
    assert told == (await support.data(f"{{ staff {{ portalFeatures {FEATURES} }} }}"))["staff"]["portalFeatures"]
    assert [name for name, on in told.items() if not on] == ["cancel"]
    assert (await guest.call(mutation("pauseSubscription"), **own_one))["errors"] == []
    assert (await guest.refusal(mutation("cancelSubscription"), **own_one))["code"] == "FEATURE_OFF"


def test_whatever_customers_change_by_themselves_says_which_function_of_the_portal_it_is() -> None:
    build_schema()  # which needs every operation there is
    silent = {each.name for each in OPERATIONS.values() if Grant.PORTAL in each.allowed and each.function is None}
    assert silent == ALWAYS
