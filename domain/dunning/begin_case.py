"""The beginning of a case: its timeline is written down with it, and no later policy or rule moves it."""

from datetime import datetime, timedelta

from domain import due
from domain.db import Tx
from domain.dunning.case import DUNNING, GIVE_UP, SUSPEND, Case, Step, case
from domain.dunning.notice import schedule_notice, tell
from domain.dunning.recovery_policy import recovery_policy
from domain.dunning.timeline import Timeline, timeline_for
from domain.ids import DunningCaseId, InvoiceId, SubscriptionId
from domain.invoices.invoice import Invoice
from domain.machine import State
from domain.payments.own_tries import allow_tries
from domain.subscriptions.recover import fall_behind
from domain.subscriptions.subscription import subscription


async def begin_case(tx: Tx, unpaid: Invoice) -> Case:
    """Opens the case of an invoice that has none."""
    timeline, id = await _timeline(tx, unpaid.subscription), tx.new_id(DunningCaseId)
    state = await DUNNING.begin(tx, tx.customer, id.uuid, "open")
    rules = timeline.policy
    await tx.execute(
        """INSERT INTO dunning_case (shard_key, id, customer_id, invoice_id, subscription_id, opened_at, retry_days,
               retries_done, suspend_at, give_up_at, notice_days, restrict_at, kept_features, grace_source, state, seq,
               recorded_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, 0, $8, $9, $10, $11, $12, $13, $14, $15, $16)""",
        id.shard, id.uuid, tx.customer.uuid, unpaid.id.uuid,
        unpaid.subscription.uuid if unpaid.subscription else None, tx.now,
        list(rules.retry_days), *_instants(tx.now, timeline), state.name, state.seq, tx.recorded_at,
    )  # fmt: skip
    return await _begun(tx, id, unpaid.id)


async def reopen_case(tx: Tx, of: Case) -> Case:
    """Money without which the case would not have ended was taken back: its timeline begins anew, by the policy of
    now."""
    timeline = await _timeline(tx, of.subscription)
    state: State = await DUNNING.move(tx, tx.customer, of.id.uuid, of.state, "reopen")
    await tx.execute(
        """UPDATE dunning_case SET opened_at = $4, retry_days = $5, retries_done = 0, suspend_at = $6, give_up_at = $7,
                  notice_days = $8, restrict_at = $9, kept_features = $10, grace_source = $11, state = $12, seq = $13,
                  notices_told = 0, payday_at = NULL, ended_at = NULL, ended_by = NULL, retry_at = NULL,
                  step_from = NULL, paydays_chosen = 0, waiting_since = NULL, waited = '0'
            WHERE shard_key = $1 AND customer_id = $2 AND id = $3""",
        tx.customer.shard, tx.customer.uuid, of.id.uuid, tx.now, list(timeline.policy.retry_days),
        *_instants(tx.now, timeline), state.name, state.seq,
    )  # fmt: skip
    return await _begun(tx, of.id, of.invoice)


async def _timeline(tx: Tx, id: SubscriptionId | None) -> Timeline:
    plan = (await subscription(tx, tx.customer, id)).plan if id else None
    return await timeline_for(tx, tx.head.tenant, tx.customer, plan)


def _instants(now: datetime, of: Timeline) -> tuple[object, ...]:
    """When access ends and when it is given up, the days of notices, from when on what is kept, and the source."""
    rules = of.policy
    restricted = rules.restrict_day is not None
    return (
        now + timedelta(days=rules.suspend_day),
        now + timedelta(days=rules.give_up_day),
        list(rules.reminders),
        now + timedelta(days=rules.restrict_day or 0) if restricted else None,
        list(rules.kept_features) if restricted else None,
        of.source,
    )


async def _begun(tx: Tx, id: DunningCaseId, invoice: InvoiceId) -> Case:
    of = await case(tx, tx.customer, id)
    await due.schedule(tx, SUSPEND, id.uuid, of.suspend_at)
    await due.schedule(tx, GIVE_UP, id.uuid, of.give_up_at)
    await schedule_notice(tx, of)
    await allow_tries(tx, invoice, (await recovery_policy(tx, tx.head.tenant)).own_tries)
    if of.subscription is not None:
        await fall_behind(tx, of.subscription)
    tx.emit("dunning.opened", case=id, invoice=invoice)
    tell(tx, of, Step.PAYMENT_FAILED)
    return of
