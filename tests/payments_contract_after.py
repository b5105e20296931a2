"""The part of the gateway contract that comes after a charge: voids, refunds and webhooks."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from domain.money import Currency, Money
from domain.payments.gateway import (
    ActionRequired,
    BadSignature,
    Captured,
    Declined,
    EventKind,
    Gateway,
    NotFound,
    Processing,
    ProviderEvent,
    RefundAnswer,
    RefundFailed,
    RefundPending,
    RefundRequest,
    RefundSucceeded,
    Unavailable,
    Unknown,
    Voided,
)
from tests.payments_stories import EUR, TEN, Case, Story, captured, charge_of, refund_of

SENT_AGAIN = 20  # far more than a busy machine needs to give ten calls at once their connections


async def given_back(gateway: Gateway, request: RefundRequest) -> RefundAnswer:
    """What came of a refund: one of which nothing was heard is sent again under its key, as the house does."""
    for _ in range(SENT_AGAIN):
        answer = await gateway.refund(request)
        if not isinstance(answer, Unknown | Unavailable):
            break
    return answer


class VoidContract:
    """Making sure that nothing is taken any more."""

    async def test_a_voided_reference_is_never_charged_afterwards(self, case: Case) -> None:
        request = await charge_of(case, Story.SUCCEEDS)
        assert await case.gateway.void(request.reference) == Voided(None)
        assert isinstance(await case.gateway.charge(request), Voided)
        assert isinstance(await case.gateway.void(request.reference), Voided)
        assert isinstance(await case.gateway.find_charge(request.reference, TEN), Voided)

    async def test_a_request_still_on_its_way_takes_nothing_after_the_void(self, case: Case) -> None:
        request = await charge_of(case, Story.ACTS_WHEN_WE_ARE_GONE)
        assert isinstance(await case.impatient.charge(request), Unknown)
        assert await case.gateway.find_charge(request.reference, TEN) == NotFound()
        assert await case.gateway.void(request.reference) == Voided(None)
        await case.act_late(request.key)
        assert isinstance(await case.gateway.find_charge(request.reference, TEN), Voided)

    async def test_a_request_still_on_its_way_charges_once_although_it_is_sent_again(self, case: Case) -> None:
        request = await charge_of(case, Story.ACTS_WHEN_WE_ARE_GONE)
        assert isinstance(await case.impatient.charge(request), Unknown)
        assert isinstance(await case.gateway.charge(request), Unknown)
        await case.act_late(request.key)
        found = await case.gateway.find_charge(request.reference, TEN)
        assert isinstance(found, Captured)
        assert await case.gateway.charge(request) == found

    async def test_what_is_taken_or_beyond_stopping_is_not_voided(self, case: Case) -> None:
        request, charge = await captured(case)
        assert await case.gateway.void(request.reference) == charge
        bank = await charge_of(case, Story.BANK)
        processing = await case.gateway.charge(bank)
        assert await case.gateway.void(bank.reference) == processing
        declined_request = await charge_of(case, Story.SOFT_DECLINE)
        declined = await case.gateway.charge(declined_request)
        assert await case.gateway.void(declined_request.reference) == declined

    async def test_a_charge_that_waits_for_its_customer_can_be_voided(self, case: Case) -> None:
        request = await charge_of(case, Story.AUTHENTICATES)
        answer = await case.gateway.charge(request)
        assert isinstance(answer, ActionRequired)
        assert await case.gateway.void(request.reference) == Voided(answer.provider_ref)
        assert await case.gateway.find_charge(request.reference, TEN) == Voided(answer.provider_ref)


class RefundContract:
    """Giving money back."""

    async def test_parts_are_given_back_until_nothing_is_left(self, case: Case) -> None:
        _, charge = await captured(case)
        first, second = refund_of(charge, Money(400, EUR)), refund_of(charge, Money(600, EUR))
        for request in (first, second):
            answer = await case.gateway.refund(request)
            assert isinstance(answer, RefundSucceeded) and answer.money == request.money
            assert await case.gateway.find_refund(request.reference, request.money, request.charge_ref) == answer
        assert isinstance(await case.gateway.refund(refund_of(charge, Money(1, EUR))), RefundFailed)

    async def test_more_than_was_captured_or_another_currency_is_not_given_back(self, case: Case) -> None:
        _, charge = await captured(case)
        for money in (Money(1001, EUR), Money(1000, Currency("USD"))):
            request = refund_of(charge, money)
            assert isinstance(await case.gateway.refund(request), RefundFailed)
            assert await case.gateway.find_refund(request.reference, money, request.charge_ref) == NotFound()

    async def test_refunds_at_once_never_exceed_what_was_captured(self, case: Case) -> None:
        _, charge = await captured(case)
        requests = [refund_of(charge, Money(300, EUR)) for _ in range(10)]
        answers = await asyncio.gather(*(given_back(case.gateway, request) for request in requests))
        assert sum(isinstance(answer, RefundSucceeded) for answer in answers) == 3
        assert sum(isinstance(answer, RefundFailed) for answer in answers) == 7

    async def test_one_key_refunds_once(self, case: Case) -> None:
        _, charge = await captured(case)
        request = refund_of(charge, Money(600, EUR))
        first = await case.gateway.refund(request)
        assert isinstance(first, RefundSucceeded)
        assert await case.gateway.refund(request) == first
        assert isinstance(await case.gateway.refund(replace(request, money=Money(100, EUR))), Unknown)

    async def test_a_refund_without_an_answer_is_unknown_and_found_by_its_reference(self, case: Case) -> None:
        _, charge = await captured(case, Story.REFUND_ACTS_BUT_NEVER_ANSWERS)
        request = refund_of(charge, TEN)
        assert isinstance(await case.impatient.refund(request), Unknown)
        found = await case.gateway.find_refund(request.reference, TEN, request.charge_ref)
        assert isinstance(found, RefundSucceeded)
        assert await case.gateway.refund(request) == found
        assert await case.gateway.find_refund(request.reference, Money(1, EUR), request.charge_ref) == Unknown(
            "mismatch"
        )

    async def test_a_refund_that_fails_later_can_be_asked_for_again(self, case: Case) -> None:
        _, charge = await captured(case, Story.REFUND_FAILS_LATER)
        request = refund_of(charge, TEN)
        answer = await case.gateway.refund(request)
        assert isinstance(answer, RefundPending)
        assert isinstance(await case.gateway.refund(refund_of(charge, TEN)), RefundFailed)
        await case.settle(answer.provider_ref, "account_closed")
        assert await case.gateway.find_refund(request.reference, TEN, request.charge_ref) == RefundFailed(
            answer.provider_ref, "account_closed"
        )
        assert isinstance(await case.gateway.refund(refund_of(charge, TEN)), RefundPending)


class EventContract:
    """Webhooks in our words."""

    async def events(self, case: Case, provider_ref: str, count: int) -> list[ProviderEvent]:
        """The first webhooks about an object, verified and read."""
        now = datetime.now(UTC)
        webhooks = await case.webhooks(provider_ref, count)
        return [case.gateway.parse_event(raw, headers, case.secrets, now) for raw, headers in webhooks]

    async def test_a_captured_charge_is_announced_with_everything_needed_to_find_it(self, case: Case) -> None:
        request, charge = await captured(case)
        (event,) = await self.events(case, charge.provider_ref, 1)
        assert event.kind is EventKind.CHARGE_CAPTURED
        assert (event.object_ref, event.charge_ref) == (charge.provider_ref, charge.provider_ref)
        assert (event.reference, event.money, event.metadata) == (request.reference, TEN, request.metadata)
        assert (event.sequence, event.failure_code, event.hard) == (int(case.numbered), None, False)

    @pytest.mark.parametrize(("story", "hard"), [(Story.SOFT_DECLINE, False), (Story.HARD_DECLINE, True)])
    async def test_a_declined_charge_is_announced_with_its_code(self, case: Case, story: Story, hard: bool) -> None:
        answer = await case.gateway.charge(await charge_of(case, story))
        assert isinstance(answer, Declined) and answer.provider_ref
        (event,) = await self.events(case, answer.provider_ref, 1)
        assert (event.kind, event.failure_code, event.hard) == (EventKind.CHARGE_DECLINED, answer.code, hard)

    async def test_the_events_of_one_charge_are_numbered_in_order_or_not_at_all(self, case: Case) -> None:
        answer = await case.gateway.charge(await charge_of(case, Story.BANK))
        assert isinstance(answer, Processing)
        await case.settle(answer.provider_ref, None)
        events = await self.events(case, answer.provider_ref, 2)
        assert [(event.sequence, event.kind) for event in events] == [
            (1 if case.numbered else 0, EventKind.CHARGE_PROCESSING),
            (2 if case.numbered else 0, EventKind.CHARGE_CAPTURED),
        ]
        assert events[0].event_id != events[1].event_id

    async def test_a_refund_is_announced_with_its_charge(self, case: Case) -> None:
        charge_request, charge = await captured(case)
        request = refund_of(charge, Money(250, EUR))
        answer = await case.gateway.refund(request)
        assert isinstance(answer, RefundSucceeded)
        (event,) = await self.events(case, answer.provider_ref, 1)
        assert (event.kind, event.charge_ref) == (EventKind.REFUND_SUCCEEDED, charge.provider_ref)
        assert (event.reference, event.money) == (request.reference, Money(250, EUR))
        assert event.metadata == charge_request.metadata

    @pytest.mark.row("C8")
    async def test_only_an_untouched_recent_event_signed_with_a_valid_secret_is_believed(self, case: Case) -> None:
        _, charge = await captured(case)
        ((raw, headers),) = await case.webhooks(charge.provider_ref, 1)
        now, secrets = datetime.now(UTC), list(case.secrets)
        other = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
        parse = case.gateway.parse_event
        assert parse(raw, headers, [other, *secrets], now) == parse(raw, headers, secrets, now)
        refused: list[tuple[bytes, Mapping[str, str], list[str], datetime]] = [
            (raw.replace(b"1000", b"1"), headers, secrets, now),
            (raw + b" ", headers, secrets, now),
            (raw + b"\xff", headers, secrets, now),
            (raw, {}, secrets, now),
            (raw, headers, [other], now),
            (raw, headers, [], now),
            (raw, headers, secrets, now + timedelta(minutes=6)),
            (raw, headers, secrets, now - timedelta(minutes=6)),
        ]
        for changed in refused:
            with pytest.raises(BadSignature):
                parse(*changed)
