"""Documents as PDF, and e-invoices as XML, for the bearer token of the customer they belong to."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from api.bucket import Bucket, throttled
from api.errors import MASKED, Code, Fault, masked
from api.graph.context import Rooms, authenticate, caller_of
from domain.database import Database
from domain.ids import CreditNoteId, CustomerId, InvoiceId, ReceiptId
from domain.invoices.credit_note_document import credit_note_pdf, credit_note_xml
from domain.invoices.invoice_document import invoice_pdf, invoice_xml
from domain.payments.receipt_document import receipt_pdf
from domain.refusals import Gone, RefusalCode, Refused

DOCUMENT_COST: Final = 50  # points: a page of typesetting takes as long as fifty small objects
_STATUS: Final = {
    Code.UNAUTHENTICATED.value: 401,
    Code.FORBIDDEN.value: 403,
    Code.CSRF.value: 403,
    Code.THROTTLED.value: 429,
    RefusalCode.NOT_FOUND.value: 404,
    Code.GONE.value: 410,
    RefusalCode.UNAVAILABLE.value: 503,
}  # any other refusal is about the state of the document: 409


@dataclass(frozen=True, slots=True)
class _Kind:
    """A kind of document: where it is found, what it is saved as, and how it is made for its owner."""

    folder: str
    file: str
    render: Callable[[Database, CustomerId, str], Awaitable[bytes]]

    @property
    def media_type(self) -> str:
        """What it is sent as."""
        return "application/xml" if self.file.endswith(".xml") else "application/pdf"


_KINDS: Final = (
    _Kind("receipts", "receipt.pdf", lambda db, owner, id: receipt_pdf(db, owner, ReceiptId.parse(id))),
    _Kind("invoices", "invoice.pdf", lambda db, owner, id: invoice_pdf(db, owner, InvoiceId.parse(id))),
    _Kind("invoices", "invoice.xml", lambda db, owner, id: invoice_xml(db, owner, InvoiceId.parse(id))),
    _Kind("credit-notes", "credit-note.pdf", lambda db, owner, id: credit_note_pdf(db, owner, CreditNoteId.parse(id))),
    _Kind("credit-notes", "credit-note.xml", lambda db, owner, id: credit_note_xml(db, owner, CreditNoteId.parse(id))),
)


def routes(rooms: Rooms, bucket: Bucket) -> list[Route]:
    """The download door of this process; documents are paid for from the caller's bucket, as queries are."""
    door = _Door(rooms, bucket)
    return [
        Route(f"/documents/{kind.folder}/{{id}}.{kind.file.rpartition('.')[2]}", partial(door.answer, kind))
        for kind in _KINDS
    ]


class _Door:
    """Finds out who asks, and renders for the owner only."""

    def __init__(self, rooms: Rooms, bucket: Bucket) -> None:
        self._rooms, self._bucket = rooms, bucket

    async def answer(self, kind: _Kind, request: Request) -> Response:
        """The document of the id in the path."""
        try:
            principal, actor = await authenticate(self._rooms, request, "portal")
            if actor.customer is None or actor.link is not None:
                raise Fault(Code.FORBIDDEN, "Documents are for portal users.")
            throttle = await self._bucket.take(caller_of(principal), DOCUMENT_COST)
            if not throttle.granted:
                raise throttled(throttle, DOCUMENT_COST)
            document = await kind.render(self._rooms.db, actor.customer, request.path_params["id"])
        except Fault as fault:
            return _refused(fault.message, _headers(fault), **(fault.extensions or {}))
        except Gone as gone:
            return _refused(gone.message, code=Code.GONE.value)
        except Refused as refused:
            return _refused(refused.message, code=refused.code.value)
        except Exception as error:
            return JSONResponse({**masked(error), "message": MASKED}, 500)
        headers = {"Content-Disposition": f'inline; filename="{kind.file}"', "Cache-Control": "private, no-store"}
        return Response(document, media_type=kind.media_type, headers=headers)


def _headers(fault: Fault) -> dict[str, str]:
    """What the status of a refusal asks for."""
    if fault.code is Code.UNAUTHENTICATED:
        return {"WWW-Authenticate": "Bearer"}
    if fault.code is Code.THROTTLED:
        return {"Retry-After": str((fault.extensions or {})["retryAfterSeconds"])}
    return {}


def _refused(message: str, headers: dict[str, str] | None = None, *, code: str, **details: object) -> Response:
    return JSONResponse({"code": code, "message": message, **details}, _STATUS.get(code, 409), headers)
