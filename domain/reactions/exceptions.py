"""Doubts that are met outside an operation: work about money that is given up, and events that contradict us."""

from domain.due import Due
from domain.ids import CustomerId, NoticeId, PaymentId, RefundId
from domain.notices.notice import SEND_NOTICE
from domain.notices.settle_notice import Outcome, SettleNotice, settle_notice
from domain.payments.bar_charge import end_barring_of
from domain.payments.begin_refund import SEND_REFUND
from domain.payments.exception_case import Kind
from domain.payments.open_exception import GIVEN_UP, OpenException, open_exception
from domain.payments.pay_invoice import SEND
from domain.payments.payment import payment
from domain.payments.refund import refund
from domain.payments.still_open import is_to_be_barred
from domain.perform import perform
from domain.reactions.house import House, log_failure
from domain.reactions.provider_verdict import Misfit

# Of these it is known what they are, and a later look finds that they ran out, were confirmed or were returned.
_LOOKED_AT = frozenset({"authorized", "captured", "settling"})


class Contradiction(Misfit):
    """A misfit that is about a payment or refund of ours, and money: a person has to look at it."""

    def __init__(self, customer: CustomerId, doubt: OpenException) -> None:
        super().__init__(doubt.cause)
        self.customer, self.doubt = customer, doubt


async def contradicted(house: House, event_key: str, misfit: Contradiction) -> None:
    """Opens the case of an event, once for that event."""
    key = f"exception:{event_key}"
    await perform(house.db, open_exception, house.actor, misfit.customer, misfit.doubt, key)


async def given_up(house: House, work: Due, cause: str) -> None:
    """Opens a case for work about money that was buried, and parks a notice; work of another kind has its dead letter.

    Where that fails too, staff find the letter.
    """
    key = f"exception:{work.key}"
    try:
        if work.kind == SEND_NOTICE:
            parked = SettleNotice(NoticeId(work.customer.shard, work.subject), Outcome.PARKED, "error")
            await perform(house.db, settle_notice, house.actor, work.customer, parked, key)
        if work.kind == SEND:
            of = await payment(house.db.primary, work.customer, PaymentId(work.customer.shard, work.subject))
            if is_to_be_barred(of):
                await end_barring_of(house.db, house.actor, of, work)  # dunning does not wait for ever
        if (command := await _about(house, work, f"{GIVEN_UP}{cause}")) is not None:
            await perform(house.db, open_exception, house.actor, work.customer, command, key)
    except Exception as error:
        log_failure(house, f"exception for {work.kind}", error)


async def _about(house: House, work: Due, cause: str) -> OpenException | None:
    if work.kind == SEND:
        of = await payment(house.db.primary, work.customer, PaymentId(work.customer.shard, work.subject))
        asks_on = of.state.name in _LOOKED_AT
        return OpenException(Kind.PAYMENT_UNKNOWN, of.id, None, cause, asks_on=asks_on)
    if work.kind == SEND_REFUND:
        id = RefundId(work.customer.shard, work.subject)
        known = await refund(house.db.primary, work.customer, id)
        return OpenException(Kind.REFUND_UNKNOWN, known.payment, id, cause)
    return None
