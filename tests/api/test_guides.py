"""The guides tell the truth: every document in them is run as it stands, and answers what is printed under it."""

import json
import re
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from domain.reactions.work import do_now
from tests.api_callers import Api
from tests.live_kit import Listener, listening

FILES = sorted((Path(__file__).parents[2] / "docs" / "guides").glob("*.md"))
OTHERS = {"partner", "support", "operator"}  # which tests of their own run, and which holds commands
GUIDES = {path.stem: path.read_text() for path in FILES if path.stem not in OTHERS}
PROGRAMS = {"typescript", "kotlin"}  # which tests/operator/test_retry_contract.py and `make clients` hold
BLOCK = re.compile(r"^```([a-z ]+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
WORD = re.compile(r"<[a-z -]+>")  # stands for a value of the reader's own


def steps(text: str) -> list[tuple[str, Any, Any]]:
    """The documents in their order, each with its variables and the answer it is said to have.

    An event is a step without a document: the stream that was opened last tells it some time.
    """
    found: list[tuple[str, Any, Any]] = []
    for kind, body in BLOCK.findall(text):
        if kind in PROGRAMS:
            continue
        if kind == "graphql":
            found.append((body, {}, None))
        elif kind == "json event":
            found.append(("", {}, json.loads(body)))
        elif kind == "json variables":
            found[-1] = (found[-1][0], json.loads(body), None)
        else:
            assert kind == "json answer", kind
            found[-1] = (*found[-1][:2], json.loads(body))
    return found


def filled(value: Any, known: dict[str, Any]) -> Any:
    """The value with what its words stand for."""
    if isinstance(value, dict):
        return {name: filled(each, known) for name, each in value.items()}
    return known[value] if isinstance(value, str) and WORD.fullmatch(value) else value


def agrees(said: Any, found: Any, known: dict[str, Any]) -> bool:
    """Whether the answer is what was said; a word that is met first is learned here."""
    if isinstance(said, str) and WORD.fullmatch(said):
        return bool(known.setdefault(said, found) == found)
    if isinstance(said, dict) and isinstance(found, dict):
        return said.keys() == found.keys() and all(agrees(said[name], found[name], known) for name in said)
    if isinstance(said, list) and isinstance(found, list):
        return len(said) == len(found) and all(agrees(*pair, known) for pair in zip(said, found, strict=True))
    return bool(said == found)


def test_there_are_guides() -> None:
    assert GUIDES


@pytest.mark.parametrize("guide", sorted(GUIDES))
async def test_every_document_of_a_guide_answers_what_the_guide_says(api: Api, guide: str) -> None:
    guest = await api.guest("tok_visa")
    known: dict[str, Any] = {f"<{name} price>": str(price) for name, price in api.world.prices.items()}
    told = steps(GUIDES[guide])
    assert told
    async with AsyncExitStack() as streams:
        stream: Listener | None = None
        for document, variables, answer in told:
            given = filled(variables, known)
            if document.startswith("subscription"):
                stream = await streams.enter_async_context(listening(api.http, guest, document, **given))
            if not document or document.startswith("subscription"):
                assert stream is not None
                await until_told(stream, answer, known)
                continue
            found = await guest.data(document, **given)
            assert agrees(answer, found, known), json.dumps(found, indent=2)
            await do_now(api.world.house, guest.who.id)


async def until_told(stream: Listener, said: Any, known: dict[str, Any]) -> None:
    """Reads until an event is what the guide says; words are learned from that one alone."""
    seen = []
    while (event := await stream.next()) is not None and event.kind == "next":
        learned = dict(known)
        if agrees(said, event.body["data"], learned):
            known |= learned
            return
        seen.append(event.body)
    raise AssertionError(json.dumps(seen, indent=2))
