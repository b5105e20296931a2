"""Paying back what came without a provider: a person does it, outside, and says so with a reference."""

from dataclasses import dataclass
from datetime import datetime

import msgspec
from stdnum import iban
from stdnum.exceptions import ValidationError

from domain.actor import Grant
from domain.db import Tx
from domain.ids import CustomerId, PaymentId, RefundId
from domain.money import Money
from domain.operation import operation
from domain.payments.payment import OFFLINE, Payment, payment
from domain.payments.record_offline import REFERENCE_LENGTH
from domain.payments.record_offline import Means as Came
from domain.payments.refund import Means, refund
from domain.payments.settle_refund import RefundNews, SettleRefund, settle_refund
from domain.refusals import RefusalCode, Refused
from domain.vault import Vault
from domain.wire import canonical, personal

HOLDER_LENGTH = 140  # what a credit transfer of SEPA carries as a name, doubled
NOT_PAID = "payout_failed"  # why a refund has failed that nobody could pay out


@dataclass(frozen=True, slots=True)
class PayoutAccount:
    """A bank account by its IBAN, and whose it is."""

    iban: str = personal()
    holder: str = personal()


@dataclass(frozen=True, slots=True)
class Payout:
    """A refund that a person has to pay out; the account is None for cash and cheques, and once it was erased."""

    refund: RefundId
    customer: CustomerId
    payment: PaymentId
    amount: Money
    means: Came
    account: PayoutAccount | None
    recorded_at: datetime


def checked(of: Payment, means: Means, given: PayoutAccount | None) -> PayoutAccount | None:
    """The account as it is kept. INVALID_INPUT where a transfer has none, another payment has one, or its form or check
    digits are wrong."""
    needs = of.kind == OFFLINE and of.means == Came.TRANSFER and means is Means.METHOD
    if needs != (given is not None):
        message = "A transfer is given back to a bank account: say which." if needs else "No account is paid to here."
        raise Refused(RefusalCode.INVALID_INPUT, message, ("payout",))
    if given is None:
        return None
    if not 1 <= len(given.holder) <= HOLDER_LENGTH or given.holder != given.holder.strip():
        message = f"A holder has 1 to {HOLDER_LENGTH} characters, and no space around it."
        raise Refused(RefusalCode.INVALID_INPUT, message, ("payout", "holder"))
    try:
        return PayoutAccount(iban.validate(given.iban), given.holder)
    except ValidationError as error:
        raise Refused(RefusalCode.INVALID_INPUT, "This is no IBAN.", ("payout", "iban")) from error


async def keep_payout(tx: Tx, of: Payment, id: RefundId, account: PayoutAccount | None) -> None:
    """Puts the refund of an offline payment on the list of what is to be paid; STATE_CONFLICT for who was erased."""
    wrapped = await tx.fetchval(
        "SELECT wrapped FROM sealing_key WHERE shard_key = $1 AND customer_id = $2", tx.customer.shard, tx.customer.uuid
    )
    if wrapped is None and account is not None:
        raise Refused(RefusalCode.STATE_CONFLICT, "This customer was erased: nothing is paid to it.", ("customerId",))
    text = canonical({"iban": account.iban, "holder": account.holder}) if account else None
    await tx.execute(
        """INSERT INTO refund_payout (shard_key, refund_id, tenant_id, customer_id, means, sealed, recorded_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7)""",
        id.shard, id.uuid, tx.head.tenant.uuid, tx.customer.uuid, of.means,
        tx.vault.seal(wrapped, text, tx.entropy) if text else None, tx.recorded_at,
    )  # fmt: skip


async def forget_account(tx: Tx, id: RefundId) -> None:
    """Nobody needs the account any more, for nothing will be paid to it."""
    await tx.execute(
        "UPDATE refund_payout SET sealed = NULL WHERE shard_key = $1 AND refund_id = $2", id.shard, id.uuid
    )  # fmt: skip


def opened(vault: Vault, wrapped: bytes | None, sealed: bytes | None) -> PayoutAccount | None:
    """The account of a row, or None where none is kept any more."""
    if wrapped is None or sealed is None:
        return None
    return msgspec.json.decode(vault.open(wrapped, sealed), type=PayoutAccount)


@dataclass(frozen=True, slots=True)
class RecordPayout:
    """A refund that was paid out under a reference; None: it could not be paid."""

    refund: RefundId
    reference: str | None


@dataclass(frozen=True, slots=True)
class PayoutRecorded:
    """Where the refund stands now."""

    refund: RefundId
    payment: PaymentId
    state: str


@operation("payments.record_payout", allowed=frozenset({Grant.FINANCE, Grant.ADMIN}), moves_money=True)
async def record_payout(tx: Tx, command: RecordPayout) -> PayoutRecorded:
    """The refund has succeeded, or failed, which is an exception for staff as any failed refund is.

    NOT_FOUND; INVALID_INPUT for a reference that is none; ALREADY_EXISTS where another refund was paid under it;
    STATE_CONFLICT unless it waits to be paid out, and for a payment that was taken back since.
    """
    of = await refund(tx, tx.customer, command.refund)
    paid = await payment(tx, tx.customer, of.payment)
    reference = command.reference
    if reference is not None and (not 1 <= len(reference) <= REFERENCE_LENGTH or reference != reference.strip()):
        message = f"A reference has 1 to {REFERENCE_LENGTH} characters, and no space around it."
        raise Refused(RefusalCode.INVALID_INPUT, message, ("reference",))
    if paid.kind != OFFLINE or of.means is not Means.METHOD or of.state.name != "requested":
        raise Refused(RefusalCode.STATE_CONFLICT, "This refund does not wait to be paid out.", ("refundId",))
    if paid.returned.minor and reference is not None:
        raise Refused(RefusalCode.STATE_CONFLICT, "This payment was taken back: nothing of it is paid.", ("refundId",))
    news = RefundNews.FAILED if reference is None else RefundNews.SUCCEEDED
    done = await settle_refund.run(tx, SettleRefund(of.id, news, reference, NOT_PAID if reference is None else None))
    await tx.execute(
        """UPDATE refund_payout SET settled_at = $3, settled_by = $4, sealed = NULL
            WHERE shard_key = $1 AND refund_id = $2""",
        of.id.shard,
        of.id.uuid,
        tx.recorded_at,
        tx.actor.scope,
    )
    return PayoutRecorded(of.id, paid.id, done.state)
