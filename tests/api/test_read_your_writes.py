"""Read your writes by headers alone: a mutation's answer carries the token, and history takes it back."""

import re
from typing import Any

import pytest

from tests.api_callers import START, Api, Guest, key

PAGE = "{ viewer { customer { invoices(first: 5) { source edges { node { id } } } } } }"
TOKEN = "Consistency-Token"
AHEAD = "00000001" + "7" * 16
"""A place where no replica is yet."""


async def with_header(guest: Guest, body: dict[str, Any], token: str) -> Any:
    """The answer to a request that carries the token."""
    headers = {"Authorization": f"Bearer {guest.token}", TOKEN: token}
    return (await guest.http.post("/graphql", json=body, headers=headers)).json()


async def reads(api: Api, source: str) -> float:
    """How many reads of history that server answered."""
    text = (await api.http.get("/metrics")).text
    found = re.search(rf'^quittance_history_reads_total{{source="{source}"}} (.+)$', text, re.MULTILINE)
    assert found
    return float(found[1])


@pytest.mark.row("X4")
async def test_the_token_of_a_mutation_comes_in_a_header_too_and_goes_back_in_one(api: Api) -> None:
    guest = await api.guest("tok_visa")
    given = {"priceId": str(api.world.prices["starter"]), "idempotencyKey": key()}
    answer = await guest.post({"query": START, "variables": {"input": given}})
    payload = answer.json()["data"]["startSubscription"]
    assert answer.headers[TOKEN] == payload["operation"]["consistencyToken"]
    before = [await reads(api, source) for source in ("PRIMARY", "REPLICA")]
    shown = (await with_header(guest, {"query": PAGE}, answer.headers[TOKEN]))["data"]["viewer"]["customer"]["invoices"]
    assert [edge["node"]["id"] for edge in shown["edges"]] == [payload["invoice"]["id"]]
    after = [await reads(api, source) for source in ("PRIMARY", "REPLICA")]
    assert [new - old for new, old in zip(after, before, strict=True)] == (
        [1, 0] if shown["source"] == "PRIMARY" else [0, 1]
    )
    ahead = (await with_header(guest, {"query": PAGE}, AHEAD))["data"]["viewer"]["customer"]["invoices"]
    assert (ahead["source"], ahead["edges"]) == ("PRIMARY", shown["edges"])
    assert await reads(api, "PRIMARY") == after[0] + 1
    (refused,) = (await with_header(guest, {"query": PAGE}, "nonsense"))["errors"]
    assert refused["extensions"]["code"] == "BAD_INPUT"
    refusal = await guest.post({"query": START, "variables": {"input": {**given, "quantity": 0}}})
    assert TOKEN not in refusal.headers
