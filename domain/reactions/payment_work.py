"""Due work about payments and refunds: what the provider is to be asked, on behalf of the request that began it."""

from domain import due
from domain.correlation import under
from domain.due import Due
from domain.ids import PaymentId, RefundId
from domain.payments import refund as refunds
from domain.payments.attempt import attempt
from domain.payments.attempt_refund import attempt_refund
from domain.payments.payment import payment, request_of
from domain.payments.refund import IN_FLIGHT, refund
from domain.payments.still_open import is_to_be_barred
from domain.reactions.house import House, follows
from domain.tracing import span


async def send_payment(house: House, work: Due) -> None:
    """Takes the payment one step on with its provider; work whose payment is settled meanwhile is taken away."""
    id = PaymentId(work.customer.shard, work.subject)
    known = await payment(house.db.primary, work.customer, id)
    if known.is_settled and not is_to_be_barred(known):  # by news that came while this was buried
        await due.discard(house.db.marks, work)
        return
    asked_by = await request_of(house.db.primary, work.customer, id)
    with under(asked_by), span("due send_payment"):
        actor = follows(house, asked_by).actor
        await attempt(house.db, house.gateway(known.provider_account), actor, work.customer, id)


async def send_refund(house: House, work: Due) -> None:
    """Takes the refund one step on with its provider; work whose refund is over meanwhile is taken away."""
    id = RefundId(work.customer.shard, work.subject)
    of = await refund(house.db.primary, work.customer, id)
    if of.state.name not in IN_FLIGHT:
        await due.discard(house.db.marks, work)
        return
    account = (await payment(house.db.primary, work.customer, of.payment)).provider_account
    asked_by = await refunds.request_of(house.db.primary, work.customer, id)
    with under(asked_by), span("due send_refund"):
        await attempt_refund(house.db, house.gateway(account), follows(house, asked_by).actor, work.customer, id)
