"""What every payment gateway must keep, whichever provider is behind it.

A test file makes a subclass of GatewayContract whose name starts with Test and gives it a fixture `case`.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Protocol
from uuid import uuid4

import pytest

from domain.money import Currency, Money
from domain.payments.gateway import (
    ActionRequired,
    BadSignature,
    Captured,
    ChargeRequest,
    Declined,
    Detached,
    EventKind,
    Gateway,
    MethodFacts,
    MethodRefused,
    NotFound,
    Processing,
    ProviderEvent,
    RefundFailed,
    RefundPending,
    RefundRequest,
    RefundSucceeded,
    Unavailable,
    Unknown,
    Voided,
)

EUR = Currency("EUR")
TEN = Money(1000, EUR)


class Story(StrEnum):
    """What a payment method will do; each provider has a token for each."""

    SUCCEEDS = "succeeds"
    SOFT_DECLINE = "soft decline: insufficient_funds"
    HARD_DECLINE = "hard decline: stolen_card"
    DECLINES_AFTER_ONE = "one success, then soft declines"
    AUTHENTICATES = "needs its customer"
    BANK = "settles later"
    NEVER_ANSWERS_NOR_ACTS = "time-out before acting"
    ACTS_BUT_NEVER_ANSWERS = "time-out after acting"
    ACTS_WHEN_WE_ARE_GONE = "acts when the client has given up"
    ACTS_AND_HANGS_UP = "connection lost after acting"
    ACTS_AND_FAILS = "server error after acting"
    ACTS_AND_BABBLES = "unreadable answer after acting"
    ACTS_AND_DRIPS = "endless answer after acting"
    IS_DOWN = "says that it did nothing"
    LIMITS_RATE = "too many requests"
    ECHOES_WRONG_AMOUNT = "another amount in the answer"
    ECHOES_WRONG_CURRENCY = "another currency in the answer"
    TAKES_LESS = "only a part is taken"
    REFUND_FAILS_LATER = "refunds fail later"
    REFUND_ACTS_BUT_NEVER_ANSWERS = "refund: time-out after acting"
    NOT_ACCEPTED = "cannot be stored"


class Case(Protocol):
    """A gateway on a provider whose behaviour tests can steer."""

    @property
    def gateway(self) -> Gateway:
        """With its ordinary time limit."""

    @property
    def impatient(self) -> Gateway:
        """The same account with a limit so short that waiting for it costs a test nothing."""

    @property
    def secrets(self) -> Sequence[str]:
        """What webhooks are signed with."""

    def token(self, story: Story) -> str:
        """A token for that story, used by no other test."""

    async def visit(self, url: str, *, complete: bool) -> None:
        """Do what the customer is asked to do, or fail to."""

    async def settle(self, provider_ref: str, failure: str | None) -> None:
        """End what settles later."""

    async def act_late(self, key: str) -> None:
        """Let the request whose client has gone act now."""

    async def webhooks(self, provider_ref: str, count: int) -> list[tuple[bytes, Mapping[str, str]]]:
        """The first `count` webhooks about an object, bodies and headers as they came."""


async def charge_of(case: Case, story: Story, money: Money = TEN) -> ChargeRequest:
    """A request to charge a new method of that story, under a key and reference of its own."""
    method = await case.gateway.add_method(case.token(story))
    assert isinstance(method, MethodFacts)
    return request_for(method.method_ref, money)


def request_for(method_ref: str, money: Money = TEN) -> ChargeRequest:
    """A new charge of that method."""
    mark = uuid4().hex
    return ChargeRequest(f"key-{mark}", f"charge-{mark}", money, method_ref, {"customer": mark, "shard": "7"})


async def captured(case: Case, story: Story = Story.SUCCEEDS, money: Money = TEN) -> tuple[ChargeRequest, Captured]:
    """A charge that succeeded."""
    request = await charge_of(case, story, money)
    answer = await case.gateway.charge(request)
    assert isinstance(answer, Captured)
    return request, answer


def refund_of(charge: Captured, money: Money) -> RefundRequest:
    """A new refund of that charge."""
    mark = uuid4().hex
    return RefundRequest(f"key-{mark}", f"refund-{mark}", charge.provider_ref, money)


class MethodContract:
    """Stored payment methods."""

    async def test_a_stored_method_shows_how_people_know_it(self, case: Case) -> None:
        method = await case.gateway.add_method(case.token(Story.SUCCEEDS))
        assert isinstance(method, MethodFacts)
        assert (method.kind, method.brand, len(method.last4)) == ("card", "visa", 4)

    async def test_a_token_that_the_provider_does_not_take_is_refused(self, case: Case) -> None:
        assert isinstance(await case.gateway.add_method("tok_from_nowhere"), MethodRefused)
        assert isinstance(await case.gateway.add_method(case.token(Story.NOT_ACCEPTED)), MethodRefused)

    async def test_a_detached_method_is_declined_for_good_and_its_charges_can_be_refunded(self, case: Case) -> None:
        request, charge = await captured(case)
        assert await case.gateway.detach_method(request.method_ref) == Detached()
        assert await case.gateway.detach_method(request.method_ref) == Detached()
        again = await case.gateway.charge(request_for(request.method_ref))
        assert isinstance(again, Declined) and again.hard
        assert isinstance(await case.gateway.refund(refund_of(charge, TEN)), RefundSucceeded)

    async def test_a_method_that_never_was_cannot_be_detached_or_charged(self, case: Case) -> None:
        assert await case.gateway.detach_method("method_0") == NotFound()
        assert not isinstance(await case.gateway.detach_method("../method_0/x?y=\x00"), Detached)
        assert isinstance(await case.gateway.charge(request_for("method_0")), Declined)


class ChargeContract:
    """Charges whose answer arrives."""

    @pytest.mark.parametrize("money", [TEN, Money(1, EUR), Money(1200, Currency("JPY")), Money(1250, Currency("KWD"))])
    async def test_a_good_card_is_charged_what_was_asked(self, case: Case, money: Money) -> None:
        request, charge = await captured(case, money=money)
        assert charge.money == money
        assert await case.gateway.find_charge(request.reference, money) == charge

    async def test_one_key_charges_once_however_often_it_is_sent(self, case: Case) -> None:
        request = await charge_of(case, Story.SUCCEEDS)
        answers = await asyncio.gather(*(case.gateway.charge(request) for _ in range(20)))
        charges = [answer for answer in answers if isinstance(answer, Captured)]
        assert charges and len(set(charges)) == 1
        assert all(isinstance(answer, Captured | Unknown) for answer in answers)
        assert await case.gateway.find_charge(request.reference, TEN) == charges[0]

    async def test_a_key_used_for_another_amount_is_never_an_answer_about_money(self, case: Case) -> None:
        request, charge = await captured(case)
        assert isinstance(await case.gateway.charge(replace(request, money=Money(2000, EUR))), Unknown)
        assert await case.gateway.find_charge(request.reference, TEN) == charge

    async def test_two_keys_under_one_reference_are_reported_as_ambiguous(self, case: Case) -> None:
        request, _ = await captured(case)
        await case.gateway.charge(replace(request, key=f"{request.key}-other"))
        assert isinstance(await case.gateway.find_charge(request.reference, TEN), Unknown)

    @pytest.mark.parametrize(
        ("story", "code", "hard"),
        [(Story.SOFT_DECLINE, "insufficient_funds", False), (Story.HARD_DECLINE, "stolen_card", True)],
    )
    async def test_a_decline_says_whether_a_retry_is_allowed(
        self, case: Case, story: Story, code: str, hard: bool
    ) -> None:
        request = await charge_of(case, story)
        for attempt in (request, request_for(request.method_ref), request_for(request.method_ref)):
            answer = await case.gateway.charge(attempt)
            assert isinstance(answer, Declined) and (answer.code, answer.hard) == (code, hard)
            assert await case.gateway.find_charge(attempt.reference, TEN) == answer

    async def test_a_card_can_succeed_first_and_be_declined_at_the_renewal(self, case: Case) -> None:
        request, _ = await captured(case, Story.DECLINES_AFTER_ONE)
        renewal = await case.gateway.charge(request_for(request.method_ref))
        assert isinstance(renewal, Declined) and not renewal.hard

    async def test_what_the_customer_completes_is_captured(self, case: Case) -> None:
        request = await charge_of(case, Story.AUTHENTICATES)
        answer = await case.gateway.charge(request)
        assert isinstance(answer, ActionRequired)
        assert await case.gateway.find_charge(request.reference, TEN) == answer
        await case.visit(answer.url, complete=True)
        assert await case.gateway.find_charge(request.reference, TEN) == Captured(answer.provider_ref, TEN)

    async def test_what_the_customer_fails_is_declined_and_may_be_tried_again(self, case: Case) -> None:
        request = await charge_of(case, Story.AUTHENTICATES)
        answer = await case.gateway.charge(request)
        assert isinstance(answer, ActionRequired)
        await case.visit(answer.url, complete=False)
        assert await case.gateway.find_charge(request.reference, TEN) == Declined(
            answer.provider_ref, "authentication_failed", hard=False
        )

    @pytest.mark.parametrize("failure", [None, "insufficient_funds"])
    async def test_a_bank_debit_is_open_until_the_bank_decides(self, case: Case, failure: str | None) -> None:
        request = await charge_of(case, Story.BANK)
        answer = await case.gateway.charge(request)
        assert isinstance(answer, Processing)
        assert await case.gateway.find_charge(request.reference, TEN) == answer
        await case.settle(answer.provider_ref, failure)
        expected = Declined(answer.provider_ref, failure, hard=False) if failure else None
        assert await case.gateway.find_charge(request.reference, TEN) == (
            expected or Captured(answer.provider_ref, TEN)
        )


class AmbiguityContract:
    """Charges whose answer does not arrive, or is not to be believed."""

    @pytest.mark.row("B8")
    async def test_a_time_out_before_acting_is_unknown_then_not_found_and_the_same_key_charges(
        self, case: Case
    ) -> None:
        request = await charge_of(case, Story.NEVER_ANSWERS_NOR_ACTS)
        assert isinstance(await case.impatient.charge(request), Unknown)
        assert await case.gateway.find_charge(request.reference, TEN) == NotFound()
        assert isinstance(await case.gateway.charge(request), Captured)

    @pytest.mark.row("B8")
    @pytest.mark.parametrize(
        "story",
        [
            Story.ACTS_BUT_NEVER_ANSWERS,
            Story.ACTS_AND_HANGS_UP,
            Story.ACTS_AND_FAILS,
            Story.ACTS_AND_BABBLES,
            Story.ACTS_AND_DRIPS,
            Story.ECHOES_WRONG_AMOUNT,
            Story.ECHOES_WRONG_CURRENCY,
        ],
    )
    async def test_a_lost_or_false_answer_is_unknown_and_the_reference_tells_the_truth(
        self, case: Case, story: Story
    ) -> None:
        request = await charge_of(case, story)
        assert isinstance(await case.impatient.charge(request), Unknown)
        found = await case.gateway.find_charge(request.reference, TEN)
        assert isinstance(found, Captured) and found.money == TEN
        assert await case.gateway.charge(request) == found

    @pytest.mark.parametrize("story", [Story.IS_DOWN, Story.LIMITS_RATE])
    async def test_a_provider_that_surely_did_nothing_is_unavailable_and_says_when_to_come_back(
        self, case: Case, story: Story
    ) -> None:
        request = await charge_of(case, story)
        answer = await case.gateway.charge(request)
        assert isinstance(answer, Unavailable) and answer.retry_after == timedelta(seconds=1)
        assert await case.gateway.find_charge(request.reference, TEN) == NotFound()
        assert isinstance(await case.gateway.charge(request), Captured)

    @pytest.mark.row("B10")
    async def test_a_charge_that_took_less_is_not_taken_for_paid(self, case: Case) -> None:
        request = await charge_of(case, Story.TAKES_LESS)
        assert await case.gateway.charge(request) == Unknown("mismatch")
        assert await case.gateway.find_charge(request.reference, TEN) == Unknown("mismatch")

    async def test_a_found_charge_of_another_amount_or_currency_is_a_mismatch(self, case: Case) -> None:
        request, _ = await captured(case)
        assert await case.gateway.find_charge(request.reference, Money(999, EUR)) == Unknown("mismatch")
        assert await case.gateway.find_charge(request.reference, Money(1000, Currency("USD"))) == Unknown("mismatch")


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
            assert await case.gateway.find_refund(request.reference, request.money) == answer
        assert isinstance(await case.gateway.refund(refund_of(charge, Money(1, EUR))), RefundFailed)

    async def test_more_than_was_captured_or_another_currency_is_not_given_back(self, case: Case) -> None:
        _, charge = await captured(case)
        for money in (Money(1001, EUR), Money(1000, Currency("USD"))):
            request = refund_of(charge, money)
            assert isinstance(await case.gateway.refund(request), RefundFailed)
            assert await case.gateway.find_refund(request.reference, money) == NotFound()

    async def test_refunds_at_once_never_exceed_what_was_captured(self, case: Case) -> None:
        _, charge = await captured(case)
        requests = [refund_of(charge, Money(300, EUR)) for _ in range(10)]
        answers = await asyncio.gather(*(case.gateway.refund(request) for request in requests))
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
        found = await case.gateway.find_refund(request.reference, TEN)
        assert isinstance(found, RefundSucceeded)
        assert await case.gateway.refund(request) == found
        assert await case.gateway.find_refund(request.reference, Money(1, EUR)) == Unknown("mismatch")

    async def test_a_refund_that_fails_later_can_be_asked_for_again(self, case: Case) -> None:
        _, charge = await captured(case, Story.REFUND_FAILS_LATER)
        request = refund_of(charge, TEN)
        answer = await case.gateway.refund(request)
        assert isinstance(answer, RefundPending)
        assert isinstance(await case.gateway.refund(refund_of(charge, TEN)), RefundFailed)
        await case.settle(answer.provider_ref, "account_closed")
        assert await case.gateway.find_refund(request.reference, TEN) == RefundFailed(
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
        assert (event.sequence, event.failure_code, event.hard) == (1, None, False)

    @pytest.mark.parametrize(("story", "hard"), [(Story.SOFT_DECLINE, False), (Story.HARD_DECLINE, True)])
    async def test_a_declined_charge_is_announced_with_its_code(self, case: Case, story: Story, hard: bool) -> None:
        answer = await case.gateway.charge(await charge_of(case, story))
        assert isinstance(answer, Declined) and answer.provider_ref
        (event,) = await self.events(case, answer.provider_ref, 1)
        assert (event.kind, event.failure_code, event.hard) == (EventKind.CHARGE_DECLINED, answer.code, hard)

    async def test_the_events_of_one_charge_are_numbered_in_order(self, case: Case) -> None:
        answer = await case.gateway.charge(await charge_of(case, Story.BANK))
        assert isinstance(answer, Processing)
        await case.settle(answer.provider_ref, None)
        events = await self.events(case, answer.provider_ref, 2)
        assert [(event.sequence, event.kind) for event in events] == [
            (1, EventKind.CHARGE_PROCESSING),
            (2, EventKind.CHARGE_CAPTURED),
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


class GatewayContract(MethodContract, ChargeContract, AmbiguityContract, VoidContract, RefundContract, EventContract):
    """The whole contract."""
