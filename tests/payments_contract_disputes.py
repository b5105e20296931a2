"""The part of the gateway contract that is about disputes: what is told of them, and how they are answered."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from domain.money import Money
from domain.payments.gateway import (
    AnswerRefused,
    Captured,
    DisputeFacts,
    DisputesListed,
    DisputeStatus,
    EventKind,
    EvidenceRequest,
    EvidenceText,
    LineKind,
    NotFound,
    ProviderEvent,
    RefundFailed,
    SettlementLines,
    Unknown,
)
from tests.payments_stories import EUR, TEN, Case, captured, refund_of

SEVEN = Money(700, EUR)


def answer_to(dispute: DisputeFacts) -> EvidenceRequest:
    """An answer of two texts."""
    texts = (EvidenceText("explanation", "They used it."), EvidenceText("usage", "Every day."))
    return EvidenceRequest(f"key-{uuid4().hex}", dispute.dispute_ref, texts, ())


async def disputed(case: Case, money: Money = TEN) -> tuple[Captured, DisputeFacts]:
    """A charge of which so much is disputed, and the dispute as the provider tells of it."""
    _, charge = await captured(case)
    found = await case.gateway.find_dispute(await case.dispute(charge.provider_ref, money))
    assert isinstance(found, DisputeFacts)
    return charge, found


class DisputeContract:
    """Disputes."""

    async def test_a_dispute_says_all_there_is_to_know_of_it(self, case: Case) -> None:
        request, charge = await captured(case)
        ref = await case.dispute(charge.provider_ref, SEVEN)
        found = await case.gateway.find_dispute(ref)
        assert isinstance(found, DisputeFacts)
        assert (found.dispute_ref, found.charge_ref, found.status) == (ref, charge.provider_ref, DisputeStatus.OPEN)
        assert (found.money, found.reason, found.metadata) == (SEVEN, "fraudulent", request.metadata)
        assert found.fee > Money.zero(EUR) and found.due_at is not None and found.due_at > datetime.now(UTC)
        assert await case.gateway.find_dispute("dispute_0") == NotFound()
        over = await case.gateway.refund(refund_of(charge, Money(301, EUR)))
        assert isinstance(over, RefundFailed), "what is disputed cannot be refunded as well"

    @pytest.mark.row("C7")
    async def test_evidence_is_given_once_however_often_it_is_sent(self, case: Case) -> None:
        _, dispute = await disputed(case)
        request = answer_to(dispute)
        answers = await asyncio.gather(*(case.gateway.submit_evidence(request) for _ in range(5)))
        expected = replace(dispute, status=DisputeStatus.EVIDENCE_SUBMITTED)
        assert expected in answers and all(each == expected or isinstance(each, Unknown) for each in answers)
        assert await case.gateway.find_dispute(dispute.dispute_ref) == expected
        assert isinstance(await case.gateway.submit_evidence(answer_to(dispute)), AnswerRefused)
        assert isinstance(await case.gateway.submit_evidence(replace(request, texts=request.texts[:1])), Unknown)

    @pytest.mark.parametrize("outcome", ["won", "lost"])
    async def test_a_decision_stands_and_cannot_be_answered(self, case: Case, outcome: str) -> None:
        _, dispute = await disputed(case)
        await case.decide(dispute.dispute_ref, outcome)
        found = await case.gateway.find_dispute(dispute.dispute_ref)
        assert found == replace(dispute, status=DisputeStatus(outcome))
        assert isinstance(await case.gateway.submit_evidence(answer_to(dispute)), AnswerRefused)
        assert isinstance(await case.gateway.accept_dispute("key", "dispute_0"), AnswerRefused)

    async def test_who_gives_in_has_lost_once(self, case: Case) -> None:
        _, dispute = await disputed(case)
        key = f"key-{uuid4().hex}"
        lost = replace(dispute, status=DisputeStatus.LOST)
        assert await case.gateway.accept_dispute(key, dispute.dispute_ref) == lost
        assert await case.gateway.accept_dispute(key, dispute.dispute_ref) == lost
        again = await case.gateway.accept_dispute(f"{key}-2", dispute.dispute_ref)
        assert isinstance(again, AnswerRefused)

    async def test_disputes_are_listed_in_the_order_in_which_they_were_opened(self, case: Case) -> None:
        _, charge = await captured(case)
        refs = [await case.dispute(charge.provider_ref, Money(minor, EUR)) for minor in (100, 200)]
        listed, after, more = [], None, True
        while more:
            page = await case.gateway.list_disputes(datetime.now(UTC) - timedelta(minutes=10), after)
            assert isinstance(page, DisputesListed)
            listed += [each.dispute_ref for each in page.disputes]
            after, more = (listed[-1] if listed else None), page.more
        assert [ref for ref in listed if ref in refs] == refs
        later = await case.gateway.list_disputes(datetime.now(UTC) + timedelta(days=1), None)
        assert later == DisputesListed((), more=False)

    @pytest.mark.row("C12")
    async def test_each_step_is_announced_with_the_whole_dispute(self, case: Case) -> None:
        charge, dispute = await disputed(case, SEVEN)
        await case.gateway.submit_evidence(answer_to(dispute))
        await case.decide(dispute.dispute_ref, "won")
        events = await self.told(case, dispute.dispute_ref, 3)
        assert [event.kind for event in events] == [
            EventKind.DISPUTE_OPENED, EventKind.DISPUTE_ANSWERED, EventKind.DISPUTE_WON,
        ]  # fmt: skip
        for event, status in zip(events, ("open", "evidence_submitted", "won"), strict=True):
            assert event.dispute is not None
            expected = replace(dispute, status=DisputeStatus(status))
            # Not every provider says with a dispute what its charge was created with: then it is asked.
            assert replace(event.dispute, metadata=dispute.metadata, reference=dispute.reference) == expected
            assert (event.charge_ref, event.money) == (charge.provider_ref, SEVEN)

    async def told(self, case: Case, ref: str, count: int) -> list[ProviderEvent]:
        """The first webhooks about the dispute, verified and read."""
        webhooks, now = await case.webhooks(ref, count), datetime.now(UTC)
        return [case.gateway.parse_event(raw, headers, case.secrets, now) for raw, headers in webhooks]

    async def test_what_is_taken_and_given_back_are_lines_of_the_settlement(self, case: Case) -> None:
        charge, dispute = await disputed(case, SEVEN)
        await case.decide(dispute.dispute_ref, "won")
        found, after, more = [], None, True
        while more:
            page = await case.gateway.settlement_lines(None, after, 1000)
            assert isinstance(page, SettlementLines)
            found += [line for line in page.lines if line.object_ref == dispute.dispute_ref]
            after, more = (page.lines[-1].line_ref if page.lines else after), page.more
        assert [(line.kind, line.gross, line.charge_ref) for line in found] == [
            (LineKind.DISPUTE, -SEVEN, charge.provider_ref),
            (LineKind.DISPUTE_REVERSED, SEVEN, charge.provider_ref),
        ]
        assert found[0].fee + found[1].fee == dispute.fee
