"""When more will be known of a payment: when its provider is asked again, and by when the outcome is known at last."""

from datetime import datetime, timedelta

from domain.payments.payment import Payment

# When an unknown outcome is asked for again: at once would only meet the same outage, and five days see the provider's
# own retention out; after the last query it is a matter for staff.
QUERY_AFTER = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(hours=1),
    timedelta(hours=6),
    *(timedelta(days=1),) * 5,
)
ACTION_FOR = timedelta(hours=22)  # who has not come by then will not; the 23 hours of a first invoice are not over yet
HOLD_FOR = timedelta(days=7)  # where a provider does not say when a hold runs out: what card networks allow
LOOK_AGAIN = timedelta(hours=1)  # when a time is over and the provider does not say so yet: clocks differ by less
RETURN_LOOK = timedelta(days=7)  # a return whose webhook was lost is found within a week, not at the end of two months


def stands_until(of: Payment, now: datetime) -> datetime | None:
    """Until when the provider need not be asked: of a hold that nobody asks anything of, or a debit that may come back.

    None for any other payment.
    """
    if of.state.name == "settling" and of.returnable_until is not None:
        return min(of.returnable_until, now + RETURN_LOOK)
    if of.state.name == "authorized" and of.asked is None:
        return of.expires_at or (of.sent_at and of.sent_at + HOLD_FOR)
    return None


def patience(known: Payment, state: str, now: datetime) -> timedelta:
    """How long to wait for news; an action that nobody takes is looked at when its time is over."""
    after = QUERY_AFTER[min(known.queries, len(QUERY_AFTER) - 1)]
    over = known.sent_at + ACTION_FOR if known.sent_at is not None and state == "requires_action" else now
    return min(after, over - now) if over > now else after


def resolves_by(of: Payment, now: datetime) -> datetime | None:
    """By when at the latest it is known what became of an open payment, or staff has it; None for one that is over.

    Where nobody has told the provider yet, as if it were told now.
    """
    if not of.is_open:
        return None
    if (until := stands_until(of, now)) is not None:
        return until
    sent = (of.asked.sent_at if of.asked else of.sent_at) or now
    if of.awaits_customer:
        return sent + ACTION_FOR
    last = sent + sum(QUERY_AFTER, timedelta(0))
    return last if of.expected_at is None else max(last, of.expected_at)
