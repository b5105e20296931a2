"""A customer looks for invoices by state, day, words, currency and amount: what it finds, counts and pages agree."""

from typing import Any

from domain.invoices.manual_line import ManualLine
from domain.money import Money
from tests.api_callers import Api, Guest
from tests.domain.invoices.bills import draft, issue
from tests.lives import day, until
from tests.world import EUR

LIST = """query ($filter: InvoiceFilter, $first: Int!, $after: String) { viewer { customer {
    invoices(first: $first, after: $after, filter: $filter, atLeast: "000000017777777777777777") {
        totalCount pageInfo { hasNextPage endCursor } edges { node { number } } } } } }"""
BEGUN = "2027-01-05T00:00:00Z"


async def found(guest: Guest, first: int = 9, **wanted: Any) -> list[str]:
    """The numbers of all that is found, so many a page, oldest first; they are as many as are counted."""
    numbers: list[str] = []
    after = None
    while True:
        given = {"filter": wanted or None, "first": first, "after": after}
        page = (await guest.data(LIST, **given))["viewer"]["customer"]["invoices"]
        numbers += [edge["node"]["number"] for edge in page["edges"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            assert page["totalCount"] == len(numbers)
            return numbers[::-1]


async def test_a_customer_finds_its_invoices_by_state_day_words_currency_and_amount(api: Api) -> None:
    guest, bought = await api.subscriber()
    await until(api.world, guest.who, day(1, 5))
    numbers = [bought["invoice"]["number"]]
    for minor, order in ((600, None), (1200, "PO 50%_A")):
        work = ManualLine(f"Installation of {minor} seats", 1, Money(minor, EUR))
        id = await draft(api.world, guest.who, work, purchase_order=order, net_days=30)
        numbers.append((await issue(api.world, guest.who, id)).number)
    bill, small, large = numbers
    assert await found(guest) == numbers
    assert await found(guest, 1, states=["OPEN"]) == [small, large]
    assert await found(guest, states=["PAID", "VOID"]) == [bill]
    assert await found(guest, states=[]) == []
    assert await found(guest, 9, **{"from": BEGUN}) == [small, large]
    assert await found(guest, to=BEGUN) == [bill]
    assert await found(guest, text=small[-6:].lower()) == [small]
    assert await found(guest, text="po 50%_a") == [large]
    assert await found(guest, text="50%a") == []
    assert await found(guest, text="INSTALLATION OF 6") == [small]
    assert await found(guest, currency="EUR", least="600", most="1000") == [bill, small]
    assert await found(guest, currency="USD") == []
    assert await found(guest, 9, states=["OPEN"], text="seats", least="601", **{"from": BEGUN}) == [large]
    for wrong in ({"from": BEGUN, "to": BEGUN}, {"least": "2", "most": "1"}, {"text": ""}, {"text": "x" * 101}):
        refused = await guest.error(LIST, filter=wrong, first=1)
        assert refused["extensions"]["code"] == "BAD_INPUT", wrong
    other = await api.guest()
    assert await found(other, text=bill) == []
