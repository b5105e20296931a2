"""What binds a quote to the change that is made of it: the instant it is worked out for, and a digest of it all."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from domain.db import Tx
from domain.period import pin
from domain.refusals import RefusalCode, Refused
from domain.subscriptions.change import PlanChanging
from domain.subscriptions.offer import Offer
from domain.subscriptions.subscription import Subscription
from domain.wire import digest

QUOTE_FOR = timedelta(minutes=15)  # long enough to read and decide, short enough that prices and taxes stand still


@dataclass(frozen=True, slots=True)
class Binding:
    """What a quote promised: worked out for an instant, of a version of the subscription, with this digest."""

    pinned_at: datetime
    expires_at: datetime
    version: int
    digest: str


def instant_of(tx: Tx, quote: Binding | None) -> datetime:
    """The instant a change is worked out for: the quote's, while it holds (else QUOTE_STALE), or this second."""
    if quote is None:
        return pin(tx.now)
    if not quote.pinned_at <= tx.now < quote.expires_at:
        raise stale("The quote has expired; ask for a new one.")
    return quote.pinned_at


def require_same(tx: Tx, quote: Binding | None, of: Subscription) -> None:
    """QUOTE_STALE where the subscription is not as it was when the quote was made, or the period it was for is over.

    A period is over before its renewal is performed: what is charged for it then could not take effect any more.
    """
    if quote is None:
        return
    if quote.version != of.version:
        raise stale("The subscription has changed since the quote; ask for a new one.")
    if of.period.contains(quote.pinned_at) and not of.period.contains(tx.now):
        raise stale("The period that the quote was for is over; ask for a new one.")


def require_version(of: Subscription, seen: int | None) -> None:
    """STATE_CONFLICT where the caller decided on what it saw of another version of the subscription."""
    if seen is not None and seen != of.version:
        message = "The subscription has changed since it was read; read it again and decide anew."
        raise Refused(RefusalCode.STATE_CONFLICT, message, ("version",))


def sealed(
    of: Subscription, to: Offer, done: PlanChanging, at: datetime, quote: Binding | None, *, preview: bool
) -> PlanChanging:  # fmt: skip
    """The change with its digest; QUOTE_STALE where the quote promised something else."""
    facts = replace(
        done, invoice=None, payment=None, price=to.price.id, plan_version=to.version.id, quantity=to.quantity,
        version=of.version, worked_out_at=at,
    )  # fmt: skip
    sealed = digest("subscriptions.quote", facts).hex()
    if quote is not None and quote.digest != sealed:
        raise stale("What the change costs is not what was quoted any more; ask for a new quote.")
    lines = done.lines if preview else ()
    return replace(facts, invoice=done.invoice, payment=done.payment, digest=sealed, lines=lines)


def stale(message: str) -> Refused:
    """The refusal of a quote that does not hold."""
    return Refused(RefusalCode.QUOTE_STALE, message, ("quoteId",))
