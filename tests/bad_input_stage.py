"""What the tests of bad input share: a stage on which nothing may change, and good input for each mutation."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import asyncpg

from domain.actor import Grant
from tests.api_callers import Api, Caller, Guest
from tests.whole_database import Fingerprints, fingerprints
from tests.world import fresh

ERRORS = "errors { __typename ... on UserError { code message path retryable } }"

PUBLISH_PLAN = """mutation ($input: PublishPlanInput!) { publishPlan(input: $input) {
    plan { id } errors { ... on UserError { code } } } }"""


def mutation(name: str) -> str:
    """A document of that mutation that selects its errors."""
    kind = name[0].upper() + name[1:]
    return f"mutation ($input: {kind}Input!) {{ {name}(input: $input) {{ {ERRORS} }} }}"


@dataclass
class Stage:
    """A customer with a subscription, support, and an admin; nothing on it changes while bad input is tried."""

    guest: Guest
    support: Caller
    admin: Caller
    good: dict[str, dict[str, Any]]
    prints: Fingerprints

    def caller(self, name: str) -> Caller:
        """Who may perform that mutation."""
        return self.admin if name in ADMINS else self.support if name in SUPPORTS else self.guest


@asynccontextmanager
async def stage_for(api: Api, owner_url: str) -> AsyncIterator[Stage]:
    """One for all cases of a file: they leave nothing behind, so none disturbs another."""
    guest, bought = await api.subscriber()
    admin = await api.staff(Grant.ADMIN)
    own_plan = {"code": fresh("plan"), "name": "P", "description": "No other test's", "rank": 90}
    good = good_input(api, guest, bought, (await admin.do(PUBLISH_PLAN, **own_plan))["plan"]["id"])
    connection = await asyncpg.connect(owner_url)
    try:
        prints = await fingerprints(connection)
        yield Stage(guest, await api.staff(), admin, good, prints)
    finally:
        await connection.close()


def good_input(api: Api, guest: Guest, bought: Any, plan: str) -> dict[str, dict[str, Any]]:
    """For each mutation an input that would be performed."""
    euro, name = {"minorUnits": "100", "currency": "EUR"}, fresh("bad")
    return {
        "addPaymentMethod": {"token": "tok_visa"},
        "startSubscription": {"priceId": str(api.world.prices["team"]), "quantity": 1},
        "changePlan": {"subscriptionId": bought["subscription"]["id"], "priceId": str(api.world.prices["yearly"])},
        "payInvoice": {"invoiceId": bought["invoice"]["id"]},
        "advanceTestClock": {"to": "2027-01-05T00:00:00Z"},
        "createCustomer": {
            "legalEntity": "ACMETEST", "reference": name, "currency": "EUR", "timeZone": "Europe/Berlin",
            "locale": "en", "country": "DE", "name": "Ada", "email": "ada@example.test", "address": "1 Test Street",
            "clockAt": "2027-01-01T00:00:00Z", "issuer": api.issuer, "subject": name,
        },
        "registerStaff": {"issuer": api.issuer, "subject": name, "role": "LEAD"},
        "registerPartner": {"clientId": name, "name": "Northwind"},
        "publishPlan": {"code": name, "name": "Bad", "description": "Never published", "rank": 1},
        "publishPrice": {"planId": plan, "amount": euro, "intervalUnit": "MONTH", "intervalCount": 1,
                         "effectiveFrom": "2020-01-01T00:00:00Z"},
        "refundPayment": {"customerId": guest.id, "paymentId": bought["invoice"]["payments"][0]["id"], "amount": euro,
                          "reason": "No reason."},
    }  # fmt: skip


ADMINS = ("registerStaff", "registerPartner", "publishPlan", "publishPrice")
SUPPORTS = ("createCustomer", "refundPayment")
