"""History through the portal: pages that stay put while rows arrive, capped counts, where and when it was read."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from api.app import build_app
from dev.story.documents import ADVANCE, BALANCE
from domain.database import Token
from domain.ledger.statement import Below, statement
from domain.reactions.work import do_now
from runtime.settings import Settings
from tests.api.test_read_your_writes import reads
from tests.api_callers import START, Api, Guest, running
from tests.server_gate import Gate, gate_before
from tests.world import EUR

PAGE = """query ($first: Int!, $after: String, $atLeast: ConsistencyToken) { viewer { customer {
    %s(first: $first, after: $after, atLeast: $atLeast) { asOf source totalCount totalCountIsCapped
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor } edges { cursor node { %s } } } } } }"""
INVOICES = PAGE % ("invoices", "id number")
PAYMENTS = PAGE % ("payments", "id state")
STATEMENT = PAGE % (
    "statement",
    """number cause receivableChange { minorUnits } receivable { minorUnits } credit { minorUnits }
       creditChange { minorUnits } happenedAt""",
)
SPAN = """query ($from: DateTime, $to: DateTime, $first: Int!, $after: String) { viewer { customer {
    statement(first: $first, after: $after, from: $from, to: $to, atLeast: "000000017777777777777777") {
        totalCount pageInfo { hasNextPage endCursor }
        edges { node { number happenedAt receivable { minorUnits } } } } } } }"""
AS_OF = """query ($at: DateTime!) { viewer { customer {
    balanceAsOf(at: $at) { asOf receivable { minorUnits } credit { minorUnits } } } } }"""
BOTH = "{ viewer { customer { invoices(first: 5) { totalCount } balance { credit { decimal } } } } }"
PLANS = ("starter", "team", "yearly")


async def page(guest: Guest, document: str, first: int = 10, **variables: Any) -> Any:
    """One page of the viewer's customer."""
    (found,) = (await guest.data(document, first=first, **variables))["viewer"]["customer"].values()
    return found


async def buyer(api: Api, *plans: str) -> tuple[Guest, str]:
    """A customer that bought plans one after the other, and the last token."""
    guest, token = await api.guest("tok_visa"), ""
    for plan in plans:
        bought = await guest.do(START, priceId=str(api.world.prices[plan]))
        token = bought["operation"]["consistencyToken"]
    return guest, token


@pytest.mark.row("X4")
async def test_a_token_shows_one_s_own_write_at_once_and_the_answer_says_from_where(api: Api) -> None:
    guest, token = await buyer(api, "starter")
    shown = await page(guest, INVOICES, atLeast=token)
    assert len(shown["edges"]) == 1
    assert shown["source"] in ("REPLICA", "PRIMARY")
    assert datetime.now(UTC) - datetime.fromisoformat(shown["asOf"]) < timedelta(minutes=1)


@pytest.mark.row("X4")
async def test_a_token_ahead_of_the_replica_is_answered_by_the_primary(api: Api) -> None:
    guest, _ = await buyer(api, "starter")
    shown = await page(guest, INVOICES, atLeast="00000001" + "7" * 16)
    assert (shown["source"], len(shown["edges"])) == ("PRIMARY", 1)


async def test_history_without_a_token_comes_from_the_replica(api: Api) -> None:
    guest, token = await buyer(api, "starter")
    await page(guest, INVOICES, atLeast=token)
    assert (await page(guest, INVOICES))["source"] == "REPLICA"


async def test_pages_follow_each_other_newest_first_without_gap_or_repeat(api: Api) -> None:
    guest, token = await buyer(api, *PLANS)
    whole = await page(guest, INVOICES, atLeast=token)
    numbers = [edge["node"]["number"] for edge in whole["edges"]]
    assert len(numbers) == 3
    assert numbers == sorted(numbers, reverse=True)
    assert (whole["totalCount"], whole["totalCountIsCapped"]) == (3, False)
    first = await page(guest, INVOICES, 2, atLeast=token)
    assert (first["pageInfo"]["hasNextPage"], first["pageInfo"]["hasPreviousPage"]) == (True, False)
    assert first["pageInfo"]["startCursor"] == first["edges"][0]["cursor"]
    rest = await page(guest, INVOICES, 2, after=first["pageInfo"]["endCursor"], atLeast=token)
    assert [edge["node"]["number"] for edge in first["edges"] + rest["edges"]] == numbers
    assert (rest["pageInfo"]["hasNextPage"], rest["pageInfo"]["hasPreviousPage"]) == (False, True)


async def test_a_page_after_a_cursor_does_not_move_when_something_new_arrives(api: Api) -> None:
    guest, token = await buyer(api, "starter", "team")
    first = await page(guest, INVOICES, 1, atLeast=token)
    bought = await guest.do(START, priceId=str(api.world.prices["yearly"]))
    token = bought["operation"]["consistencyToken"]
    rest = await page(guest, INVOICES, 5, after=first["pageInfo"]["endCursor"], atLeast=token)
    assert len(rest["edges"]) == 1
    assert rest["edges"][0]["node"]["id"] not in (first["edges"][0]["node"]["id"], bought["invoice"]["id"])
    assert rest["totalCount"] == 3


async def test_an_empty_history_has_a_page_without_cursors(api: Api) -> None:
    shown = await page(await api.guest(), INVOICES)
    assert (shown["edges"], shown["totalCount"]) == ([], 0)
    assert shown["pageInfo"] == {"hasNextPage": False, "hasPreviousPage": False, "startCursor": None, "endCursor": None}


async def test_a_cursor_of_another_list_or_another_customer_is_refused_alike(api: Api) -> None:
    guest, token = await buyer(api, "starter")
    other, _ = await buyer(api, "starter")
    cursor = (await page(guest, INVOICES, atLeast=token))["pageInfo"]["endCursor"]
    answers = [
        await guest.error(PAYMENTS, first=5, after=cursor),
        await other.error(INVOICES, first=5, after=cursor),
        await guest.error(INVOICES, first=5, after="x" * 60),
    ]
    assert {answer["message"] for answer in answers} == {"after is not a cursor of this list."}
    assert {answer["extensions"]["code"] for answer in answers} == {"BAD_INPUT"}


@pytest.mark.parametrize("first", [0, -1, 101, 2_000_000_000])
async def test_a_page_of_a_size_that_cannot_be_is_refused(api: Api, first: int) -> None:
    guest = await api.guest()
    error = await guest.error(INVOICES, first=first)
    assert (error["extensions"]["code"], error["message"]) == ("BAD_INPUT", "first must be between 1 and 100.")


@pytest.mark.parametrize("token", ["nonsense", "00000001", "0" * 23 + "g", "F" * 24])
async def test_a_text_that_is_no_token_is_refused(api: Api, token: str) -> None:
    error = await (await api.guest()).error(INVOICES, first=1, atLeast=token)
    assert error["extensions"] == {"code": "BAD_INPUT", "refusal": "INVALID_INPUT"}


@pytest.mark.row("H12")
async def test_the_statement_adds_up_to_the_balance(api: Api) -> None:
    guest, token = await buyer(api, *PLANS)
    entries = [edge["node"] for edge in (await page(guest, STATEMENT, 100, atLeast=token))["edges"]]
    assert [entry["number"] for entry in entries] == [str(number) for number in range(len(entries), 0, -1)]
    assert {entry["cause"] for entry in entries} == {"invoice.finalized", "payment.captured"}
    owed = credit = 0
    for entry in reversed(entries):
        owed += int(entry["receivableChange"]["minorUnits"])
        credit += int(entry["creditChange"]["minorUnits"])
        assert (entry["receivable"]["minorUnits"], entry["credit"]["minorUnits"]) == (str(owed), str(credit))
    balance = (await guest.data(BALANCE))["viewer"]["customer"]["balance"]
    assert (balance["receivable"]["minorUnits"], balance["credit"]["minorUnits"]) == (str(owed), str(credit))
    after, seen = None, list[object]()
    for _ in entries:  # a cursor remembers the balance there
        one = await page(guest, STATEMENT, 1, atLeast=token, after=after)
        after, seen = one["pageInfo"]["endCursor"], [*seen, *(edge["node"] for edge in one["edges"])]
    assert seen == entries
    async with api.world.house.db.history(Token.parse(token)) as history:
        for entry in entries[1:]:  # one of an older release remembers the number alone
            (known,) = await statement(history.replica, guest.who.id, EUR, 1, Below(int(entry["number"]) + 1))
            assert str(known.receivable.minor) == entry["receivable"]["minorUnits"]
            assert str(known.credit.minor) == entry["credit"]["minorUnits"]


async def test_a_statement_of_a_span_shows_its_postings_with_the_balances_they_had(api: Api) -> None:
    guest, _ = await buyer(api, "starter")
    await guest.do(ADVANCE, to="2027-02-02T00:00:00Z")
    await do_now(api.world.house, guest.who.id)
    whole = await page(guest, SPAN, 100)
    january = await page(guest, SPAN, 100, **{"from": "2027-01-01T00:00:00Z", "to": "2027-02-01T00:00:00Z"})
    february = await page(guest, SPAN, 100, **{"from": "2027-02-01T00:00:00Z"})
    assert (january["totalCount"], february["totalCount"], whole["totalCount"]) == (2, 2, 4)
    assert february["edges"] + january["edges"] == whole["edges"]
    nothing = await page(guest, SPAN, 100, to="2027-01-01T00:00:00Z")
    assert (nothing["totalCount"], nothing["edges"]) == (0, [])
    one = await page(guest, SPAN, 1, to="2027-02-01T00:00:00Z")
    rest = await page(guest, SPAN, 1, to="2027-02-01T00:00:00Z", after=one["pageInfo"]["endCursor"])
    assert one["edges"] + rest["edges"] == january["edges"]
    assert (one["pageInfo"]["hasNextPage"], rest["pageInfo"]["hasNextPage"]) == (True, False)


async def test_a_span_that_ends_before_it_begins_is_refused(api: Api) -> None:
    given = {"first": 1, "from": "2027-02-01T00:00:00Z", "to": "2027-02-01T00:00:00Z"}
    error = await (await api.guest()).error(SPAN, **given)
    assert (error["extensions"]["code"], error["message"]) == ("BAD_INPUT", "from must lie before to.")


async def test_a_balance_names_the_last_posting_it_counts(api: Api) -> None:
    guest, _ = await buyer(api, "starter")
    through = "{ viewer { customer { balance { through } } } }"
    assert (await guest.data(through))["viewer"]["customer"]["balance"] == {"through": "2"}
    assert (await (await api.guest()).data(through))["viewer"]["customer"]["balance"] == {"through": "0"}


@pytest.mark.row("H7")
async def test_the_balance_as_of_an_instant_knows_only_what_happened_until_then(api: Api) -> None:
    guest = await api.guest("tok_insufficient_funds")
    await guest.do(START, priceId=str(api.world.prices["starter"]))
    before = (await guest.data(AS_OF, at="2026-12-31T23:59:59Z"))["viewer"]["customer"]["balanceAsOf"]
    after = (await guest.data(AS_OF, at="2027-01-01T01:00:00+01:00"))["viewer"]["customer"]["balanceAsOf"]
    assert (before["receivable"]["minorUnits"], after["receivable"]["minorUnits"]) == ("0", "1000")
    assert after["asOf"] == "2027-01-01T00:00:00Z"


@pytest.fixture
async def gated(api: Api, process_settings: Settings) -> AsyncIterator[tuple[Api, Gate]]:
    """The API with a gate before its replica."""
    async with gate_before(process_settings.replica_url.get_secret_value()) as (gate, url):
        settings = process_settings.model_copy(update={"replica_url": SecretStr(url)})
        async with running(build_app(settings)) as http:
            yield Api(http, api.world, api.issuer, api.mint), gate


@pytest.mark.row("M2")
async def test_without_its_replica_history_says_so_and_balances_and_purchases_go_on(gated: tuple[Api, Gate]) -> None:
    api, gate = gated
    guest, token = await buyer(api, "starter")
    await page(guest, INVOICES, atLeast=token)
    await gate.shut()
    refused = await reads(api, "UNAVAILABLE")
    body = await guest.ask(BOTH)
    assert await reads(api, "UNAVAILABLE") == refused + 1
    (error,) = body["errors"]
    assert (error["extensions"]["code"], error["path"]) == ("HISTORY_UNAVAILABLE", ["viewer", "customer", "invoices"])
    assert body["data"] == {"viewer": {"customer": {"invoices": None, "balance": {"credit": {"decimal": "0.00"}}}}}
    bought = await guest.do(START, priceId=str(api.world.prices["team"]))
    token = bought["operation"]["consistencyToken"]
    shown = await page(guest, INVOICES, atLeast=token)
    assert (shown["source"], len(shown["edges"])) == ("PRIMARY", 2)
    await gate.open()
    assert (await page(guest, INVOICES))["source"] == "REPLICA"
