"""Where a customer really was for tax in a span of the past, as staff found out later; the newest word on it holds."""

from dataclasses import dataclass
from datetime import datetime

from domain.actor import Grant
from domain.countries import require_known_country, require_region
from domain.db import Primary, Tx
from domain.ids import CustomerId
from domain.operation import operation
from domain.refusals import RefusalCode, Refused


@dataclass(frozen=True, slots=True)
class TaxPlace:
    """Country and region, and the country of the valid tax id it had then, if it had one."""

    country: str
    region: str
    tax_id_country: str | None


async def stated_place(db: Primary, customer: CustomerId, at: datetime) -> TaxPlace | None:
    """What was stated last of where the customer was at the instant; None where what was known then stands."""
    row = await db.fetchrow(
        """SELECT country, region, tax_id_country FROM tax_place
            WHERE shard_key = $1 AND customer_id = $2 AND valid_from <= $3
              AND (valid_until IS NULL OR valid_until > $3)
            ORDER BY id DESC LIMIT 1""",
        customer.shard,
        customer.uuid,
        at,
    )
    return TaxPlace(row["country"], row["region"], row["tax_id_country"]) if row else None


@dataclass(frozen=True, slots=True)
class StateTaxPlace:
    """From when on, until when (None: ever since), the customer was where; ``tax_id_country`` None: it had no id."""

    country: str
    region: str
    tax_id_country: str | None
    valid_from: datetime
    valid_until: datetime | None


@dataclass(frozen=True, slots=True)
class TaxPlaceStated:
    """The span that is to be looked at again."""

    valid_from: datetime
    valid_until: datetime | None


@operation("customers.state_tax_place", allowed=frozenset({Grant.FINANCE, Grant.ADMIN}))
async def state_tax_place(tx: Tx, command: StateTaxPlace) -> TaxPlaceStated:
    """Counts when the tax of invoices of that span is corrected; invoices to come follow the billing details.

    INVALID_INPUT for a place or a country that is none, and for a span that ends before it begins.
    """
    require_known_country(command.country, "country")
    require_region(command.country, command.region, "region")
    if command.tax_id_country is not None:
        require_known_country(command.tax_id_country, "taxIdCountry")
    if command.valid_until is not None and command.valid_until <= command.valid_from:
        raise Refused(RefusalCode.INVALID_INPUT, "A span ends after it begins.", ("validUntil",))
    await tx.execute(
        """INSERT INTO tax_place (shard_key, id, customer_id, country, region, tax_id_country, valid_from, valid_until,
               recorded_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)""",
        tx.customer.shard, tx.new_uuid(), tx.customer.uuid, command.country, command.region, command.tax_id_country,
        command.valid_from, command.valid_until, tx.recorded_at,
    )  # fmt: skip
    return TaxPlaceStated(command.valid_from, command.valid_until)
