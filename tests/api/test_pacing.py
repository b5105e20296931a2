"""Who sends texts that are refused takes a tenth of a process at most, and nobody else waits for it."""

import asyncio
from typing import Any

from api.audience import DEVELOPMENT, Audience, Sender
from api.bucket import MemoryBucket
from api.documents import DocumentStore, Reference
from api.manifests import ManifestDocuments
from api.pacing import CALLERS, REST, Pacing


class Watched(Pacing):
    """Notes who has to rest, and lets nobody wait."""

    def __init__(self) -> None:
        super().__init__()
        self.rested: list[str] = []

    def refused(self, caller: str, took_seconds: float) -> None:
        assert took_seconds > 0
        self.rested.append(caller)


async def test_the_next_text_of_who_was_refused_waits_nine_times_as_long_as_the_refusal_took() -> None:
    seconds = 0.0
    pacing = Pacing(lambda: seconds)
    began = await pacing.turn("mallory")
    seconds += 0.001
    pacing.refused("mallory", pacing.since(began))
    waiting = asyncio.ensure_future(pacing.turn("mallory"))
    await asyncio.wait_for(pacing.turn("ada"), 1)
    assert not waiting.done()
    seconds += REST * 0.001
    await asyncio.wait_for(waiting, 1)


async def test_callers_of_long_ago_are_forgotten() -> None:
    pacing = Pacing(lambda: 0.0)
    for number in range(CALLERS + 5):
        pacing.refused(str(number), 0.0)
    assert len(pacing._rests) == CALLERS


async def test_the_store_lets_only_those_wait_whose_text_was_refused(schema: Any) -> None:
    store = DocumentStore(schema._schema, ManifestDocuments({}), DEVELOPMENT)
    store._pacing = watched = Watched()
    for text, caller in (("{ hello }", "ada"), ("{ nothing }", "mallory"), ("{ nothing }", "ada")):
        await store.resolve(Sender(Audience.STAFF), Reference(None, text), caller)
    assert watched.rested == ["mallory"]  # what is known to be broken costs nothing more


async def test_who_pays_nothing_for_a_text_that_was_looked_at_rests_as_if_it_were_broken(open_door: Any) -> None:
    door = open_door(bucket=MemoryBucket(capacity=1, now=lambda: 0.0))
    door.app.app._documents._pacing = watched = Watched()
    assert (await door.ask("{ a: hello }")).status_code == 200
    assert watched.rested == []
    assert [(await door.ask(text)).status_code for text in ("{ b: hello }", "{ a: hello }")] == [429, 429]
    assert watched.rested == ["caller-1"]
    unnamed = ("{ c: hello }", {"operationName": "Other"}), ("{ d: hello }", {"operationName": "Other"})
    assert [(await door.ask(text, **named)).status_code for text, named in unnamed] == [400, 400]
    assert watched.rested == ["caller-1"] * 3
