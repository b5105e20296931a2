"""A change that is charged now: the unused time credited, the new terms billed, applied once that is paid."""

from dataclasses import replace
from datetime import datetime

from domain.db import Tx
from domain.ids import CouponRedemptionId
from domain.invoices.draft import Draft, store_draft
from domain.invoices.finalize import finalize, rate_draft
from domain.invoices.invoice import invoice
from domain.invoices.line import LiveCharge, live_charge
from domain.invoices.rate import carried
from domain.payments.collect import collect, require_means
from domain.payments.debt import require_no_debt
from domain.payments.give_back_unused import How, give_back_unused
from domain.period import Anchor, Period, period
from domain.refusals import RefusalCode, Refused
from domain.sagas.begin import Begun, begin_saga
from domain.sagas.definition import SagaKind
from domain.subscriptions.change import Mode, PlanChanging, change_in_trial, change_later
from domain.subscriptions.invoice_paid import apply_change
from domain.subscriptions.lines import change_lines, invoiced_slice, period_price, unused_of
from domain.subscriptions.offer import Offer
from domain.subscriptions.plans import Pending
from domain.subscriptions.proration import ProrationQuote, plan_change
from domain.subscriptions.store import claim_families, store_plans
from domain.subscriptions.subscription import Subscription


async def change_to(
    tx: Tx, of: Subscription, to: Offer, mode: Mode, at: datetime, *, seats_only: bool = False
) -> PlanChanging:
    """The change in its mode, with the refusals of each; BLOCKED_BY_DEBT for more than the subscription costs now."""
    if mode is Mode.NEW_CYCLE or to.amount > of.unit_amount * of.quantity:
        await require_no_debt(tx)
    if mode is Mode.TRIAL:
        return await change_in_trial(tx, of, to, at)
    if mode is Mode.PERIOD_END:
        return await change_later(tx, of, to, seats_only=seats_only)
    return await change_now(tx, of, to, mode, at)


async def paid_charge(tx: Tx, of: Subscription, at: datetime) -> LiveCharge:
    """The charge of the running period for the time from then on; STATE_CONFLICT while it is not issued and paid."""
    live = await live_charge(tx, tx.customer, of.id, at)
    of_this_period = live is not None and live.line.starts_at >= of.period.start
    if live is None or not of_this_period or (await invoice(tx, tx.customer, live.ref.invoice)).state.name != "paid":
        message = "The running period is not paid yet; this can be done as soon as it is."
        raise Refused(RefusalCode.STATE_CONFLICT, message, ("subscriptionId",))
    return live


def prorated(
    of: Subscription, to: Offer, live: LiveCharge, mode: Mode, at: datetime
) -> tuple[ProrationQuote, Period]:  # fmt: skip
    """What the change credits and charges, and the period that the charge is for."""
    whole = period(Anchor.at(at, of.time_zone, to.price.cadence), 0) if mode is Mode.NEW_CYCLE else of.period
    slices, ruler = [invoiced_slice(live, of.time_zone)], to.ruler(of.time_zone)
    return plan_change(slices, period_price(to), whole, at, ruler), whole


async def change_now(tx: Tx, of: Subscription, to: Offer, mode: Mode, at: datetime) -> PlanChanging:
    """Issues the invoice and begins its payment; as ``paid_charge``, and PAYMENT_METHOD_REQUIRED, ALREADY_EXISTS.

    No invoice is for less than nothing: where more is unused than charged, that is given back by a credit note, and the
    credit pays the invoice of the charge. What nothing is due for takes effect at once.
    """
    live = await paid_charge(tx, of, at)
    await require_means(tx)
    await claim_families(tx, of.id, [of.family, of.planned.family, to.version.family])
    quote, whole = prorated(of, to, live, mode, at)
    lines, reason = change_lines(quote, live, to), f"change:{await _changes(tx, of) + 1}"
    draft = Draft(of.id, reason, whole.start, whole.end, of.unit_amount.currency, lines)
    note, gone_on = None, list[CouponRedemptionId]()
    if (await rate_draft(tx, draft)).total.minor < 0:
        unused = unused_of(live, of.time_zone, at)
        note = await give_back_unused(tx, live, at, How.CREDIT, "Unused time of a change", unused)
        gone_on = carried(live.line, unused[1], lines) if unused else []
        draft = replace(draft, lines=tuple(line for line in lines if line.credits is None))
    issued = await finalize(tx, await store_draft(tx, draft), tx.now, gone_on)
    if note is not None and issued.due.minor:
        message = "What is unused does not pay for what begins; plan the change for the end of the period."
        raise Refused(RefusalCode.STATE_CONFLICT, message, ("timing",))
    if not tx.preview:
        until, anchor_at = of.period.end, whole.start if mode is Mode.NEW_CYCLE else None
        pending = Pending(to.price.id, to.quantity, to.version.family, issued.invoice, at, until, anchor_at)
        if issued.due.minor:  # what was planned for the next term stays planned until this change is paid
            await store_plans(tx, of, of.planned, pending)
            if not issued.on_account:
                await begin_saga(tx, Begun(SagaKind.PAID_CHANGE, of.id, issued.due, issued.invoice))
        else:
            await apply_change(tx, of, pending, await invoice(tx, tx.customer, issued.invoice))
    payment = await collect(tx, issued)
    changing = PlanChanging(of.id, quote.credit, quote.charge, issued.due, at, issued.invoice, payment, mode.value)
    given_back = note.total if note else None
    return replace(changing, total=issued.total, given_back=given_back, lines=issued.rated.lines)


async def _changes(tx: Tx, of: Subscription) -> int:
    """How many changes of the subscription were invoiced so far."""
    count: int = await tx.fetchval(
        """SELECT count(*) FROM invoice
            WHERE shard_key = $1 AND customer_id = $2 AND subscription_id = $3 AND reason LIKE 'change:%'""",
        tx.customer.shard,
        tx.customer.uuid,
        of.id.uuid,
    )
    return count
