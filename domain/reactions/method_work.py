"""Work that falls due about stored methods."""

from datetime import timedelta

from domain import due
from domain.due import Due
from domain.ids import PaymentMethodId
from domain.payments.expiring import EXPIRING, TellOfExpiry, tell_of_expiry
from domain.payments.gateway import Detached, NotFound
from domain.payments.method import payment_methods
from domain.payments.order_methods import DETACH
from domain.points import reached
from domain.reactions.due_operation import performs
from domain.reactions.house import House

DETACH_AGAIN = timedelta(hours=1)  # nobody waits for it: we do not charge the method any more


async def detach(house: House, work: Due) -> None:
    """Tells the provider to forget a method; one that does not answer is told again later."""
    (gone,) = await payment_methods(
        house.db.primary, work.customer, [PaymentMethodId(work.customer.shard, work.subject)]
    )
    answer = await house.gateway(gone.provider_account).detach_method(gone.provider_ref)
    reached("detach.answered")
    if isinstance(answer, Detached | NotFound):
        await due.discard(house.db.marks, work)
    else:
        await due.postpone(house.db.marks, work, house.db.clock.now() + DETACH_AGAIN)


HANDLERS = {EXPIRING: performs(PaymentMethodId, tell_of_expiry, TellOfExpiry), DETACH: detach}
