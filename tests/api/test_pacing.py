"""Who sends texts that are refused takes a tenth of a process at most, and nobody else waits for it."""

import asyncio
from typing import Any

from api.audience import DEVELOPMENT, Audience, Sender
from api.documents import DocumentStore, Reference
from api.manifests import ManifestDocuments
from api.pacing import CALLERS, REST, Pacing


async def test_the_next_text_of_who_was_refused_waits_nine_times_as_long_as_the_refusal_took() -> None:
    seconds = 0.0
    pacing = Pacing(lambda: seconds)
    began = await pacing.turn("mallory")
    seconds += 0.001
    pacing.refused("mallory", began)
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
    turns = []

    class Watched(Pacing):
        def refused(self, caller: str, began: float) -> None:
            turns.append(caller)

    store._pacing = Watched()
    for text, caller in (("{ hello }", "ada"), ("{ nothing }", "mallory"), ("{ nothing }", "ada")):
        await store.resolve(Sender(Audience.STAFF), Reference(None, text), caller)
    assert turns == ["mallory"]  # what is known to be broken costs nothing more
