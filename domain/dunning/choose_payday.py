"""The customer says on which day there is money: the next retry moves there, and access does not end before it."""

from dataclasses import dataclass
from datetime import date, datetime

from domain.actor import Grant
from domain.db import Tx
from domain.dunning.case import store_next_retry
from domain.dunning.next_retry import moved_to
from domain.dunning.standing import paydays, standing
from domain.ids import DunningCaseId, InvoiceId
from domain.operation import operation
from domain.portal_function import PortalFunction
from domain.refusals import RefusalCode, Refused

CHOOSERS = frozenset({Grant.PORTAL, Grant.SUPPORT, Grant.LEAD, Grant.ADMIN})


@dataclass(frozen=True, slots=True)
class ChoosePayday:
    """An unpaid invoice, and the day in the customer's zone on which it is to be tried next."""

    invoice: InvoiceId
    day: date


@dataclass(frozen=True, slots=True)
class PaydayChosen:
    """When the next retry is now."""

    case: DunningCaseId
    invoice: InvoiceId
    at: datetime


@operation(
    "dunning.choose_payday", allowed=CHOOSERS, moves_money=True, function=PortalFunction.ARRANGE_PAYMENT, begins=True
)
async def choose_payday(tx: Tx, command: ChoosePayday) -> PaydayChosen:
    """See ``paydays`` for its refusals; INVALID_INPUT for a day that is over or after the end of access."""
    of = await standing(tx, tx.head.tenant, tx.customer, command.invoice, tx.recorded_at)
    first, last = paydays(of, tx.now)
    if not first <= command.day <= last:
        message = f"Choose a day from {first.isoformat()} to {last.isoformat()}."
        raise Refused(RefusalCode.INVALID_INPUT, message, ("day",))
    then = moved_to(of.case, of.payday(command.day))
    await tx.execute(
        """UPDATE dunning_case SET payday_at = $4, paydays_chosen = paydays_chosen + 1
            WHERE shard_key = $1 AND customer_id = $2 AND id = $3""",
        tx.customer.shard,
        tx.customer.uuid,
        of.case.id.uuid,
        then.at,
    )
    await store_next_retry(tx, of.case, then.at, then.done)
    tx.emit("dunning.payday_chosen", case=of.case.id, invoice=command.invoice)
    return PaydayChosen(of.case.id, command.invoice, then.at)
