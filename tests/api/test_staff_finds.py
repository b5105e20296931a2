"""The desk finds a customer by what the customer has in hand: an address or the number on an invoice."""

from typing import Any

import pytest

from tests.api_callers import Api, Caller

BY_EMAIL = "query ($email: String!) { staff { customersByEmail(email: $email) { id } } }"
BY_NUMBER = """query ($number: String!) { staff { invoicesByNumber(number: $number) {
    customerId invoice { id number total { decimal } } } } }"""
PERSON = "{ viewer { customer { billingPerson { email } } } }"


async def found(staff: Caller, email: str) -> list[str]:
    """The ids of the customers of an address."""
    return [each["id"] for each in (await staff.data(BY_EMAIL, email=email))["staff"]["customersByEmail"]]


@pytest.mark.row("A8")
async def test_a_customer_is_found_by_its_address_in_capitals_or_not_by_its_own_tenant_alone(
    api: Api, elsewhere: Api
) -> None:
    guest, support = await api.guest(), await api.staff()
    email = (await guest.data(PERSON))["viewer"]["customer"]["billingPerson"]["email"]
    assert await found(support, email) == await found(support, f" {email.upper()} ") == [guest.id]
    assert await found(await elsewhere.staff(), email) == []
    # Neither a part of an address nor a pattern finds anybody.
    parts = (email.partition("@")[0], "%", "_" * len(email), f"{email}%", f"{email}' OR '1'='1", "x') OR true --", "\\")
    assert [await found(support, each) for each in parts] == [[]] * len(parts)


@pytest.mark.row("A8")
async def test_an_invoice_is_found_by_the_number_on_it_by_its_own_tenant_alone(api: Api, elsewhere: Api) -> None:
    guest, bought = await api.subscriber()
    number, support = bought["invoice"]["number"], await api.staff()
    (mine,) = (await support.data(BY_NUMBER, number=f" {number}"))["staff"]["invoicesByNumber"]
    assert (mine["customerId"], mine["invoice"]["id"]) == (guest.id, bought["invoice"]["id"])
    theirs = (await (await elsewhere.staff()).data(BY_NUMBER, number=number))["staff"]["invoicesByNumber"]
    assert all(each["customerId"] != guest.id for each in theirs)
    for part in ("%", "_" * len(number), f"{number}' OR '1'='1", f"{number[:-1]}%", "'; DROP TABLE invoice; --"):
        assert (await support.data(BY_NUMBER, number=part))["staff"]["invoicesByNumber"] == []


@pytest.mark.parametrize(
    ("document", "given"),
    [(BY_EMAIL, {"email": ""}), (BY_EMAIL, {"email": "a" * 255}), (BY_NUMBER, {"number": "1" * 61})],
)
async def test_what_is_no_address_and_no_number_is_refused(api: Api, document: str, given: dict[str, Any]) -> None:
    assert (await (await api.staff()).error(document, **given))["extensions"]["code"] == "BAD_INPUT"
