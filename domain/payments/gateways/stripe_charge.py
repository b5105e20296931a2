"""Charging through Stripe: one intent per reference, which only our own confirmation lets move money.

A creation that arrives late is harmless, for it asks no bank; a confirmation that arrives late meets an intent that was
canceled. So a void is final although Stripe cannot bar a reference by itself.
"""

import logging
from collections.abc import Mapping
from typing import Any, Final, Literal

from domain.payments.gateway import ChargeAnswer, ChargeRequest, Declined, NotFound, Unavailable, Unknown, Voided
from domain.payments.gateways.stripe_amounts import to_stripe
from domain.payments.gateways.stripe_calls import WHOLE, creation_key, intent_now, intents_under
from domain.payments.gateways.stripe_declines import in_our_words, is_hard
from domain.payments.gateways.stripe_http import Answer, Heard, KeyTaken, Turned, ask
from domain.payments.gateways.stripe_read import REFERENCE, only_one, read_charge
from domain.payments.gateways.stripe_wire import WireIntent

NOT_EXACT: Final = "amount_not_representable"  # an amount that Stripe's own units cannot say
_OF_THE_CARD: Final = "card_error"  # the one type of error that is a bank's word
_LOG: Final = logging.getLogger("quittance")
_NEEDS_CUSTOMER: Final = "authentication_required"  # declined without its customer, so the customer is asked


class Charging:
    """One charge, from its creation to the first answer."""

    def __init__(self, client: Any, request: ChargeRequest, return_url: str) -> None:
        self._client, self._request, self._return_url = client, request, return_url

    async def run(self, capture: Literal["automatic", "manual"]) -> ChargeAnswer:
        """Create the intent and confirm it, or say what became of it when it was there before."""
        request, amount = self._request, to_stripe(self._request.money)
        if amount is None:
            return Declined(None, NOT_EXACT, hard=False)  # another amount of the same method can be said
        params = self._params(amount, capture)
        key = {"idempotency_key": creation_key(request.reference)}
        answer = await ask(self._client.payment_intents.create_async(params, key))
        if isinstance(answer, Turned):
            return self._declined(answer)
        if isinstance(answer, KeyTaken):
            return await self._barred()
        intent = answer.read(WireIntent) if isinstance(answer, Heard) else answer
        if not isinstance(intent, WireIntent):
            return intent
        if isinstance(answer, Heard) and answer.replayed:
            known = await self._look(intent.id)
            if not isinstance(known, NotFound):
                return known
        return await self._confirm(intent.id)

    def _params(self, amount: int, capture: str) -> dict[str, object]:
        customer, _, method = self._request.method_ref.rpartition(":")
        params: dict[str, object] = {
            "amount": amount,
            "currency": self._request.money.currency.code.lower(),
            "payment_method": method,
            "capture_method": capture,
            "automatic_payment_methods": {"enabled": True},  # as is the rule since 2023-08-16; said, not presumed
            "metadata": {**self._request.metadata, REFERENCE: self._request.reference},
        }
        if capture == "manual":
            params["payment_method_options"] = {"card": {"request_multicapture": "if_available"}}
        return params | ({"customer": customer} if customer else {})

    async def _confirm(self, intent_id: str) -> ChargeAnswer:
        """Without the customer first; who has to be there is asked to come, by a second confirmation of the same."""
        back = {"return_url": self._return_url}  # Stripe takes no confirmation without it, redirected or not
        answer = await self._confirmed(intent_id, self._request.key, {"off_session": True, **back})
        if isinstance(answer, Turned) and answer.code == _NEEDS_CUSTOMER:
            present = {"payment_method": self._request.method_ref.rpartition(":")[2], **back}
            answer = await self._confirmed(intent_id, f"{self._request.key}:present", present)
        if isinstance(answer, Turned):
            declined = answer.error.payment_intent
            return self._read(declined) if declined else await self._refused(intent_id, answer)
        if isinstance(answer, KeyTaken) or (isinstance(answer, Heard) and answer.replayed):
            return self._sure(await self._look(intent_id))
        intent = answer.read(WireIntent) if isinstance(answer, Heard) else answer
        return self._read(intent) if isinstance(intent, WireIntent) else intent

    async def _confirmed(self, intent_id: str, key: str, how: Mapping[str, object]) -> Answer:
        return await ask(
            self._client.payment_intents.confirm_async(intent_id, {**how, **WHOLE}, {"idempotency_key": key})
        )

    async def _refused(self, intent_id: str, answer: Turned) -> ChargeAnswer:
        """The confirmation did nothing: the intent has gone on before, or cannot be confirmed so."""
        known = await self._look(intent_id)
        return self._declined(answer) if isinstance(known, NotFound) else known

    def _declined(self, answer: Turned) -> Declined:
        """What surely charged nothing. The method is spoiled by a word about the method alone: what is wrong with our
        request, or with the account, is for people to see, and goes on being wrong with every card."""
        error, code = answer.error, answer.code
        hard = is_hard(code, error.advice_code)
        if error.type != _OF_THE_CARD and not hard:
            facts = {"code": code, "param": (error.param or "")[:80], "reference": self._request.reference}
            _LOG.error("stripe refused a charge for what is no fault of its method", extra=facts)
        return Declined(None, in_our_words(code), hard)

    async def _barred(self) -> ChargeAnswer:
        """Another request has taken the reference: barred, or for something else, of which this is no answer."""
        found = await intents_under(self._client, self._request.reference, None)
        chosen = only_one(found) if isinstance(found, list) else found
        answer = self._read(chosen) if isinstance(chosen, WireIntent) else chosen
        return answer if isinstance(answer, Voided | Unavailable) else Unknown("the reference was used otherwise")

    async def _look(self, intent_id: str) -> ChargeAnswer | NotFound:
        intent = await intent_now(self._client, intent_id)
        if isinstance(intent, Turned):
            return Unknown(intent.code)
        if not isinstance(intent, WireIntent):
            return intent
        return read_charge(intent, self._request.reference, self._request.money)

    def _read(self, intent: WireIntent) -> ChargeAnswer:
        return self._sure(read_charge(intent, self._request.reference, self._request.money))

    @staticmethod
    def _sure(found: ChargeAnswer | NotFound) -> ChargeAnswer:
        return Unknown("not confirmed") if isinstance(found, NotFound) else found
