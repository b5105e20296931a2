"""Delivering: claim, send outside any transaction, mark what came of it; after a crash between it is sent again.

Delivery is at least once and in no order: the id of a delivery is the same on every try, and its body tells the order.
"""

from datetime import datetime, timedelta
from typing import Final

from domain.database import Database
from domain.ids import WebhookDeliveryId
from domain.points import reached
from domain.webhooks.delivery import (
    TRY_AFTER,
    WebhookDelivery,
    claim_delivery,
    mark_tried,
    next_delivery,
    webhook_delivery,
)
from domain.webhooks.endpoint import webhook_endpoint
from domain.webhooks.send import Answered, Sender, Unanswered

GONE: Final = 410  # by Standard Webhooks 1.0.0 the endpoint wants nothing any more
_JITTER: Final = 10  # per cent by which tries are spread, so that those of one outage do not come back as one


async def deliver(db: Database, sender: Sender, id: WebhookDeliveryId) -> bool:
    """Whether it was delivered by this call; False where it failed, is not due, or another has it in hand."""
    of = await claim_delivery(db.marks, id, db.clock.now())
    return of is not None and await _try(db, sender, of)


async def deliver_next(db: Database, sender: Sender, like: WebhookDeliveryId) -> WebhookDeliveryId | None:
    """The delivery after this one to the same endpoint, of the same shard key, if there is one and it was delivered."""
    of = await webhook_delivery(db.primary, like)
    if of is None:
        return None
    following = await next_delivery(db.primary, like.shard, of.endpoint, db.clock.now())
    return following if following is not None and await deliver(db, sender, following) else None


async def _try(db: Database, sender: Sender, of: WebhookDelivery) -> bool:
    reached("delivery.claimed")
    endpoint = await webhook_endpoint(db.primary, of.endpoint)
    assert endpoint is not None, "a delivery has an endpoint"
    now = db.clock.now()
    if not endpoint.active:
        await mark_tried(db.marks, of, "parked", now, None, "the endpoint is switched off", now)
        return False
    answer = await sender.send(endpoint.url, str(of.id), of.body, endpoint.secrets(db.vault, now), now)
    reached("delivery.answered")
    await _mark(db, of, answer, db.clock.now())
    return _is_taken(answer)


def _is_taken(answer: Answered | Unanswered) -> bool:
    return isinstance(answer, Answered) and 200 <= answer.status < 300


async def _mark(db: Database, of: WebhookDelivery, answer: Answered | Unanswered, now: datetime) -> None:
    status = answer.status if isinstance(answer, Answered) else None
    cause = answer.cause if isinstance(answer, Unanswered) else f"HTTP {answer.status}"
    if _is_taken(answer):
        await mark_tried(db.marks, of, "delivered", now, status, "", now)
    elif of.attempts >= len(TRY_AFTER) or status == GONE:
        await mark_tried(db.marks, of, "parked", now, status, cause, now)
    else:
        await mark_tried(db.marks, of, "waiting", now + wait_of(of), status, cause, now)


def wait_of(of: WebhookDelivery) -> timedelta:
    """How long to wait after one more failure; spread by the delivery's own id, so that a retry is reproducible."""
    return TRY_AFTER[of.attempts] * (100 - of.id.uuid.int % _JITTER) / 100
