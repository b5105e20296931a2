"""The gateway to Stripe, through its official client; our reference travels in the metadata of its objects."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from domain.money import Money
from domain.payments.gateway import (
    CaptureAnswer,
    CaptureRefused,
    CaptureRequest,
    ChargeAnswer,
    ChargeFound,
    ChargeRequest,
    DetachAnswer,
    Detached,
    DisputeAnswer,
    DisputeFound,
    DisputesAnswer,
    EvidenceRequest,
    MethodAnswer,
    NotFound,
    ProviderEvent,
    RefundAnswer,
    RefundFound,
    RefundRequest,
    SettlementAnswer,
    Unavailable,
    Unknown,
    VoidAnswer,
    Voided,
)
from domain.payments.gateways import (
    stripe_disputes,
    stripe_events,
    stripe_lines,
    stripe_methods,
    stripe_past,
    stripe_refund,
    stripe_signature,
)
from domain.payments.gateways.stripe_amounts import to_stripe
from domain.payments.gateways.stripe_calls import WHOLE, bar, canceled, intent_now, intents_under
from domain.payments.gateways.stripe_charge import NOT_EXACT, Charging
from domain.payments.gateways.stripe_http import REQUEST_LIMIT, Heard, KeyTaken, Turned, ask, open_client
from domain.payments.gateways.stripe_read import BARRED, only_one, read_capture, read_charge, read_moved
from domain.payments.gateways.stripe_wire import WireIntent, WireMethod
from domain.payments.past_events import PastAnswer

KEY_WINDOW: Final = timedelta(hours=24)  # docs.stripe.com/api/idempotent_requests: keys may be forgotten after that
API: Final = "https://api.stripe.com"
_STOPPABLE: Final = ("requires_confirmation", "requires_action", "requires_capture", "requires_payment_method")


class StripeGateway:
    """One account at Stripe; holds one HTTP client, which close() gives back.

    `return_url` is where a customer comes back to from the bank's page.
    """

    name: Final = "stripe"
    key_window: Final = KEY_WINDOW

    def __init__(
        self, account: str, secret: str, return_url: str, *, url: str = API, request_limit: timedelta = REQUEST_LIMIT
    ) -> None:
        self.account: Final = account
        self._return_url = return_url
        self._client, self._transport = open_client(url, secret, request_limit)

    async def close(self) -> None:
        await self._transport.close_async()

    async def add_method(self, token: str, owner: str) -> MethodAnswer:
        return await stripe_methods.add_method(self._client, token, owner)

    async def detach_method(self, method_ref: str) -> DetachAnswer:
        method = method_ref.rpartition(":")[2]
        answer = await ask(self._client.payment_methods.detach_async(method))
        if isinstance(answer, Turned):
            if answer.missing:
                return NotFound()
            answer = await ask(self._client.payment_methods.retrieve_async(method))
        if isinstance(answer, Turned | KeyTaken):
            return Unknown("not detached")
        left = answer.read(WireMethod) if isinstance(answer, Heard) else answer
        if isinstance(left, WireMethod):
            return Unknown("not detached") if left.customer else Detached()
        return left

    async def charge(self, request: ChargeRequest) -> ChargeAnswer:
        return await Charging(self._client, request, self._return_url).run("automatic")

    async def authorize(self, request: ChargeRequest) -> ChargeAnswer:
        return await Charging(self._client, request, self._return_url).run("manual")

    async def capture(self, request: CaptureRequest) -> CaptureAnswer:
        amount = to_stripe(request.money)
        if amount is None:
            return CaptureRefused(NOT_EXACT)
        # Stripe refuses the word where a card can be captured once only, so it is said only where it matters.
        more = {} if request.final else {"final_capture": False}
        answer = await ask(
            self._client.payment_intents.capture_async(
                request.charge_ref, {"amount_to_capture": amount, **more, **WHOLE}, {"idempotency_key": request.key}
            )
        )
        if isinstance(answer, Turned):
            return CaptureRefused(answer.code)
        if isinstance(answer, KeyTaken):
            return Unknown("the key was used for another request")
        intent = answer.read(WireIntent) if isinstance(answer, Heard) else answer
        if isinstance(answer, Heard) and answer.replayed:
            now = await intent_now(self._client, request.charge_ref)
            intent = Unknown(now.code) if isinstance(now, Turned) else now
        return read_capture(intent, request.reference, request.money) if isinstance(intent, WireIntent) else intent

    async def find_charge(self, reference: str, asked: Money, charge_ref: str | None = None) -> ChargeFound:
        found = await intents_under(self._client, reference, charge_ref)
        chosen = only_one(found) if isinstance(found, list) else found
        return read_charge(chosen, reference, asked) if isinstance(chosen, WireIntent) else chosen

    async def void(self, reference: str, charge_ref: str | None = None) -> VoidAnswer:
        found = await intents_under(self._client, reference, charge_ref)
        chosen = only_one(found) if isinstance(found, list) else found
        if isinstance(chosen, NotFound):
            taken = await bar(self._client, reference)
            return Voided(None) if isinstance(taken, WireIntent) else taken
        return await self._stopped(chosen) if isinstance(chosen, WireIntent) else chosen

    async def _stopped(self, before: WireIntent) -> VoidAnswer:
        asked_nobody = BARRED in before.metadata or isinstance(read_moved(before), NotFound)
        left: WireIntent | Unknown | Unavailable = before
        if before.status in _STOPPABLE and (asked_nobody or before.status != "requires_payment_method"):
            left = await canceled(self._client, before.id)
        if not isinstance(left, WireIntent):
            return left
        answer = read_moved(left)
        if isinstance(answer, Voided):
            return Voided(None) if asked_nobody else answer
        return answer if isinstance(answer, VoidAnswer) else Unknown(f"intent {left.status[:40]}")

    async def refund(self, request: RefundRequest) -> RefundAnswer:
        return await stripe_refund.refund(self._client, request)

    async def find_refund(self, reference: str, asked: Money, charge_ref: str) -> RefundFound:
        return await stripe_refund.find_refund(self._client, reference, asked, charge_ref)

    async def submit_evidence(self, request: EvidenceRequest) -> DisputeAnswer:
        return await stripe_disputes.submit_evidence(self._client, request)

    async def accept_dispute(self, key: str, dispute_ref: str) -> DisputeAnswer:
        return await stripe_disputes.accept_dispute(self._client, key, dispute_ref)

    async def find_dispute(self, dispute_ref: str) -> DisputeFound:
        return await stripe_disputes.find_dispute(self._client, dispute_ref)

    async def list_disputes(self, since: datetime, after: str | None) -> DisputesAnswer:
        return await stripe_disputes.list_disputes(self._client, since, after)

    async def settlement_lines(self, payout_ref: str | None, after: str | None, limit: int) -> SettlementAnswer:
        return await stripe_lines.settlement_lines(self._client, payout_ref, after, limit)

    async def past_events(self, since: datetime, after: str | None) -> PastAnswer:
        return await stripe_past.past_events(self._client, since, after)

    async def list_undelivered(self, since: datetime, until: datetime, after: str | None) -> PastAnswer:
        return await stripe_past.list_undelivered(self._client, since, until, after)

    def parse_event(
        self, raw: bytes, headers: Mapping[str, str], secrets: Sequence[str], now: datetime
    ) -> ProviderEvent:
        stripe_signature.verify(raw, headers, secrets, now)
        return stripe_events.read_event(raw)

    def read_event(self, raw: bytes, headers: Mapping[str, str]) -> ProviderEvent:
        return stripe_events.read_event(raw)
