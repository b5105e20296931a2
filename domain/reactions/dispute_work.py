"""What follows from disputes without a caller: answers are sent, the provider is asked, and access follows."""

from domain import due
from domain.due import Due
from domain.ids import DisputeId, PaymentId
from domain.outbox import Event
from domain.payments.attempt_dispute import attempt_dispute
from domain.payments.cover_disputes import CoverDisputes, cover_disputes
from domain.payments.dispute import dispute
from domain.perform import perform
from domain.reactions.house import House
from domain.subscriptions.follow_dispute import FollowDispute, follow_dispute


async def ask_dispute(house: House, work: Due) -> None:
    """Sends what was asked, or looks how the dispute stands: so a lost webhook is made up for.

    One that is over is followed where that had to wait; scheduled anew by it, the work stands.
    """
    of = await dispute(house.db.primary, work.customer, DisputeId(work.customer.shard, work.subject))
    if not of.is_open:
        key = f"follow:{work.subject}:{work.due_at.isoformat()}:{work.scheduled_at.isoformat()}"
        await perform(house.db, follow_dispute, house.actor, work.customer, FollowDispute(of.id), key)
        await due.discard(house.db.marks, work)
    else:
        await attempt_dispute(house.db, house.gateway(of.provider_account), house.actor, of.customer, of.id)


async def dispute_asked(house: House, event: Event) -> None:
    """The answer goes out at once."""
    of = await dispute(house.db.primary, event.customer, DisputeId.parse(event.body["dispute"]))
    await attempt_dispute(house.db, house.gateway(of.provider_account), house.actor, of.customer, of.id)


async def payment_freed(house: House, event: Event) -> None:
    """What a refund left covers what a dispute has beyond the payment."""
    command = CoverDisputes(PaymentId.parse(event.body["payment"]))
    await perform(house.db, cover_disputes, house.actor, event.customer, command, event.key)


async def dispute_lost(house: House, event: Event) -> None:
    """The subscription ends where the tenant's policy says so."""
    command = FollowDispute(DisputeId.parse(event.body["dispute"]))
    await perform(house.db, follow_dispute, house.actor, event.customer, command, event.key)
