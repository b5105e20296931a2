"""Fences before a gateway; a bulkhead is one: a provider that hangs holds a few calls, never the whole process."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TypeVar

from domain.money import Money
from domain.payments.gateway import (
    CaptureAnswer,
    CaptureRequest,
    ChargeAnswer,
    ChargeFound,
    ChargeRequest,
    DetachAnswer,
    DisputeAnswer,
    DisputeFound,
    DisputesAnswer,
    EvidenceRequest,
    Gateway,
    MethodAnswer,
    ProviderEvent,
    RefundAnswer,
    RefundFound,
    RefundRequest,
    SettlementAnswer,
    Unavailable,
    VoidAnswer,
)
from domain.payments.past_events import PastAnswer, PastEvents, TellsUndelivered

PLACE_SECONDS = 0.5  # a healthy provider frees a place sooner; longer would hold up what needs no provider
COME_BACK = timedelta(seconds=2)  # a few calls of a healthy provider

T = TypeVar("T")


class Fence:
    """A gateway before another one: every call goes through ``_call``, with its name; it may be Unavailable itself."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    @property
    def name(self) -> str:
        return self._gateway.name

    @property
    def account(self) -> str:
        return self._gateway.account

    @property
    def key_window(self) -> timedelta:
        return self._gateway.key_window

    async def add_method(self, token: str, owner: str) -> MethodAnswer:
        return await self._call("add_method", lambda: self._gateway.add_method(token, owner))

    async def detach_method(self, method_ref: str) -> DetachAnswer:
        return await self._call("detach_method", lambda: self._gateway.detach_method(method_ref))

    async def charge(self, request: ChargeRequest) -> ChargeAnswer:
        return await self._call("charge", lambda: self._gateway.charge(request))

    async def authorize(self, request: ChargeRequest) -> ChargeAnswer:
        return await self._call("authorize", lambda: self._gateway.authorize(request))

    async def capture(self, request: CaptureRequest) -> CaptureAnswer:
        return await self._call("capture", lambda: self._gateway.capture(request))

    async def find_charge(self, reference: str, asked: Money, charge_ref: str | None = None) -> ChargeFound:
        return await self._call("find_charge", lambda: self._gateway.find_charge(reference, asked, charge_ref))

    async def void(self, reference: str, charge_ref: str | None = None) -> VoidAnswer:
        return await self._call("void", lambda: self._gateway.void(reference, charge_ref))

    async def refund(self, request: RefundRequest) -> RefundAnswer:
        return await self._call("refund", lambda: self._gateway.refund(request))

    async def find_refund(self, reference: str, asked: Money, charge_ref: str) -> RefundFound:
        return await self._call("find_refund", lambda: self._gateway.find_refund(reference, asked, charge_ref))

    async def submit_evidence(self, request: EvidenceRequest) -> DisputeAnswer:
        return await self._call("submit_evidence", lambda: self._gateway.submit_evidence(request))

    async def accept_dispute(self, key: str, dispute_ref: str) -> DisputeAnswer:
        return await self._call("accept_dispute", lambda: self._gateway.accept_dispute(key, dispute_ref))

    async def find_dispute(self, dispute_ref: str) -> DisputeFound:
        return await self._call("find_dispute", lambda: self._gateway.find_dispute(dispute_ref))

    async def list_disputes(self, since: datetime, after: str | None) -> DisputesAnswer:
        return await self._call("list_disputes", lambda: self._gateway.list_disputes(since, after))

    async def list_undelivered(self, since: datetime, until: datetime, after: str | None) -> PastAnswer:
        of = self._gateway
        if not isinstance(of, TellsUndelivered):
            return PastEvents(())  # it keeps no list
        return await self._call("list_undelivered", lambda: of.list_undelivered(since, until, after))

    async def settlement_lines(self, payout_ref: str | None, after: str | None, limit: int) -> SettlementAnswer:
        return await self._call("settlement_lines", lambda: self._gateway.settlement_lines(payout_ref, after, limit))

    def parse_event(
        self, raw: bytes, headers: Mapping[str, str], secrets: Sequence[str], now: datetime
    ) -> ProviderEvent:
        return self._gateway.parse_event(raw, headers, secrets, now)

    def read_event(self, raw: bytes, headers: Mapping[str, str]) -> ProviderEvent:
        return self._gateway.read_event(raw, headers)

    async def close(self) -> None:
        await self._gateway.close()

    def rests(self) -> timedelta | None:
        """How long the provider is to be left alone; None where it may be called now."""
        return rest_of(self._gateway)

    async def _call(self, kind: str, call: Callable[[], Awaitable[T]]) -> T | Unavailable:
        return await call()


def rest_of(gateway: Gateway) -> timedelta | None:
    """How long a provider is to be left alone, so that nothing is claimed that could not be sent; None: it may be
    called."""
    return gateway.rests() if isinstance(gateway, Fence) else None


class Bulkhead(Fence):
    """A gateway with a number of places; a call that finds none in half a second is Unavailable and was never made."""

    def __init__(self, gateway: Gateway, places: int) -> None:
        super().__init__(gateway)
        self._places = asyncio.Semaphore(places)

    async def _call(self, kind: str, call: Callable[[], Awaitable[T]]) -> T | Unavailable:
        try:
            async with asyncio.timeout(PLACE_SECONDS):
                await self._places.acquire()
        except TimeoutError:
            return Unavailable("every place for a call is taken", COME_BACK)
        try:
            return await call()
        finally:
            self._places.release()
