"""What if: a customer's next invoices on a virtual clock, by the very steps that will make them.

It runs as a preview: nothing is kept, no number is taken, no provider is asked. The clock goes from one due instant to
the next, as a test clock does; what the steps schedule is read back and done in its turn.
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.actor import Grant, system
from domain.db import Tx
from domain.ids import PriceId, SubscriptionId
from domain.operation import operation
from domain.refusals import RefusalCode, Refused
from domain.subscriptions.change import Timing
from domain.subscriptions.change_plan import ChangePlan, change_plan
from domain.subscriptions.change_quantity import ChangeQuantity, change_quantity
from domain.subscriptions.lifecycle import ENDED
from domain.subscriptions.next_invoice import require_foreseeable
from domain.subscriptions.recover import collected
from domain.subscriptions.subscription import Subscription, subscription, subscriptions
from domain.timeline.virtual_run import Bounds, Card, ForeseenInvoice, RefusedDraft, Trouble, VirtualRun

MOST = 48  # invoices: a year of months of four subscriptions, and a second's work
LONGEST = timedelta(days=12 * 366)  # a dozen invoices of a yearly plan; what is sold by then nobody knows
WIDEST = 20  # living subscriptions of one customer that are looked at together; more are asked for one by one
SECONDS = 5  # half a statement's limit: as long as somebody who asks what if has to wait at most
FORESEEN = frozenset({"active", "trialing", "paused", "pending_cancellation"})
READERS = frozenset({Grant.PORTAL, Grant.PARTNER, Grant.SUPPORT, Grant.LEAD, Grant.FINANCE, Grant.ADMIN})


@dataclass(frozen=True, slots=True)
class Simulate:
    """The scenario: of one subscription or (None) of all, how many invoices and until when, whether the card pays.

    ``price`` and ``quantity`` are what the one subscription is changed to with its next period; with ``drafts`` staff
    issue today the drafts that they have begun.
    """

    subscription: SubscriptionId | None
    invoices: int = 12
    card: Card = Card.PAYS
    price: PriceId | None = None
    quantity: int | None = None
    until: datetime | None = None
    drafts: bool = False


@dataclass(frozen=True, slots=True)
class Ending:
    """A subscription that ends in the time that was looked at, and when."""

    subscription: SubscriptionId
    at: datetime


@dataclass(frozen=True, slots=True)
class Simulated:
    """The invoices in the order of their issue, the subscriptions that end, and what failed payments lead to.

    ``without_price`` are those that pause for want of a price, as the contract of their own is over by then;
    ``refused`` are the drafts of staff that would not be issued, without which the rest is foreseen.
    """

    invoices: tuple[ForeseenInvoice, ...]
    endings: tuple[Ending, ...]
    troubles: tuple[Trouble, ...]
    without_price: tuple[Ending, ...] = ()
    refused: tuple[RefusedDraft, ...] = ()


@operation("subscriptions.simulate", allowed=READERS)
async def simulate(tx: Tx, command: Simulate) -> Simulated:
    """Only ever previewed. INVALID_INPUT beyond MOST invoices, LONGEST or WIDEST, or for a change of no subscription;
    STATE_CONFLICT where what comes next depends on a payment or nothing does, CHANGE_PENDING while a change waits for
    one; BUSY beyond SECONDS; and the refusals of the change it asks for."""
    assert tx.preview, "what if is asked, never done"
    until = _until(tx, command)
    living = await _living(tx, command.subscription)
    await _change(tx, command)
    tx.actor = system("simulation")
    run = VirtualRun(tx, Bounds(command.subscription, command.invoices, until), command.card)
    try:
        async with asyncio.timeout(SECONDS):
            await run.whole(drafts=command.drafts)
            endings, without = await _endings(tx, living, run), await _without_price(tx, living)
            return Simulated(
                tuple(run.invoices), tuple(endings), tuple(run.troubles), tuple(without), tuple(run.refused)
            )
    except TimeoutError as error:
        raise Refused(RefusalCode.BUSY, "It would take too long now; ask for fewer invoices.") from error


def _until(tx: Tx, command: Simulate) -> datetime:
    if not 1 <= command.invoices <= MOST:
        raise Refused(RefusalCode.INVALID_INPUT, f"1 to {MOST} invoices can be foreseen.", ("count",))
    if command.subscription is None and (command.price, command.quantity) != (None, None):
        raise Refused(RefusalCode.INVALID_INPUT, "A change is one of a subscription: say which.", ("subscriptionId",))
    until = command.until or tx.now + LONGEST
    if not tx.now < until <= tx.now + LONGEST:
        message = f"What comes can be foreseen from now on, for {LONGEST.days} days."
        raise Refused(RefusalCode.INVALID_INPUT, message, ("until",))
    return until


async def _living(tx: Tx, only: SubscriptionId | None) -> list[Subscription]:
    """The subscriptions that are asked about, each in a state from which the next is known."""
    if only is not None:
        found = [await subscription(tx, tx.customer, only)]
    else:
        found = [each for each in await subscriptions(tx, tx.customer) if each.state.name not in ENDED]
    if len(found) > WIDEST:
        message = f"Up to {WIDEST} subscriptions are foreseen together: name one."
        raise Refused(RefusalCode.INVALID_INPUT, message, ("subscriptionId",))
    for each in found:
        require_foreseeable(each)
        if each.state.name not in FORESEEN or await collected(tx, each):
            message = f"A subscription that is {each.state.name} waits for a payment or for nothing any more."
            raise Refused(RefusalCode.STATE_CONFLICT, message, ("subscriptionId",))
    return found


async def _change(tx: Tx, command: Simulate) -> None:
    """What the scenario changes takes effect with the next period; in a trial at once."""
    of = command.subscription
    if of is not None and command.price is not None:
        await change_plan.run(tx, ChangePlan(of, command.price, command.quantity, Timing.PERIOD_END))
    elif of is not None and command.quantity is not None:
        await change_quantity.run(tx, ChangeQuantity(of, command.quantity, Timing.PERIOD_END))


async def _endings(tx: Tx, living: list[Subscription], run: VirtualRun) -> list[Ending]:
    """In the order of their days; one that nobody pays for ends when its invoice is given up, if not before."""
    given_up = {trouble.subscription: trouble.gives_up_at for trouble in run.troubles}
    found = []
    for each in living:
        ended = (await subscription(tx, tx.customer, each.id)).ended_at or given_up.get(each.id)
        if ended is not None:
            found.append(Ending(each.id, ended))
    return sorted(found, key=lambda ending: ending.at)


async def _without_price(tx: Tx, living: list[Subscription]) -> list[Ending]:
    """Those that pause by then because there is no price to renew at, and since when."""
    found = [await subscription(tx, tx.customer, each.id) for each in living]
    return [Ending(each.id, each.paused_at) for each in found if each.is_without_price and each.paused_at]
