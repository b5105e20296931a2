"""A customer moves or changes its name: what is billed from now on says so; issued documents stay as they are."""

from dataclasses import dataclass

from domain.actor import STAFF, Grant
from domain.countries import require_known_country, require_region
from domain.db import Tx
from domain.operation import operation
from domain.portal_function import PortalFunction
from domain.refusals import RefusalCode, Refused
from domain.wire import personal


@dataclass(frozen=True, slots=True)
class ChangeBillingPerson:
    """All that the customer is billed under from now on; country and region are where its purchases are taxed."""

    country: str
    region: str
    name: str = personal()
    email: str = personal()
    address: str = personal()


@dataclass(frozen=True, slots=True)
class BillingPersonChanged:
    """Where the customer is from now on."""

    country: str
    region: str


@operation(
    "customers.change_billing_person",
    allowed=STAFF | {Grant.SYSTEM, Grant.PORTAL},
    function=PortalFunction.BILLING_DETAILS,
)
async def change_billing_person(tx: Tx, command: ChangeBillingPerson) -> BillingPersonChanged:
    """INVALID_INPUT for a country or region that is none; STATE_CONFLICT once the customer was erased."""
    require_known_country(command.country, "country")
    require_region(command.country, command.region, "region")
    changed = await tx.fetchval(
        """UPDATE billing_person SET name = $3, email = $4, address = $5, country = $6, region = $7
            WHERE shard_key = $1 AND customer_id = $2 RETURNING customer_id""",
        tx.customer.shard, tx.customer.uuid, command.name, command.email, command.address, command.country,
        command.region,
    )  # fmt: skip
    if changed is None:
        raise Refused(RefusalCode.STATE_CONFLICT, "This customer was erased.")
    return BillingPersonChanged(command.country, command.region)
