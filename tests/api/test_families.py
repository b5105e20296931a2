"""A parent reads its children and nobody else's; overdue debt says that it blocks, since when, and what to pay."""

from collections.abc import Sequence
from typing import Any

import pytest

from domain import db
from domain.actor import Grant
from tests.api_callers import START, Api, Caller, Guest
from tests.families import BLOCKS, billed, own_policy, put_under
from tests.lives import day, start, until

CHILD = """query ($id: ID!) { viewer { customer { child(id: $id) { id reference currency
    balance { receivable { minorUnits } credit { minorUnits } }
    subscriptions { id entitled access } blockedByDebt { since }
    invoices(first: 5) { edges { node { id number } } } } } } }"""
CHILDREN = """query ($first: Int!, $after: String) { viewer { customer { children(first: $first, after: $after) {
    edges { node { id balance { receivable { minorUnits } } } } pageInfo { hasNextPage endCursor } totalCount } } } }"""
FAMILY = """{ viewer { customer { familyBalance { receivable { minorUnits currency } credit { minorUnits }
    customers } } } }"""
SET_PARENT = """mutation ($input: SetParentCustomerInput!) { setParentCustomer(input: $input) {
    parentCustomerId formerParentCustomerId errors { ... on UserError { code } } } }"""
SET_OWN = """mutation ($input: SetCustomerDebtPolicyInput!) { setCustomerDebtPolicy(input: $input) {
    policy { days scope tolerated { minorUnits } } errors { ... on UserError { code } } } }"""
PAY = """mutation ($input: PayInvoiceInput!) { payInvoice(input: $input) {
    invoice { state } errors { ... on UserError { code path } } } }"""
ACCESS = """{ viewer { customer { parentCustomerId debtPolicy { isOwn policy { days scope } }
    blockedByDebt { since byFamily owed { minorUnits } invoices { invoiceId due { minorUnits } } }
    subscriptions { entitled access blockedByDebt { since } } } } }"""
THEN = """query ($id: ID!, $at: DateTime!) { viewer { customer {
    subscriptionAsOf(id: $id, at: $at) { entitled access blockedByDebt { since } }
    blockedByDebt(at: $at) { since } } } }"""


async def child_of(api: Api, parent: Guest) -> Guest:
    """A new customer that finance puts under a parent."""
    child, finance = await api.guest(), await api.staff(Grant.FINANCE)
    done = await finance.do(SET_PARENT, customerId=child.id, parentCustomerId=parent.id)
    assert (done["parentCustomerId"], done["formerParentCustomerId"]) == (parent.id, None)
    return child


async def seen(caller: Caller, id: str) -> Any:
    """The child of that id as the caller sees it, without what it cost."""
    body = await caller.ask(CHILD, id=id)
    del body["extensions"]
    return body


@pytest.mark.row("Y10")
async def test_a_parent_reads_what_its_child_owes_and_has(api: Api) -> None:
    parent = await api.guest()
    child = await child_of(api, parent)
    await api.world.card(child.who)
    bought = await start(api.world, child.who)
    id = await billed(api.world, child.who)
    found = (await seen(parent, child.id))["data"]["viewer"]["customer"]["child"]
    assert (found["id"], found["currency"], found["balance"]["receivable"]) == (
        child.id, "EUR", {"minorUnits": "10000"},
    )  # fmt: skip
    assert [(each["id"], each["access"]) for each in found["subscriptions"]] == [(str(bought.subscription), "GRANTED")]
    assert str(id) in [each["node"]["id"] for each in found["invoices"]["edges"]]
    own = (await child.data(ACCESS))["viewer"]["customer"]
    assert own["parentCustomerId"] == parent.id


@pytest.mark.row("Y10")
async def test_siblings_grandchildren_former_children_and_strangers_are_not_found(api: Api, elsewhere: Api) -> None:
    group = await api.guest()
    firm, sister = await child_of(api, group), await child_of(api, group)
    site, former = await child_of(api, firm), await child_of(api, firm)
    await put_under(api.world, former.who, None)
    unknown = firm.id[:-4] + "zzzz"
    nothing = await seen(group, unknown)
    assert nothing["data"] == {"viewer": {"customer": {"child": None}}}
    assert nothing["errors"][0]["extensions"]["code"] == "NOT_FOUND"
    for caller, target in (
        (firm, sister), (firm, group), (site, group), (site, firm), (group, site), (firm, former), (former, firm),
        (firm, firm), (firm, await elsewhere.guest()), (await elsewhere.guest(), site),
    ):  # fmt: skip
        assert await seen(caller, target.id) == nothing
    assert "errors" not in await seen(firm, site.id)


async def test_a_parent_changes_nothing_of_its_child(api: Api) -> None:
    parent = await api.guest("tok_visa")
    child = await child_of(api, parent)
    id = await billed(api.world, child.who)
    assert (await parent.refusal(PAY, invoiceId=str(id)))["code"] == "NOT_FOUND"
    node = await parent.ask("query ($id: ID!) { node(id: $id) { id } }", id=str(id))
    assert node["data"] == {"node": None}
    assert (await parent.get(f"/documents/invoices/{id}.pdf")).status_code == 404


@pytest.mark.row("Y10")
async def test_children_come_in_pages_and_add_up_by_one_statement_a_shard_key(api: Api) -> None:
    parent = await api.guest()
    children = [await child_of(api, parent) for _ in range(3)]
    for each in children:
        await billed(api.world, each.who)
    await billed(api.world, parent.who)
    page = (await parent.data(CHILDREN, first=2))["viewer"]["customer"]["children"]
    rest = (await parent.data(CHILDREN, first=2, after=page["pageInfo"]["endCursor"]))["viewer"]["customer"]["children"]
    shown = [each["node"] for each in (*page["edges"], *rest["edges"])]
    assert [each["id"] for each in shown] == [each.id for each in sorted(children, key=lambda each: each.who.id.uuid)]
    assert {each["balance"]["receivable"]["minorUnits"] for each in shown} == {"10000"}
    assert (page["totalCount"], page["pageInfo"]["hasNextPage"], rest["pageInfo"]["hasNextPage"]) == (3, True, False)
    statements: list[str] = []

    def watch(sql: str, _args: Sequence[object], _tx: object | None) -> None:
        statements.append(sql)

    db.observers.append(watch)
    try:
        (sum_,) = (await parent.data(FAMILY))["viewer"]["customer"]["familyBalance"]
    finally:
        db.observers.remove(watch)
    assert (sum_["receivable"], sum_["customers"]) == ({"minorUnits": "40000", "currency": "EUR"}, 4)
    shards = {each.who.id.shard for each in (parent, *children)}
    assert sum("FROM account_balance" in each for each in statements) == len(shards)


@pytest.mark.row("Y10")
@pytest.mark.row("D18")
async def test_a_blocked_customer_is_told_since_when_and_what_to_pay_and_is_back_once_it_has(api: Api) -> None:
    guest, finance = await api.guest("tok_visa"), await api.staff(Grant.FINANCE)
    bought = await start(api.world, guest.who)
    id = await billed(api.world, guest.who)
    done = await finance.do(SET_OWN, customerId=guest.id, policy={})
    assert done["policy"] == {"days": 14, "scope": "OWN", "tolerated": []}
    await until(api.world, guest.who, day(1, 26))
    since = "2027-01-25T00:00:00Z"
    told = (await guest.data(ACCESS))["viewer"]["customer"]
    assert told["debtPolicy"] == {"isOwn": True, "policy": {"days": 14, "scope": "OWN"}}
    assert told["blockedByDebt"] == {
        "since": since, "byFamily": False, "owed": {"minorUnits": "10000"},
        "invoices": [{"invoiceId": str(id), "due": {"minorUnits": "10000"}}],
    }  # fmt: skip
    blocked = {"entitled": False, "access": "BLOCKED_BY_DEBT", "blockedByDebt": {"since": since}}
    assert told["subscriptions"] == [blocked]
    refused = await guest.refusal(START, priceId=str(api.world.prices["team"]))
    assert (refused["__typename"], refused["code"]) == ("ConflictError", "BLOCKED_BY_DEBT")
    await guest.do(PAY, invoiceId=str(id))
    told = (await guest.data(ACCESS))["viewer"]["customer"]
    assert (told["blockedByDebt"], told["subscriptions"][0]["access"]) == (None, "GRANTED")
    await until(api.world, guest.who, day(1, 27))
    for at, access in (("2027-01-24T23:59:59Z", "GRANTED"), ("2027-01-25T12:00:00Z", "BLOCKED_BY_DEBT")):
        then = (await guest.data(THEN, id=str(bought.subscription), at=at))["viewer"]["customer"]
        assert (then["subscriptionAsOf"]["access"], then["blockedByDebt"] is None) == (access, access == "GRANTED")
    await guest.do(START, priceId=str(api.world.prices["team"]))


async def test_of_the_debt_of_others_a_child_is_told_nothing_but_that_it_is_there(api: Api) -> None:
    parent = await api.guest()
    child = await child_of(api, parent)
    await billed(api.world, parent.who)
    await own_policy(api.world, parent.who, BLOCKS)
    finance = await api.staff(Grant.FINANCE)
    await finance.do(SET_OWN, customerId=child.id, policy={"scope": "PARENTS"})
    for each in (parent, child):
        await until(api.world, each.who, day(1, 26))
    told = (await child.data(ACCESS))["viewer"]["customer"]["blockedByDebt"]
    assert (told["byFamily"], told["owed"], told["invoices"]) == (True, {"minorUnits": "0"}, [])
    await finance.do(SET_OWN, customerId=child.id, followTenant=True, policy=None)
    assert (await child.data(ACCESS))["viewer"]["customer"]["blockedByDebt"] is None
