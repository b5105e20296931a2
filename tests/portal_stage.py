"""The portal's own rules and links on the stages of tests of the door: good and bad input."""

from typing import Any

from domain.ids import PlanId, PriceId
from domain.money import Money
from domain.perform import perform
from domain.subscriptions.retention_offer import SetRetentionOffer, set_retention_offer
from tests.api_callers import Api, Guest
from tests.bulk_stage import WRONG as OF_RUNS
from tests.lives import buy, publish
from tests.world import EUR, World, fresh

ADMINS = ("setPortalFeatures", "setRetentionOffer")
SUPPORTS = ("createPortalLink",)
PORTAL = ("acceptRetentionOffer",)
UNKNOWN = "invoice_" + "0" * 32
# For each of these mutations another input that would do as well.
OTHERWISE: dict[str, dict[str, Any]] = {
    "setPortalFeatures": {"switchedOff": ["PAUSE"]},
    "createPortalLink": {"expiresInMinutes": 5},
    "setRetentionOffer": {"pauseDays": 31},
    "acceptRetentionOffer": {"reason": "OTHER"},
}
# What is wrong in the input, the code, and the path that names the part.
WRONG: list[tuple[str, dict[str, Any], str, list[str]]] = [
    *OF_RUNS,
    ("setPortalFeatures", {"switchedOff": ["PAUSE", "PAUSE"]}, "INVALID_INPUT", ["switchedOff"]),
    ("createPortalLink", {"customerId": "nonsense"}, "NOT_FOUND", ["customerId"]),
    *(("createPortalLink", {"expiresInMinutes": time}, "INVALID_INPUT", ["expiresInMinutes"])
      for time in (-1, 0, 10_081, 2**31 - 1)),
    *(("createPortalLink", {"invoiceId": id}, "NOT_FOUND", ["invoiceId"]) for id in ("nonsense", UNKNOWN)),
    ("createPortalLink", {"invoiceId": None}, "INVALID_INPUT", ["invoiceId"]),
    ("createPortalLink", {"purpose": "UPDATE_CARD"}, "INVALID_INPUT", ["invoiceId"]),
    ("createPortalLink", {"purpose": "CANCEL", "invoiceId": None}, "INVALID_INPUT", ["subscriptionId"]),
    *(("setRetentionOffer", {"pauseDays": days}, "INVALID_INPUT", ["pauseDays"]) for days in (0, -1, 367)),
    *(("setRetentionOffer", {"everyMonths": n}, "INVALID_INPUT", ["everyMonths"]) for n in (0, 121)),
    *(("setRetentionOffer", {"planId": id}, "NOT_FOUND", ["planId"]) for id in ("nonsense", "plan_" + "0" * 26)),
    *(("setRetentionOffer", {"priceId": id}, "NOT_FOUND", ["priceId"]) for id in ("nonsense", "price_" + "0" * 26)),
    ("setRetentionOffer", {"couponCode": "NOSUCH"}, "NOT_FOUND", ["couponCode"]),
    ("setRetentionOffer", {"couponCode": " "}, "INVALID_INPUT", ["couponCode"]),
    ("acceptRetentionOffer", {"subscriptionId": "nonsense"}, "NOT_FOUND", ["subscriptionId"]),
    ("acceptRetentionOffer", {"subscriptionId": "subscription_" + "0" * 32}, "NOT_FOUND", ["subscriptionId"]),
    ("acceptRetentionOffer", {"customerId": "customer_" + "0" * 32}, "NOT_FOUND", ["customerId"]),
    *(("acceptRetentionOffer", {"kind": kind}, "STATE_CONFLICT", ["kind"]) for kind in ("COUPON", "DOWNGRADE")),
]  # fmt: skip


async def plan_of(world: World, price: PriceId) -> PlanId:
    """The plan that the price is of."""
    return PlanId(await world.house.db.primary.fetchval("SELECT plan_id FROM price WHERE id = $1", price.uuid))


async def offer_pause(world: World, plan: PlanId) -> None:
    """Who is about to cancel that plan is offered a pause of a month."""
    command, home = SetRetentionOffer(plan, None, 30, None, 12), world.tenant.live_house
    await perform(world.house.db, set_retention_offer, world.house.actor, home, command, fresh("offer"))


async def portal_input(api: Api, guest: Guest, invoice: str) -> dict[str, dict[str, Any]]:
    """For each mutation about the portal an input that would be performed; the tenant is everybody's."""
    left, stays = [await publish(api.world, Money(500, EUR)) for _ in range(2)]
    await offer_pause(api.world, await plan_of(api.world, stays))
    kept = (await buy(api.world, guest.who, stays)).subscription
    return {
        "setRetentionOffer": {"planId": str(await plan_of(api.world, left)), "pauseDays": 30},
        "acceptRetentionOffer": {"subscriptionId": str(kept), "kind": "PAUSE"},
        "setPortalFeatures": {"switchedOff": []},
        "createPortalLink": {"customerId": guest.id, "purpose": "PAY_INVOICE", "invoiceId": invoice},
    }
