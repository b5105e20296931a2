"""Registering a legal entity for tax, under its own house customer: spans of time, each in versions."""

from dataclasses import dataclass
from datetime import datetime

from domain.countries import require_known_country, require_region
from domain.db import Tx
from domain.operation import operation
from domain.refusals import RefusalCode, Refused
from domain.tax.decision import Rounding
from domain.tax.place import EU, Place
from domain.tax.publish_rate import PUBLISHERS
from domain.tax.rate import STANDARD, CustomerKind, applicable, rates_in_force
from domain.tax.registration import Scheme

_BUYERS = (CustomerKind.CONSUMER, CustomerKind.BUSINESS)


@dataclass(frozen=True, slots=True)
class RegisterForTax:
    """A registration and its span; the same place, scheme and begin again is what holds instead, an end included.

    One that begins later ends the one before it; a mistake is taken back by an end right after its begin.
    """

    country: str
    region: str
    scheme: Scheme
    tax_number: str
    registered_from: datetime
    registered_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class RegisteredForTax:
    """Which version of the registration it is."""

    country: str
    region: str
    scheme: Scheme
    version: int


@operation("tax.register", allowed=PUBLISHERS)
async def register_for_tax(tx: Tx, command: RegisterForTax) -> RegisteredForTax:
    """INVALID_INPUT for a place, scheme or span that cannot be; STATE_CONFLICT while no rate is published for it.

    So where tax is owed there is a rate to charge it at, and no invoice waits for one.
    """
    _check(command)
    await _require_rates(tx, command)
    place = (tx.head.legal_entity.uuid, command.country, command.region, command.scheme.value)
    last = await tx.fetchval(
        """SELECT coalesce(max(version), 0) FROM tax_registration
            WHERE legal_entity_id = $1 AND country = $2 AND region = $3 AND scheme = $4""",
        *place,
    )
    await tx.execute(
        """INSERT INTO tax_registration (legal_entity_id, country, region, scheme, tenant_id, tax_number,
               registered_from, registered_until, version, recorded_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)""",
        *place, tx.head.tenant.uuid, command.tax_number, command.registered_from, command.registered_until, last + 1,
        tx.recorded_at,
    )  # fmt: skip
    return RegisteredForTax(command.country, command.region, command.scheme, last + 1)


def _check(command: RegisterForTax) -> None:
    require_known_country(command.country, "country")
    require_region(command.country, command.region, "region")
    if command.scheme is Scheme.OSS and (command.country not in EU or command.region):
        message = "The one-stop shop is declared to one member state of the Union as a whole."
        raise Refused(RefusalCode.INVALID_INPUT, message, ("country",))
    if command.registered_until is not None and command.registered_until <= command.registered_from:
        raise Refused(RefusalCode.INVALID_INPUT, "A registration ends after it begins.", ("registeredUntil",))


async def _require_rates(tx: Tx, command: RegisterForTax) -> None:
    union = [Place(country) for country in sorted(EU)]
    places = union if command.scheme is Scheme.OSS else [Place(command.country, command.region)]
    known = await rates_in_force(tx, tx.head.tenant, places, [STANDARD], command.registered_from)
    for place in places:
        found = [applicable(known, place, STANDARD, kind, command.registered_from) for kind in _BUYERS]
        if not all(any(rate.authority == place.region for rate in rates) for rates in found):
            where = "-".join(filter(None, (place.country, place.region)))
            message = f"There is no standard rate of {where} at the begin of the registration; publish it first."
            raise Refused(RefusalCode.STATE_CONFLICT, message, ("registeredFrom",))


@dataclass(frozen=True, slots=True)
class SetSellerTax:
    """Which region the legal entity sits in, and where its tax is rounded from now on."""

    region: str
    rounding: Rounding


@operation("tax.set_seller", allowed=PUBLISHERS)
async def set_seller_tax(tx: Tx, command: SetSellerTax) -> SetSellerTax:
    """INVALID_INPUT for a region that is none; what was issued stays as it is."""
    country = await tx.fetchval("SELECT country FROM legal_entity WHERE id = $1", tx.head.legal_entity.uuid)
    require_region(country, command.region, "region")
    await tx.execute(
        "UPDATE legal_entity SET region = $2, tax_rounding = $3 WHERE id = $1",
        tx.head.legal_entity.uuid,
        command.region,
        command.rounding.value,
    )
    return command
