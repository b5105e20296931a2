"""Stripe's list of events, oldest first: Stripe itself lists the newest first, and keeps them for thirty days."""

from datetime import datetime
from typing import Any, Final

import msgspec

from domain.payments.gateway import Unknown
from domain.payments.gateways.stripe_calls import MOST, page_of
from domain.payments.gateways.stripe_wire import WireList
from domain.payments.past_events import PastAnswer, PastEvent, PastEvents

_PAGES_MAX: Final = 1_000  # to the oldest event since: who has more than 100,000 asks for less of the past

# What an endpoint of ours is sent (docs/payment-providers.md); other endpoints of the account may fail to take more.
_TYPES: Final = (
    *("payment_intent.succeeded", "payment_intent.amount_capturable_updated", "payment_intent.payment_failed"),
    *("payment_intent.requires_action", "payment_intent.processing", "payment_intent.canceled"),
    *("charge.failed", "refund.created", "refund.updated", "refund.failed"),
    *("charge.dispute.created", "charge.dispute.updated", "charge.dispute.closed", "payout.paid"),
)


async def past_events(client: Any, since: datetime, after: str | None) -> PastAnswer:
    """The events after that one; without one, the first there are since, to which Stripe is read back page by page."""
    asked: dict[str, object] = {"created": {"gte": int(since.timestamp())}, "limit": MOST}
    if after is not None:
        asked["ending_before"] = after
    for _ in range(_PAGES_MAX):
        page = await page_of(client.events, dict[str, Any], asked)
        if not isinstance(page, WireList):
            return page
        if after is not None or not (page.has_more and page.data):
            # What reads an event needs nothing of its webhook but the body.
            return PastEvents(tuple(_told(each) for each in reversed(page.data)))
        asked["starting_after"] = page.data[-1].get("id")
    return Unknown("too many events since")


async def list_undelivered(client: Any, since: datetime, until: datetime, after: str | None) -> PastAnswer:
    """The next page of those that an endpoint of the account did not take, in Stripe's order, the newest first.

    So none is read twice to come to the next. docs.stripe.com/webhooks/process-undelivered-events tells of it.
    """
    asked: dict[str, object] = {
        "created": {"gte": int(since.timestamp()), "lt": int(until.timestamp())},
        "delivery_success": False,
        "types": list(_TYPES),
        "limit": MOST,
    }
    if after is not None:
        asked["starting_after"] = after
    page = await page_of(client.events, dict[str, Any], asked)
    return PastEvents(tuple(map(_told, page.data))) if isinstance(page, WireList) else page


def _told(event: dict[str, Any]) -> PastEvent:
    id = event.get("id")
    return PastEvent(id if isinstance(id, str) else "", msgspec.json.encode(event), {})
