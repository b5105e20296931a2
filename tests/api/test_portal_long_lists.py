"""Lists longer than anybody counts: the page stays exact, the count says that it stopped."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from domain.actor import Grant
from domain.db import Tx
from domain.ledger.account import Account
from domain.ledger.post import Cause, Transfer, post
from domain.money import Money
from domain.operation import OPERATIONS, Operation, operation
from domain.perform import perform
from tests.api_callers import Api, key
from tests.world import EUR

STATEMENT = """query ($first: Int!, $after: String) { viewer { customer { statement(first: $first, after: $after,
    atLeast: "000000017777777777777777") { totalCount totalCountIsCapped pageInfo { hasNextPage endCursor }
    edges { node { number } } } } } }"""


@dataclass(frozen=True, slots=True)
class ManyPostings:
    """How many cents go to and fro."""

    count: int


@pytest.fixture
def many_postings() -> Iterator[Operation[ManyPostings, ManyPostings]]:
    """An operation that posts so often that no list is short; what goes to comes back, so the books stay even."""

    @operation("test.many_postings", allowed=frozenset({Grant.SYSTEM}))
    async def run(tx: Tx, command: ManyPostings) -> ManyPostings:
        ways = [(Account.RECEIVABLE, Account.REVENUE), (Account.REVENUE, Account.RECEIVABLE)]
        for number in range(command.count):
            debit, credit = ways[number % 2]
            await post(tx, Cause("test.posted", tx.new_uuid()), [Transfer(debit, credit, Money(1, EUR))])
        return command

    yield run
    del OPERATIONS[run.name]


async def test_a_count_stops_at_a_thousand_and_one_and_says_so(
    api: Api, many_postings: Operation[ManyPostings, ManyPostings]
) -> None:
    guest, house = await api.guest(), api.world.house
    await perform(house.db, many_postings, house.actor, guest.who.id, ManyPostings(1000), key())
    exact = (await guest.data(STATEMENT, first=1))["viewer"]["customer"]["statement"]
    assert (exact["totalCount"], exact["totalCountIsCapped"]) == (1000, False)
    await perform(house.db, many_postings, house.actor, guest.who.id, ManyPostings(4), key())
    capped = (await guest.data(STATEMENT, first=100))["viewer"]["customer"]["statement"]
    assert (capped["totalCount"], capped["totalCountIsCapped"]) == (1001, True)
    seen = [edge["node"]["number"] for edge in capped["edges"]]
    assert seen == [str(number) for number in range(1004, 904, -1)]
    deeper = (await guest.data(STATEMENT, first=2, after=capped["pageInfo"]["endCursor"]))["viewer"]["customer"]
    assert [edge["node"]["number"] for edge in deeper["statement"]["edges"]] == ["904", "903"]
