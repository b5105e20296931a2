"""What is asked of Stripe more than once: an intent as it is now, all under a reference, a barred reference, a page."""

import hashlib
from collections.abc import Mapping
from typing import Any, Final, TypeVar

from domain.payments.gateway import Unavailable, Unknown
from domain.payments.gateways.stripe_http import Answer, Heard, KeyTaken, Turned, ask
from domain.payments.gateways.stripe_read import BARRED, REFERENCE
from domain.payments.gateways.stripe_wire import WireIntent, WireList
from domain.payments.unsure import TOO_LONG

# Of a charge that Stripe told us of: our secret is of another account or mode by now, so nothing follows from it.
LOST: Final = "the provider does not know its own id"
WHOLE: Final = {"expand": ["latest_charge"]}
MOST: Final = 100  # objects of one page, as many as Stripe gives
# What a barred reference is kept with: an intent that is never confirmed. Any amount above Stripe's smallest one does.
_TOKEN_AMOUNT: Final = {"amount": 100, "currency": "eur", "payment_method_types": ["card"]}

T = TypeVar("T")


def creation_key(reference: str) -> str:
    """The key under which the one intent of a reference is created, or barred: whichever comes first stands."""
    return hashlib.sha256(f"intent|{reference}".encode()).hexdigest()


async def intent_now(client: Any, intent_id: str) -> WireIntent | Turned | Unknown | Unavailable:
    """The intent as it is now, with its charge."""
    answer = await ask(client.payment_intents.retrieve_async(intent_id, dict(WHOLE)))
    return _intent(answer)


async def intents_under(
    client: Any, reference: str, charge_ref: str | None
) -> list[WireIntent] | Unknown | Unavailable:  # fmt: skip
    """All intents under our reference, each as it is now.

    Stripe's search says which they are, and can be behind by a minute or more; where the id is known it is asked, and
    an intent of that id has to be there.
    """
    ids = [charge_ref] if charge_ref else await _searched(client, reference)
    if isinstance(ids, Unknown | Unavailable):
        return ids
    found = []
    for each in ids:
        intent = await intent_now(client, each)
        if isinstance(intent, Turned):
            if charge_ref or not intent.missing:
                return Unknown(LOST if intent.missing else intent.code)
        elif isinstance(intent, WireIntent):
            found.append(intent)
        else:
            return intent
    return found


async def _searched(client: Any, reference: str) -> list[str] | Unknown | Unavailable:
    text = reference.replace("\\", "\\\\").replace('"', '\\"')
    answer = await ask(
        client.payment_intents.search_async({"query": f'metadata["{REFERENCE}"]:"{text}"', "limit": MOST})
    )
    if isinstance(answer, Unknown | Unavailable):
        return answer
    if isinstance(answer, Turned | KeyTaken):
        return Unknown("search refused")
    page = answer.read(WireList[WireIntent])
    return page if isinstance(page, Unknown) else [each.id for each in page.data]


async def bar(client: Any, reference: str) -> WireIntent | Unknown | Unavailable:
    """Take the reference, so that no intent can be created under it; Unknown where one was, not to be found yet."""
    params = {**_TOKEN_AMOUNT, "metadata": {REFERENCE: reference, BARRED: "yes"}}
    answer = await ask(client.payment_intents.create_async(params, {"idempotency_key": creation_key(reference)}))
    taken = _intent(answer)
    if not isinstance(taken, WireIntent):
        return Unknown(taken.code) if isinstance(taken, Turned) else taken
    await ask(client.payment_intents.cancel_async(taken.id))  # it never could move money: this is only tidy
    return taken


async def canceled(client: Any, intent_id: str) -> WireIntent | Unknown | Unavailable:
    """The intent after it was canceled, or as it is where that came too late."""
    answer = await ask(client.payment_intents.cancel_async(intent_id, dict(WHOLE)))
    left = await intent_now(client, intent_id) if isinstance(answer, Turned) else _intent(answer)
    return Unknown(left.code) if isinstance(left, Turned) else left


async def page_of(listing: Any, shape: type[T], params: Mapping[str, object]) -> WireList[T] | Unknown | Unavailable:
    """A page of a list of Stripe's, the newest first; a shorter one than asked for where that is longer than what is
    read of an answer."""
    answer = await ask(listing.list_async(dict(params)))
    if answer is TOO_LONG and isinstance(limit := params["limit"], int) and limit > 1:
        return await page_of(listing, shape, {**params, "limit": limit // 2})
    if isinstance(answer, Turned | KeyTaken):
        return Unknown(answer.code if isinstance(answer, Turned) else "the key was used for another request")
    if isinstance(answer, Unknown | Unavailable):
        return answer
    return answer.read(WireList[shape])  # type: ignore[valid-type]  # a type only when it runs


def _intent(answer: Answer) -> WireIntent | Turned | Unknown | Unavailable:
    if isinstance(answer, KeyTaken):
        return Unknown("the key was used for another request")
    return answer.read(WireIntent) if isinstance(answer, Heard) else answer
