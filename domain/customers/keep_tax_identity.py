"""Storing, judging and withdrawing a customer's tax id: it counts for what is invoiced from then on."""

from dataclasses import dataclass

from domain.actor import STAFF, Grant
from domain.customers.tax_identity import (
    NoKindOfTaxId,
    NotATaxId,
    ReadTaxId,
    TaxIdStatus,
    read_tax_id,
    tax_identities,
)
from domain.db import Tx
from domain.ids import TaxIdentityId
from domain.operation import operation
from domain.portal_function import PortalFunction
from domain.refusals import RefusalCode, Refused
from domain.wire import personal

_OWNERS = STAFF | {Grant.SYSTEM, Grant.PORTAL}


@dataclass(frozen=True, slots=True)
class StoreTaxIdentity:
    """A tax id that the customer was given in a country, as it is typed."""

    country: str
    value: str = personal()


@dataclass(frozen=True, slots=True)
class TaxIdentityStored:
    """The stored id and whether taxes rely on it."""

    identity: TaxIdentityId
    status: TaxIdStatus


@operation("customers.store_tax_identity", allowed=_OWNERS, function=PortalFunction.TAX_IDS)
async def store_tax_identity(tx: Tx, command: StoreTaxIdentity) -> TaxIdentityStored:
    """INVALID_INPUT for what is no tax id there; ALREADY_EXISTS while the customer has another one of that country."""
    read, id = _read(command), tx.new_id(TaxIdentityId)
    stored = await tx.fetchval(
        """INSERT INTO tax_identity (shard_key, id, tenant_id, customer_id, kind, country, value, status, validated_at,
               recorded_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING RETURNING id""",
        id.shard, id.uuid, tx.head.tenant.uuid, tx.customer.uuid, read.kind.value, command.country, read.value,
        read.status.value, tx.recorded_at if read.status is TaxIdStatus.VALID else None, tx.recorded_at,
    )  # fmt: skip
    if stored is None:
        message = "There is a tax id of that country already; remove it first."
        raise Refused(RefusalCode.ALREADY_EXISTS, message, ("country",))
    return TaxIdentityStored(id, read.status)


def _read(command: StoreTaxIdentity) -> ReadTaxId:
    try:
        return read_tax_id(command.country, command.value)
    except NoKindOfTaxId:
        message = "We know no tax id of that country."
        raise Refused(RefusalCode.INVALID_INPUT, message, ("country",)) from None
    except NotATaxId:
        message = "That is no tax id of the country: its form or its check digits are wrong."
        raise Refused(RefusalCode.INVALID_INPUT, message, ("value",)) from None


@dataclass(frozen=True, slots=True)
class JudgeTaxIdentity:
    """What staff found out about a tax id, say from the register of its country."""

    identity: TaxIdentityId
    valid: bool


@operation("customers.judge_tax_identity", allowed=STAFF | {Grant.SYSTEM})
async def judge_tax_identity(tx: Tx, command: JudgeTaxIdentity) -> TaxIdentityStored:
    """NOT_FOUND for an id that is not the customer's."""
    status = TaxIdStatus.VALID if command.valid else TaxIdStatus.INVALID
    judged = await tx.fetchval(
        """UPDATE tax_identity SET status = $4, validated_at = $5
            WHERE shard_key = $1 AND customer_id = $2 AND id = $3 RETURNING id""",
        tx.customer.shard, tx.customer.uuid, command.identity.uuid, status.value, tx.recorded_at,
    )  # fmt: skip
    if judged is None:
        raise Refused(RefusalCode.NOT_FOUND, "There is no such tax id.", ("taxId",))
    return TaxIdentityStored(command.identity, status)


@dataclass(frozen=True, slots=True)
class WithdrawTaxIdentity:
    """The id that no longer counts."""

    identity: TaxIdentityId


@dataclass(frozen=True, slots=True)
class TaxIdentityWithdrawn:
    """The id that is gone."""

    identity: TaxIdentityId


@operation("customers.withdraw_tax_identity", allowed=_OWNERS, function=PortalFunction.TAX_IDS)
async def withdraw_tax_identity(tx: Tx, command: WithdrawTaxIdentity) -> TaxIdentityWithdrawn:
    """Deletes it; documents that were issued keep what they say. NOT_FOUND for an id that is not the customer's;
    STATE_CONFLICT for one that was found invalid, which only staff take away: else the same one would count again."""
    own = {each.id: each for each in await tax_identities(tx, tx.customer)}.get(command.identity)
    if own is None:
        raise Refused(RefusalCode.NOT_FOUND, "There is no such tax id.", ("taxId",))
    if own.status is TaxIdStatus.INVALID and not tx.actor.grants & STAFF:
        message = "This tax id was found to be invalid; ask us to remove it."
        raise Refused(RefusalCode.STATE_CONFLICT, message, ("taxId",))
    await tx.execute(
        "DELETE FROM tax_identity WHERE shard_key = $1 AND customer_id = $2 AND id = $3",
        tx.customer.shard,
        tx.customer.uuid,
        command.identity.uuid,
    )
    return TaxIdentityWithdrawn(command.identity)
