"""What if, asked through the portal."""

from typing import Any

import pytest

from dev.story.documents import ADVANCE
from domain.reactions.work import do_now
from tests.api_callers import Api, Guest

WHAT_IF = """query ($id: ID!, $count: Int!, $scenario: Scenario) { viewer { customer {
    simulate(subscriptionId: $id, count: $count, scenario: $scenario) { endsAt
        trouble { failedAt retries accessUntil givesUpAt }
        invoices { period { start end } issuedAt subtotal { minorUnits } tax { minorUnits } total { minorUnits }
            credited { minorUnits } due { minorUnits } lines { description explanation { kind } } } } } } }"""


async def what_if(guest: Guest, **variables: Any) -> Any:
    """What the portal foresees."""
    return (await guest.data(WHAT_IF, **variables))["viewer"]["customer"]["simulate"]


@pytest.mark.row("X9")
async def test_the_portal_foresees_invoices_and_what_a_failing_card_leads_to(api: Api) -> None:
    guest, bought = await api.subscriber()
    id = bought["subscription"]["id"]
    told = await what_if(guest, id=id, count=12)
    assert [each["total"]["minorUnits"] for each in told["invoices"]] == ["1000"] * 12
    assert (told["endsAt"], told["trouble"]) == (None, None)
    assert told["invoices"][11]["period"] == {"start": "2028-01-01T00:00:00Z", "end": "2028-02-01T00:00:00Z"}
    failing = await what_if(guest, id=id, count=12, scenario={"card": "FAILS"})
    assert len(failing["invoices"]) == 1
    assert failing["trouble"]["givesUpAt"] == failing["endsAt"]


async def code(guest: Guest, **variables: Any) -> str:
    """Why it is refused."""
    return str((await guest.error(WHAT_IF, **variables))["extensions"]["code"])


async def test_what_cannot_be_foreseen_is_refused_with_its_reason(api: Api) -> None:
    guest, bought = await api.subscriber()
    _, other = await api.subscriber()
    id = bought["subscription"]["id"]
    assert await code(guest, id=id, count=13) == "BAD_INPUT"
    assert await code(guest, id=other["subscription"]["id"], count=1) == "NOT_FOUND"
    dollars = {"priceId": str(api.world.prices["usd"])}
    assert await code(guest, id=id, count=1, scenario=dollars) == "BAD_INPUT"
    await api.world.card(guest.who, "tok_insufficient_funds")
    await guest.do(ADVANCE, to="2027-02-03T00:00:00Z")
    await do_now(api.world.house, guest.who.id)
    assert await code(guest, id=id, count=1) == "BAD_INPUT"
