"""What a stream of answers promises to those who read it slowly, or not at all."""

import asyncio
from collections.abc import AsyncIterator

from starlette.types import Message

from api.errors import Code, Fault
from api.live.stream import Answer, EventStream
from tests.live_kit import Listener

ANSWERS = 10


class Desk:
    """Makes answers and counts them; ``right`` is what stands against the caller, if anything does."""

    def __init__(self) -> None:
        self.made = self.paid = self.left = 0
        self.right: Fault | None = None
        self.heartbeat = asyncio.Event()

    async def answers(self, *, pausing: bool = False) -> AsyncIterator[Answer]:
        for number in range(ANSWERS):
            self.made += 1
            yield Answer({"data": {"number": number}}, str(number))
            if pausing:
                await self.heartbeat.wait()

    async def renew(self) -> None:
        if self.right is not None:
            raise self.right

    async def pay(self) -> None:
        self.paid += 1

    def leave(self) -> None:
        self.left += 1

    def stream(self, *, pausing: bool = False, seconds: float = 30) -> EventStream:
        """The stream of this desk."""
        return EventStream(
            self.answers(pausing=pausing), renew=self.renew, pay=self.pay, ended=lambda: False, leave=self.leave,
            heartbeat_seconds=seconds, send_seconds=seconds,
        )  # fmt: skip


async def test_answers_come_in_order_each_paid_for_but_the_first_and_the_end_is_said() -> None:
    desk, listener = Desk(), Listener()
    await desk.stream()({"type": "http"}, listener.receive, listener.send)
    *events, last = await listener.rest()
    assert [event.id for event in events] == [str(number) for number in range(ANSWERS)]
    assert [event.body["data"]["number"] for event in events] == list(range(ANSWERS))
    assert (last.kind, desk.paid, desk.left) == ("complete", ANSWERS - 1, 1)


async def test_a_reader_that_takes_nothing_is_cut_and_no_answer_is_made_in_store_for_it() -> None:
    desk, listener = Desk(), Listener()

    async def send(message: Message) -> None:
        if message["type"] == "http.response.body":
            await asyncio.Event().wait()

    await desk.stream(seconds=0.01)({"type": "http"}, listener.receive, send)
    assert (desk.made, desk.left) == (1, 1)


async def test_a_quiet_stream_beats_and_whoever_lost_the_right_is_told_in_the_quiet_too() -> None:
    desk, listener = Desk(), Listener()
    serving = asyncio.ensure_future(
        desk.stream(pausing=True, seconds=0.01)({"type": "http"}, listener.receive, listener.send)
    )
    assert (await listener.next()) is not None
    desk.right = Fault(Code.UNAUTHENTICATED, "The token has expired.")
    refused, last = await listener.rest()
    await serving
    assert (refused.code, last.kind) == ("UNAUTHENTICATED", "complete")
    assert listener.beats >= 1


async def test_a_stream_whose_caller_cannot_be_judged_is_cut_for_the_client_to_come_back() -> None:
    desk, listener = Desk(), Listener()
    desk.right = Fault(Code.UNAVAILABLE, "The database is not available at the moment.")
    await desk.stream()({"type": "http"}, listener.receive, listener.send)
    assert [(event.kind, event.id) for event in await listener.rest()] == [("next", "0")]


async def test_a_client_that_leaves_ends_the_making_of_answers() -> None:
    desk, listener = Desk(), Listener()
    serving = asyncio.ensure_future(desk.stream(pausing=True)({"type": "http"}, listener.receive, listener.send))
    await listener.next()
    listener.leave()
    await serving
    assert (desk.made, desk.left) == (1, 1)
