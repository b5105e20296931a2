"""Reading requests: bounded bodies in exactly the agreed shape, anything else refused."""

from typing import Annotated, Final, Literal, TypeVar

import msgspec
from msgspec import Meta
from starlette.requests import Request

from dev.provider.behaviour import Behaviour
from dev.provider.delivery import Order
from dev.provider.refusals import Refusal, Why

BODY_MAX: Final = 64 * 1024  # bytes; the largest lawful body, full metadata, is below 12 KiB
EVIDENCE_MAX: Final = 512 * 1024  # bytes; what a merchant says of a dispute comes with its files
_KEY_MAX: Final = 255

Amount = Annotated[int, Meta(gt=0, le=10**12)]  # far above any invoice, far below what an int8 sum could not hold
Currency = Annotated[str, Meta(pattern="^[A-Z]{3}$")]
Name = Annotated[str, Meta(min_length=1, max_length=255)]
Metadata = Annotated[
    dict[Annotated[str, Meta(max_length=40)], Annotated[str, Meta(max_length=500)]], Meta(max_length=20)
]


class Body(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What all bodies share: no field that nobody reads."""


class AddMethod(Body):
    token: Name


class CreatePayment(Body):
    amount_minor: Amount
    currency: Currency
    method: Name
    reference: Name
    capture: Literal["automatic", "manual"] = "automatic"
    metadata: Metadata = msgspec.field(default_factory=dict)


class CapturePayment(Body):
    payment: str = ""
    """Filled from the path, so that a key covers it."""
    amount_minor: Amount | None = None
    final: bool = True


class VoidReference(Body):
    reference: Name


class CreateRefund(Body):
    payment: Name
    amount_minor: Amount
    currency: Currency
    reference: Name


class SetBehaviour(Behaviour, frozen=True, kw_only=True, forbid_unknown_fields=True):
    token: Name | None = None
    method: Name | None = None


class Deliver(Body):
    """`events` by id, whatever became of them; else the held ones of a method, token or object."""

    events: list[str] | None = None
    method: str | None = None
    token: str | None = None
    object: str | None = None
    order: Order = "created"
    seed: int = 0
    times: Annotated[int, Meta(ge=1, le=10)] = 1
    url: str = ""


class Settle(Body):
    outcome: Name | None = None


class OpenDispute(Body):
    payment: Name
    amount_minor: Amount | None = None
    reason: Name = "fraudulent"
    answer_ms: Annotated[int, Meta(ge=0, le=10**10)] | None = None


class CloseDispute(Body):
    outcome: Literal["won", "lost"]
    fee_back: bool = False
    again: bool = False


class EvidenceItem(Body):
    """A text, or a file in base 64 with the hash that it must have."""

    kind: Name
    text: Annotated[str, Meta(min_length=1, max_length=20_000)] | None = None
    media_type: Name | None = None
    sha256: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")] | None = None
    content: str | None = None


class SubmitEvidence(Body, kw_only=True):
    dispute: str = ""
    """Filled from the path, so that a key covers it."""
    evidence: Annotated[list[EvidenceItem], Meta(min_length=1, max_length=40)]


class AcceptDispute(Body):
    dispute: str = ""
    """Filled from the path, so that a key covers it."""


class PayOut(Body):
    currency: Currency
    payments: list[str] | None = None


class OfKey(Body):
    key: Name


class Reset(Body):
    what: Literal["behaviour", "everything"]


_T = TypeVar("_T", bound=msgspec.Struct)


async def read_body(request: Request, shape: type[_T], most: int = BODY_MAX) -> _T:
    """The body as that shape; an empty one means all defaults. INVALID_REQUEST for anything else."""
    raw = bytearray()
    async for chunk in request.stream():
        raw += chunk
        if len(raw) > most:
            raise Refusal(Why.INVALID_REQUEST, f"the body is longer than {most} bytes")
    try:
        return msgspec.json.decode(bytes(raw) or b"{}", type=shape)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise Refusal(Why.INVALID_REQUEST, str(error)) from error


def read_key(request: Request) -> str:
    """The Idempotency-Key, which every request that moves money must carry."""
    key = request.headers.get("Idempotency-Key", "")
    if not 0 < len(key) <= _KEY_MAX:
        raise Refusal(Why.INVALID_REQUEST, f"Idempotency-Key must have 1 to {_KEY_MAX} characters")
    return key
