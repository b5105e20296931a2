"""Disputes at a provider, in our words: what it says of one, what we answer it with, and the calls for that."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from domain.money import Money
from domain.payments.unsure import NotFound, Unavailable, Unknown


class DisputeStatus(StrEnum):
    """How far a dispute has come at the provider."""

    OPEN = "open"
    EVIDENCE_SUBMITTED = "evidence_submitted"
    WON = "won"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class DisputeFacts:
    """All that a provider says of one dispute: the whole of it every time, so that one look replaces lost events."""

    dispute_ref: str
    charge_ref: str
    reference: str | None
    """Our reference of the charge, where the provider keeps it with the dispute."""
    status: DisputeStatus
    money: Money
    """What was taken from us when it was opened; given back when it is won."""
    fee: Money
    """What it has cost us so far, beside its money; less than before where a fee was given back."""
    reason: str
    """Why the cardholder disputes, in the provider's word."""
    opened_at: datetime
    due_at: datetime | None
    """Until when it can be answered, where the provider says so."""
    metadata: Mapping[str, str]
    """What the charge was created with."""


@dataclass(frozen=True, slots=True)
class EvidenceText:
    """A fact in words; `kind` says what of."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class EvidenceFile:
    """A document with its bytes, and their sha256 in hexadecimal; `kind` says what it shows."""

    kind: str
    media_type: str
    sha256: str
    content: bytes


@dataclass(frozen=True, slots=True)
class EvidenceRequest:
    """The whole answer to a dispute, given once; `key` makes it once."""

    key: str
    dispute_ref: str
    texts: tuple[EvidenceText, ...]
    files: tuple[EvidenceFile, ...]


@dataclass(frozen=True, slots=True)
class AnswerRefused:
    """The provider does not take the answer: too late, or the dispute is answered or decided. Look it up."""

    code: str


@dataclass(frozen=True, slots=True)
class DisputesListed:
    """A page of disputes in the order in which they were opened; `more` says that others follow."""

    disputes: tuple[DisputeFacts, ...]
    more: bool


DisputeAnswer = DisputeFacts | AnswerRefused | Unknown | Unavailable
DisputeFound = DisputeFacts | NotFound | Unknown | Unavailable
DisputesAnswer = DisputesListed | Unknown | Unavailable


class DisputeCalls(Protocol):
    """The part of the port that is about disputes."""

    async def submit_evidence(self, request: EvidenceRequest) -> DisputeAnswer:
        """Answer a dispute; the same key again is the same answer."""

    async def accept_dispute(self, key: str, dispute_ref: str) -> DisputeAnswer:
        """Give in: the dispute is lost; the same key again is the same answer."""

    async def find_dispute(self, dispute_ref: str) -> DisputeFound:
        """How the dispute stands now."""

    async def list_disputes(self, since: datetime, after: str | None) -> DisputesAnswer:
        """Those that were opened since the instant, a page that begins after the one with that dispute_ref."""
