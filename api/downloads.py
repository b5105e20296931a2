"""Documents as PDF, for the bearer token of the customer they belong to."""

from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from api.bucket import Bucket, throttled
from api.errors import MASKED, Code, Fault, masked
from api.graph.context import Rooms, authenticate, caller_of
from domain.ids import CustomerId, InvoiceId, ReceiptId
from domain.invoices.issued import invoice_pdf
from domain.payments.receipt_document import receipt_pdf
from domain.refusals import RefusalCode, Refused

DOCUMENT_COST: Final = 50  # points: a page of typesetting takes as long as fifty small objects
_STATUS: Final = {
    Code.UNAUTHENTICATED.value: 401,
    Code.FORBIDDEN.value: 403,
    Code.THROTTLED.value: 429,
    RefusalCode.NOT_FOUND.value: 404,
    RefusalCode.UNAVAILABLE.value: 503,
}  # any other refusal is about the state of the document: 409


def routes(rooms: Rooms, bucket: Bucket) -> list[Route]:
    """The download door of this process; documents are paid for from the caller's bucket, as queries are."""
    door = _Door(rooms, bucket)
    return [
        Route("/documents/receipts/{id}.pdf", door.receipt),
        Route("/documents/invoices/{id}.pdf", door.invoice),
    ]


class _Door:
    """Finds out who asks, and renders for the owner only."""

    def __init__(self, rooms: Rooms, bucket: Bucket) -> None:
        self._rooms, self._bucket = rooms, bucket

    async def receipt(self, request: Request) -> Response:
        """The receipt of that id."""
        return await self._answer(request, "receipt")

    async def invoice(self, request: Request) -> Response:
        """The invoice of that id."""
        return await self._answer(request, "invoice")

    async def _answer(self, request: Request, kind: str) -> Response:
        try:
            principal, actor = await authenticate(self._rooms, request)
            if actor.customer is None:
                raise Fault(Code.FORBIDDEN, "Documents are for portal users.")
            throttle = await self._bucket.take(caller_of(principal), DOCUMENT_COST)
            if not throttle.granted:
                raise throttled(throttle, DOCUMENT_COST)
            pdf = await self._rendered(actor.customer, kind, request.path_params["id"])
        except Fault as fault:
            return _refused(fault.message, _headers(fault), **(fault.extensions or {}))
        except Refused as refused:
            return _refused(refused.message, code=refused.code.value)
        except Exception as error:
            return JSONResponse({**masked(error), "message": MASKED}, 500)
        headers = {"Content-Disposition": f'inline; filename="{kind}.pdf"', "Cache-Control": "private, no-store"}
        return Response(pdf, media_type="application/pdf", headers=headers)

    async def _rendered(self, owner: CustomerId, kind: str, id: str) -> bytes:
        if kind == "receipt":
            return await receipt_pdf(self._rooms.db, owner, ReceiptId.parse(id))
        return await invoice_pdf(self._rooms.db, owner, InvoiceId.parse(id))


def _headers(fault: Fault) -> dict[str, str]:
    """What the status of a refusal asks for."""
    if fault.code is Code.UNAUTHENTICATED:
        return {"WWW-Authenticate": "Bearer"}
    if fault.code is Code.THROTTLED:
        return {"Retry-After": str((fault.extensions or {})["retryAfterSeconds"])}
    return {}


def _refused(message: str, headers: dict[str, str] | None = None, *, code: str, **details: object) -> Response:
    return JSONResponse({"code": code, "message": message, **details}, _STATUS.get(code, 409), headers)
