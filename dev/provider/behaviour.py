"""What the admin API makes the provider do, for one payment method, for one token, or for everybody."""

import sqlite3
from dataclasses import dataclass
from typing import Annotated, Final, Literal

import msgspec

from dev.provider.faults import Fault
from dev.provider.keys import count_try
from dev.provider.records import Method
from dev.provider.tokens import Script, read_token

Operation = Literal["intent", "charge", "refund", "query", "void", "capture", "method", "dispute"]
WebhookMode = Literal["prompt", "late", "twice", "shuffled", "never", "on_demand"]
Milliseconds = Annotated[int, msgspec.Meta(ge=0, le=600_000)]  # ten minutes: no test waits longer

EVERYBODY: Final = "everybody"


class Behaviour(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`times` counts the requests among `operations` that are treated so; None is for ever. `fault`, `decline` and the
    delays follow it, the webhook and settling rules do not."""

    operations: tuple[Operation, ...] = ("charge", "refund")
    times: Annotated[int, msgspec.Meta(ge=1)] | None = None
    fault: Fault | None = None
    decline: str | None = None
    delay_ms: Milliseconds = 0
    reply_delay_ms: Milliseconds = 0
    settle_after_ms: Milliseconds | None = None
    held: bool | None = None
    webhooks: WebhookMode | None = None
    webhook_delay_ms: Milliseconds | None = None
    webhook_url: str | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """How one request is treated."""

    fault: Fault | None = None
    decline: str | None = None
    delay_ms: int = 0
    reply_delay_ms: int = 0


@dataclass(frozen=True, slots=True)
class WebhookRule:
    """How the events of one method are delivered; `url` None is the default receiver."""

    mode: WebhookMode
    delay_ms: int | None
    url: str | None


def scope_of(token: str | None, method: str | None) -> str:
    """The row of a method, of a token, or of everybody; the narrower one wins."""
    if method is not None:
        return f"method:{method}"
    return f"token:{token}" if token is not None else EVERYBODY


def set_behaviour(db: sqlite3.Connection, scope: str, behaviour: Behaviour) -> None:
    """Replace what the scope does."""
    db.execute(
        "INSERT INTO behaviours (scope, body) VALUES (?, ?) ON CONFLICT (scope) DO UPDATE SET body = excluded.body",
        (scope, msgspec.json.encode(behaviour)),
    )


def clear_behaviour(db: sqlite3.Connection, scope: str | None) -> None:
    """Back to what tokens say, for one scope or (None) for all."""
    db.execute("DELETE FROM behaviours WHERE ?1 IS NULL OR scope = ?1", (scope,))


def plan_request(db: sqlite3.Connection, operation: Operation, method: Method | None, key: str | None) -> Plan:
    """How a request is treated, using up one of the `times`; a token's own fault hits only the first try of a key."""
    first_try = key is not None and count_try(db, key) == 1
    for scope, behaviour in _rules(db, method):
        treats = behaviour.fault or behaviour.decline or behaviour.delay_ms or behaviour.reply_delay_ms
        if treats and operation in behaviour.operations:
            _use_up(db, scope, behaviour)
            return Plan(behaviour.fault, behaviour.decline, behaviour.delay_ms, behaviour.reply_delay_ms)
    script = (read_token(method.token) if method and first_try else None) or Script()
    scripted = {"charge": script.charge_fault, "capture": script.capture_fault, "refund": script.refund_fault}
    return Plan(scripted.get(operation))


def webhook_rule(db: sqlite3.Connection, method: Method | None) -> WebhookRule:
    """How events about this method travel: each part from the narrowest scope that sets it."""
    rules = [behaviour for _, behaviour in _rules(db, method)]
    mode: WebhookMode = next((rule.webhooks for rule in rules if rule.webhooks), "prompt")
    delay = next((rule.webhook_delay_ms for rule in rules if rule.webhook_delay_ms is not None), None)
    return WebhookRule(mode, delay, next((rule.webhook_url for rule in rules if rule.webhook_url), None))


def settling(db: sqlite3.Connection, method: Method, default_ms: int) -> int | None:
    """After how many milliseconds something open settles by itself; None: only by the admin API."""
    rules = [behaviour for _, behaviour in _rules(db, method)]
    script = read_token(method.token)
    held = next((rule.held for rule in rules if rule.held is not None), bool(script and script.held))
    if held:
        return None
    return next((rule.settle_after_ms for rule in rules if rule.settle_after_ms is not None), default_ms)


def _rules(db: sqlite3.Connection, method: Method | None) -> list[tuple[str, Behaviour]]:
    scopes = [scope_of(None, method.id), scope_of(method.token, None)] if method else []
    found = []
    for scope in (*scopes, EVERYBODY):
        row = db.execute("SELECT body FROM behaviours WHERE scope = ?", (scope,)).fetchone()
        if row:
            found.append((scope, msgspec.json.decode(row["body"], type=Behaviour)))
    return found


def _use_up(db: sqlite3.Connection, scope: str, behaviour: Behaviour) -> None:
    if behaviour.times is None:
        return
    if behaviour.times > 1:
        set_behaviour(db, scope, msgspec.structs.replace(behaviour, times=behaviour.times - 1))
    else:
        spent = msgspec.structs.replace(behaviour, times=None, fault=None, decline=None, delay_ms=0, reply_delay_ms=0)
        set_behaviour(db, scope, spent)
