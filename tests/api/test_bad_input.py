"""Input that cannot be meant: refused as data or by a labelled error, never masked, and nothing is written."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.api_callers import Api, key
from tests.bad_input_stage import Stage, amount, mutation, stage_for
from tests.books_stage import WRONG as OF_BOOKS
from tests.catalog_kit import WRONG as OF_ENTITLEMENTS
from tests.catalog_stage import WRONG as OF_CATALOG
from tests.dispute_stage import WRONG as OF_DISPUTES
from tests.draft_stage import WRONG as OF_DRAFTS
from tests.families import WRONG as OF_FAMILIES
from tests.notice_stage import WRONG as OF_NOTICES
from tests.payment_stage import WRONG as WRONG_OF_PAYMENTS
from tests.portal_stage import WRONG as OF_PORTAL
from tests.refund_stage import WRONG as OF_REFUNDS
from tests.session_stage import WRONG as OF_SESSIONS
from tests.subscription_stage import WRONG
from tests.webhook_stage import WRONG as OF_WEBHOOKS

HUGE = 10**15 + 1  # one minor unit more than an amount can be

# Mutation, what is wrong in its input, the code, and the path that names the part.
TABLE: list[tuple[str, dict[str, Any], str, list[str]]] = [
    ("addPaymentMethod", {"token": ""}, "INVALID_INPUT", ["token"]),
    ("addPaymentMethod", {"token": "   "}, "INVALID_INPUT", ["token"]),
    ("addPaymentMethod", {"token": "x" * 201}, "INVALID_INPUT", ["token"]),
    ("addPaymentMethod", {"token": "💳" * 150}, "PAYMENT_METHOD_REFUSED", ["token"]),
    ("startSubscription", {"priceId": ""}, "NOT_FOUND", ["priceId"]),
    ("startSubscription", {"priceId": "price_" + "0" * 26}, "NOT_FOUND", ["priceId"]),
    ("startSubscription", {"priceId": "price_" + "z" * 26}, "NOT_FOUND", ["priceId"]),
    ("startSubscription", {"priceId": "plan_" + "0" * 26}, "NOT_FOUND", ["priceId"]),
    ("startSubscription", {"priceId": "x" * 5000}, "NOT_FOUND", ["priceId"]),
    ("startSubscription", {"quantity": 0}, "INVALID_INPUT", ["quantity"]),
    ("startSubscription", {"quantity": -1}, "INVALID_INPUT", ["quantity"]),
    ("startSubscription", {"quantity": 10_001}, "INVALID_INPUT", ["quantity"]),
    ("startSubscription", {"quantity": 2**31 - 1}, "INVALID_INPUT", ["quantity"]),
    ("changePlan", {"subscriptionId": "subscription_" + "0" * 32}, "NOT_FOUND", ["subscriptionId"]),
    ("changePlan", {"subscriptionId": "invoice_" + "0" * 32}, "NOT_FOUND", ["subscriptionId"]),
    ("changePlan", {"priceId": "nonsense"}, "NOT_FOUND", ["priceId"]),
    ("payInvoice", {"invoiceId": "invoice_" + "0" * 32}, "NOT_FOUND", ["invoiceId"]),
    ("payInvoice", {"invoiceId": "INVOICE_"}, "NOT_FOUND", ["invoiceId"]),
    ("payInvoice", {"methodId": "method_é"}, "NOT_FOUND", ["methodId"]),
    ("payInvoice", {}, "NOTHING_DUE", ["invoiceId"]),
    ("advanceTestClock", {"to": "2026-12-31T23:59:59Z"}, "CLOCK_NOT_FORWARD", ["to"]),
    ("advanceTestClock", {"to": "0001-01-02T00:00:00Z"}, "INVALID_INPUT", ["to"]),
    ("advanceTestClock", {"to": "9999-12-31T23:59:59Z"}, "INVALID_INPUT", ["to"]),
    ("createCustomer", {"legalEntity": "NOBODY"}, "NOT_FOUND", ["legalEntity"]),
    ("createCustomer", {"legalEntity": "ACME"}, "INVALID_INPUT", ["clockAt"]),
    ("createCustomer", {"reference": ""}, "INVALID_INPUT", ["reference"]),
    ("createCustomer", {"reference": "\t\n "}, "INVALID_INPUT", ["reference"]),
    ("createCustomer", {"reference": "x" * 201}, "INVALID_INPUT", ["reference"]),
    *(
        ("createCustomer", {"timeZone": zone}, "INVALID_INPUT", ["timeZone"])
        for zone in ("", "Mars/Olympus", "europe/berlin", "+02:00", "../../etc/passwd", "localtime", "é" * 50)
    ),
    *(
        ("createCustomer", {"country": country}, "INVALID_INPUT", ["country"])
        for country in ("", "de", "DEU", "Germany", "D1", "ÄÖ", "DE\n", "UK", "EL", "ZZ")
    ),
    *(
        ("createCustomer", {"locale": locale}, "INVALID_INPUT", ["locale"])
        for locale in ("", "it", "xx", "english", "en" * 40, "en_GB; DROP TABLE", "en.UTF-8", "en\n", "zh")
    ),
    ("createCustomer", {"name": ""}, "INVALID_INPUT", ["name"]),
    ("createCustomer", {"name": "x" * 201}, "INVALID_INPUT", ["name"]),
    ("createCustomer", {"email": ""}, "INVALID_INPUT", ["email"]),
    ("createCustomer", {"address": "x" * 501}, "INVALID_INPUT", ["address"]),
    ("createCustomer", {"clockAt": "1999-12-31T23:59:59Z"}, "INVALID_INPUT", ["clockAt"]),
    ("createCustomer", {"clockAt": "9999-12-31T23:59:59Z"}, "INVALID_INPUT", ["clockAt"]),
    ("createCustomer", {"issuer": None}, "INVALID_INPUT", ["issuer"]),
    ("createCustomer", {"subject": None}, "INVALID_INPUT", ["subject"]),
    ("createCustomer", {"subject": "Zoë"}, "INVALID_INPUT", ["subject"]),
    ("createCustomer", {"subject": "x" * 256}, "INVALID_INPUT", ["subject"]),
    ("createCustomer", {"issuer": "https://issuer.test/ with space"}, "INVALID_INPUT", ["issuer"]),
    ("registerStaff", {"subject": ""}, "INVALID_INPUT", ["subject"]),
    ("registerStaff", {"issuer": "é" * 700}, "INVALID_INPUT", ["issuer"]),
    ("registerPartner", {"clientId": "x" * 256}, "INVALID_INPUT", ["clientId"]),
    ("registerPartner", {"name": " "}, "INVALID_INPUT", ["name"]),
    ("publishPlan", {"code": ""}, "INVALID_INPUT", ["code"]),
    ("publishPlan", {"code": "x" * 201}, "INVALID_INPUT", ["code"]),
    ("publishPlan", {"code": "starter"}, "ALREADY_EXISTS", ["code"]),
    ("publishPlan", {"description": "x" * 501}, "INVALID_INPUT", ["description"]),
    ("publishPrice", {"planId": "plan_" + "0" * 26}, "NOT_FOUND", ["planId"]),
    ("publishPrice", {"planId": "nonsense"}, "NOT_FOUND", ["planId"]),
    ("publishPrice", {"intervalCount": 0}, "INVALID_INPUT", ["intervalCount"]),
    ("publishPrice", {"intervalCount": -3}, "INVALID_INPUT", ["intervalCount"]),
    ("publishPrice", {"intervalCount": 367}, "INVALID_INPUT", ["intervalCount"]),
    *(
        ("publishPrice", {"amount": {"minorUnits": str(amount), "currency": "EUR"}}, "INVALID_AMOUNT", ["amount"])
        for amount in (-1, 10**11 + 1, HUGE, 2**63 - 1, -(2**63))
    ),
    *WRONG,
    *WRONG_OF_PAYMENTS,
    *OF_FAMILIES,
    ("publishPlan", {"terms": {"trialDays": 14}}, "INVALID_INPUT", ["terms", "trialEnd"]),
    ("publishPlan", {"terms": {"taxCategory": "Digital Goods"}}, "INVALID_INPUT", ["terms", "taxCategory"]),
    ("publishPlan", {"terms": {"entitlements": [{"feature": "nope", "value": "1"}]}}, "NOT_FOUND",
     ["terms", "entitlements"]),
    ("publishPrice", {"existingFrom": "2019-12-31T23:59:59Z"}, "INVALID_INPUT", ["existingFrom"]),
    ("publishPrice", {"existingFrom": "2027-01-01T00:00:00Z", "private": True}, "INVALID_INPUT", ["existingFrom"]),
    ("publishPrice", {"intervalUnit": "QUARTER", "intervalCount": 123}, "INVALID_INPUT", ["intervalCount"]),
    ("publishPlanVersion", {"planId": "plan_" + "0" * 26}, "NOT_FOUND", ["planId"]),
    ("publishPlanVersion", {"effectiveFrom": "1970-01-01T00:00:00Z"}, "INVALID_INPUT", ["effectiveFrom"]),
    ("publishPlanVersion", {"effectiveFrom": "0001-01-02T00:00:00Z"}, "INVALID_INPUT", ["effectiveFrom"]),
    ("publishPlanVersion", {"existingFrom": "2026-12-31T23:59:59Z"}, "INVALID_INPUT", ["existingFrom"]),
    ("publishPlanVersion", {"terms": {"family": " "}}, "INVALID_INPUT", ["terms", "family"]),
    ("publishPlanVersion", {"terms": {"trialEnd": "PAUSE"}}, "INVALID_INPUT", ["terms", "trialDays"]),
    ("publishPlanVersion", {"terms": {"trialNeedsPaymentMethod": True}}, "INVALID_INPUT", ["terms", "trialDays"]),
    ("publishPlanVersion", {"terms": {"trialDays": 731, "trialEnd": "PAUSE"}}, "INVALID_INPUT", ["terms", "trialDays"]),
    ("publishFeature", {"code": " "}, "INVALID_INPUT", ["code"]),
    ("publishFeature", {"name": "x" * 201}, "INVALID_INPUT", ["name"]),
    *(("publishCoupon", {"code": code}, "INVALID_INPUT", ["code"]) for code in ("", "x", "A B", "É" * 5, "X" * 41)),
    ("publishCoupon", {"name": ""}, "INVALID_INPUT", ["name"]),
    *(
        ("publishCoupon", {"percentPpm": ppm}, "INVALID_INPUT", ["percentPpm"])
        for ppm in (None, 0, -1, 1_000_001, 2**31 - 1)
    ),
    ("publishCoupon", {"amount": {"minorUnits": "1", "currency": "EUR"}}, "INVALID_INPUT", ["percentPpm"]),
    *(
        ("publishCoupon", {"percentPpm": None, "amount": {"minorUnits": str(amount), "currency": "EUR"}},
         "INVALID_AMOUNT", ["amount"])
        for amount in (0, -1, 10**11 + 1, HUGE)
    ),
    ("publishCoupon", {"duration": "PERIODS"}, "INVALID_INPUT", ["periods"]),
    ("publishCoupon", {"periods": 3}, "INVALID_INPUT", ["periods"]),
    ("publishCoupon", {"duration": "PERIODS", "periods": 0}, "INVALID_INPUT", ["periods"]),
    ("publishCoupon", {"planIds": ["plan_" + "0" * 26]}, "NOT_FOUND", ["planIds"]),
    ("publishCoupon", {"planIds": ["nonsense"]}, "NOT_FOUND", ["planIds"]),
    ("publishCoupon", {"maxRedemptions": 0}, "INVALID_INPUT", ["maxRedemptions"]),
    ("endCoupon", {"couponId": "coupon_" + "0" * 26}, "NOT_FOUND", ["couponId"]),
    ("redeemCoupon", {"code": "NOT-A-CODE"}, "NOT_FOUND", ["code"]),
    ("redeemCoupon", {"code": ""}, "INVALID_INPUT", ["code"]),
    ("redeemCoupon", {"code": "x" * 201}, "INVALID_INPUT", ["code"]),
    ("redeemCoupon", {"subscriptionId": "nonsense"}, "NOT_FOUND", ["subscriptionId"]),
    ("redeemCoupon", {"customerId": "customer_" + "0" * 32}, "NOT_FOUND", ["customerId"]),
    ("endCouponRedemption", {"redemptionId": "redemption_" + "0" * 32}, "NOT_FOUND", ["redemptionId"]),
    ("endCouponRedemption", {"customerId": "nonsense"}, "NOT_FOUND", ["customerId"]),
    *OF_ENTITLEMENTS,
    *(
        ("saveDunningPolicy", {"retryDays": days}, "INVALID_INPUT", ["retryDays"])
        for days in ([], [0], [-1], [5, 2], [2, 2], list(range(1, 22)))
    ),
    ("saveDunningPolicy", {"suspendDay": 13}, "INVALID_INPUT", ["suspendDay"]),
    ("saveDunningPolicy", {"giveUpDay": 14}, "INVALID_INPUT", ["giveUpDay"]),
    ("saveDunningPolicy", {"giveUpDay": 2**31 - 1}, "INVALID_INPUT", ["giveUpDay"]),
    ("saveDunningPolicy", {"suspendDay": 31, "giveUpDay": 60}, "INVALID_INPUT", ["suspendDay"]),
    ("saveDunningPolicy", {"noticeDays": [30]}, "INVALID_INPUT", ["noticeDays"]),
    ("saveDunningPolicy", {"restrictDay": 14}, "INVALID_INPUT", ["restrictDay"]),
    ("saveDunningPolicy", {"restrictDay": 3, "keptFeatures": ["none of ours"]}, "NOT_FOUND", ["keptFeatures"]),
    ("saveDunningPolicy", {"planId": "plan_" + "0" * 26}, "NOT_FOUND", ["planId"]),
    ("saveDunningPolicy", {"planId": "nonsense"}, "NOT_FOUND", ["planId"]),
    *(("publishGraceRule", {"country": code}, "INVALID_INPUT", ["country"]) for code in ("", "fj", "XX")),
    *(("publishGraceRule", {"minDays": days}, "INVALID_INPUT", ["minDays"]) for days in (-1, 91)),
    ("publishGraceRule", {"noticeDays": 91}, "INVALID_INPUT", ["noticeDays"]),
    *(("publishGraceRule", {"source": text}, "INVALID_INPUT", ["source"]) for text in ("\t", "x" * 501)),
    *(("publishTaxRate", {"country": code}, "INVALID_INPUT", ["country"]) for code in ("", "fj", "XX", "FJI", "F\n")),
    *(("publishTaxRate", {"region": code}, "INVALID_INPUT", ["region"]) for code in ("west", "ABCD", "A-", "é")),
    *(("publishTaxRate", {"ratePpm": ppm}, "INVALID_INPUT", ["ratePpm"]) for ppm in (-1, 1_000_001, 2**31 - 1)),
    ("publishTaxRate", {"exempt": True}, "INVALID_INPUT", ["ratePpm"]),
    ("publishTaxRate", {"category": "Digital Goods"}, "INVALID_INPUT", ["category"]),
    ("publishTaxRate", {"component": ""}, "INVALID_INPUT", ["component"]),
    ("publishTaxRate", {"name": " "}, "INVALID_INPUT", ["name"]),
    ("publishTaxRate", {"authority": "WEST"}, "INVALID_INPUT", ["authority"]),
    ("registerForTax", {"legalEntity": "NOBODY"}, "NOT_FOUND", ["legalEntity"]),
    ("registerForTax", {"country": "XX"}, "INVALID_INPUT", ["country"]),
    ("registerForTax", {"region": "nowhere"}, "INVALID_INPUT", ["region"]),
    ("registerForTax", {"scheme": "OSS"}, "INVALID_INPUT", ["country"]),
    ("registerForTax", {"taxNumber": ""}, "INVALID_INPUT", ["taxNumber"]),
    ("registerForTax", {"registeredUntil": "2009-01-01T00:00:00Z"}, "INVALID_INPUT", ["registeredUntil"]),
    ("registerForTax", {"registeredFrom": "1999-01-01T00:00:00Z"}, "STATE_CONFLICT", ["registeredFrom"]),
    ("setSellerTax", {"legalEntity": ""}, "NOT_FOUND", ["legalEntity"]),
    ("setSellerTax", {"region": "Berlin"}, "INVALID_INPUT", ["region"]),
    *OF_BOOKS,
    *(("addTaxId", {"value": typed}, "INVALID_INPUT", ["value"]) for typed in ("", "DE136695977", "x" * 201, "١٣٦٦")),
    ("addTaxId", {"country": "ZZ"}, "INVALID_INPUT", ["country"]),
    ("addTaxId", {"country": "AU", "value": "83 914 571 673"}, "ALREADY_EXISTS", ["country"]),
    ("addTaxId", {"customerId": "customer_" + "0" * 32}, "NOT_FOUND", ["customerId"]),
    ("removeTaxId", {"taxId": "taxid_" + "0" * 32}, "NOT_FOUND", ["taxId"]),
    ("removeTaxId", {"taxId": "nonsense"}, "NOT_FOUND", ["taxId"]),
    ("judgeTaxId", {"taxId": "taxid_" + "0" * 32}, "NOT_FOUND", ["taxId"]),
    ("judgeTaxId", {"customerId": "nonsense"}, "NOT_FOUND", ["customerId"]),
    ("addTaxExemption", {"country": "XX"}, "INVALID_INPUT", ["country"]),
    ("addTaxExemption", {"region": "California"}, "INVALID_INPUT", ["region"]),
    ("addTaxExemption", {"category": "A B"}, "INVALID_INPUT", ["category"]),
    ("addTaxExemption", {"certificate": " "}, "INVALID_INPUT", ["certificate"]),
    ("addTaxExemption", {"validUntil": "2026-01-01T00:00:00Z"}, "INVALID_INPUT", ["validUntil"]),
    ("addTaxExemption", {"customerId": "customer_" + "0" * 32}, "NOT_FOUND", ["customerId"]),
    ("endTaxExemption", {"exemptionId": "exemption_" + "0" * 32}, "NOT_FOUND", ["exemptionId"]),
    ("endTaxExemption", {"endsAt": "2026-01-01T00:00:00Z"}, "INVALID_INPUT", ["endsAt"]),
    ("changeBillingDetails", {"name": ""}, "INVALID_INPUT", ["name"]),
    ("changeBillingDetails", {"country": "Germany"}, "INVALID_INPUT", ["country"]),
    ("changeBillingDetails", {"country": "EL"}, "INVALID_INPUT", ["country"]),  # sold to nowhere, it would be untaxed
    ("changeBillingDetails", {"region": "berlin"}, "INVALID_INPUT", ["region"]),
    ("changeBillingDetails", {"address": "x" * 501}, "INVALID_INPUT", ["address"]),
    ("createCustomer", {"region": "new york"}, "INVALID_INPUT", ["region"]),
    *OF_CATALOG, *OF_REFUNDS, *OF_WEBHOOKS, *OF_DISPUTES, *OF_NOTICES, *OF_SESSIONS, *OF_PORTAL,
    ("correctTax", {"reason": " "}, "INVALID_INPUT", ["reason"]),
    ("correctTax", {"invoiceId": "invoice_" + "0" * 32}, "NOT_FOUND", ["invoiceId"]),
    ("stateTaxPlace", {"country": "XX"}, "INVALID_INPUT", ["country"]),
    ("stateTaxPlace", {"region": "west"}, "INVALID_INPUT", ["region"]),
    ("stateTaxPlace", {"taxIdCountry": "XX"}, "INVALID_INPUT", ["taxIdCountry"]),
    ("stateTaxPlace", {"validUntil": "2026-01-01T00:00:00Z"}, "INVALID_INPUT", ["validUntil"]),
    ("startTaxCorrectionRun", {"reason": ""}, "INVALID_INPUT", ["reason"]),
    ("startTaxCorrectionRun", {"country": "XX"}, "INVALID_INPUT", ["country"]),
    ("startTaxCorrectionRun", {"country": None}, "INVALID_INPUT", ["rateId"]),
    ("startTaxCorrectionRun", {"since": None}, "INVALID_INPUT", ["since"]),
    ("startTaxCorrectionRun", {"until": "1999-01-01T00:00:00Z"}, "INVALID_INPUT", ["until"]),
    ("startTaxCorrectionRun", {"country": None, "since": None, "until": None, "rateId": "taxrate_" + "0" * 26},
     "NOT_FOUND", ["rateId"]),
    ("issueCreditNote", {"reason": " "}, "INVALID_INPUT", ["reason"]),
    ("issueCreditNote", {"invoiceId": "invoice_" + "0" * 32}, "NOT_FOUND", ["invoiceId"]),
    ("issueCreditNote", {"lines": [{"invoiceLine": 1}]}, "INVALID_INPUT", ["lines"]),
    ("issueCreditNote", {"amount": None, "lines": [{"invoiceLine": 7}]}, "NOT_FOUND", ["lines"]),
    ("issueCreditNote", {"amount": amount(-1)}, "INVALID_AMOUNT", ["amount"]),
    ("issueCreditNote", {"amount": amount(HUGE)}, "INVALID_AMOUNT", ["amount"]),
    ("issueCreditNote", {"amount": amount(1001)}, "EXCEEDS_INVOICED", ["amount"]),
    ("issueCreditNote", {"credit": amount(99)}, "INVALID_AMOUNT", ["refund"]),
    ("issueCreditNote", {"credit": None}, "INVALID_AMOUNT", ["refund"]),
    ("issueCreditNote", {"credit": {"minorUnits": "1", "currency": "USD"}}, "CURRENCY_MISMATCH", ["amount"]),
    ("voidCreditNote", {"creditNoteId": "creditnote_" + "0" * 32}, "NOT_FOUND", ["creditNoteId"]),
    ("voidCreditNote", {"creditNoteId": "nonsense"}, "NOT_FOUND", ["creditNoteId"]),
    ("voidInvoice", {"invoiceId": "invoice_" + "0" * 32}, "NOT_FOUND", ["invoiceId"]),
    ("voidInvoice", {"reason": "x" * 501}, "INVALID_INPUT", ["reason"]),
    ("markInvoiceUncollectible", {"invoiceId": "nonsense"}, "NOT_FOUND", ["invoiceId"]),
    ("markInvoiceUncollectible", {"reason": ""}, "INVALID_INPUT", ["reason"]),
    *OF_DRAFTS,
    ("setBillingTerms", {"netDays": 121}, "INVALID_INPUT", ["netDays"]),
    ("setBillingTerms", {"purchaseOrder": "  "}, "INVALID_INPUT", ["purchaseOrder"]),
    ("createContract", {"startsAt": None}, "INVALID_INPUT", ["startsAt"]),
    ("createContract", {"renewsContractId": "contract_" + "0" * 32}, "NOT_FOUND", ["renewsContractId"]),
    ("cancelContract", {"contractId": "contract_" + "0" * 32}, "NOT_FOUND", ["contractId"]),
    ("cancelContract", {"reason": " "}, "INVALID_INPUT", ["reason"]),
    ("createContract", {"priceId": "price_" + "0" * 26}, "NOT_FOUND", ["priceId"]),
    ("createContract", {"endsAt": "2027-01-01T00:00:00Z"}, "INVALID_INPUT", ["endsAt"]),
    ("createContract", {"commitment": amount(-1)}, "INVALID_AMOUNT", ["commitment"]),
    ("createContract", {"commitment": {"minorUnits": "1", "currency": "USD"}}, "CURRENCY_MISMATCH", ["commitment"]),
]  # fmt: skip

# Those of a mutation one after another, with one look at the database: all that any of them wrote would be there.
BY_MUTATION = {name: [case for case in TABLE if case[0] == name] for name, *_ in TABLE}

pytestmark = pytest.mark.usefixtures("full_buckets")


@pytest.fixture(scope="module")
async def stage(api: Api, owner_url: str) -> AsyncIterator[Stage]:
    """A customer, support and an admin."""
    async with stage_for(api, owner_url) as made:
        yield made


@pytest.mark.parametrize("name", BY_MUTATION)
async def test_what_cannot_be_meant_is_refused_in_the_payload_and_writes_nothing(stage: Stage, name: str) -> None:
    before, found = await stage.prints.before(), []
    for _, wrong, *_ in BY_MUTATION[name]:
        refused = await stage.caller(name).refusal(mutation(name), **{**stage.good[name], **wrong})
        found.append((name, wrong, refused["code"], refused["path"]))
        typed = [value for value in wrong.values() if isinstance(value, str) and len(value) >= 4]
        assert refused["message"] and not [value for value in typed if value in refused["message"]]
    assert found == BY_MUTATION[name]
    assert await stage.prints.now() == before


async def test_a_refused_call_does_not_burn_its_key(api: Api, owner_url: str) -> None:
    async with stage_for(api, owner_url) as stage:  # nothing is as it was on it afterwards
        for name, good in stage.good.items():
            used = key()
            could = [wrong for each, wrong, code, _ in TABLE if each == name and code in ("INVALID_INPUT", "NOT_FOUND")]
            if not could:
                assert name in ("setPaymentPolicy", "setDisputePolicy")  # of which every part is one of a few words
                continue
            wrong = could[0]
            caller = stage.caller(name)
            first = await caller.refusal(mutation(name), **{**good, **wrong, "idempotencyKey": used})
            payload = await caller.call(mutation(name), **{**good, "idempotencyKey": used})
            codes = [error["code"] for error in payload["errors"]]
            assert codes in ([], ["NOTHING_DUE"]), (name, first, codes)
