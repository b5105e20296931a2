"""Documents as PDF, and e-invoices as XML, for the customer they belong to and for the staff of its tenant."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from api.bucket import Bucket, throttled
from api.errors import Code, Fault
from api.graph.context import Rooms, authenticate
from domain.actor import STAFF, Actor
from domain.database import Database
from domain.db import Primary
from domain.ids import CreditNoteId, CustomerId, InvoiceId, ReceiptId, TenantId
from domain.invoices.credit_note_document import credit_note_pdf, credit_note_xml
from domain.invoices.invoice_document import invoice_pdf, invoice_xml
from domain.invoices.owner import credit_note_owner, invoice_owner
from domain.payments.owner import receipt_owner
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
    """A kind of document: where it is found, what it is saved as, whose it is, and how it is made for its owner."""

    folder: str
    file: str
    owner: Callable[[Primary, TenantId, str], Awaitable[CustomerId | None]]
    render: Callable[[Database, CustomerId, str], Awaitable[bytes]]

    @property
    def media_type(self) -> str:
        """What it is sent as."""
        return "application/xml" if self.file.endswith(".xml") else "application/pdf"


async def _receipt(db: Primary, tenant: TenantId, id: str) -> CustomerId | None:
    return await receipt_owner(db, tenant, ReceiptId.parse(id))


async def _invoice(db: Primary, tenant: TenantId, id: str) -> CustomerId | None:
    return await invoice_owner(db, tenant, InvoiceId.parse(id))


async def _note(db: Primary, tenant: TenantId, id: str) -> CustomerId | None:
    return await credit_note_owner(db, tenant, CreditNoteId.parse(id))


_KINDS: Final = (
    _Kind("receipts", "receipt.pdf", _receipt, lambda db, of, id: receipt_pdf(db, of, ReceiptId.parse(id))),
    _Kind("invoices", "invoice.pdf", _invoice, lambda db, of, id: invoice_pdf(db, of, InvoiceId.parse(id))),
    _Kind("invoices", "invoice.xml", _invoice, lambda db, of, id: invoice_xml(db, of, InvoiceId.parse(id))),
    _Kind("credit-notes", "credit-note.pdf", _note, lambda db, of, id: credit_note_pdf(db, of, CreditNoteId.parse(id))),
    _Kind("credit-notes", "credit-note.xml", _note, lambda db, of, id: credit_note_xml(db, of, CreditNoteId.parse(id))),
)


def routes(rooms: Rooms, bucket: Bucket) -> list[Route]:
    """The download door of this process; documents are paid for from the caller's bucket, as queries are."""
    door = _Door(rooms, bucket)
    return [
        Route(f"/documents/{kind.folder}/{{id}}.{kind.file.rpartition('.')[2]}", partial(door.answer, kind))
        for kind in _KINDS
    ]


class _Door:
    """Finds out who asks, and renders for the owner, or for staff of the tenant whose customer that is."""

    def __init__(self, rooms: Rooms, bucket: Bucket) -> None:
        self._rooms, self._bucket = rooms, bucket

    async def answer(self, kind: _Kind, request: Request) -> Response:
        """The document of the id in the path."""
        try:
            principal, actor = await authenticate(self._rooms, request, self._surface(request))
            id = request.path_params["id"]
            owner = await self._owner(kind, actor, id)
            throttle = await self._bucket.take(principal.caller, DOCUMENT_COST)
            if not throttle.granted:
                raise throttled(throttle, DOCUMENT_COST)
            document = await kind.render(self._rooms.db, owner, id)
        except Fault as fault:
            return _refused(fault.message, _headers(fault), **(fault.extensions or {}))
        except Gone as gone:
            return _refused(gone.message, code=Code.GONE.value)
        except Refused as refused:
            return _refused(refused.message, code=refused.code.value)
        headers = {"Content-Disposition": f'inline; filename="{kind.file}"', "Cache-Control": "private, no-store"}
        return Response(document, media_type=kind.media_type, headers=headers)

    def _surface(self, request: Request) -> str:
        """Whose session counts where a link is followed, which says nothing: ?surface=staff, or the only one."""
        cookies = self._rooms.sessions.cookies
        only_staff = cookies.read(request, "staff") and not cookies.read(request, "portal")
        return request.query_params.get("surface", "staff" if only_staff else "portal")

    async def _owner(self, kind: _Kind, actor: Actor, id: str) -> CustomerId:
        if actor.customer is not None and actor.link is None:
            return actor.customer
        if not actor.grants & STAFF or actor.tenant is None:
            raise Fault(Code.FORBIDDEN, "Documents are for portal users and staff.")
        owner = await kind.owner(self._rooms.db.primary, actor.tenant, id)
        if owner is None:
            raise Refused(RefusalCode.NOT_FOUND, "There is no such document.")
        return owner


def _headers(fault: Fault) -> dict[str, str]:
    """What the status of a refusal asks for."""
    if fault.code is Code.UNAUTHENTICATED:
        return {"WWW-Authenticate": "Bearer"}
    if fault.code is Code.THROTTLED:
        return {"Retry-After": str((fault.extensions or {})["retryAfterSeconds"])}
    return {}


def _refused(message: str, headers: dict[str, str] | None = None, *, code: str, **details: object) -> Response:
    return JSONResponse({"code": code, "message": message, **details}, _STATUS.get(code, 409), headers)
