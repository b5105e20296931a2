"""Signing people up: customers with a login, colleagues with a role, partners' programs, and who may do it."""

from typing import Any

import pytest

from domain.actor import Grant
from tests.api_callers import START, Api, Caller, key
from tests.world import fresh

CREATE = """mutation ($input: CreateCustomerInput!) { createCustomer(input: $input) {
    customer { id reference currency timeZone locale testClock { at } billingPerson { name country } }
    operation { id replayed status } errors { __typename ... on UserError { code message path } } } }"""
STAFF = """mutation ($input: RegisterStaffInput!) { registerStaff(input: $input) { subject operation { replayed }
    errors { ... on UserError { code path } } } }"""
PARTNER = """mutation ($input: RegisterPartnerInput!) { registerPartner(input: $input) { clientId
    operation { replayed } errors { ... on UserError { code path } } } }"""
PLAN = """mutation ($input: PublishPlanInput!) { publishPlan(input: $input) { plan { id code }
    operation { replayed } errors { ... on UserError { code path } } } }"""
PRICE = """mutation ($input: PublishPriceInput!) { publishPrice(input: $input) { price { id version }
    operation { replayed } errors { ... on UserError { code path } } } }"""
LETTERS = "{ staff { deadLetters { id } } }"


def person(api: Api, **changed: Any) -> dict[str, Any]:
    """The input of a sandbox customer with a login."""
    name = fresh("customer")
    return {
        "legalEntity": "ACMETEST", "reference": name, "currency": "EUR", "timeZone": "Europe/Berlin", "locale": "de-AT",
        "country": "AT", "name": "Zoë Ångström", "email": f"{name}@example.test", "address": "Ring 1, 1010 Wien",
        "clockAt": "2027-01-31T10:00:00Z", "issuer": api.issuer, "subject": name, **changed,
    }  # fmt: skip


async def test_a_new_customer_can_sign_in_and_buy_at_once(api: Api) -> None:
    support = await api.staff()
    given = person(api)
    made = await support.do(CREATE, **given)
    assert made["customer"]["reference"] == given["reference"]
    assert made["customer"]["testClock"] == {"at": "2027-01-31T10:00:00Z"}
    assert made["customer"]["billingPerson"] == {"name": "Zoë Ångström", "country": "AT"}
    assert (made["customer"]["timeZone"], made["customer"]["locale"]) == ("Europe/Berlin", "de-AT")
    guest = Caller(api.http, await api.token("portal", given["subject"]))
    await guest.do(ADD, token="tok_visa")
    assert (await guest.do(START, priceId=str(api.world.prices["starter"])))["invoice"]["state"] == "PAID"


ADD = """mutation ($input: AddPaymentMethodInput!) { addPaymentMethod(input: $input) {
    paymentMethod { id } errors { ... on UserError { code } } } }"""


async def test_a_customer_of_the_live_entity_lives_in_real_time_and_needs_no_login(api: Api) -> None:
    support = await api.staff()
    given = person(api, legalEntity="ACME", clockAt=None, issuer=None, subject=None)
    assert (await support.do(CREATE, **given))["customer"]["testClock"] is None
    refused = await support.refusal(CREATE, **person(api, legalEntity="ACME"))
    assert (refused["code"], refused["path"]) == ("INVALID_INPUT", ["clockAt"])


async def test_a_retried_sign_up_is_the_same_customer_and_a_taken_name_or_login_is_refused(api: Api) -> None:
    support = await api.staff()
    given = {**person(api), "idempotencyKey": key()}
    first, again = await support.do(CREATE, **given), await support.do(CREATE, **given)
    assert (first["customer"], again["operation"]["replayed"]) == (again["customer"], True)
    taken = await support.refusal(CREATE, **person(api, reference=given["reference"]))
    assert (taken["__typename"], taken["code"], taken["path"]) == ("ConflictError", "ALREADY_EXISTS", ["reference"])
    taken = await support.refusal(CREATE, **person(api, subject=given["subject"]))
    assert (taken["code"], taken["path"]) == ("ALREADY_EXISTS", ["subject"])


async def test_two_tenants_may_use_the_same_name_and_the_same_login(api: Api, elsewhere: Api) -> None:
    given = person(api)
    one = await (await api.staff()).do(CREATE, **given)
    other = await (await elsewhere.staff()).do(CREATE, **given)
    assert one["customer"]["id"] != other["customer"]["id"]


async def test_a_colleague_has_the_role_an_admin_gave_and_loses_none_by_a_token(api: Api) -> None:
    admin = await api.staff(Grant.ADMIN)
    subject = fresh("colleague")
    token = await api.token("staff", subject, roles=["admin"])
    colleague = Caller(api.http, token)
    assert (await colleague.post({"query": LETTERS})).status_code == 403
    await admin.do(STAFF, issuer=api.issuer, subject=subject, role="SUPPORT")
    assert (await colleague.data(LETTERS))["staff"]["deadLetters"] is not None
    refused = await colleague.refusal(STAFF, issuer=api.issuer, subject=subject, role="ADMIN")
    assert refused["code"] == "FORBIDDEN"
    await admin.do(STAFF, issuer=api.issuer, subject=subject, role="ADMIN")
    assert (await colleague.do(STAFF, issuer=api.issuer, subject=fresh("x"), role="LEAD"))["subject"]


async def test_a_partner_is_let_in_by_an_admin(api: Api) -> None:
    admin, client = await api.staff(Grant.ADMIN), fresh("partner")
    partner = Caller(api.http, await api.token("partner", client, scopes=["documents"]))
    assert (await partner.post({"documentId": "price-list.1"})).status_code == 403
    assert (await admin.do(PARTNER, clientId=client, name="Northwind"))["clientId"] == client
    assert (await partner.post({"documentId": "price-list.1"})).status_code == 200


@pytest.mark.row("J6")
@pytest.mark.parametrize("role", [Grant.SUPPORT, Grant.LEAD, Grant.FINANCE])
async def test_only_admins_change_the_price_list_and_say_who_works_here(api: Api, role: Grant) -> None:
    caller, plan = await api.staff(role), (await plan_of(api))["id"]
    for document, given in admin_calls(api, plan).items():
        assert (await caller.refusal(document, **given))["code"] == "FORBIDDEN"


@pytest.mark.row("A4")
async def test_what_an_admin_does_twice_under_one_key_is_done_once(api: Api) -> None:
    admin = await api.staff(Grant.ADMIN)
    for document, given in admin_calls(api, (await plan_of(api))["id"]).items():
        under = {**given, "idempotencyKey": key()}
        first, again = await admin.do(document, **under), await admin.do(document, **under)
        assert (first.pop("operation"), again.pop("operation")) == ({"replayed": False}, {"replayed": True})
        assert first == again


async def test_a_portal_user_signs_nobody_up(api: Api) -> None:
    guest, plan = await api.guest(), (await plan_of(api))["id"]
    for document, given in {**admin_calls(api, plan), CREATE: person(api)}.items():
        assert (await guest.refusal(document, **given))["code"] == "FORBIDDEN"


async def plan_of(api: Api) -> Any:
    """A new plan."""
    admin = await api.staff(Grant.ADMIN)
    return (await admin.do(PLAN, code=fresh("plan"), name="A plan", description="For tests", rank=50))["plan"]


def admin_calls(api: Api, plan: str) -> dict[str, dict[str, Any]]:
    """Every mutation that only admins perform, each with an input that would do."""
    amount = {"minorUnits": "700", "currency": "EUR"}
    return {
        STAFF: {"issuer": api.issuer, "subject": fresh("colleague"), "role": "LEAD"},
        PARTNER: {"clientId": fresh("partner"), "name": "Northwind"},
        PLAN: {"code": fresh("plan"), "name": "Another", "description": "For tests", "rank": 51},
        PRICE: {"planId": plan, "amount": amount, "intervalUnit": "WEEK", "effectiveFrom": "2020-01-01T00:00:00Z"},
    }
