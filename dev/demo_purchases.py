"""What a demo customer has bought before anybody looks: Ada has Team, pays on account, and her first invoice is open.

Nothing of it asks the payment provider, which starts while this is loaded. Ben has bought nothing, for whoever wants to
begin at the beginning.
"""

from datetime import datetime
from typing import Final

from dev.identity.personas import PERSONAS
from domain.actor import Grant, portal, staff
from domain.catalog.plan import plans
from domain.db import Primary
from domain.ids import CustomerId, PriceId, TenantId
from domain.invoices.billing_terms import SetBillingTerms, set_billing_terms
from domain.money import Currency
from domain.perform import perform
from domain.period import Cadence, Unit
from domain.reactions.house import House
from domain.subscriptions.start import StartSubscription, start_subscription
from domain.tenants.create_tenant import TenantCreated

BUYER: Final = PERSONAS["customer"]
CLERK: Final = PERSONAS["finance"]
PLAN: Final = "team"
NET_DAYS: Final = 14


async def load_purchase(house: House, created: TenantCreated, buyer: CustomerId, issuer: str, at: datetime) -> None:
    """Sells it; a second call performs nothing again."""
    clerk = staff(created.tenant, created.live_house, issuer, CLERK.subject, frozenset({Grant.FINANCE}), "demo")
    await perform(house.db, set_billing_terms, clerk, buyer, SetBillingTerms(NET_DAYS, None), "demo:terms")
    customer = portal(created.tenant, buyer, BUYER.subject, "demo")
    bought = StartSubscription(await _a_month(house.db.primary, created.tenant, at), 1)
    await perform(house.db, start_subscription, customer, buyer, bought, "demo:start")


async def _a_month(db: Primary, tenant: TenantId, at: datetime) -> PriceId:
    return next(
        price.id
        for plan, prices in await plans(db, tenant, at)
        for price in prices
        if plan.code == PLAN and price.unit_amount.currency == Currency("EUR") and price.cadence == Cadence(Unit.MONTH)
    )
