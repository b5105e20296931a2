"""Form-encoded requests with nested names, as Stripe takes them; what is not agreed is refused by its name."""

from typing import Annotated, Any, Final, Literal, TypeVar
from urllib.parse import parse_qsl

import msgspec
from msgspec import Meta
from starlette.requests import Request

from dev.provider.http.bodies import BODY_MAX
from dev.provider.refusals import Refusal, Why

_DEEP: Final = 5  # names of names: no request of Stripe's goes deeper

Amount = Annotated[int, Meta(gt=0, lt=10**12)]  # far above any invoice
Text = Annotated[str, Meta(min_length=1, max_length=500)]  # the length of Stripe's metadata values
Metadata = Annotated[dict[Annotated[str, Meta(max_length=40)], Text], Meta(max_length=50)]  # and its other limits
Limit = Annotated[int, Meta(ge=1, le=100)]


class Form(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What all requests share; `path` is filled in, so that a key covers it."""

    path: str = ""
    expand: list[str] = []


class Automatic(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Whether the methods that the account has switched on are taken, also those that lead the customer elsewhere."""

    enabled: bool
    allow_redirects: Literal["always", "never"] = "always"


class CreateIntent(Form):
    amount: Amount
    currency: Annotated[str, Meta(pattern="^[a-z]{3}$")]
    payment_method: Text | None = None
    customer: Text | None = None
    capture_method: Literal["automatic", "manual"] = "automatic"
    payment_method_types: list[str] | None = None
    automatic_payment_methods: Automatic | None = None
    payment_method_options: dict[str, dict[str, str]] | None = None
    metadata: Metadata = {}

    @property
    def redirects(self) -> bool:
        """Whether the customer may be led elsewhere: so it is unless it was said otherwise, since 2023-08-16."""
        automatic = self.automatic_payment_methods or Automatic(enabled=not self.payment_method_types)
        return automatic.enabled and automatic.allow_redirects == "always"


class ConfirmIntent(Form):
    off_session: bool = False
    payment_method: Text | None = None
    return_url: Text | None = None


class CaptureIntent(Form):
    amount_to_capture: Amount | None = None
    final_capture: bool = True


class CreateRefund(Form):
    payment_intent: Text
    amount: Amount | None = None
    metadata: Metadata = {}


class UpdateDispute(Form):
    evidence: dict[str, Annotated[str, Meta(max_length=20_000)]] = {}
    submit: bool = True


class CreateCustomer(Form):
    metadata: Metadata = {}


class Attach(Form):
    customer: Text


class Page(Form):
    """Which part of a list; the rest are filters of some lists."""

    limit: Limit = 10
    starting_after: str | None = None
    ending_before: str | None = None
    payment_intent: str | None = None
    payout: str | None = None
    query: str = ""
    type: str | None = None
    created: dict[str, int] = {}
    types: Annotated[list[str], Meta(max_length=20)] | None = None  # as many as Stripe takes
    delivery_success: bool | None = None


_T = TypeVar("_T", bound=Form)


async def read_form(request: Request, shape: type[_T], most: int = BODY_MAX) -> _T:
    """The request's parameters, of the body or the query, in that shape; INVALID_REQUEST for anything else."""
    raw = bytearray(request.scope["query_string"] if request.method in ("GET", "DELETE") else b"")
    async for chunk in request.stream():
        raw += chunk
        if len(raw) > most:
            raise Refusal(Why.INVALID_REQUEST, f"the body is longer than {most} bytes")
    try:
        given = _nested(parse_qsl(raw.decode(), keep_blank_values=True, strict_parsing=bool(raw)))
        form = msgspec.convert(given, shape, strict=False)
    except (msgspec.ValidationError, ValueError) as error:
        raise Refusal(Why.INVALID_REQUEST, str(error)) from error
    form.path = request.url.path
    return form


def _nested(pairs: list[tuple[str, str]]) -> dict[str, Any]:
    """`a[b]=c` as {"a": {"b": "c"}}; names that are numbers make a list."""
    found: dict[str, Any] = {}
    for name, value in pairs:
        names = name.replace("]", "").split("[")
        if len(names) > _DEEP:
            raise ValueError("a parameter is nested too deeply")
        inner = found
        for each in names[:-1]:
            inner = inner.setdefault(each, {})
            if not isinstance(inner, dict):
                raise ValueError(f"{each} is given in two ways")
        inner[names[-1]] = value
    return {name: _listed(value) for name, value in found.items()}


def _listed(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    inner = {name: _listed(each) for name, each in value.items()}
    return list(inner.values()) if inner and all(name.isdigit() for name in inner) else inner
