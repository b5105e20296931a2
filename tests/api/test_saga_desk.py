"""The desk's sagas: support sees what is stuck, where and why, resumes it, and the customer sees nothing of it."""

from typing import Any

import pytest

from domain.reactions.work import do_now
from domain.subscriptions.lifecycle import EXPIRE
from tests.api_callers import START, Api, Caller
from tests.lives import day, until
from tests.saga_kit import lose_work, stuck_purchase
from tests.statements import statements_seen

FACTS = "id kind state customerId amount { decimal } step cause steps { name state deadline cause undoneBy forward }"
LIST = f"""query ($state: SagaState!, $of: ID) {{ staff {{ sagas(first: 50, state: $state, customerId: $of) {{
    totalCount edges {{ node {{ {FACTS} }} }} }} }} }}"""
ONE = f"query ($id: ID!) {{ staff {{ saga(id: $id) {{ {FACTS} }} }} node(id: $id) {{ id }} }}"
NODE = "query ($id: ID!) { node(id: $id) { id } }"
QUEUE = "{ staff { exceptions(first: 100, filter: {kinds: [SAGA_STUCK]}) { edges { node { sagaId cause state } } } } }"
RESUME = f"""mutation ($input: ResumeSagaInput!) {{ resumeSaga(input: $input) {{
    saga {{ {FACTS} }} operation {{ status }} errors {{ ... on UserError {{ code path }} }} }} }}"""


async def listed(of: Caller, state: str, customer: str | None = None) -> list[dict[str, Any]]:
    """The sagas in that state."""
    page = (await of.data(LIST, state=state, of=customer))["staff"]["sagas"]
    assert page["totalCount"] == len(page["edges"])
    return [each["node"] for each in page["edges"]]


@pytest.mark.row("L4")
async def test_support_sees_a_stuck_saga_in_its_queue_and_resumes_it(elsewhere: Api) -> None:
    api, support = elsewhere, await elsewhere.staff()
    bought = await api.guest("tok_visa")
    await bought.do(START, priceId=str(api.world.prices["starter"]))
    (ended,) = await listed(support, "COMPLETED", bought.id)
    assert (ended["kind"], [each["state"] for each in ended["steps"]]) == ("PURCHASE", ["DONE", "DONE"])
    guest = await api.guest("tok_insufficient_funds")
    id = str(await stuck_purchase(api.world, guest.who))
    (stuck,) = await listed(support, "STUCK")
    first, then = stuck["steps"]
    assert (stuck["id"], stuck["customerId"], stuck["step"]) == (id, guest.id, "charge")
    assert (first["state"], first["cause"], first["undoneBy"]) == ("STUCK", stuck["cause"], "subscriptions.expire")
    assert (then["state"], then["deadline"], then["forward"]) == ("AHEAD", None, ["subscriptions.invoice_paid"])
    assert (await support.data(ONE, id=id))["staff"]["saga"] == stuck
    assert (await guest.error(NODE, id=id))["extensions"]["code"] == "NOT_FOUND"
    (case,) = [each["node"] for each in (await support.data(QUEUE))["staff"]["exceptions"]["edges"]]
    assert case == {"sagaId": id, "cause": stuck["cause"], "state": "OPEN"}
    of = {"customerId": guest.id, "sagaId": id, "reason": "It was mended."}
    assert (await support.do(RESUME, **of))["saga"]["state"] == "RUNNING"
    assert (await support.refusal(RESUME, **of))["code"] == "STATE_CONFLICT"
    await lose_work(api.world, guest.who, EXPIRE)
    await until(api.world, guest.who, day(1, 2))
    await do_now(api.world.house, guest.who.id)
    (over,) = await listed(support, "COMPENSATED", guest.id)
    assert [each["state"] for each in over["steps"]] == ["UNDONE", "AHEAD"]
    assert (await support.data(QUEUE))["staff"]["exceptions"]["edges"] == []
    assert await listed(support, "STUCK") == []


async def test_a_longer_list_of_sagas_takes_no_more_statements(api: Api) -> None:
    support, counts = await api.staff(), []
    await listed(support, "STUCK")  # who calls is looked up once
    for _ in range(2):
        await stuck_purchase(api.world, (await api.guest("tok_insufficient_funds")).who)
        with statements_seen() as statements:
            await listed(support, "STUCK")
        counts.append(len(statements))
    assert counts[0] == counts[1]
