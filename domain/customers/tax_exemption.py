"""Exemption certificates: what frees a customer from tax at a place, for a category, from and until an instant."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from domain.actor import STAFF, Grant
from domain.countries import require_known_country, require_region
from domain.db import Primary, Tx
from domain.ids import CustomerId, TaxExemptionId
from domain.operation import operation
from domain.refusals import RefusalCode, Refused
from domain.wire import added, personal

_CATEGORY: Final = re.compile(r"([a-z0-9][a-z0-9_.-]{0,199})?")  # as the catalog writes them; nothing: any
_BY_REGION_ALONE: Final = frozenset({"US"})  # where the country itself levies no tax on sales
_KEEPERS: Final = STAFF | {Grant.SYSTEM}


@dataclass(frozen=True, slots=True)
class TaxExemption:
    """A certificate that staff have seen; its number is shown to nobody but them and the customer."""

    id: TaxExemptionId
    country: str
    region: str
    category: str
    certificate: str
    valid_from: datetime
    valid_until: datetime | None
    all_regions: bool


async def tax_exemptions(db: Primary, customer: CustomerId) -> list[TaxExemption]:
    """The customer's certificates by their begin, ended ones too."""
    rows = await db.fetch(
        """SELECT id, country, region, category, certificate, valid_from, valid_until, all_regions
             FROM tax_exemption
            WHERE shard_key = $1 AND customer_id = $2 ORDER BY valid_from, id""",
        customer.shard,
        customer.uuid,
    )
    return [
        TaxExemption(
            TaxExemptionId(customer.shard, row["id"]),
            row["country"],
            row["region"],
            row["category"],
            row["certificate"],
            row["valid_from"],
            row["valid_until"],
            row["all_regions"],
        )
        for row in rows
    ]


@dataclass(frozen=True, slots=True)
class AddTaxExemption:
    """``region`` "" is the tax of the country, ``category`` "" any; the certificate's number is kept with it.

    ``all_regions`` is for one that says that it frees from what all regions of the country levy, too.
    """

    country: str
    region: str
    category: str
    valid_from: datetime
    valid_until: datetime | None
    certificate: str = personal()
    all_regions: bool = added(False)


@dataclass(frozen=True, slots=True)
class TaxExemptionKept:
    """The certificate and when it ends, if that is known."""

    exemption: TaxExemptionId
    valid_until: datetime | None


@operation("customers.add_tax_exemption", allowed=_KEEPERS)
async def add_tax_exemption(tx: Tx, command: AddTaxExemption) -> TaxExemptionKept:
    """INVALID_INPUT for a place or category that is none, for an end that is not after the begin, for one region that
    would be all, and for a country that levies no tax itself where neither a region nor all of them are named."""
    require_known_country(command.country, "country")
    require_region(command.country, command.region, "region")
    if not _CATEGORY.fullmatch(command.category):
        raise Refused(RefusalCode.INVALID_INPUT, "There can be no such tax category.", ("category",))
    _require_whose(command)
    _require_later(command.valid_until, command.valid_from, "validUntil")
    id = tx.new_id(TaxExemptionId)
    await tx.execute(
        """INSERT INTO tax_exemption (shard_key, id, tenant_id, customer_id, country, region, category, certificate,
               valid_from, valid_until, all_regions, recorded_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)""",
        id.shard, id.uuid, tx.head.tenant.uuid, tx.customer.uuid, command.country, command.region, command.category,
        command.certificate, command.valid_from, command.valid_until, command.all_regions, tx.recorded_at,
    )  # fmt: skip
    return TaxExemptionKept(id, command.valid_until)


def _require_whose(command: AddTaxExemption) -> None:
    if command.all_regions and command.region:
        raise Refused(RefusalCode.INVALID_INPUT, "One region is not all of them.", ("allRegions",))
    if command.country in _BY_REGION_ALONE and not command.region and not command.all_regions:
        message = "There the states give certificates: name the region, or say that it is for all of them."
        raise Refused(RefusalCode.INVALID_INPUT, message, ("region",))


@dataclass(frozen=True, slots=True)
class EndTaxExemption:
    """From when on the certificate no longer counts."""

    exemption: TaxExemptionId
    ends_at: datetime


@operation("customers.end_tax_exemption", allowed=_KEEPERS)
async def end_tax_exemption(tx: Tx, command: EndTaxExemption) -> TaxExemptionKept:
    """NOT_FOUND for one that is not the customer's; INVALID_INPUT for an end before its begin; STATE_CONFLICT where it
    ends earlier already."""
    own = {each.id: each for each in await tax_exemptions(tx, tx.customer)}.get(command.exemption)
    if own is None:
        raise Refused(RefusalCode.NOT_FOUND, "There is no such exemption.", ("exemptionId",))
    _require_later(command.ends_at, own.valid_from, "endsAt")
    if own.valid_until is not None and own.valid_until <= command.ends_at:
        raise Refused(RefusalCode.STATE_CONFLICT, "That exemption ends no later already.", ("endsAt",))
    await tx.execute(
        "UPDATE tax_exemption SET valid_until = $4 WHERE shard_key = $1 AND customer_id = $2 AND id = $3",
        tx.customer.shard,
        tx.customer.uuid,
        command.exemption.uuid,
        command.ends_at,
    )
    return TaxExemptionKept(command.exemption, command.ends_at)


def _require_later(end: datetime | None, begin: datetime, path: str) -> None:
    if end is not None and end <= begin:
        raise Refused(RefusalCode.INVALID_INPUT, "An exemption ends after it begins.", (path,))
