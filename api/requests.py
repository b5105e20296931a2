"""Reading a GraphQL request from HTTP: a POST body or a query string, checked before anything is looked up or run."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final
from urllib.parse import parse_qsl

from api.answers import Outcome, Rejected, unreadable
from api.documents import Reference
from api.heard import Heard
from api.json_body import NotJson, decode
from domain.tenants.trusted_document import hash_of

METHODS: Final = ("GET", "POST")
SHORT: Final = 1_000  # bytes of a body that is remembered: a documentId or a short query, and few variables
REMEMBERED: Final = 250  # of them: up to 10 MB that callers choose, since nested lists take 36 bytes for each of theirs
PARAMETERS_MAX: Final = 20  # five have a meaning; a client may add a few of its own
URL_MAX: Final = 16_384  # bytes of a query string; longer requests belong in a POST
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_ID_MAX: Final = 200  # characters; no manifest has a longer id
# GraphQL over HTTP's name first; then those of Relay's own examples, which its users' network layers are copied from.
_ID_NAMES: Final = ("documentId", "doc_id", "id")
_JSON_TYPE: Final = re.compile(r'application/json\s*(?:;\s*charset="?utf-?8"?\s*)?', re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Asked:
    """A readable request: every part has its type; whether the document exists and is valid is not known yet."""

    reference: Reference
    operation_name: str | None
    variables: dict[str, Any] | None
    extensions: dict[str, Any] | None


async def read(request: Heard) -> Asked:
    """What the request asks; Rejected if it is no GraphQL request."""
    if request.method not in METHODS:
        raise unreadable("Send GET or POST.", Outcome.METHOD_REFUSED, Allow=", ".join(METHODS))
    if request.method == "GET":
        return _asked(_query_parameters(request.scope.get("query_string", b"")))
    _refuse_other_bodies(request)
    body = await request.whole()
    return _of_short_body(body) if len(body) <= SHORT else _of_body(body)


def _of_body(body: bytes) -> Asked:
    parameters = _json(body)
    if not isinstance(parameters, dict):
        raise unreadable("The body must be a JSON object; batches are not served.")
    return _asked(parameters)


# The same bytes ask the same: a page that thousands have open sends one body. What is asked is never changed.
_of_short_body = lru_cache(REMEMBERED)(_of_body)


def _refuse_other_bodies(request: Heard) -> None:
    """Two types are as good as none: a proxy may have believed the other one."""
    types = request.headers.getlist("content-type")
    if len(types) != 1 or not _JSON_TYPE.fullmatch(types[0].strip()):
        message = "Send the body as application/json in UTF-8."
        raise unreadable(message, Outcome.MEDIA_TYPE_REFUSED, Accept="application/json")
    encodings = request.headers.getlist("content-encoding")
    if encodings and any(each.strip().lower() not in ("", "identity") for each in encodings):
        # What is compressed would be measured before and spent after. RFC 9110 section 12.5.3 names the header.
        message = "Send the body as it is, not compressed."
        raise unreadable(message, Outcome.MEDIA_TYPE_REFUSED, **{"Accept-Encoding": "identity"})


def _query_parameters(raw: bytes) -> dict[str, Any]:
    if len(raw) > URL_MAX:
        raise unreadable(f"The query string is longer than {URL_MAX} bytes: send a POST.", Outcome.URL_TOO_LONG)
    try:
        pairs = parse_qsl(raw.decode("ascii"), True, errors="strict", max_num_fields=PARAMETERS_MAX)
    except ValueError:
        raise unreadable(f"The query string is not UTF-8 or has more than {PARAMETERS_MAX} parameters.") from None
    parameters: dict[str, Any] = dict(pairs)
    if len(parameters) != len(pairs):
        raise unreadable("A parameter of the query string is given twice.")
    if any("\x00" in text for pair in pairs for text in pair):
        raise unreadable("The query string holds a NUL character.")
    for name in ("variables", "extensions"):
        if name in parameters:
            parameters[name] = _json(parameters[name])
    return parameters


def _json(raw: bytes | str) -> object:
    try:
        return decode(raw)
    except NotJson as error:
        raise unreadable(str(error)) from None


def _asked(parameters: Mapping[str, Any]) -> Asked:
    extensions = _part(parameters, "extensions", dict, "an object")
    return Asked(
        _reference(parameters, extensions),
        _part(parameters, "operationName", str, "a string"),
        _part(parameters, "variables", dict, "an object"),
        extensions,
    )


def _part(parameters: Mapping[str, Any], name: str, kind: type, words: str) -> Any:
    value = parameters.get(name)
    if value is not None and not isinstance(value, kind):
        raise unreadable(f"{name} must be {words} or null.")
    return value


def _reference(parameters: Mapping[str, Any], extensions: Mapping[str, Any] | None) -> Reference:
    text = _part(parameters, "query", str, "a string")
    given = [id for name in _ID_NAMES if (id := _part(parameters, name, str, "a string")) is not None]
    persisted = (extensions or {}).get("persistedQuery")
    if len(given) > 1:
        raise unreadable(f"Name the document once, by one of {', '.join(_ID_NAMES)}.")
    if given and (text is not None or persisted is not None):
        raise unreadable("Send either a documentId or a query, not both.")
    document_id = given[0] if given else None
    if persisted is not None:
        document_id = _apollo_hash(persisted)
        if text is not None and hash_of(text) != document_id:
            raise unreadable("extensions.persistedQuery.sha256Hash is not the hash of query.")
    reference = Reference(document_id, text, apollo=persisted is not None)
    if document_id is not None and not 0 < len(document_id) <= _ID_MAX:
        raise Rejected(Outcome.DOCUMENT_REFUSED, [reference.not_found()])
    if document_id is None and not text:
        raise unreadable("Send a documentId or a query.")
    return reference


def _apollo_hash(persisted: object) -> str:
    """The hash of Apollo's and urql's wire form, ``{"version": 1, "sha256Hash": "<hex>"}``."""
    if isinstance(persisted, dict) and persisted.get("version") == 1:
        value = persisted.get("sha256Hash")
        if isinstance(value, str) and _SHA256.fullmatch(value):
            return value
    raise unreadable("extensions.persistedQuery must hold version 1 and a sha256Hash of 64 hex digits.")
