"""Events and the settlement report over HTTP."""

import csv
import io
from datetime import UTC, datetime
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from dev.provider.events import list_events
from dev.provider.http.faulty import Json
from dev.provider.http.keyed import provider_of
from dev.provider.http.views import event_view, line_view
from dev.provider.refusals import Refusal, Why
from dev.provider.settlements import Line, list_lines

_EVENTS_MAX: Final = 1000  # a page that stays below a megabyte
_EVENTS_DEFAULT: Final = 100
_DIGITS_MAX: Final = 9  # of a line's number: a billion lines are beyond any sandbox
_COLUMNS: Final = (
    *("created_at", "kind", "object", "payment", "reference"),
    *("currency", "gross_minor", "fee_minor", "net_minor", "payout"),
)


async def _events(request: Request) -> Response:
    """Oldest first, after the event with the id `after`; `object` narrows to one object, `since` and `until` to what
    happened between, `delivery_success` to what every receiver took, or to what one of them did not."""
    provider = provider_of(request)
    asked = request.query_params
    limit = asked.get("limit", str(_EVENTS_DEFAULT))
    if not (limit.isascii() and limit.isdigit() and len(limit) <= 4 and 1 <= int(limit) <= _EVENTS_MAX):
        raise Refusal(Why.INVALID_REQUEST, f"limit must be 1 to {_EVENTS_MAX}")
    since, until = (_instant(name, asked.get(name)) for name in ("since", "until"))
    delivered = _yes_or_no("delivery_success", asked.get("delivery_success"))
    events = list_events(
        provider.store.db, asked.get("after"), asked.get("object"), int(limit), since, until, delivered
    )
    return Json({"events": [event_view(event, provider.settings.provider_url) for event in events]})


async def _settlements(request: Request) -> Response:
    """Lines of gross, fee and net, oldest first; `payout`, `payment` and `currency` narrow; `after` is a line's id,
    `limit` a number of lines; `format` json or csv."""
    asked = request.query_params
    after, limit = asked.get("after", "line_0").removeprefix("line_"), asked.get("limit")
    if not _is_count(after) or (limit is not None and not _is_count(limit)):
        raise Refusal(Why.INVALID_REQUEST, "after is the id of a line, and limit a number of lines")
    lines = list_lines(
        provider_of(request).store.db, asked.get("payout"), asked.get("payment"), asked.get("currency"),
        int(after), None if limit is None else int(limit),
    )  # fmt: skip
    match asked.get("format", "json"):
        case "json":
            return Json({"lines": [line_view(line) for line in lines]})
        case "csv":
            return Response(_csv(lines), media_type="text/csv")
    raise Refusal(Why.INVALID_REQUEST, "format must be json or csv")


def _instant(name: str, text: str | None) -> datetime | None:
    try:
        return datetime.fromisoformat(text).astimezone(UTC) if text else None
    except (ValueError, OverflowError):
        raise Refusal(Why.INVALID_REQUEST, f"{name} is an instant in ISO 8601") from None


def _yes_or_no(name: str, text: str | None) -> bool | None:
    if text not in (None, "true", "false"):
        raise Refusal(Why.INVALID_REQUEST, f"{name} is true or false")
    return None if text is None else text == "true"


def _is_count(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= _DIGITS_MAX


def _csv(lines: list[Line]) -> str:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(_COLUMNS)
    for line in lines:
        view = line_view(line) | {"created_at": line.created_at.isoformat()}
        writer.writerow([view[column] for column in _COLUMNS])
    return text.getvalue()


ROUTES = [
    Route("/v1/events", _events, methods=["GET"]),
    Route("/v1/settlements", _settlements, methods=["GET"]),
]
