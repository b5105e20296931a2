"""The guide for support tells the truth: each entry of the menu that it opens answers what is printed under it."""

import json
import re
from pathlib import Path
from typing import Any

import httpx2
import pytest

from domain.actor import Grant
from domain.reactions.house import House
from runtime.settings import Settings
from tests.api.test_guides import WORD, filled
from tests.api.test_partner_subscriptions import reference_of
from tests.api_callers import START, Api, Guest, key
from tests.exception_stage import letter_of
from tests.web_kit import Acme
from tests.world import make_world

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "guides" / "support.md").read_text()
STEP = re.compile(
    r"""^>\ (?P<role>\w+)\ (?:opens\ \*\*(?P<title>[^*]+)\*\*|sends)\n
        (?:\n```graphql\n(?P<text>.*?)^```\n)?
        (?:\n```json\ variables\n(?P<given>.*?)^```\n)?
        \n```json\ answer\n(?P<answer>.*?)^```$""",
    re.MULTILINE | re.DOTALL | re.VERBOSE,
)
MENU = {
    text.partition("\n")[0].removeprefix("# "): text
    for text in (path.read_text() for path in (ROOT / "console" / "documents").glob("*.graphql"))
}


def tells(said: Any, found: Any, known: dict[str, Any]) -> bool:
    """Whether the answer holds what was said, among other things; a word that is met first is learned here."""
    if isinstance(said, str) and WORD.fullmatch(said):
        return bool(known.setdefault(said, found) == found)
    if isinstance(said, dict) and isinstance(found, dict):
        return all(name in found and tells(said[name], found[name], known) for name in said)
    if isinstance(said, list) and isinstance(found, list) and said:
        return all(any(tells_once(each, one, known) for one in found) for each in said)
    return bool(said == found)


def tells_once(said: Any, found: Any, known: dict[str, Any]) -> bool:
    """As tells(); what is not it teaches nothing."""
    learned = dict(known)
    if not tells(said, found, learned):
        return False
    known |= learned
    return True


async def bought(api: Api, token: str) -> tuple[Guest, Any]:
    """A customer in real time that has just bought a year."""
    guest = await api.guest(token, clock_at=None)
    return guest, await guest.do(START, priceId=str(api.world.prices["yearly"]))


@pytest.mark.row("A8")
async def test_each_entry_of_the_menu_that_the_guide_opens_answers_what_it_says(
    house: House, process_settings: Settings, http: httpx2.AsyncClient, minting: httpx2.AsyncClient
) -> None:
    world = await make_world(house)
    await world.trust(process_settings.oidc_issuer)
    api = Api(http, world, process_settings.oidc_issuer, minting)
    guest, made = await bought(api, "tok_visa")
    await bought(api, "tok_error_before")
    await letter_of(api, guest)
    known = {
        "<e-mail>": f"{await reference_of(guest)}@example.test",
        "<number>": made["invoice"]["number"],
        "<leaving customer>": (await api.guest(clock_at=None)).id,
    }
    desks = {role: await api.staff(Grant(role)) for role in ("support", "lead", "finance", "admin")}
    steps = list(STEP.finditer(GUIDE))
    assert len(steps) == GUIDE.count("\n> ") > 9
    for step in steps:
        text = step["text"] or MENU[step["title"]]
        given = filled(json.loads(step["given"] or "{}"), known)
        if "$key:" in text:
            given["key"] = key()
        found = await desks[step["role"]].data(text, **given)
        assert tells(json.loads(step["answer"]), found, known), step[0] + json.dumps(found, indent=2)
    assert known["<customer>"] == guest.id


@pytest.mark.row("X7")
async def test_acting_for_a_customer_goes_as_the_guide_says(acme: Acme) -> None:
    (asked,) = re.findall(r"^```json acting\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)
    (answer,) = re.findall(r"^```json acting answer\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)
    (title,) = re.findall(r"^Until .*\*\*([^*]+)\*\*:$", GUIDE, re.MULTILINE)
    browser = await acme.signed_in("staff", "support")
    body = filled(json.loads(asked), {"<customer>": str(acme.customers["customer"].id)})
    begun = await browser.send("POST", "/acting", body, x_quittance_csrf="staff")
    assert begun.status_code == 201, begun.text
    found = await browser.data(MENU[title], "acting")
    assert tells(json.loads(answer), found, {}), json.dumps(found, indent=2)
    await browser.log_out("staff")
