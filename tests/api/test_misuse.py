"""Input that is good for somebody else, at another time or in another call is refused, and nothing is written."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from domain.catalog.publish import PublishPrice, publish_price
from domain.ids import PlanId
from domain.money import Money
from domain.perform import perform
from domain.period import Unit
from tests.api_callers import START, Api, Caller, Guest, key
from tests.bad_input_stage import Stage, mutation, stage_for
from tests.bulk_stage import OTHERWISE as OF_RUNS
from tests.catalog_stage import OTHERWISE as OF_CATALOG
from tests.dispute_stage import OTHERWISE as OF_DISPUTES
from tests.exception_stage import OTHERWISE as OF_EXCEPTIONS
from tests.lives import day, publish, until
from tests.member_stage import PORTAL as MEMBERS
from tests.notice_stage import OTHERWISE as OF_NOTICES
from tests.payment_stage import OTHERWISE as OF_PAYMENTS
from tests.payment_stage import PORTAL as PAYING
from tests.portal_stage import OTHERWISE as OF_PORTAL
from tests.portal_stage import PORTAL as STAYING
from tests.privacy_stage import OTHERWISE as OF_PRIVACY
from tests.privacy_stage import PORTAL as ERASED
from tests.recovery_stage import OTHERWISE as OF_RECOVERY
from tests.refund_stage import OTHERWISE as OF_REFUNDS
from tests.role_kit import GRAPH
from tests.session_stage import OTHERWISE as OF_SESSIONS
from tests.subscription_stage import OTHERWISE as OF_SUBSCRIPTIONS
from tests.subscription_stage import PORTAL as SUBSCRIBED
from tests.webhook_stage import OTHERWISE as OF_WEBHOOKS
from tests.world import EUR, LONG_AGO, fresh

PORTAL = ("addPaymentMethod", "startSubscription", "changePlan", "payInvoice", "advanceTestClock", "redeemCoupon",
          "addTaxId", "removeTaxId", "changeBillingDetails", *SUBSCRIBED, *PAYING, "endSessions",
          *ERASED, *STAYING, *MEMBERS)  # fmt: skip
# For each mutation another input that would do as well.
OTHERWISE: dict[str, dict[str, Any]] = {
    "addPaymentMethod": {"token": "tok_mastercard"},
    "startSubscription": {"quantity": 2},
    "changePlan": {"priceId": "price_" + "0" * 26},
    "payInvoice": {"methodId": "method_" + "0" * 32},
    "advanceTestClock": {"to": "2027-01-06T00:00:00Z"},
    "createCustomer": {"address": "2 Test Street"},
    "registerStaff": {"role": "FINANCE"},
    "registerPartner": {"name": "Southwind"},
    "publishPlan": {"rank": 2},
    "publishPrice": {"intervalCount": 2},
    "refundPayment": {"amount": {"minorUnits": "101", "currency": "EUR"}},
    "publishPlanVersion": {"existingFrom": "2027-07-01T00:00:00Z"},
    "publishFeature": {"name": "Places"},
    "publishCoupon": {"maxRedemptions": 6},
    "endCoupon": {"couponId": "coupon_" + "0" * 26},
    "redeemCoupon": {"code": "OTHER"},
    "endCouponRedemption": {"redemptionId": "redemption_" + "0" * 32},
    "grantEntitlement": {"reason": "Another good one."},
    "endEntitlementException": {"endsAt": "2027-01-25T00:00:00Z"},
    "saveDunningPolicy": {"retryDays": [2, 5, 9]},
    "publishGraceRule": {"minDays": 15},
    "publishTaxRate": {"ratePpm": 95_000},
    "registerForTax": {"taxNumber": "2"},
    "setSellerTax": {"region": "BY"},
    "setLegalDetails": {"retentionYears": 8},
    "closePeriod": {"month": "2000-01-01"},
    "addTaxId": {"country": "AT"},
    "removeTaxId": {"taxId": "taxid_" + "0" * 32},
    "judgeTaxId": {"valid": True},
    "addTaxExemption": {"certificate": "2"},
    "endTaxExemption": {"endsAt": "2027-07-01T00:00:00Z"},
    "changeBillingDetails": {"address": "2 Test Street"},
    "correctTax": {"reason": "Another."},
    "stateTaxPlace": {"country": "AT"},
    "startTaxCorrectionRun": {"reason": "Another."},
    "issueCreditNote": {"reason": "Another."},
    "voidCreditNote": {"creditNoteId": "creditnote_" + "0" * 32},
    "voidInvoice": {"reason": "Another."},
    "markInvoiceUncollectible": {"reason": "Another."},
    "createInvoice": {"purchaseOrder": "PO-2"},
    "addInvoiceLine": {"line": {"description": "Other work", "unitAmount": {"minorUnits": "500", "currency": "EUR"}}},
    "editInvoiceLine": {"position": 1},
    "removeInvoiceLine": {"position": 2},
    "deleteInvoiceDraft": {"draftId": "invoice_" + "0" * 32},
    "finalizeInvoice": {"draftId": "invoice_" + "0" * 32},
    "setBillingTerms": {"netDays": 60},
    "createContract": {"netDays": 60},
    "cancelContract": {"owed": "FULL"},
    "setParentCustomer": {"parentCustomerId": None},
    "setDebtPolicy": {"policy": {"days": 30}},
    "setCustomerDebtPolicy": {"policy": {"days": 31}},
    **OF_SUBSCRIPTIONS,
    **OF_PAYMENTS,
    **OF_CATALOG,
    **OF_REFUNDS,
    **OF_WEBHOOKS,
    **OF_DISPUTES,
    **OF_NOTICES,
    **OF_SESSIONS,
    **OF_EXCEPTIONS,
    **OF_RECOVERY,
    **OF_PORTAL,
    **OF_PRIVACY,
    **OF_RUNS,
}

pytestmark = pytest.mark.usefixtures("full_buckets")


@dataclass
class Scene:
    """A stage, and by name the ids of what is not the customer's, or not any more."""

    stage: Stage
    debtor: Guest
    poor: Guest
    """Who owes as the debtor does, and never pays."""
    late: Guest
    ids: dict[str, str]

    def caller(self, name: str) -> Caller:
        """Who may perform that mutation, which is the debtor where something is to be paid."""
        return self.debtor if name == "payInvoice" else self.stage.caller(name)

    async def refusal(self, name: str, caller: Caller | None = None, /, **wrong: Any) -> Any:
        """The refusal of otherwise good input; every row of the database stays as it was."""
        async with self.stage.prints.unchanged():
            return await self.said(name, caller, **wrong)

    async def said(self, name: str, caller: Caller | None = None, /, **wrong: Any) -> Any:
        """The same without a look at the database, for who looks around several of them."""
        given = {**self.stage.good[name], **wrong}
        return await (caller or self.caller(name)).refusal(mutation(name), **given)


@pytest.fixture(scope="module")
async def scene(api: Api, elsewhere: Api, owner_url: str) -> AsyncIterator[Scene]:
    """One for all cases of the file: they leave nothing behind."""
    debtor, poor = [await api.guest("tok_insufficient_funds_times_1") for _ in range(2)]
    late, price = await api.guest("tok_insufficient_funds"), str(api.world.prices["starter"])
    owed, unpaid, expired = [await each.do(START, priceId=price) for each in (debtor, poor, late)]
    await until(api.world, late.who, day(1, 3))
    ids = {
        "price in USD": str(api.world.prices["usd"]),
        "price elsewhere": str(elsewhere.world.prices["team"]),
        "replaced price": await replaced_price(api),
        "expired subscription": expired["subscription"]["id"],
        "void invoice": expired["invoice"]["id"],
        "unpaid invoice": unpaid["invoice"]["id"],
    }
    for place, where in (("", api), (" elsewhere", elsewhere)):
        other, bought = await where.subscriber()
        ids |= {
            f"customer{place}": other.id,
            f"subscription{place}": bought["subscription"]["id"],
            f"invoice{place}": bought["invoice"]["id"],
            f"payment{place}": bought["invoice"]["payments"][0]["id"],
            f"card{place}": str(await where.world.card(other.who)),
        }
    async with stage_for(api, owner_url) as stage:
        stage.good["payInvoice"] = {"invoiceId": owed["invoice"]["id"]}
        yield Scene(stage, debtor, poor, late, ids)


async def replaced_price(api: Api) -> str:
    """A price that was on offer until its plan got another."""
    world, db = api.world, api.world.house.db
    old = await publish(world, Money(500, EUR))
    plan = PlanId(await db.primary.fetchval("SELECT plan_id FROM price WHERE id = $1", old.uuid))
    dearer = PublishPrice(plan, Money(600, EUR), Unit.MONTH, 1, LONG_AGO + timedelta(days=1))
    await perform(db, publish_price, world.house.actor, world.tenant.live_house, dearer, fresh("price"))
    return str(old)


def test_good_input_is_known_for_every_mutation(scene: Scene) -> None:
    published = GRAPH.mutation_type
    assert published
    assert set(published.fields) == set(scene.stage.good) == set(OTHERWISE)


@pytest.mark.parametrize(
    ("name", "wrong", "code"),
    [
        ("startSubscription", {"priceId": "price in USD"}, "CURRENCY_MISMATCH"),
        ("changePlan", {"priceId": "price in USD"}, "CURRENCY_MISMATCH"),
        ("startSubscription", {"priceId": "replaced price"}, "NOT_FOUND"),
        ("changePlan", {"priceId": "replaced price"}, "NOT_FOUND"),
    ],
)
async def test_a_foreign_currency_and_a_price_of_yesterday_are_refused(
    scene: Scene, name: str, wrong: dict[str, str], code: str
) -> None:
    refused = await scene.refusal(name, **{field: scene.ids[what] for field, what in wrong.items()})
    assert (refused["code"], refused["path"]) == (code, ["priceId"])


@pytest.mark.row("A3")
async def test_what_has_ended_takes_nothing_any_more(scene: Scene) -> None:
    refused = await scene.refusal("payInvoice", scene.late, invoiceId=scene.ids["void invoice"])
    assert (refused["code"], refused["path"]) == ("NOTHING_DUE", ["invoiceId"])
    refused = await scene.refusal("changePlan", scene.late, subscriptionId=scene.ids["expired subscription"])
    assert (refused["code"], refused["path"]) == ("STATE_CONFLICT", ["subscriptionId"])


@pytest.mark.parametrize("place", ["", " elsewhere"], ids=["another customer", "another tenant"])
@pytest.mark.parametrize(
    ("name", "field", "what"),
    [
        ("changePlan", "subscriptionId", "subscription"),
        ("payInvoice", "invoiceId", "invoice"),
        ("payInvoice", "methodId", "card"),
        ("refundPayment", "paymentId", "payment"),
    ],
)
async def test_what_belongs_to_somebody_else_is_answered_as_what_there_is_not(
    scene: Scene, name: str, field: str, what: str, place: str
) -> None:
    theirs = scene.ids[f"{what}{place}"]
    nothing = theirs[:-4] + ("zzzz" if not theirs.endswith("zzzz") else "yyyy")
    caller, owed = (scene.poor, {"invoiceId": scene.ids["unpaid invoice"]}) if name == "payInvoice" else (None, {})
    async with scene.stage.prints.unchanged():
        foreign, unknown = [await scene.said(name, caller, **{**owed, field: id}) for id in (theirs, nothing)]
    assert foreign == unknown
    assert (foreign["code"], foreign["path"]) == ("NOT_FOUND", [field])


async def test_another_tenant_s_customers_and_prices_are_answered_as_what_there_is_not(scene: Scene) -> None:
    nobody = scene.ids["customer"][:-4] + "zzzz"
    foreign = await scene.refusal("refundPayment", customerId=scene.ids["customer elsewhere"])
    assert foreign == await scene.refusal("refundPayment", customerId=nobody)
    for name in ("startSubscription", "changePlan"):
        foreign = await scene.refusal(name, priceId=scene.ids["price elsewhere"])
        assert foreign == await scene.refusal(name, priceId="price_" + "0" * 26)
        assert (foreign["code"], foreign["path"]) == ("NOT_FOUND", ["priceId"])


@pytest.mark.row("F3")
@pytest.mark.parametrize("name", OTHERWISE)
async def test_a_used_key_with_another_body_or_another_mutation_is_refused(scene: Scene, name: str) -> None:
    used, caller = key(), scene.caller(name)
    payload = await caller.call(mutation(name), **{**scene.stage.good[name], "idempotencyKey": used})
    assert payload["errors"] == []
    async with scene.stage.prints.unchanged():
        refused = [await scene.said(name, **OTHERWISE[name], idempotencyKey=used)]
        if isinstance(caller, Guest):  # all that a portal user does is about one customer: one key, one intent
            place = PORTAL.index(name)  # three others each, together all of them, so that nobody is throttled
            others = (PORTAL * 2)[place + 1 : place + 4]
            refused += [await scene.said(each, caller, idempotencyKey=used) for each in others]
    assert {(each["__typename"], each["code"]) for each in refused} == {("IdempotencyError", "IDEMPOTENCY_MISMATCH")}


@pytest.mark.parametrize("path", ["invoices", "receipts"])
async def test_a_hostile_id_of_a_document_finds_nothing(scene: Scene, path: str) -> None:
    before = await scene.stage.prints.now()
    for id in (
        "%00",
        "x%00y",
        "%ed%a0%80",
        "%ff",
        "7" * 5000,
        "x" * 20_000,
        "..%2F..%2Fetc%2Fpasswd",
        "invoice_%F0%9F",
    ):
        answer = await scene.late.get(f"/documents/{path}/{id}.pdf")
        assert answer.status_code == 404, id
    assert await scene.stage.prints.now() == before
