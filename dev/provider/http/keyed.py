"""One request that acts: treated as planned, done once under its key, answered truly or not."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Final, Generic, Protocol

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from dev.provider.behaviour import Operation, Plan, plan_request
from dev.provider.faults import BEFORE, Fault
from dev.provider.http.bodies import read_key
from dev.provider.http.faulty import Json, client_gone, play
from dev.provider.http.views import View, view_of
from dev.provider.keys import KeyUse, fingerprint, once
from dev.provider.provider import Late, Provider
from dev.provider.records import Method, R
from dev.provider.refusals import Refusal, Why

_LATE_S: Final = 2.0  # a request that acts late does so by itself, when no admin call releases it before


@dataclass(frozen=True, slots=True)
class Answered:
    """An honest answer."""

    status: int
    view: View
    headers: Mapping[str, str] | None = None


Player = Callable[[Fault, Request, View, int], Awaitable[Response]]


class Manner(Protocol):
    """How one API answers: with what was done (`replayed`: under this key before), and how faults look there."""

    def answer(self, record: Any, *, replayed: bool) -> Answered:
        """What an honest answer is; of None an empty one."""

    async def play(self, fault: Fault, request: Request, view: View, status: int) -> Response:
        """The answer that the fault makes of it."""


@dataclass(frozen=True, slots=True)
class _Own:
    """The provider's own API."""

    url: str

    def answer(self, record: Any, *, replayed: bool) -> Answered:
        return Answered(200 if replayed else 201, view_of(record, self.url) if record else {})

    async def play(self, fault: Fault, request: Request, view: View, status: int) -> Response:
        return await play(fault, request, view, status)


@dataclass(frozen=True, slots=True)
class Act(Generic[R]):
    """What to do under the key: `run` gets the plan's decline code and makes an object of that shape."""

    operation: Operation
    method: Method | None
    shape: type[R]
    run: Callable[[str | None], R]


def provider_of(request: Request) -> Provider:
    """The process's provider."""
    provider: Provider = request.app.state.provider
    return provider


async def act_once(request: Request, body: msgspec.Struct, act: Act[R], manner: Manner | None = None) -> Response:
    """Do it, or give the first answer again; KEY_IN_PROGRESS while the first request runs."""
    provider = provider_of(request)
    told = manner or _Own(provider.settings.provider_url)
    use = KeyUse(read_key(request), fingerprint(act.operation, body))
    with _running(provider, use.key):
        with provider.store.write() as db:
            plan = plan_request(db, act.operation, act.method, use.key)
        await asyncio.sleep(plan.delay_ms / 1000)
        if plan.fault is Fault.TIMEOUT_LATE:
            await _when_late(provider, request, use, act)
        record, replayed = (None, False) if plan.fault in BEFORE else _do(provider, use, act, plan.decline)
    await asyncio.sleep(plan.reply_delay_ms / 1000)
    honest = told.answer(record, replayed=replayed)
    if plan.fault:
        return await told.play(plan.fault, request, honest.view, honest.status)
    return Json(honest.view, honest.status, honest.headers)


async def act_freely(
    request: Request, plan: Plan, run: Callable[[], View], player: Player = play
) -> Response:  # fmt: skip
    """Do something that needs no key, under the faults of the plan."""
    await asyncio.sleep(plan.delay_ms / 1000)
    view = {} if plan.fault in BEFORE else run()
    provider_of(request).wake.set()
    await asyncio.sleep(plan.reply_delay_ms / 1000)
    return await player(plan.fault, request, view, 200) if plan.fault else Json(view)


def _do(provider: Provider, use: KeyUse, act: Act[R], decline: str | None) -> tuple[R, bool]:
    with provider.store.write() as db:
        done = once(db, use, act.shape, lambda _: act.run(decline))
    provider.wake.set()
    return done


async def _when_late(provider: Provider, request: Request, use: KeyUse, act: Act[R]) -> None:
    late = provider.late.setdefault(use.key, Late())
    try:
        await client_gone(request)
        with suppress(TimeoutError):
            await asyncio.wait_for(late.release.wait(), _LATE_S)
        _do(provider, use, act, None)
    finally:
        late.acted.set()
        del provider.late[use.key]


@contextmanager
def _running(provider: Provider, key: str) -> Iterator[None]:
    if key in provider.busy:
        raise Refusal(Why.KEY_IN_PROGRESS, "the first request under this key is still running")
    provider.busy.add(key)
    try:
        yield
    finally:
        provider.busy.discard(key)
