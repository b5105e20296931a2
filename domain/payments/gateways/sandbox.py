"""The gateway to the sandbox payment provider, over HTTP and in its own words."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import quote

from domain.money import Money
from domain.payments.gateway import (
    CaptureAnswer,
    CaptureRefused,
    CaptureRequest,
    ChargeAnswer,
    ChargeFound,
    ChargeRequest,
    Declined,
    DetachAnswer,
    Detached,
    MethodAnswer,
    MethodRefused,
    NotFound,
    ProviderEvent,
    RefundAnswer,
    RefundFailed,
    RefundFound,
    RefundRequest,
    SettlementAnswer,
    Unavailable,
    Unknown,
    VoidAnswer,
)
from domain.payments.gateways import sandbox_events, sandbox_http, sandbox_wire, standard_webhooks
from domain.payments.gateways.sandbox_disputes import DisputeHttp
from domain.payments.gateways.sandbox_events import id_of
from domain.payments.gateways.sandbox_http import REQUEST_LIMIT, Reply, object_of
from domain.payments.past_events import PastAnswer, PastEvent, PastEvents
from domain.payments.unsure import TOO_LONG

KEY_WINDOW: Final = timedelta(hours=24)  # the provider's promise; its own constant is in its idempotency keys
MOST_EVENTS: Final = 100  # at once: the bytes of as many webhooks, below the longest answer that is read
MOST_LINES: Final = 250  # of a settlement at once: some 80 KiB, far below the longest answer that is read


class SandboxGateway(DisputeHttp):
    """One account of the sandbox provider; holds one HTTP client, which close() gives back."""

    name: Final = "sandbox"
    key_window: Final = KEY_WINDOW

    def __init__(self, account: str, url: str, secret: str, *, request_limit: timedelta = REQUEST_LIMIT) -> None:
        self.account: Final = account
        self._limit = request_limit
        self._client = sandbox_http.open_client(url, secret)

    async def close(self) -> None:
        await self._client.aclose()

    async def add_method(self, token: str, owner: str) -> MethodAnswer:
        reply = await self._send("POST", "/v1/payment_methods", body={"token": token})
        if not isinstance(reply, Reply):
            return reply
        if reply.refusal:
            return MethodRefused(reply.refusal.code)
        method = object_of(reply, sandbox_wire.WireMethod)
        return sandbox_wire.read_method(method) if method else reply.unclear

    async def detach_method(self, method_ref: str) -> DetachAnswer:
        reply = await self._send("POST", f"/v1/payment_methods/{quote(method_ref, safe='')}/detach")
        if not isinstance(reply, Reply):
            return reply
        if reply.refusal and reply.refusal.code == "not_found":
            return NotFound()
        return Detached() if object_of(reply, sandbox_wire.WireMethod) else reply.unclear

    async def charge(self, request: ChargeRequest) -> ChargeAnswer:
        return await self._create(request, "automatic")

    async def authorize(self, request: ChargeRequest) -> ChargeAnswer:
        return await self._create(request, "manual")

    async def capture(self, request: CaptureRequest) -> CaptureAnswer:
        path = f"/v1/payments/{quote(request.charge_ref, safe='')}/capture"
        body = {"amount_minor": request.money.minor, "final": request.final}
        reply = await self._send("POST", path, key=request.key, body=body)
        if not isinstance(reply, Reply):
            return reply
        if reply.refusal:
            return CaptureRefused(reply.refusal.code)
        payment = object_of(reply, sandbox_wire.WirePayment)
        return sandbox_wire.read_capture(payment, request.reference, request.money) if payment else reply.unclear

    async def _create(self, request: ChargeRequest, capture: str) -> ChargeAnswer:
        body = {
            "amount_minor": request.money.minor,
            "currency": request.money.currency.code,
            "method": request.method_ref,
            "reference": request.reference,
            "capture": capture,
            "metadata": dict(request.metadata),
        }
        reply = await self._send("POST", "/v1/payments", key=request.key, body=body)
        if not isinstance(reply, Reply):
            return reply
        if reply.refusal:
            # Refused before any charge was made: what is wrong with the request stays wrong, so no blind retry.
            return Declined(None, reply.refusal.code, hard=True)
        payment = object_of(reply, sandbox_wire.WirePayment)
        return sandbox_wire.read_charge(payment, request.reference, request.money) if payment else reply.unclear

    async def find_charge(self, reference: str, asked: Money, charge_ref: str | None = None) -> ChargeFound:
        reply = await self._send("GET", "/v1/payments", query={"reference": reference})
        if not isinstance(reply, Reply):
            return reply
        found = object_of(reply, sandbox_wire.PaymentList)
        return sandbox_wire.read_charges(found.payments, reference, asked) if found else reply.unclear

    async def void(self, reference: str, charge_ref: str | None = None) -> VoidAnswer:
        reply = await self._send("POST", "/v1/voids", body={"reference": reference})
        if not isinstance(reply, Reply):
            return reply
        left = object_of(reply, sandbox_wire.PaymentList)
        return sandbox_wire.read_void(left.payments) if left else reply.unclear

    async def refund(self, request: RefundRequest) -> RefundAnswer:
        body = {
            "payment": request.charge_ref,
            "amount_minor": request.money.minor,
            "currency": request.money.currency.code,
            "reference": request.reference,
        }
        reply = await self._send("POST", "/v1/refunds", key=request.key, body=body)
        if not isinstance(reply, Reply):
            return reply
        if reply.refusal:
            return RefundFailed(None, reply.refusal.code)
        refund = object_of(reply, sandbox_wire.WireRefund)
        return sandbox_wire.read_refund(refund, request.reference, request.money) if refund else reply.unclear

    async def find_refund(self, reference: str, asked: Money, charge_ref: str) -> RefundFound:
        reply = await self._send("GET", "/v1/refunds", query={"reference": reference})
        if not isinstance(reply, Reply):
            return reply
        found = object_of(reply, sandbox_wire.RefundList)
        return sandbox_wire.read_refunds(found.refunds, reference, asked) if found else reply.unclear

    async def settlement_lines(self, payout_ref: str | None, after: str | None, limit: int) -> SettlementAnswer:
        limit = min(limit, MOST_LINES)
        query = {"limit": str(limit + 1)} | ({"payout": payout_ref} if payout_ref else {})
        reply = await self._send("GET", "/v1/settlements", query=query | ({"after": after} if after else {}))
        if not isinstance(reply, Reply):
            return reply
        listed = object_of(reply, sandbox_wire.LineList)
        return sandbox_wire.read_lines(listed, limit) if listed else reply.unclear

    async def past_events(self, since: datetime, after: str | None) -> PastAnswer:
        return await self._events({"since": since.isoformat()}, after)

    async def list_undelivered(self, since: datetime, until: datetime, after: str | None) -> PastAnswer:
        between = {"since": since.isoformat(), "until": until.isoformat()}
        return await self._events({**between, "delivery_success": "false"}, after)

    async def _events(self, asked: Mapping[str, str], after: str | None, limit: int = MOST_EVENTS) -> PastAnswer:
        query = {**asked, "limit": str(limit)} | ({"after": after} if after else {})
        reply = await self._send("GET", "/v1/events", query=query)
        if reply is TOO_LONG and limit > 1:
            return await self._events(asked, after, limit // 2)
        if not isinstance(reply, Reply):
            return reply
        listed = object_of(reply, sandbox_wire.EventList)
        if listed is None:
            return reply.unclear
        named = [(id_of(each), bytes(each)) for each in listed.events]
        return PastEvents(tuple(PastEvent(id, raw, {standard_webhooks.ID_HEADER: id}) for id, raw in named))

    def parse_event(
        self, raw: bytes, headers: Mapping[str, str], secrets: Sequence[str], now: datetime
    ) -> ProviderEvent:
        message_id = standard_webhooks.verify(raw, headers, secrets, now)
        return sandbox_events.read_event(raw, message_id)

    def read_event(self, raw: bytes, headers: Mapping[str, str]) -> ProviderEvent:
        return sandbox_events.read_event(raw, headers.get(standard_webhooks.ID_HEADER, ""))

    async def _send(
        self,
        method: str,
        path: str,
        *,
        key: str | None = None,
        body: Mapping[str, object] | None = None,
        query: Mapping[str, str] | None = None,
    ) -> Reply | Unknown | Unavailable:
        return await sandbox_http.send(self._client, self._limit, method, path, key=key, body=body, query=query)
