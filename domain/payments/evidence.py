"""What we say in a dispute: texts and files, stored once by their hash in a table whose content can be erased."""

import hashlib
from base64 import b64decode
from binascii import Error
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from domain.db import Primary, Tx
from domain.ids import CustomerId, DisputeId
from domain.payments.dispute_calls import EvidenceFile, EvidenceText
from domain.refusals import RefusalCode, Refused
from domain.wire import personal

TEXT = "text/plain"
# How each type of file begins: what an issuer's desk can open, and nothing that runs.
BEGINS = {"application/pdf": b"%PDF-", "image/png": b"\x89PNG\r\n\x1a\n", "image/jpeg": b"\xff\xd8\xff"}
MOST_BYTES = 180_000  # of all files of an answer: in base 64 they fit into a request of 256 KB
MOST_FILES = 10  # one for each kind, and a few more
TEXT_LENGTH = 5000  # characters: two pages, which is more than issuers read


class EvidenceKind(StrEnum):
    """What a piece of evidence is about."""

    EXPLANATION = "explanation"
    SERVICE = "service"
    USAGE = "usage"
    COMMUNICATION = "communication"
    RECEIPT = "receipt"
    TERMS = "terms"
    REFUND = "refund"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class TextGiven:
    """A fact in words; one for each kind."""

    kind: EvidenceKind
    text: str = personal()


@dataclass(frozen=True, slots=True)
class FileGiven:
    """A document in base 64."""

    kind: EvidenceKind
    media_type: str
    content: str = personal()


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece that was checked."""

    kind: EvidenceKind
    media_type: str
    content: bytes

    @property
    def sha256(self) -> bytes:
        """The hash under which it is kept."""
        return hashlib.sha256(self.content).digest()


def pieces_of(texts: Sequence[TextGiven], files: Sequence[FileGiven]) -> list[Piece]:
    """All of an answer; INVALID_INPUT for nothing, too much, a kind of text twice, and a file that is not its type."""
    if not texts and not files:
        raise Refused(RefusalCode.INVALID_INPUT, "Say something, or show a document.", ("texts",))
    if len({each.kind for each in texts}) < len(texts):
        raise Refused(RefusalCode.INVALID_INPUT, "There is one text of each kind.", ("texts",))
    if not all(1 <= len(each.text) <= TEXT_LENGTH and each.text.strip() for each in texts):
        raise Refused(RefusalCode.INVALID_INPUT, f"A text has 1 to {TEXT_LENGTH} characters.", ("texts", "text"))
    found = [Piece(each.kind, TEXT, each.text.encode()) for each in texts]
    documents = [Piece(each.kind, each.media_type, _bytes(each)) for each in files]
    if len(files) > MOST_FILES or sum(len(each.content) for each in documents) > MOST_BYTES:
        message = f"There are at most {MOST_FILES} files, of {MOST_BYTES} bytes together."
        raise Refused(RefusalCode.INVALID_INPUT, message, ("files",))
    return found + documents


def _bytes(given: FileGiven) -> bytes:
    begins = BEGINS.get(given.media_type)
    if begins is None:
        raise Refused(RefusalCode.INVALID_INPUT, "A file is a PDF, a PNG or a JPEG.", ("files", "mediaType"))
    try:
        content = b64decode(given.content.encode("ascii"), validate=True)
    except (UnicodeEncodeError, Error) as error:
        raise Refused(RefusalCode.INVALID_INPUT, "A file comes in base 64.", ("files", "content")) from error
    if not content.startswith(begins):
        raise Refused(RefusalCode.INVALID_INPUT, f"This is no {given.media_type}.", ("files", "content"))
    return content


async def store_evidence(tx: Tx, id: DisputeId, answer: int, pieces: Sequence[Piece]) -> None:
    """Keeps the bytes once, whatever refers to them, and what the answer consists of."""
    for position, piece in enumerate(pieces, 1):
        await tx.execute(
            """INSERT INTO evidence_file (shard_key, customer_id, sha256, media_type, size, content, recorded_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING""",
            tx.customer.shard, tx.customer.uuid, piece.sha256, piece.media_type, len(piece.content), piece.content,
            tx.recorded_at,
        )  # fmt: skip
        await tx.execute(
            """INSERT INTO dispute_evidence (shard_key, customer_id, dispute_id, answer, position, kind, sha256,
                   media_type)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8)""",
            tx.customer.shard, tx.customer.uuid, id.uuid, answer, position, piece.kind.value, piece.sha256,
            piece.media_type,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Kept:
    """What is known of a piece without its content; ``answer`` counts the answers to the dispute."""

    answer: int
    kind: EvidenceKind
    media_type: str
    sha256: str
    size: int


async def evidence_of_disputes(
    db: Primary, shard: int, ids: Sequence[tuple[CustomerId, DisputeId]]
) -> dict[DisputeId, list[Kept]]:
    """What was said in each of these disputes of one shard key, in order; each with the customer that it is of."""
    rows = await db.fetch(
        """SELECT e.dispute_id, e.answer, e.kind, e.media_type, e.sha256, f.size
             FROM unnest($2::uuid[], $3::uuid[]) AS w (customer_id, dispute_id)
             JOIN dispute_evidence e ON e.shard_key = $1 AND e.customer_id = w.customer_id
                                    AND e.dispute_id = w.dispute_id
             JOIN evidence_file f ON f.shard_key = e.shard_key AND f.customer_id = e.customer_id
                                 AND f.sha256 = e.sha256 AND f.media_type = e.media_type
            ORDER BY e.dispute_id, e.answer, e.position""",
        shard,
        [customer.uuid for customer, _ in ids],
        [id.uuid for _, id in ids],
    )
    found: dict[DisputeId, list[Kept]] = {}
    for row in rows:
        kept = Kept(row["answer"], EvidenceKind(row["kind"]), row["media_type"], row["sha256"].hex(), row["size"])
        found.setdefault(DisputeId(shard, row["dispute_id"]), []).append(kept)
    return found


async def answer_of(
    db: Primary, customer: CustomerId, id: DisputeId, answer: int
) -> tuple[tuple[EvidenceText, ...], tuple[EvidenceFile, ...]]:
    """The texts and files of one answer, but for those whose content was erased."""
    rows = await db.fetch(
        """SELECT e.kind, e.media_type, e.sha256, f.content
             FROM dispute_evidence e
             JOIN evidence_file f ON f.shard_key = e.shard_key AND f.customer_id = e.customer_id
                                 AND f.sha256 = e.sha256 AND f.media_type = e.media_type
            WHERE e.shard_key = $1 AND e.customer_id = $2 AND e.dispute_id = $3 AND e.answer = $4
              AND f.content IS NOT NULL
            ORDER BY e.position""",
        customer.shard,
        customer.uuid,
        id.uuid,
        answer,
    )
    texts = [EvidenceText(row["kind"], row["content"].decode()) for row in rows if row["media_type"] == TEXT]
    files = [
        EvidenceFile(row["kind"], row["media_type"], row["sha256"].hex(), row["content"])
        for row in rows
        if row["media_type"] != TEXT
    ]
    return tuple(texts), tuple(files)
