"""Contracts at the door: staff signs, renews, looks and cancels; the customer sees its own, and nobody else's."""

from dataclasses import replace
from typing import Any

import pytest

from domain.actor import Grant
from tests.api_callers import START, Api, Caller, Guest
from tests.bad_input_stage import amount
from tests.catalog_kit import monthly, new_plan, new_price
from tests.erasure_kit import erased
from tests.lives import day, until

ERRORS = "errors { __typename ... on UserError { code path } }"
CONTRACT = """id state active price { id amount { decimal } } commitment { decimal } billed { decimal }
    startsAt endsAt netDays purchaseOrder canceledAt renewsId trueUp { total { decimal } }"""
SIGN = f"""mutation ($input: CreateContractInput!) {{ createContract(input: $input) {{
    contract {{ {CONTRACT} }} {ERRORS} }} }}"""
CANCEL = f"""mutation ($input: CancelContractInput!) {{ cancelContract(input: $input) {{
    contract {{ {CONTRACT} }} {ERRORS} }} }}"""
OWN = f"query {{ viewer {{ customer {{ contracts {{ {CONTRACT} }} }} }} }}"
OF = f"query ($of: ID!) {{ staff {{ customer(id: $of) {{ contracts {{ {CONTRACT} }} }} }} }}"
ONE = "query ($id: ID!) { viewer { customer { contract(id: $id) { id } } } }"
PREVIEW = """query ($of: ID!, $id: ID!, $owed: CommitmentOwed!) { staff { cancelContractPreview(
    customerId: $of, contractId: $id, owed: $owed) { endsAt committed { decimal } trueUp { decimal } } } }"""
NEXT = """query ($id: ID!) { viewer { customer { nextInvoicePreview(subscriptionId: $id) {
    total { decimal } newPrice { id } } simulation(subscriptionId: $id, count: 3) { simulation {
    invoices { total { decimal } } withoutPrice { at } } } } } }"""
WITHOUT = "{ staff { subscriptionsWithoutPrice { customerId subscription { id state entitled withoutPrice } } } }"
RESUME = f"mutation ($input: ResumeSubscriptionInput!) {{ resumeSubscription(input: $input) {{ {ERRORS} }} }}"


def term(price: str, end: str = "2027-03-01T00:00:00Z", **changed: Any) -> dict[str, Any]:
    """The input of a contract that begins with the year."""
    given = {"priceId": price, "commitment": amount(5000), "startsAt": "2027-01-01T00:00:00Z", "endsAt": end}
    return {**given, **changed}


async def own(guest: Guest) -> list[dict[str, Any]]:
    """What the customer sees."""
    found: list[dict[str, Any]] = (await guest.data(OWN))["viewer"]["customer"]["contracts"]
    return found


async def signed(finance: Caller, guest: Guest, **given: Any) -> dict[str, Any]:
    """A contract."""
    found: dict[str, Any] = (await finance.do(SIGN, customerId=guest.id, **given))["contract"]
    return found


@pytest.mark.row("I13")
async def test_a_customer_and_the_staff_see_the_same_contract_and_strangers_none(api: Api) -> None:
    guest, other = await api.guest("tok_visa"), await api.guest()
    finance, support = await api.staff(Grant.FINANCE), await api.staff()
    starter = str(api.world.prices["starter"])
    made = await signed(finance, guest, **term(starter, purchaseOrder="PO 1"))
    await guest.do(START, priceId=starter)
    (seen,) = await own(guest)
    assert seen == {**made, "billed": {"decimal": "10.00"}} and seen["purchaseOrder"] == "PO 1"
    assert (seen["state"], seen["active"], seen["commitment"]["decimal"]) == ("ACTIVE", True, "50.00")
    assert seen["price"] == {"id": starter, "amount": {"decimal": "10.00"}}
    assert (await support.data(OF, of=guest.id))["staff"]["customer"]["contracts"] == [seen]
    assert await own(other) == []
    assert (await guest.data(ONE, id=seen["id"]))["viewer"]["customer"]["contract"] == {"id": seen["id"]}
    assert (await other.error(ONE, id=seen["id"]))["extensions"]["code"] == "NOT_FOUND"


@pytest.mark.row("I13")
async def test_finance_looks_at_a_cancellation_and_then_cancels_for_just_that(api: Api) -> None:
    guest, finance = await api.guest("tok_visa"), await api.staff(Grant.FINANCE)
    starter = str(api.world.prices["starter"])
    id = (await signed(finance, guest, **term(starter, "2028-01-01T00:00:00Z", commitment=amount(36_500))))["id"]
    await guest.do(START, priceId=starter)
    await until(api.world, guest.who, day(1, 31))
    looks = [(await finance.data(PREVIEW, of=guest.id, id=id, owed=owed))["staff"]["cancelContractPreview"]
             for owed in ("FULL", "PRO_RATA")]  # fmt: skip
    assert [(each["committed"]["decimal"], each["trueUp"]["decimal"]) for each in looks] == [
        ("365.00", "355.00"),
        ("30.00", "20.00"),
    ]
    assert (await guest.error(PREVIEW, of=guest.id, id=id, owed="FULL"))["extensions"]["code"] == "FORBIDDEN"
    given = {"customerId": guest.id, "contractId": id, "owed": "PRO_RATA", "reason": "They asked."}
    for caller in (guest, await api.staff()):
        assert (await caller.refusal(CANCEL, **given))["code"] == "FORBIDDEN"
    ended = (await finance.do(CANCEL, **given))["contract"]
    assert (ended["state"], ended["active"], ended["canceledAt"]) == ("CANCELED", False, looks[1]["endsAt"])
    assert ended["trueUp"]["total"]["decimal"] == "20.00"
    assert await own(guest) == [ended]
    again = await finance.refusal(CANCEL, **given)
    assert (again["code"], again["path"]) == ("STATE_CONFLICT", ["contractId"])


async def test_a_renewal_needs_no_begin_and_names_what_it_follows(api: Api) -> None:
    guest, finance = await api.guest(), await api.staff(Grant.FINANCE)
    starter = str(api.world.prices["starter"])
    first = await signed(finance, guest, **term(starter))
    given = term(starter, "2027-06-01T00:00:00Z", startsAt=None, renewsContractId=first["id"])
    second = await signed(finance, guest, **given)
    assert (second["startsAt"], second["renewsId"]) == (first["endsAt"], first["id"])
    refused = await finance.refusal(SIGN, customerId=guest.id, **given)
    assert (refused["code"], refused["path"]) == ("ALREADY_EXISTS", ["startsAt"])


@pytest.mark.row("I13")
@pytest.mark.parametrize("listed", [True, False], ids=["a public price", "no public price"])
async def test_what_follows_a_contract_is_told_before(api: Api, listed: bool) -> None:
    world, guest, finance = api.world, await api.guest("tok_visa"), await api.staff(Grant.FINANCE)
    plan, _ = await new_plan(world)
    public = await new_price(world, monthly(plan, 1000)) if listed else None
    price = str(await new_price(world, replace(monthly(plan, 700), private=True)))
    await signed(finance, guest, **term(price, "2027-02-01T00:00:00Z", commitment=amount(0)))
    id = (await guest.do(START, priceId=price))["subscription"]["id"]
    shown = await guest.ask(NEXT, id=id)
    foreseen = shown["data"]["viewer"]["customer"]["simulation"]["simulation"]
    if public is not None:
        preview = shown["data"]["viewer"]["customer"]["nextInvoicePreview"]
        assert preview == {"total": {"decimal": "10.00"}, "newPrice": {"id": str(public)}}
        assert [each["total"]["decimal"] for each in foreseen["invoices"]] == ["10.00"] * 3
        assert foreseen["withoutPrice"] == []
        return
    (error,) = shown["errors"]
    assert error["path"] == ["viewer", "customer", "nextInvoicePreview"] and "no public price" in error["message"]
    (pause,) = foreseen["withoutPrice"]
    assert foreseen["invoices"] == [] and pause["at"].startswith("2027-02-01")
    await until(world, guest.who, day(2, 2))
    waits = (await (await api.staff()).data(WITHOUT))["staff"]["subscriptionsWithoutPrice"]
    assert {"customerId": guest.id, "subscription": {
        "id": id, "state": "PAUSED", "entitled": False, "withoutPrice": True}} in waits  # fmt: skip
    refused = await guest.refusal(RESUME, subscriptionId=id)
    assert (refused["__typename"], refused["code"], refused["path"]) == (
        "ConflictError", "NO_PRICE", ["subscriptionId"],
    )  # fmt: skip


async def test_no_contract_is_signed_with_who_was_erased(api: Api) -> None:
    guest, finance = await api.guest(), await api.staff(Grant.FINANCE)
    await erased(api.world, guest.who)
    refusal = await finance.refusal(SIGN, customerId=guest.id, **term(str(api.world.prices["starter"])))
    assert (refusal["code"], refusal["path"]) == ("STATE_CONFLICT", [])
    assert (await finance.data(OF, of=guest.id))["staff"]["customer"]["contracts"] == []
