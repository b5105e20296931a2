"""Disputes over HTTP: the merchant looks at them and answers."""

from base64 import b64decode
from collections.abc import Callable
from datetime import datetime
from hashlib import sha256
from typing import Final

from msgspec.structs import replace
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from dev.provider import disputes, records
from dev.provider.behaviour import plan_request
from dev.provider.http.bodies import EVIDENCE_MAX, AcceptDispute, EvidenceItem, SubmitEvidence, read_body
from dev.provider.http.keyed import Act, act_freely, act_once, provider_of
from dev.provider.http.views import View, dispute_view
from dev.provider.records import Dispute, Evidence, Method
from dev.provider.refusals import Refusal, Why

_PAGE_MAX: Final = 100  # a page that stays below what clients read


async def _submit(request: Request) -> Response:
    dispute_id = request.path_params["id"]
    body = replace(await read_body(request, SubmitEvidence, EVIDENCE_MAX), dispute=dispute_id)
    evidence = tuple(_evidence(item) for item in body.evidence)
    db = provider_of(request).store.db
    act = Act("dispute", _method(request, dispute_id), Dispute,
              lambda _: disputes.submit_evidence(db, dispute_id, evidence))  # fmt: skip
    return await act_once(request, body, act)


def _evidence(item: EvidenceItem) -> Evidence:
    """The item without its bytes, which must have the hash that it names."""
    if (item.text is None) == (item.content is None):
        raise Refusal(Why.INVALID_REQUEST, "evidence is a text or a file")
    if item.content is not None:
        try:
            content = b64decode(item.content, validate=True)
        except ValueError as error:
            raise Refusal(Why.INVALID_REQUEST, "a file comes in base 64") from error
        if item.media_type is None or sha256(content).hexdigest() != item.sha256:
            raise Refusal(Why.INVALID_REQUEST, "a file has its media type and its own hash")
    return Evidence(kind=item.kind, text=item.text, media_type=item.media_type, sha256=item.sha256)


async def _accept(request: Request) -> Response:
    dispute_id = request.path_params["id"]
    body = replace(await read_body(request, AcceptDispute), dispute=dispute_id)
    db = provider_of(request).store.db
    act = Act("dispute", _method(request, dispute_id), Dispute, lambda _: disputes.accept_dispute(db, dispute_id))
    return await act_once(request, body, act)


async def _get(request: Request) -> Response:
    db = provider_of(request).store.db
    found = records.get(db, Dispute, request.path_params["id"])
    return await _query(request, found, lambda: dispute_view(records.get(db, Dispute, found.id)))


async def _list(request: Request) -> Response:
    """Of one payment by its `reference`; or those opened `since` an instant, after the one with the id `after`."""
    db, asked = provider_of(request).store.db, request.query_params
    if "reference" in asked:
        found = records.by_reference(db, Dispute, asked["reference"])
    else:
        found = _since(records.every(db, Dispute), asked.get("since", ""), asked.get("after"))
    page = found[:_PAGE_MAX]
    view = {"disputes": [dispute_view(each) for each in page], "more": len(found) > len(page)}
    return await _query(request, page[0] if len(page) == 1 else None, lambda: view)


def _since(every: list[Dispute], since: str, after: str | None) -> list[Dispute]:
    try:
        start = datetime.fromisoformat(since)
        found = [each for each in every if each.created_at >= start]
    except (ValueError, TypeError) as error:
        raise Refusal(Why.INVALID_REQUEST, "since is an instant with its offset") from error
    places = [each.id for each in found]
    if after is not None and after not in places:
        raise Refusal(Why.NOT_FOUND, "no such dispute")
    return found[places.index(after) + 1 :] if after else found


async def _query(request: Request, found: Dispute | None, view: Callable[[], View]) -> Response:
    method = _method(request, found.id) if found else None
    with provider_of(request).store.write() as db:
        plan = plan_request(db, "query", method, None)
    return await act_freely(request, plan, view)


def _method(request: Request, dispute_id: str) -> Method | None:
    db = provider_of(request).store.db
    dispute = records.find(db, Dispute, dispute_id)
    return records.find(db, Method, dispute.method) if dispute else None


ROUTES = [
    Route("/v1/disputes", _list, methods=["GET"]),
    Route("/v1/disputes/{id}", _get, methods=["GET"]),
    Route("/v1/disputes/{id}/evidence", _submit, methods=["POST"]),
    Route("/v1/disputes/{id}/accept", _accept, methods=["POST"]),
]
