"""Documents as PDF, for the bearer token of the customer they belong to."""

from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from api.errors import MASKED, Code, Fault, masked
from api.graph.context import Rooms, authenticate
from domain.ids import CustomerId, InvoiceId, ReceiptId
from domain.invoices.issued import invoice_pdf
from domain.payments.receipt_document import receipt_pdf
from domain.refusals import RefusalCode, Refused

_STATUS: Final = {
    Code.UNAUTHENTICATED.value: 401,
    Code.FORBIDDEN.value: 403,
    RefusalCode.NOT_FOUND.value: 404,
    RefusalCode.UNAVAILABLE.value: 503,
}  # any other refusal is about the state of the document: 409


def routes(rooms: Rooms) -> list[Route]:
    """The download door of this process."""
    return [
        Route("/documents/receipts/{id}.pdf", _Door(rooms).receipt),
        Route("/documents/invoices/{id}.pdf", _Door(rooms).invoice),
    ]


class _Door:
    """Finds out who asks, and renders for the owner only."""

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms

    async def receipt(self, request: Request) -> Response:
        """The receipt of that id."""
        return await self._answer(request, "receipt")

    async def invoice(self, request: Request) -> Response:
        """The invoice of that id."""
        return await self._answer(request, "invoice")

    async def _answer(self, request: Request, kind: str) -> Response:
        try:
            _, actor = await authenticate(self._rooms, request)
            if actor.customer is None:
                raise Fault(Code.FORBIDDEN, "Documents are for portal users.")
            pdf = await self._rendered(actor.customer, kind, request.path_params["id"])
        except Fault as fault:
            return _refused(fault.code.value, fault.message)
        except Refused as refused:
            return _refused(refused.code.value, refused.message)
        except Exception as error:
            return JSONResponse({**masked(error), "message": MASKED}, 500)
        headers = {"Content-Disposition": f'inline; filename="{kind}.pdf"', "Cache-Control": "private, no-store"}
        return Response(pdf, media_type="application/pdf", headers=headers)

    async def _rendered(self, owner: CustomerId, kind: str, id: str) -> bytes:
        if kind == "receipt":
            return await receipt_pdf(self._rooms.db, owner, ReceiptId.parse(id))
        return await invoice_pdf(self._rooms.db, owner, InvoiceId.parse(id))


def _refused(code: str, message: str) -> Response:
    return JSONResponse({"code": code, "message": message}, _STATUS.get(code, 409))
