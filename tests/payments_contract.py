"""What every payment gateway must keep, whichever provider is behind it.

A test file makes a subclass of GatewayContract whose name starts with Test and gives it a fixture `case`.
"""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from domain.money import Currency, Money
from domain.payments.gateway import (
    ActionRequired,
    Captured,
    Declined,
    Detached,
    MethodFacts,
    MethodRefused,
    NotFound,
    Processing,
    RefundSucceeded,
    Unavailable,
    Unknown,
)
from tests.payments_contract_after import EventContract, RefundContract, VoidContract
from tests.payments_contract_disputes import DisputeContract
from tests.payments_contract_holds import HoldContract, HoldEventContract, ReturnContract, SettlementContract
from tests.payments_stories import EUR, TEN, Case, Story, captured, charge_of, refund_of, request_for


class MethodContract:
    """Stored payment methods."""

    async def test_a_stored_method_shows_how_people_know_it(self, case: Case) -> None:
        method = await case.gateway.add_method(case.token(Story.SUCCEEDS), "customer")
        assert isinstance(method, MethodFacts)
        assert (method.kind, method.brand, len(method.last4)) == ("card", "visa", 4)

    async def test_a_token_that_the_provider_does_not_take_is_refused(self, case: Case) -> None:
        assert isinstance(await case.gateway.add_method("tok_from_nowhere", "customer"), MethodRefused)
        assert isinstance(await case.gateway.add_method(case.token(Story.NOT_ACCEPTED), "customer"), MethodRefused)

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
        request, charge = await captured(case)
        second = await case.gateway.charge(replace(request, key=f"{request.key}-other"))
        found = await case.gateway.find_charge(request.reference, TEN)
        # Where a reference cannot have two charges, the second key is answered with the first one.
        assert found == charge if second == charge else isinstance(found, Unknown)

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


class GatewayContract(
    MethodContract,
    ChargeContract,
    AmbiguityContract,
    VoidContract,
    RefundContract,
    EventContract,
    HoldContract,
    ReturnContract,
    HoldEventContract,
    SettlementContract,
    DisputeContract,
):
    """The whole contract."""
