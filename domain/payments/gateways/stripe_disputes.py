"""Disputes at Stripe: what its objects say, and the requests about them. Its inquiries move no money: they are none."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from domain.money import Money
from domain.payments.gateway import (
    AnswerRefused,
    DisputeAnswer,
    DisputeFacts,
    DisputeFound,
    DisputesAnswer,
    DisputesListed,
    DisputeStatus,
    EvidenceRequest,
    NotFound,
    Unknown,
)
from domain.payments.gateways.stripe_amounts import from_stripe
from domain.payments.gateways.stripe_calls import MOST, page_of
from domain.payments.gateways.stripe_http import Answer, Heard, KeyTaken, Turned, ask
from domain.payments.gateways.stripe_read import REFERENCE
from domain.payments.gateways.stripe_wire import WireIntent, WireList

NO_FILES: Final = "files_are_uploaded_by_hand"  # Stripe takes them at another address, which this adapter does not use
_PAGES_MAX: Final = 50  # of a hundred: more disputes than that in a few days are looked at by people first
_STATUS: Final = {
    "needs_response": DisputeStatus.OPEN,
    "under_review": DisputeStatus.EVIDENCE_SUBMITTED,
    "won": DisputeStatus.WON,
    "lost": DisputeStatus.LOST,
}
# Which of Stripe's fields each kind of text goes into; all others go together into the one that takes anything.
_FIELDS: Final = {
    "service": "product_description",
    "usage": "access_activity_log",
    "terms": "refund_policy_disclosure",
    "refund": "refund_refusal_explanation",
}
_REST: Final = "uncategorized_text"
_WHOLE: Final = {"expand": ["payment_intent"]}


class WireMoved(msgspec.Struct, frozen=True):
    """What a dispute moved on our balance, in the currency of that."""

    fee: int = 0
    currency: str = ""


class WireDetails(msgspec.Struct, frozen=True):
    """Until when it can be answered."""

    due_by: int | None = None


class WireDispute(msgspec.Struct, frozen=True):
    """A dispute; `payment_intent` is whole where we asked for it, else its id."""

    id: str
    status: str
    amount: int
    currency: str
    reason: str
    created: int
    payment_intent: WireIntent | str | None = None
    balance_transactions: list[WireMoved] = []
    evidence_details: WireDetails = WireDetails()


def read_dispute(dispute: WireDispute) -> DisputeFacts | None:
    """The dispute in our words; None for an inquiry, and for money that we have no words for.

    Its fee is zero where it was taken in another currency than was charged: the settlement lines tell of it then.
    """
    status, money = _STATUS.get(dispute.status), from_stripe(dispute.amount, dispute.currency)
    moved = dispute.balance_transactions
    taken = sum(each.fee for each in moved) if all(each.currency == dispute.currency for each in moved) else 0
    fee = from_stripe(max(0, taken), dispute.currency)
    intent = dispute.payment_intent
    if status is None or money is None or fee is None or intent is None or money <= Money.zero(money.currency):
        return None
    metadata: Mapping[str, str] = intent.metadata if isinstance(intent, WireIntent) else {}
    due = dispute.evidence_details.due_by
    return DisputeFacts(
        dispute_ref=dispute.id,
        charge_ref=intent.id if isinstance(intent, WireIntent) else intent,
        reference=metadata.get(REFERENCE),
        status=status,
        money=money,
        fee=fee,
        reason=dispute.reason,
        opened_at=datetime.fromtimestamp(dispute.created, UTC),
        due_at=None if due is None else datetime.fromtimestamp(due, UTC),
        metadata={name: value for name, value in metadata.items() if name != REFERENCE},
    )


async def submit_evidence(client: Any, request: EvidenceRequest) -> DisputeAnswer:
    """Submits the texts; an answer with files is refused, and nothing of it is sent."""
    if request.files:
        return AnswerRefused(NO_FILES)
    said: dict[str, str] = {}
    for each in request.texts:
        field = _FIELDS.get(each.kind, _REST)
        said[field] = f"{said[field]}\n\n{each.text}" if field in said else each.text
    params = {"evidence": said, "submit": True, **_WHOLE}
    return _answer(
        await ask(client.disputes.update_async(request.dispute_ref, params, {"idempotency_key": request.key}))
    )


async def accept_dispute(client: Any, key: str, dispute_ref: str) -> DisputeAnswer:
    """Closes it, which Stripe's word for giving in is."""
    return _answer(await ask(client.disputes.close_async(dispute_ref, dict(_WHOLE), {"idempotency_key": key})))


async def find_dispute(client: Any, dispute_ref: str) -> DisputeFound:
    """The dispute with what its charge was created with."""
    answer = await ask(client.disputes.retrieve_async(dispute_ref, dict(_WHOLE)))
    if isinstance(answer, Turned):
        return NotFound() if answer.missing else Unknown(answer.code)
    found = _answer(answer)
    return Unknown(found.code) if isinstance(found, AnswerRefused) else found


async def list_disputes(client: Any, since: datetime, after: str | None) -> DisputesAnswer:
    """All of them at once: Stripe lists the newest first, so that the oldest are the last that it says."""
    found: list[WireDispute] = []
    asked: dict[str, object] = {"created": {"gte": int(since.timestamp())}, "limit": MOST}
    asked["expand"] = ["data.payment_intent"]
    for _ in range(_PAGES_MAX):
        page = await page_of(client.disputes, WireDispute, asked)
        if not isinstance(page, WireList):
            return page
        found += page.data
        if not page.has_more:
            facts = [each for one in reversed(found) if (each := read_dispute(one)) is not None]
            places = [each.dispute_ref for each in facts]
            return DisputesListed(tuple(facts[places.index(after) + 1 :] if after in places else facts), more=False)
        asked["starting_after"] = page.data[-1].id
    return Unknown("too many disputes")


def _answer(answer: Answer) -> DisputeAnswer:
    if isinstance(answer, Turned):
        return AnswerRefused(answer.code)
    if isinstance(answer, KeyTaken):
        return Unknown("the key was used for another request")
    if not isinstance(answer, Heard):
        return answer
    dispute = answer.read(WireDispute)
    if isinstance(dispute, Unknown):
        return dispute
    return read_dispute(dispute) or Unknown(f"dispute {dispute.status[:40]}")
