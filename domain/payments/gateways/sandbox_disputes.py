"""The sandbox provider's disputes: what its objects say, and the requests about them."""

from abc import ABC, abstractmethod
from base64 import b64encode
from collections.abc import Mapping
from datetime import datetime
from typing import Final
from urllib.parse import quote

import msgspec

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
    Unavailable,
    Unknown,
)
from domain.payments.gateways.sandbox_http import Reply, object_of
from domain.payments.gateways.sandbox_wire import money_of

_MISMATCH: Final = Unknown("mismatch")


class WireDispute(msgspec.Struct, frozen=True):
    """`fee_minor` is what it has cost so far; `metadata` is that of the payment."""

    id: str
    payment: str
    status: str
    amount_minor: int
    currency: str
    reason: str
    created_at: datetime
    metadata: dict[str, str]
    reference: str = ""
    fee_minor: int = 0
    due_at: datetime | None = None


class DisputeList(msgspec.Struct, frozen=True):
    """Disputes in the order in which they were opened."""

    disputes: list[WireDispute]
    more: bool


def read_dispute(dispute: WireDispute) -> DisputeFacts | None:
    """The dispute in our words; None for money or a state that we have no words for."""
    money, fee = money_of(dispute.amount_minor, dispute.currency), money_of(dispute.fee_minor, dispute.currency)
    if money is None or fee is None or money.minor <= 0 or fee.minor < 0 or dispute.status not in list(DisputeStatus):
        return None
    return DisputeFacts(
        dispute_ref=dispute.id,
        charge_ref=dispute.payment,
        reference=dispute.reference or None,
        status=DisputeStatus(dispute.status),
        money=money,
        fee=fee,
        reason=dispute.reason,
        opened_at=dispute.created_at,
        due_at=dispute.due_at,
        metadata=dispute.metadata,
    )


class DisputeHttp(ABC):
    """The part of the sandbox gateway that is about disputes."""

    async def submit_evidence(self, request: EvidenceRequest) -> DisputeAnswer:
        said: list[dict[str, str]] = [{"kind": each.kind, "text": each.text} for each in request.texts]
        said += [
            {"kind": each.kind, "media_type": each.media_type, "sha256": each.sha256,
             "content": b64encode(each.content).decode()}
            for each in request.files
        ]  # fmt: skip
        return await self._answer(request.dispute_ref, "evidence", request.key, {"evidence": said})

    async def accept_dispute(self, key: str, dispute_ref: str) -> DisputeAnswer:
        return await self._answer(dispute_ref, "accept", key, {})

    async def _answer(self, dispute_ref: str, what: str, key: str, body: Mapping[str, object]) -> DisputeAnswer:
        path = f"/v1/disputes/{quote(dispute_ref, safe='')}/{what}"
        reply = await self._send("POST", path, key=key, body=body)
        if not isinstance(reply, Reply):
            return reply
        if reply.refusal:
            return AnswerRefused(reply.refusal.code)
        return _read(reply, dispute_ref)

    async def find_dispute(self, dispute_ref: str) -> DisputeFound:
        reply = await self._send("GET", f"/v1/disputes/{quote(dispute_ref, safe='')}")
        if not isinstance(reply, Reply):
            return reply
        if reply.refusal and reply.refusal.code == "not_found":
            return NotFound()
        return _read(reply, dispute_ref)

    async def list_disputes(self, since: datetime, after: str | None) -> DisputesAnswer:
        query = {"since": since.isoformat()} | ({"after": after} if after else {})
        reply = await self._send("GET", "/v1/disputes", query=query)
        if not isinstance(reply, Reply):
            return reply
        listed = object_of(reply, DisputeList)
        if listed is None:
            return reply.unclear
        found = [facts for each in listed.disputes if (facts := read_dispute(each)) is not None]
        return DisputesListed(tuple(found), listed.more) if len(found) == len(listed.disputes) else _MISMATCH

    @abstractmethod
    async def _send(
        self,
        method: str,
        path: str,
        *,
        key: str | None = None,
        body: Mapping[str, object] | None = None,
        query: Mapping[str, str] | None = None,
    ) -> Reply | Unknown | Unavailable:
        """As the gateway sends; never raises for the network."""


def _read(reply: Reply, dispute_ref: str) -> DisputeFacts | Unknown:
    dispute = object_of(reply, WireDispute)
    if dispute is None:
        return reply.unclear
    facts = read_dispute(dispute)
    return facts if facts is not None and facts.dispute_ref == dispute_ref else _MISMATCH
