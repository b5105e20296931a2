"""What a run does to each of many things, as the one operation that staff would perform for it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from domain.actor import Actor
from domain.catalog.redeem import RedeemCoupon, redeem_coupon
from domain.corrections.finalize_draft import FinalizeDraft, finalize_draft
from domain.corrections.void_invoice import VoidInvoice, void_invoice
from domain.db import Tx
from domain.ids import EntityId, InvoiceId, NoticeId, SubscriptionId
from domain.invoices.invoice import invoice
from domain.money import Money
from domain.notices.queue_notice import ResendNotice, resend_notice
from domain.operation import Operation
from domain.perform import refuse_if_erased
from domain.refusals import RefusalCode, Refused
from domain.subscriptions.cancel import CancelAt, CancelSubscription, cancel_subscription
from domain.subscriptions.pause import PauseSubscription, pause_subscription


class BulkAction(StrEnum):
    """What is done; the name stands in the database."""

    CANCEL = "cancel"
    PAUSE = "pause"
    APPLY_COUPON = "apply_coupon"
    VOID_INVOICE = "void_invoice"
    ISSUE_DRAFT = "issue_draft"
    RESEND_NOTICE = "resend_notice"


# What each is done to.
SUBJECTS: Final[dict[BulkAction, type[EntityId]]] = {
    BulkAction.CANCEL: SubscriptionId, BulkAction.PAUSE: SubscriptionId, BulkAction.APPLY_COUPON: SubscriptionId,
    BulkAction.VOID_INVOICE: InvoiceId, BulkAction.ISSUE_DRAFT: InvoiceId, BulkAction.RESEND_NOTICE: NoticeId,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Settings:
    """How: when subscriptions are cancelled, until when they pause, which coupon."""

    cancel_at: CancelAt | None = None
    resumes_at: datetime | None = None
    coupon_code: str | None = None


def require_fitting(action: BulkAction, settings: Settings) -> None:
    """INVALID_INPUT for a setting that the action does not have, or lacks."""
    wanted = {BulkAction.CANCEL: "cancel_at", BulkAction.APPLY_COUPON: "coupon_code"}.get(action)
    may = {wanted} if action is not BulkAction.PAUSE else {"resumes_at"}
    given = {name for name in ("cancel_at", "resumes_at", "coupon_code") if getattr(settings, name) is not None}
    paths = {"cancel_at": "timing", "resumes_at": "resumesAt", "coupon_code": "couponCode"}
    for name in sorted(given - may):
        raise Refused(RefusalCode.INVALID_INPUT, "This action does not have that setting.", (paths[name],))
    if wanted is not None and wanted not in given:
        raise Refused(RefusalCode.INVALID_INPUT, "This action needs that setting.", (paths[wanted],))


# Which operation it is to one: who may not do that may not do it to many.
_SINGLE: Final[dict[BulkAction, Operation[Any, Any]]] = {
    BulkAction.CANCEL: cancel_subscription, BulkAction.PAUSE: pause_subscription,
    BulkAction.APPLY_COUPON: redeem_coupon, BulkAction.VOID_INVOICE: void_invoice,
    BulkAction.ISSUE_DRAFT: finalize_draft, BulkAction.RESEND_NOTICE: resend_notice,
}  # fmt: skip


def require_allowed(action: BulkAction, actor: Actor) -> None:
    """FORBIDDEN for who may not do it to one of them."""
    if not actor.grants & _SINGLE[action].allowed:
        raise Refused(RefusalCode.FORBIDDEN, "You may not do that to one of them, so not to many.")


Done = Callable[[Tx, UUID, Settings, str], Awaitable[Money | None]]


async def _cancel(tx: Tx, subject: UUID, settings: Settings, _: str) -> Money | None:
    assert settings.cancel_at is not None
    command = CancelSubscription(SubscriptionId(tx.customer.shard, subject), settings.cancel_at)
    return (await cancel_subscription.run(tx, command)).given_back


async def _pause(tx: Tx, subject: UUID, settings: Settings, _: str) -> Money | None:
    await pause_subscription.run(tx, PauseSubscription(SubscriptionId(tx.customer.shard, subject), settings.resumes_at))
    return None


async def _apply_coupon(tx: Tx, subject: UUID, settings: Settings, _: str) -> Money | None:
    assert settings.coupon_code is not None
    await redeem_coupon.run(tx, RedeemCoupon(settings.coupon_code, SubscriptionId(tx.customer.shard, subject)))
    return None


async def _void(tx: Tx, subject: UUID, _: Settings, reason: str) -> Money | None:
    of = await invoice(tx, tx.customer, InvoiceId(tx.customer.shard, subject))
    await void_invoice.run(tx, VoidInvoice(of.id, reason, replace=False))
    return of.due


async def _issue(tx: Tx, subject: UUID, _: Settings, __: str) -> Money | None:
    return (await finalize_draft.run(tx, FinalizeDraft(InvoiceId(tx.customer.shard, subject)))).total


async def _resend(tx: Tx, subject: UUID, _: Settings, reason: str) -> Money | None:
    await resend_notice.run(tx, ResendNotice(NoticeId(tx.customer.shard, subject), reason))
    return None


_ACTIONS: Final[dict[BulkAction, Done]] = {
    BulkAction.CANCEL: _cancel,
    BulkAction.PAUSE: _pause,
    BulkAction.APPLY_COUPON: _apply_coupon,
    BulkAction.VOID_INVOICE: _void,
    BulkAction.ISSUE_DRAFT: _issue,
    BulkAction.RESEND_NOTICE: _resend,
}


async def act(tx: Tx, action: BulkAction, settings: Settings, subject: UUID, reason: str) -> Money | None:
    """Does it, refused as that operation is; returns the amount it is about: given back, taken back, or issued."""
    refuse_if_erased(_SINGLE[action], settings, tx.actor, tx.head)
    return await _ACTIONS[action](tx, subject, settings, reason)
