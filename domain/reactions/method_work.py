"""Work that falls due about stored methods."""

from domain.due import Due
from domain.ids import PaymentMethodId
from domain.payments.expiring import EXPIRING, TellOfExpiry, tell_of_expiry
from domain.perform import perform
from domain.reactions.house import House


async def tell(house: House, work: Due) -> None:
    """Tells of a method that will expire soon."""
    command = TellOfExpiry(PaymentMethodId(work.customer.shard, work.subject))
    key = f"{work.kind}:{work.subject}:{work.due_at.isoformat()}:{work.scheduled_at.isoformat()}"
    await perform(house.db, tell_of_expiry, house.actor, work.customer, command, key)


HANDLERS = {EXPIRING: tell}
