"""The ends of a case: its invoice is closed, suspension on its own day, and giving up."""

from dataclasses import dataclass, replace

from domain import due
from domain.actor import Grant
from domain.db import Tx
from domain.dunning.case import (
    DUNNING,
    GIVE_UP,
    NET,
    RETRY,
    SUSPEND,
    Case,
    Ended,
    Step,
    case,
    case_of,
    living_cases,
    move,
)
from domain.dunning.notice import tell
from domain.ids import DunningCaseId, InvoiceId
from domain.invoices.billing_terms import AUTOMATIC
from domain.invoices.invoice import invoice
from domain.invoices.settle import write_off
from domain.operation import operation
from domain.payments.payment import payments_of
from domain.payments.still_open import still_open
from domain.subscriptions.lifecycle import SUBSCRIPTION
from domain.subscriptions.recover import recover_subscription
from domain.subscriptions.store import move as move_subscription
from domain.subscriptions.store import move_if_allowed
from domain.subscriptions.subscription import subscription
from domain.subscriptions.unbilled import drop_unbilled
from domain.wire import added


@dataclass(frozen=True, slots=True)
class CaseStands:
    """Where a case stands now; None where the invoice has none."""

    case: DunningCaseId | None
    state: str | None


@dataclass(frozen=True, slots=True)
class RecoverCase:
    """An invoice on which nothing is due any more, and what closed it."""

    invoice: InvoiceId
    closed: Ended = added(Ended.PAID)


@operation("dunning.recover", allowed=frozenset({Grant.SYSTEM}), moves_money=True)
async def recover(tx: Tx, command: RecoverCase) -> CaseStands:
    """Ends the invoice's case: paid, it is recovered; voided or credited to nothing, it is stopped, for nothing was
    owed. Either way the debt is gone, and once no other case is open the subscription is active again and renews. What
    replaces a void invoice is a debt of its own, with a case of its own, from its issue on.

    Of an invoice that staff wrote off the debt is not gone: its case is given up and the subscription ends, as on the
    timeline's last day. Who means to let it go on credits the invoice instead.
    """
    of = await case_of(tx, tx.customer, command.invoice)
    if of is None or not of.is_living:
        return CaseStands(of.id if of else None, of.state.name if of else None)
    closed = command.closed
    if closed is Ended.WRITTEN_OFF and (await invoice(tx, tx.customer, of.invoice)).state.name == "paid":
        closed = Ended.PAID  # by money that came after all, before this was heard of
    if closed is Ended.WRITTEN_OFF:
        await _give_up_one(tx, of, closed)
        await _end_subscription(tx, of)
        return CaseStands(of.id, DUNNING.next("suspended", "give_up"))
    paid = closed is Ended.PAID
    state = await move(tx, of, "recover" if paid else "stop", closed)
    if of.subscription is not None and not await _living(tx, of):
        await recover_subscription(tx, await subscription(tx, tx.customer, of.subscription))
    tx.emit("dunning.recovered" if paid else "dunning.stopped", case=of.id, invoice=of.invoice)
    if paid:
        tell(tx, of, Step.RECOVERED)
    return CaseStands(of.id, state.name)


async def _living(tx: Tx, of: Case) -> list[Case]:
    """The cases that are not over of what the case is about: of its subscription, or of its invoice alone."""
    living = await living_cases(tx, tx.customer)
    if of.subscription is None:
        return [each for each in living if each.id == of.id]
    return [each for each in living if each.subscription == of.subscription]


@dataclass(frozen=True, slots=True)
class EndCase:
    """A case whose day of suspension or of giving up has come."""

    case: DunningCaseId


async def _is_undecided(tx: Tx, of: Case) -> bool:
    """Whether an attempt may still succeed, the invoice is paid in parts, or it is closed: nobody loses access before
    that is performed."""
    if of.waiting_since is not None:
        return True
    attempts = await payments_of(tx, tx.customer, of.invoice)
    closed = (await invoice(tx, tx.customer, of.invoice)).state.name != "open"
    return closed or await still_open(tx, attempts) is not None


async def _is_too_early(tx: Tx, of: Case) -> bool:
    """Whether nobody has to have paid yet: older releases opened cases on account before their invoices were due."""
    unpaid = await invoice(tx, tx.customer, of.invoice)
    return unpaid.state.name == "open" and unpaid.collection != AUTOMATIC and tx.now < unpaid.due_at


async def _begin_on_its_day(tx: Tx, of: Case) -> CaseStands:
    """Ends the case and what it took; the day of its invoice begins it anew."""
    state = await move(tx, of, "stop")
    if of.subscription is not None and not await _living(tx, of):
        await recover_subscription(tx, await subscription(tx, tx.customer, of.subscription))
    tx.emit("dunning.stopped", case=of.id, invoice=of.invoice)
    return CaseStands(of.id, state.name)


@operation("dunning.suspend", allowed=frozenset({Grant.SYSTEM}), moves_money=True)
async def suspend(tx: Tx, command: EndCase) -> CaseStands:
    """Suspends the subscription after the last retry has failed, never before; waits while an outcome is open, until
    the end of the attempt wakes it."""
    of = await case(tx, tx.customer, command.case)
    if of.state.name not in ("retrying", "grace") or of.waiting_since is not None:
        await due.finish(tx, SUSPEND, of.id.uuid)
        return CaseStands(of.id, of.state.name)
    if await _is_too_early(tx, of):
        return await _begin_on_its_day(tx, of)
    if tx.now < of.suspend_at:
        await due.schedule(tx, SUSPEND, of.id.uuid, of.suspend_at)
        return CaseStands(of.id, of.state.name)
    if of.next_retry_at is not None or await _is_undecided(tx, of):
        await due.schedule(tx, SUSPEND, of.id.uuid, max(tx.now, of.next_retry_at or tx.now) + NET)
        return CaseStands(of.id, of.state.name)
    state = await move(tx, of, "suspend")
    await _suspend_subscription(tx, of)
    await due.finish(tx, SUSPEND, of.id.uuid)
    await due.finish(tx, RETRY, of.id.uuid)
    if of.give_up_at <= tx.now:
        await due.schedule(tx, GIVE_UP, of.id.uuid, tx.now)
    tx.emit("dunning.suspended", case=of.id, invoice=of.invoice)
    tell(tx, of, Step.SUSPENDED)
    return CaseStands(of.id, state.name)


@operation("dunning.give_up", allowed=frozenset({Grant.SYSTEM}), moves_money=True)
async def give_up(tx: Tx, command: EndCase) -> CaseStands:
    """Writes the invoice off and ends the subscription; waits while suspended is not reached or an outcome is open.

    The subscription's other cases end with it: nothing is collected for one that is over. So it waits, too, while one
    of them is paid in parts.
    """
    of = await case(tx, tx.customer, command.case)
    if not of.is_living or of.waiting_since is not None:
        await due.finish(tx, GIVE_UP, of.id.uuid)
        return CaseStands(of.id, of.state.name)
    if await _is_too_early(tx, of):
        return await _begin_on_its_day(tx, of)
    if tx.now < of.give_up_at:
        await due.schedule(tx, GIVE_UP, of.id.uuid, of.give_up_at)
        return CaseStands(of.id, of.state.name)
    together = await _living(tx, of)
    if of.state.name != "suspended" or any([await _is_undecided(tx, each) for each in together]):
        await due.schedule(tx, GIVE_UP, of.id.uuid, tx.now + NET)
        return CaseStands(of.id, of.state.name)
    for each in together:
        await _give_up_one(tx, each, Ended.TIMELINE)
    await _end_subscription(tx, of)
    return CaseStands(of.id, DUNNING.next("suspended", "give_up"))


async def _end_subscription(tx: Tx, of: Case) -> None:
    """Ends the case's subscription, which loses its access with that at the latest, and does not owe a period that
    began within the hour."""
    if of.subscription is None:
        return
    await _suspend_subscription(tx, of)
    subscribed = await subscription(tx, tx.customer, of.subscription)
    if SUBSCRIPTION.allows(subscribed.state.name, "give_up"):
        await drop_unbilled(tx, subscribed)
        await move_subscription(tx, subscribed, "give_up", ended_at=tx.now)


async def _suspend_subscription(tx: Tx, of: Case) -> None:
    """Ends its access, also where a release that knew no case in a pause let it run beside this one."""
    if of.subscription is None:
        return
    if not SUBSCRIPTION.allows((await subscription(tx, tx.customer, of.subscription)).state.name, "suspend"):
        await move_if_allowed(tx, of.subscription, "payment_failed")
    await move_if_allowed(tx, of.subscription, "suspend")


async def _give_up_one(tx: Tx, of: Case, ended_by: Ended) -> None:
    unpaid = await invoice(tx, tx.customer, of.invoice)
    if unpaid.state.name == "open":
        await write_off(tx, unpaid)
    if of.state.name != "suspended":
        of = replace(of, state=await move(tx, of, "suspend"))
    tx.emit("dunning.given_up", case=of.id, invoice=of.invoice)
    tell(tx, of, Step.GIVEN_UP)
    await move(tx, of, "give_up", ended_by)
