"""What customers do by themselves in their portal, by name; a tenant may switch each of them off for its customers.

Each operation that is open to portal users and can be switched off says which of them it is.
"""

from enum import StrEnum

from domain.actor import Actor, Grant
from domain.db import Primary
from domain.ids import TenantId
from domain.refusals import RefusalCode, Refused


class PortalFunction(StrEnum):
    """A function of the portal; the name stands in the database and is never changed."""

    START_SUBSCRIPTION = "start_subscription"
    CHANGE_PLAN = "change_plan"
    CHANGE_SEATS = "change_seats"
    CANCEL = "cancel"
    PAUSE = "pause"
    UPDATE_CARD = "update_card"
    PAY_INVOICE = "pay_invoice"
    ARRANGE_PAYMENT = "arrange_payment"
    REDEEM_COUPON = "redeem_coupon"
    BILLING_DETAILS = "billing_details"
    TAX_IDS = "tax_ids"
    MEMBERS = "members"


async def switched_off(db: Primary, tenant: TenantId) -> frozenset[PortalFunction]:
    """The functions that the tenant has switched off; none of them where it never said."""
    off = await db.fetchval("SELECT switched_off FROM portal_policy WHERE tenant_id = $1", tenant.uuid)
    return frozenset(PortalFunction(name) for name in off or ())


async def require_function(db: Primary, actor: Actor, tenant: TenantId, function: PortalFunction | None) -> None:
    """FEATURE_OFF for a customer's own user where the tenant has switched it off; staff, also those who act for the
    customer, and partners go on."""
    if function is None or Grant.PORTAL not in actor.grants or actor.on_behalf_of is not None:
        return
    if function in await switched_off(db, tenant):
        raise Refused(RefusalCode.FEATURE_OFF, "This is switched off in the portal; ask us to do it.")
