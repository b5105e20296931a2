"""The part of the gateway contract about money that is held before it is taken, and about debits that return."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from domain.money import Currency, Money
from domain.payments.gateway import (
    ActionRequired,
    Authorized,
    Captured,
    CaptureRefused,
    Declined,
    EventKind,
    Expired,
    LineKind,
    Processing,
    ProviderEvent,
    Returned,
    SettlementLine,
    SettlementLines,
    Unknown,
    Voided,
)
from tests.payments_stories import EUR, TEN, Case, Story, authorized, capture_of, captured, charge_of

FOUR, SIX = Money(400, EUR), Money(600, EUR)
NOTHING = Money(0, EUR)


class HoldContract:
    """Authorizing, capturing and letting go."""

    @pytest.mark.row("C1")
    async def test_what_is_authorized_is_held_and_not_taken_until_it_is_captured(self, case: Case) -> None:
        request, hold = await authorized(case)
        assert (hold.authorized, hold.captured, hold.capturable) == (TEN, NOTHING, TEN)
        assert hold.expires_at is not None and hold.expires_at > datetime.now(UTC)
        assert await case.gateway.find_charge(request.reference, TEN) == hold
        taken = await case.gateway.capture(capture_of(request, hold, TEN))
        assert taken == Captured(hold.provider_ref, TEN, authorized=TEN)
        assert await case.gateway.find_charge(request.reference, TEN) == taken

    @pytest.mark.row("C3")
    async def test_a_part_is_captured_and_the_rest_let_go(self, case: Case) -> None:
        request, hold = await authorized(case)
        taken = await case.gateway.capture(capture_of(request, hold, FOUR))
        assert taken == Captured(hold.provider_ref, FOUR, authorized=TEN)
        assert isinstance(await case.gateway.capture(capture_of(request, hold, FOUR)), CaptureRefused)
        assert await case.gateway.find_charge(request.reference, TEN) == taken

    @pytest.mark.row("C3")
    async def test_parts_are_captured_one_after_the_other_until_nothing_is_left(self, case: Case) -> None:
        request, hold = await authorized(case)
        first = await case.gateway.capture(capture_of(request, hold, FOUR, final=False))
        assert first == replace(hold, captured=FOUR, capturable=SIX)
        assert await case.gateway.find_charge(request.reference, TEN) == first
        assert await case.gateway.capture(capture_of(request, hold, SIX)) == Captured(hold.provider_ref, TEN, TEN)

    async def test_more_than_is_held_is_not_captured(self, case: Case) -> None:
        request, hold = await authorized(case)
        assert isinstance(await case.gateway.capture(capture_of(request, hold, Money(1001, EUR))), CaptureRefused)
        assert await case.gateway.find_charge(request.reference, TEN) == hold

    async def test_one_key_captures_once_however_often_it_is_sent(self, case: Case) -> None:
        request, hold = await authorized(case)
        asked = capture_of(request, hold, FOUR, final=False)
        answers = await asyncio.gather(*(case.gateway.capture(asked) for _ in range(10)))
        taken = [answer for answer in answers if isinstance(answer, Authorized)]
        assert taken and all(isinstance(answer, Authorized | Unknown) for answer in answers)
        assert await case.gateway.find_charge(request.reference, TEN) == replace(hold, captured=FOUR, capturable=SIX)

    @pytest.mark.row("B8")
    async def test_a_capture_without_an_answer_is_unknown_and_the_charge_says_what_was_taken(self, case: Case) -> None:
        request, hold = await authorized(case, Story.CAPTURE_ACTS_BUT_NEVER_ANSWERS)
        asked = capture_of(request, hold, FOUR)
        assert isinstance(await case.impatient.capture(asked), Unknown)
        found = await case.gateway.find_charge(request.reference, TEN)
        assert found == Captured(hold.provider_ref, FOUR, authorized=TEN)
        assert await case.gateway.capture(asked) == found

    @pytest.mark.row("B8")
    async def test_a_capture_that_never_arrived_leaves_the_hold_and_the_same_key_takes_it(self, case: Case) -> None:
        request, hold = await authorized(case, Story.CAPTURE_NEVER_ANSWERS_NOR_ACTS)
        asked = capture_of(request, hold, FOUR)
        assert isinstance(await case.impatient.capture(asked), Unknown)
        assert await case.gateway.find_charge(request.reference, TEN) == hold
        assert isinstance(await case.gateway.capture(asked), Captured)

    @pytest.mark.row("C1")
    async def test_a_hold_that_is_voided_is_let_go_and_cannot_be_captured(self, case: Case) -> None:
        request, hold = await authorized(case)
        gone = await case.gateway.void(request.reference)
        assert gone in (Voided(hold.provider_ref), Voided(hold.provider_ref, TEN))
        assert isinstance(await case.gateway.capture(capture_of(request, hold, TEN)), CaptureRefused)
        assert isinstance(await case.gateway.find_charge(request.reference, TEN), Voided)

    async def test_voiding_a_hold_of_which_a_part_was_taken_lets_the_rest_go(self, case: Case) -> None:
        request, hold = await authorized(case)
        await case.gateway.capture(capture_of(request, hold, FOUR, final=False))
        left = await case.gateway.void(request.reference)
        assert left == Captured(hold.provider_ref, FOUR, authorized=TEN)
        assert await case.gateway.find_charge(request.reference, TEN) == left

    @pytest.mark.row("C2")
    async def test_a_hold_that_ran_out_cannot_be_captured(self, case: Case) -> None:
        request, hold = await authorized(case, Story.HOLD_RUNS_OUT)
        await case.settle(hold.provider_ref, None)
        assert isinstance(await case.gateway.capture(capture_of(request, hold, TEN)), CaptureRefused)
        over = await case.gateway.find_charge(request.reference, TEN)
        assert over in (Expired(hold.provider_ref), Expired(hold.provider_ref, TEN))
        assert await case.gateway.void(request.reference) == over

    @pytest.mark.row("B10")
    async def test_a_hold_of_less_than_was_asked_says_so(self, case: Case) -> None:
        request, hold = await authorized(case, Story.HOLDS_LESS)
        assert (hold.authorized, hold.capturable) == (Money(500, EUR), Money(500, EUR))
        assert await case.gateway.find_charge(request.reference, TEN) == hold

    async def test_a_card_can_refuse_a_hold_or_want_its_customer_first(self, case: Case) -> None:
        declined = await case.gateway.authorize(await charge_of(case, Story.SOFT_DECLINE))
        assert isinstance(declined, Declined) and not declined.hard
        request = await charge_of(case, Story.AUTHENTICATES)
        answer = await case.gateway.authorize(request)
        assert isinstance(answer, ActionRequired)
        await case.visit(answer.url, complete=True)
        assert isinstance(await case.gateway.find_charge(request.reference, TEN), Authorized)

    async def test_a_hold_of_another_amount_or_currency_is_a_mismatch(self, case: Case) -> None:
        request, _ = await authorized(case)
        for asked in (Money(999, EUR), Money(1000, Currency("USD"))):
            assert await case.gateway.find_charge(request.reference, asked) == Unknown("mismatch")

    async def test_one_key_holds_once_and_takes_nothing(self, case: Case) -> None:
        request, hold = await authorized(case)
        assert await case.gateway.authorize(request) == hold
        assert isinstance(await case.gateway.authorize(replace(request, money=FOUR)), Unknown)
        assert await case.gateway.find_charge(request.reference, TEN) == hold


class ReturnContract:
    """Debits that the bank takes back after they had succeeded."""

    @pytest.mark.row("C4")
    async def test_a_debit_says_when_it_is_expected_and_can_be_returned_after_it_succeeded(self, case: Case) -> None:
        request = await charge_of(case, Story.BANK_RETURNS)
        answer = await case.gateway.charge(request)
        assert isinstance(answer, Processing)
        assert answer.expected_at is not None and answer.expected_at > datetime.now(UTC)
        await case.settle(answer.provider_ref, None)
        found = await case.gateway.find_charge(request.reference, TEN)
        assert isinstance(found, Captured) and found.money == TEN
        assert found.returnable_until is not None and found.returnable_until > datetime.now(UTC)
        await case.settle(answer.provider_ref, "insufficient_funds")
        returned = Returned(answer.provider_ref, TEN, "insufficient_funds", hard=False)
        assert await case.gateway.find_charge(request.reference, TEN) == returned
        assert await case.gateway.void(request.reference) == returned


class HoldEventContract:
    """Webhooks about holds and returned debits."""

    async def told(self, case: Case, provider_ref: str, count: int) -> list[ProviderEvent]:
        """The first webhooks about an object, verified and read."""
        webhooks = await case.webhooks(provider_ref, count)
        now = datetime.now(UTC)
        return [case.gateway.parse_event(raw, headers, case.secrets, now) for raw, headers in webhooks]

    async def test_each_step_of_a_hold_is_announced_with_what_is_taken_and_left(self, case: Case) -> None:
        request, hold = await authorized(case)
        await case.gateway.capture(capture_of(request, hold, FOUR, final=False))
        await case.gateway.capture(capture_of(request, hold, Money(500, EUR)))
        events = await self.told(case, hold.provider_ref, 3)
        assert [(event.kind, event.money, event.authorized, event.capturable) for event in events] == [
            (EventKind.CHARGE_AUTHORIZED, TEN, TEN, TEN),
            (EventKind.CHARGE_CAPTURED, FOUR, TEN, SIX),
            (EventKind.CHARGE_CAPTURED, Money(900, EUR), TEN, NOTHING),
        ]
        assert events[0].until == (hold.expires_at if case.numbered else None)
        assert [event.sequence for event in events] == ([1, 2, 3] if case.numbered else [0, 0, 0])

    async def test_a_hold_that_ran_out_and_one_that_was_let_go_are_announced(self, case: Case) -> None:
        _, expiring = await authorized(case, Story.HOLD_RUNS_OUT)
        await case.settle(expiring.provider_ref, None)
        request, voided = await authorized(case)
        await case.gateway.void(request.reference)
        for hold, kind in ((expiring, EventKind.CHARGE_EXPIRED), (voided, EventKind.CHARGE_VOIDED)):
            assert (await self.told(case, hold.provider_ref, 2))[1].kind is kind

    @pytest.mark.row("C12")
    async def test_a_returned_debit_is_announced_with_its_amount_and_code(self, case: Case) -> None:
        answer = await case.gateway.charge(await charge_of(case, Story.BANK_RETURNS))
        assert isinstance(answer, Processing)
        await case.settle(answer.provider_ref, None)
        await case.settle(answer.provider_ref, "account_closed")
        event = (await self.told(case, answer.provider_ref, 3))[2]
        assert (event.kind, event.money, event.failure_code, event.hard) == (
            EventKind.CHARGE_RETURNED,
            TEN,
            "account_closed",
            True,
        )


class SettlementContract:
    """What the provider settles with us."""

    async def lines_of(self, case: Case, provider_ref: str) -> list[SettlementLine]:
        """All lines about a charge, read page by page."""
        found: list[SettlementLine] = []
        after, more = None, True
        while more:
            page = await case.gateway.settlement_lines(None, after, 1000)
            assert isinstance(page, SettlementLines)
            found.extend(line for line in page.lines if line.charge_ref == provider_ref)
            after, more = (page.lines[-1].line_ref if page.lines else after), page.more
        return found

    @pytest.mark.row("C5")
    async def test_each_capture_is_a_line_with_its_fee_apart(self, case: Case) -> None:
        request, hold = await authorized(case)
        await case.gateway.capture(capture_of(request, hold, FOUR, final=False))
        await case.gateway.capture(capture_of(request, hold, SIX))
        lines = await self.lines_of(case, hold.provider_ref)
        assert [(line.kind, line.gross, line.payout_ref) for line in lines] == [
            (LineKind.CHARGE, FOUR, None),
            (LineKind.CHARGE, SIX, None),
        ]
        assert all(line.fee.minor > 0 and line.reference == request.reference for line in lines)

    async def test_what_was_returned_goes_out_again(self, case: Case) -> None:
        answer = await case.gateway.charge(await charge_of(case, Story.BANK_RETURNS))
        assert isinstance(answer, Processing)
        await case.settle(answer.provider_ref, None)
        await case.settle(answer.provider_ref, "insufficient_funds")
        lines = await self.lines_of(case, answer.provider_ref)
        assert [(line.kind, line.gross) for line in lines] == [(LineKind.CHARGE, TEN), (LineKind.RETURN, -TEN)]

    async def test_a_plain_charge_is_one_line(self, case: Case) -> None:
        _, charge = await captured(case)
        (line,) = await self.lines_of(case, charge.provider_ref)
        assert (line.kind, line.gross, line.object_ref) == (LineKind.CHARGE, TEN, charge.provider_ref)
