"""Payment methods: made from test tokens, usable until detached."""

import sqlite3
from typing import Final, Literal

from msgspec.structs import replace

from dev.provider import records
from dev.provider.records import Method, new_id, save
from dev.provider.refusals import Refusal, Why
from dev.provider.store import moment
from dev.provider.tokens import NOT_ACCEPTED, read_token

EXPIRES: Final = (2049, 12)  # beyond every simulated year; an expired card is a token, not a date


def add_method(
    db: sqlite3.Connection, token: str, api: Literal["own", "stripe"] = "own", customer: str | None = None
) -> Method:
    """A new method each time, even for the same token."""
    if token.partition("#")[0] == NOT_ACCEPTED:
        raise Refusal(Why.METHOD_NOT_ACCEPTED, "the issuer does not let this method be stored")
    script = read_token(token)
    if script is None:
        raise Refusal(Why.UNKNOWN_TOKEN, "no such test token")
    method = Method(
        id=new_id(Method),
        token=token,
        kind=script.kind,
        brand=script.brand,
        last4=script.last4,
        detached=False,
        created_at=moment(),
        api=api,
        customer=customer,
    )
    return save(db, method)


def expires(method: Method) -> tuple[int, int] | None:
    """Year and month that the method says it expires in; None for what is no card."""
    script = read_token(method.token)
    if method.kind != "card" or script is None:
        return None
    return script.until or EXPIRES


def detach_method(db: sqlite3.Connection, method_id: str) -> Method:
    """No new charge is possible afterwards; refunds still are."""
    return save(db, replace(records.get(db, Method, method_id), detached=True))
