"""What the tests of bad input share: a stage on which nothing may change, and good input for each mutation."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import asyncpg

from domain.actor import Grant
from tests.api_callers import Api, Caller, Guest
from tests.books_stage import next_to_close
from tests.bulk_stage import FINANCES as FINANCES_OF_RUNS
from tests.bulk_stage import bulk_input
from tests.catalog_stage import ADMINS as ADMINS_OF_CATALOG
from tests.catalog_stage import catalog_input
from tests.dispute_stage import ADMINS as ADMINS_OF_DISPUTES
from tests.dispute_stage import FINANCES as FINANCES_OF_DISPUTES
from tests.dispute_stage import SUPPORTS as SUPPORTS_OF_DISPUTES
from tests.dispute_stage import dispute_input
from tests.document_stage import ADMINS as ADMINS_OF_DOCUMENTS
from tests.document_stage import document_input
from tests.exception_stage import FINANCES as FINANCES_OF_EXCEPTIONS
from tests.exception_stage import SUPPORTS as SUPPORTS_OF_EXCEPTIONS
from tests.exception_stage import exception_input
from tests.notice_stage import ADMINS as ADMINS_OF_NOTICES
from tests.notice_stage import SUPPORTS as SUPPORTS_OF_NOTICES
from tests.notice_stage import notice_input
from tests.payment_stage import ADMINS as ADMINS_OF_PAYMENTS
from tests.payment_stage import FINANCES as FINANCES_OF_PAYMENTS
from tests.payment_stage import SUPPORTS as SUPPORTS_OF_PAYMENTS
from tests.payment_stage import payment_input
from tests.portal_stage import ADMINS as ADMINS_OF_PORTAL
from tests.portal_stage import SUPPORTS as SUPPORTS_OF_PORTAL
from tests.portal_stage import portal_input
from tests.privacy_stage import ADMINS as ADMINS_OF_PRIVACY
from tests.privacy_stage import privacy_input
from tests.recovery_stage import ADMINS as ADMINS_OF_RECOVERY
from tests.recovery_stage import SUPPORTS as SUPPORTS_OF_RECOVERY
from tests.recovery_stage import recovery_input
from tests.refund_stage import ADMINS as ADMINS_OF_REFUNDS
from tests.refund_stage import FINANCES as FINANCES_OF_REFUNDS
from tests.refund_stage import SUPPORTS as SUPPORTS_OF_REFUNDS
from tests.refund_stage import refund_input
from tests.session_stage import session_input
from tests.subscription_stage import subscription_input
from tests.tax_kit import TAX_IDS
from tests.webhook_stage import ADMINS as ADMINS_OF_WEBHOOKS
from tests.webhook_stage import SUPPORTS as SUPPORTS_OF_WEBHOOKS
from tests.webhook_stage import webhook_input
from tests.whole_database import Fingerprints, fingerprints
from tests.world import fresh

ERRORS = "errors { __typename ... on UserError { code message path retryable } }"

PUBLISH_PLAN = """mutation ($input: PublishPlanInput!) { publishPlan(input: $input) {
    plan { id } errors { ... on UserError { code } } } }"""

PUBLISH_COUPON = """mutation ($input: PublishCouponInput!) { publishCoupon(input: $input) {
    coupon { id code } errors { ... on UserError { code } } } }"""
REDEEM = """mutation ($input: RedeemCouponInput!) { redeemCoupon(input: $input) {
    redemption { id } errors { ... on UserError { code } } } }"""
ADD_TAX_ID = """mutation ($input: AddTaxIdInput!) { addTaxId(input: $input) {
    taxId { id } errors { ... on UserError { code } } } }"""
ADD_EXEMPTION = """mutation ($input: AddTaxExemptionInput!) { addTaxExemption(input: $input) {
    exemption { id } errors { ... on UserError { code } } } }"""
PUBLISH_FEATURE = """mutation ($input: PublishFeatureInput!) { publishFeature(input: $input) {
    feature { code } errors { ... on UserError { code } } } }"""
GRANT = """mutation ($input: GrantEntitlementInput!) { grantEntitlement(input: $input) {
    exception { id } errors { ... on UserError { code } } } }"""

CREATE_INVOICE = """mutation ($input: CreateInvoiceInput!) { createInvoice(input: $input) {
    draft { id } errors { ... on UserError { code } } } }"""
FINALIZE = """mutation ($input: FinalizeInvoiceInput!) { finalizeInvoice(input: $input) {
    invoice { id } errors { ... on UserError { code } } } }"""
ISSUE = """mutation ($input: IssueCreditNoteInput!) { issueCreditNote(input: $input) {
    creditNote { id } errors { ... on UserError { code } } } }"""

SIGN = """mutation ($input: CreateContractInput!) { createContract(input: $input) {
    contract { id } errors { ... on UserError { code } } } }"""


def mutation(name: str) -> str:
    """A document of that mutation that selects its errors."""
    kind = name[0].upper() + name[1:]
    return f"mutation ($input: {kind}Input!) {{ {name}(input: $input) {{ {ERRORS} }} }}"


CREW = 4  # of each role: each of them has the points for about forty mutations at once


@dataclass
class Stage:
    """A customer with a subscription, support, and an admin; nothing on it changes while bad input is tried."""

    guest: Guest
    support: Caller
    admin: Caller
    finance: Caller
    good: dict[str, dict[str, Any]]
    prints: Fingerprints

    crews: dict[Grant, list[Caller]]

    def caller(self, name: str) -> Caller:
        """Who may perform that mutation."""
        if name in FINANCES:
            return self.finance
        return self.admin if name in ADMINS else self.support if name in SUPPORTS else self.guest

    def one_of_many(self, name: str) -> Caller:
        """Who has the role for that mutation: one of several, for who asks more than one of them has points for."""
        grant = Grant.FINANCE if name in FINANCES else Grant.ADMIN if name in ADMINS else Grant.SUPPORT
        if grant is Grant.SUPPORT and name not in SUPPORTS:
            return self.guest
        crew = self.crews[grant]
        return crew[sum(name.encode()) % len(crew)]


@asynccontextmanager
async def stage_for(api: Api, owner_url: str) -> AsyncIterator[Stage]:
    """One for all cases of a file: they leave nothing behind, so none disturbs another."""
    guest, bought = await api.subscriber()
    admin = await api.staff(Grant.ADMIN)
    coupon = await admin.do(PUBLISH_COUPON, **coupon_of(fresh("c")))
    redeemed = await guest.do(REDEEM, code=coupon["coupon"]["code"])
    feature = await admin.do(PUBLISH_FEATURE, code=fresh("f"), name="F", kind="SWITCH")
    own_plan = {"code": fresh("plan"), "name": "P", "description": "No other test's", "rank": 90}
    good = good_input(api, guest, bought, (await admin.do(PUBLISH_PLAN, **own_plan))["plan"]["id"])
    good["endCoupon"] = {"couponId": coupon["coupon"]["id"]}
    good["endCouponRedemption"] = {"customerId": guest.id, "redemptionId": redeemed["redemption"]["id"]}
    good["redeemCoupon"] = {"code": (await admin.do(PUBLISH_COUPON, **coupon_of(fresh("c"))))["coupon"]["code"]}
    code = feature["feature"]["code"]
    good["grantEntitlement"] = {
        "customerId": guest.id,
        "feature": code,
        "value": "1",
        "reason": "A good one.",
        "startsAt": "2027-01-10T00:00:00Z",
        "endsAt": "2027-02-02T00:00:00Z",
    }
    granted = await (await api.staff()).do(GRANT, **good["grantEntitlement"])
    good["endEntitlementException"] = {"customerId": guest.id, "exceptionId": granted["exception"]["id"]}
    good |= await tax_input(guest, await api.staff(), admin)
    good |= await good_input_about_invoices(api, admin, guest, bought["invoice"]["id"])
    allowed = [{"feature": code, "value": "1"}]
    good["publishPlanVersion"]["terms"] |= {"entitlements": allowed}
    good |= await subscription_input(api, guest)
    good |= await payment_input(api, guest)
    good |= await dispute_input(api)
    good |= await notice_input(api, guest)
    good |= await session_input(api, guest)
    good |= await portal_input(api, guest, bought["invoice"]["id"])
    good |= await recovery_input(api)
    support = await api.staff()
    good |= await refund_input(api, support)
    good |= await webhook_input(api)
    good |= await catalog_input(admin)
    good |= await exception_input(api)
    good |= await privacy_input(api)
    good |= await document_input(api)
    good |= await bulk_input(api)
    connection = await asyncpg.connect(owner_url)
    try:
        prints = await fingerprints(connection)
        crews = {of: [await api.staff(of) for _ in range(CREW)] for of in (Grant.SUPPORT, Grant.ADMIN, Grant.FINANCE)}
        yield Stage(guest, support, admin, await api.staff(Grant.FINANCE), good, prints, crews)
    finally:
        await connection.close()


def good_input(api: Api, guest: Guest, bought: Any, plan: str) -> dict[str, dict[str, Any]]:
    """For each mutation an input that would be performed."""
    euro, name = {"minorUnits": "100", "currency": "EUR"}, fresh("bad")
    return {
        "addPaymentMethod": {"token": "tok_visa"},
        "startSubscription": {"priceId": str(api.world.prices["team"]), "quantity": 1},
        "changePlan": {"subscriptionId": bought["subscription"]["id"], "priceId": str(api.world.prices["yearly"]),
                       "timing": "PERIOD_END"},
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
        "publishPlanVersion": {"planId": plan, "effectiveFrom": "2027-01-01T00:00:00Z",
                               "existingFrom": "2027-06-01T00:00:00Z",
                               "terms": {"family": "suite", "taxCategory": "saas", "proration": "DAY", "trialDays": 14,
                                         "trialEnd": "CANCEL"}},
        "publishFeature": {"code": name, "name": "Seats", "kind": "LIMIT"},
        "publishCoupon": {**coupon_of(name), "planIds": [plan], "redeemUntil": "2028-01-01T00:00:00Z",
                          "maxRedemptions": 5},
        "saveDunningPolicy": {"retryDays": [2, 5, 9, 14], "suspendDay": 14, "giveUpDay": 30},
        "publishGraceRule": {"country": "AT", "minDays": 14, "noticeDays": 7, "source": "A law."},
        "refundPayment": {"customerId": guest.id, "paymentId": bought["invoice"]["payments"][0]["id"], "amount": euro,
                          "reason": "No reason."},
    }  # fmt: skip


async def tax_input(guest: Guest, support: Caller, admin: Caller) -> dict[str, dict[str, Any]]:
    """Good input of the mutations about tax; none of it reaches what another test sells."""
    rate = {
        "country": "FJ",
        "component": "VAT",
        "name": "VAT",
        "ratePpm": 90_000,
        "effectiveFrom": "2000-01-01T00:00:00Z",
    }
    await admin.do(mutation("publishTaxRate"), **rate)
    ids = [(await guest.do(ADD_TAX_ID, country=country, value=TAX_IDS[country]))["taxId"] for country in ("AT", "AU")]
    exempt = {"customerId": guest.id, "country": "US", "region": "CA", "certificate": "1",
              "validFrom": "2027-01-01T00:00:00Z"}  # fmt: skip
    kept = (await support.do(ADD_EXEMPTION, **exempt))["exemption"]["id"]
    return {
        "publishTaxRate": rate,
        "registerForTax": {"legalEntity": "ACMETEST", "country": "FJ", "taxNumber": "1", "scheme": "DOMESTIC",
                           "registeredFrom": "2010-01-01T00:00:00Z", "registeredUntil": "2011-01-01T00:00:00Z"},
        "setSellerTax": {"legalEntity": "ACMETEST", "region": "BE", "rounding": "LINE"},
        "setLegalDetails": {"legalEntity": "ACMETEST", "registerEntry": "HRB 1 B", "retentionYears": 10},
        "closePeriod": {"legalEntity": "ACMETEST", "month": await next_to_close(admin)},
        "addTaxId": {"country": "DE", "value": TAX_IDS["DE"]},
        "removeTaxId": {"taxId": ids[0]["id"]},
        "judgeTaxId": {"customerId": guest.id, "taxId": ids[1]["id"], "valid": False},
        "addTaxExemption": exempt,
        "stateTaxPlace": {"customerId": guest.id, "country": "FJ", "validFrom": "2027-01-01T00:00:00Z",
                          "validUntil": "2027-01-02T00:00:00Z"},
        "startTaxCorrectionRun": {"country": "FJ", "since": "2000-01-01T00:00:00Z", "until": "2000-01-02T00:00:00Z",
                                  "reason": "Wrong."},
        "endTaxExemption": {"customerId": guest.id, "exemptionId": kept, "endsAt": "2027-06-01T00:00:00Z"},
        "changeBillingDetails": {"name": "Ada", "email": "ada@example.test", "address": "1 Test Street",
                                 "country": "DE"},
    }  # fmt: skip


async def good_input_about_invoices(api: Api, admin: Caller, guest: Guest, paid: str) -> dict[str, dict[str, Any]]:
    """For each mutation of finance an input that would be performed, most of it about a customer that owes."""
    debtor = await api.guest("tok_insufficient_funds")
    euro, line = {"minorUnits": "100", "currency": "EUR"}, {"description": "Work", "unitAmount": amount(500)}
    of = {"customerId": debtor.id}
    drafts = [(await admin.do(CREATE_INVOICE, **of, lines=[line, line]))["draft"]["id"] for _ in range(8)]
    owed = [(await admin.do(FINALIZE, **of, draftId=drafts.pop()))["invoice"]["id"] for _ in range(3)]
    note = {"kind": "GOODWILL", "reason": "Goodwill."}
    issued = await admin.do(ISSUE, **of, **note, invoiceId=owed[0], amount=euro)
    contract = {"commitment": amount(50_000), "startsAt": "2027-01-01T00:00:00Z", "endsAt": "2028-01-01T00:00:00Z",
                "netDays": 30}  # fmt: skip
    signed = await admin.do(SIGN, **of, **contract, priceId=str(api.world.prices["team"]))
    return {
        "issueCreditNote": {"customerId": guest.id, "invoiceId": paid, **note, "amount": euro, "credit": euro},
        "correctTax": {"customerId": guest.id, "invoiceId": paid, "reason": "Wrong."},
        "voidCreditNote": {**of, "creditNoteId": issued["creditNote"]["id"]},
        "voidInvoice": {**of, "invoiceId": owed[1], "reason": "Wrong."},
        "markInvoiceUncollectible": {**of, "invoiceId": owed[2], "reason": "Gone."},
        "createInvoice": {**of, "lines": [line]},
        "addInvoiceLine": {**of, "draftId": drafts[0], "line": line},
        "editInvoiceLine": {**of, "draftId": drafts[1], "position": 2, "line": line},
        "removeInvoiceLine": {**of, "draftId": drafts[2], "position": 1},
        "deleteInvoiceDraft": {**of, "draftId": drafts[3]},
        "finalizeInvoice": {**of, "draftId": drafts[4]},
        "setBillingTerms": {**of, "netDays": 30},
        "createContract": {**of, **contract, "priceId": str(api.world.prices["starter"])},
        "cancelContract": {**of, "contractId": signed["contract"]["id"], "owed": "PRO_RATA", "reason": "They asked."},
        "setParentCustomer": {"customerId": guest.id, "parentCustomerId": debtor.id},
        "setDebtPolicy": {},  # the default: the tenant is everybody's
        "setCustomerDebtPolicy": {**of, "policy": {"days": 30, "tolerated": [euro]}},
    }  # fmt: skip


def amount(minor: int) -> dict[str, str]:
    """An amount in EUR."""
    return {"minorUnits": str(minor), "currency": "EUR"}


def coupon_of(code: str) -> dict[str, Any]:
    """The input of a coupon of that code."""
    return {"code": code, "name": "Half off", "percentPpm": 500_000, "duration": "FOREVER", "scope": "ACCOUNT"}


ADMINS = ("registerStaff", "registerPartner", "publishPlan", "publishPrice", "publishPlanVersion", "publishFeature",
          "publishCoupon", "endCoupon", "saveDunningPolicy", "publishGraceRule", "publishTaxRate", "registerForTax",
          "setSellerTax", "setLegalDetails", "setSubscriptionPolicy", "setDebtPolicy", *ADMINS_OF_CATALOG,
          *ADMINS_OF_PAYMENTS, *ADMINS_OF_REFUNDS, *ADMINS_OF_WEBHOOKS,
          *ADMINS_OF_DISPUTES, *ADMINS_OF_NOTICES, *ADMINS_OF_RECOVERY, *ADMINS_OF_PORTAL,
          *ADMINS_OF_PRIVACY, *ADMINS_OF_DOCUMENTS)  # fmt: skip
SUPPORTS = ("createCustomer", "refundPayment", "grantEntitlement", "endEntitlementException", "endCouponRedemption",
            "judgeTaxId", "addTaxExemption", "endTaxExemption", *SUPPORTS_OF_PAYMENTS,
            *SUPPORTS_OF_REFUNDS, *SUPPORTS_OF_WEBHOOKS, *SUPPORTS_OF_DISPUTES,
            *SUPPORTS_OF_NOTICES, *SUPPORTS_OF_EXCEPTIONS, *SUPPORTS_OF_RECOVERY, *SUPPORTS_OF_PORTAL)  # fmt: skip
FINANCES = ("issueCreditNote", "voidCreditNote", "voidInvoice", "markInvoiceUncollectible", "createInvoice",
            "addInvoiceLine", "editInvoiceLine", "removeInvoiceLine", "deleteInvoiceDraft", "finalizeInvoice",
            "setBillingTerms", "createContract", "cancelContract", "correctTax", "stateTaxPlace",
            "startTaxCorrectionRun", "closePeriod", "setParentCustomer", "setCustomerDebtPolicy", *FINANCES_OF_PAYMENTS,
            *FINANCES_OF_REFUNDS, *FINANCES_OF_DISPUTES, *FINANCES_OF_EXCEPTIONS, *FINANCES_OF_RUNS)  # fmt: skip
