"""Which mutation refuses what, to whom and for which input: run over HTTP, and read by the rules of the house.

A text that begins with ``$`` stands for an id or code of the stage. What a bad input alone brings about stands in
``tests/api/test_bad_input.py``; what every mutation refuses alike in ``tests/api/test_the_door_refuses.py``.
"""

from typing import Any, NamedTuple

EUROS = {"minorUnits": "600", "currency": "EUR"}


class Case(NamedTuple):
    """A call that is refused, by the name of who calls."""

    mutation: str
    code: str
    caller: str
    given: dict[str, Any]


CASES = [
    Case("startSubscription", "ALREADY_EXISTS", "owner", {"priceId": "$starter"}),
    Case("startSubscription", "CURRENCY_MISMATCH", "owner", {"priceId": "$usd"}),
    Case("startSubscription", "COUPON_OVER", "owner", {"priceId": "$yearly", "couponCode": "$over"}),
    Case("startSubscription", "COUPON_USED_UP", "pending", {"priceId": "$yearly", "couponCode": "$used up"}),
    Case("startSubscription", "PAYMENT_METHOD_REQUIRED", "bare", {"priceId": "$starter"}),
    Case("startSubscription", "STATE_CONFLICT", "erased", {"priceId": "$starter"}),
    Case("changePlan", "ALREADY_EXISTS", "owner", {"subscriptionId": "$own", "priceId": "$team"}),
    Case("changePlan", "CHANGE_PENDING", "pending", {"subscriptionId": "$pending", "priceId": "$yearly"}),
    Case("changePlan", "CURRENCY_MISMATCH", "owner", {"subscriptionId": "$own", "priceId": "$usd"}),
    Case("changePlan", "PAYMENT_METHOD_REQUIRED", "freed", {"subscriptionId": "$freed", "priceId": "$starter"}),
    Case("changePlan", "QUOTE_STALE", "owner", {"quoteId": "$stale"}),
    Case("changePlan", "STATE_CONFLICT", "owner", {"subscriptionId": "$own", "priceId": "$starter"}),
    Case("changeQuantity", "CHANGE_PENDING", "pending", {"subscriptionId": "$pending", "quantity": 2}),
    Case("changeQuantity", "PAYMENT_METHOD_REQUIRED", "support",
         {"customerId": "$freed customer", "subscriptionId": "$freed", "quantity": 2, "timing": "NOW"}),
    Case("cancelScheduledChange", "INVALID_INPUT", "support", {"subscriptionId": "$own"}),
    Case("cancelScheduledChange", "STATE_CONFLICT", "owner", {"subscriptionId": "$own"}),
    Case("cancelSubscription", "INVALID_INPUT", "support", {"subscriptionId": "$own"}),
    Case("cancelSubscription", "PAYMENT_IN_PROGRESS", "waiting", {"subscriptionId": "$waiting", "timing": "NOW"}),
    Case("reactivateSubscription", "INVALID_INPUT", "support", {"subscriptionId": "$own"}),
    Case("reactivateSubscription", "STATE_CONFLICT", "owner", {"subscriptionId": "$own"}),
    Case("acceptRetentionOffer", "INVALID_INPUT", "support", {"subscriptionId": "$own", "kind": "PAUSE"}),
    Case("pauseSubscription", "CHANGE_PENDING", "pending", {"subscriptionId": "$pending"}),
    Case("pauseSubscription", "STATE_CONFLICT", "waiting", {"subscriptionId": "$waiting"}),
    Case("resumeSubscription", "INVALID_INPUT", "support", {"subscriptionId": "$own"}),
    Case("resumeSubscription", "NO_PRICE", "unpriced", {"subscriptionId": "$unpriced"}),
    Case("resumeSubscription", "PAYMENT_METHOD_REQUIRED", "freed", {"subscriptionId": "$slept"}),
    Case("resumeSubscription", "STATE_CONFLICT", "owner", {"subscriptionId": "$own"}),
    Case("payInvoice", "INVALID_INPUT", "support", {"invoiceId": "$billed"}),
    *(Case(name, code, "finance", {"customerId": f"${who} customer", "paymentId": f"${what}"})
      for name in ("captureInvoicePayment", "voidPayment")
      for code, who, what in (("PAYMENT_IN_PROGRESS", "holding", "asked"), ("STATE_CONFLICT", "owner", "payment"))),
    Case("captureInvoicePayment", "AUTHORIZATION_EXPIRED", "finance", {
        "customerId": "$holding customer", "paymentId": "$run out"}),
    Case("recordOfflinePayment", "ALREADY_EXISTS", "finance", {
        "customerId": "$holding customer", "invoiceId": "$recorded for", "means": "TRANSFER",
        "reference": "$used reference", "amount": {"minorUnits": "599", "currency": "EUR"}}),
    Case("reverseOfflinePayment", "STATE_CONFLICT", "finance", {
        "customerId": "$owner customer", "paymentId": "$payment", "reason": "R."}),
    *(Case(name, "INVALID_INPUT", "support", given) for name, given in (
        ("setPaymentMethodOrder", {"methodIds": []}), ("removePaymentMethod", {"methodId": "$last method"}))),
    Case("removePaymentMethod", "METHOD_NEEDED", "owing", {"methodId": "$last method"}),
    Case("removePaymentMethod", "PAYMENT_IN_PROGRESS", "waiting", {"methodId": "$waited on"}),
    Case("payInvoice", "TRIES_USED_UP", "spent", {"invoiceId": "$spent invoice"}),
    *(Case(name, code, who, {"invoiceId": f"${who} invoice", **given})
      for name, given in (("choosePayday", {"day": "2027-02-09"}), ("splitInvoice", {"parts": 2, "intervalDays": 1}))
      for code, who in (("PAYMENT_IN_PROGRESS", "held up"), ("PAYMENT_METHOD_REQUIRED", "barred"))),
    Case("choosePayday", "STATE_CONFLICT", "spent", {"invoiceId": "$spent invoice", "day": "2027-02-09"}),
    Case("splitInvoice", "STATE_CONFLICT", "spent", {"invoiceId": "$spent first", "parts": 2, "intervalDays": 1}),
    Case("splitInvoice", "INVALID_AMOUNT", "spent", {"invoiceId": "$spent invoice", "parts": 2, "intervalDays": 1}),
    *(Case(name, "BLOCKED_BY_DEBT", "blocked", given) for name, given in (
        ("startSubscription", {"priceId": "$yearly"}),
        ("changePlan", {"subscriptionId": "$blocked", "priceId": "$yearly"}),
        ("changeQuantity", {"subscriptionId": "$blocked", "quantity": 2}),
        ("resumeSubscription", {"subscriptionId": "$blocked sleeper"}))),
    Case("setParentCustomer", "CURRENCY_MISMATCH", "finance", {
        "customerId": "$owner customer", "parentCustomerId": "$dollars customer"}),
    Case("setParentCustomer", "STATE_CONFLICT", "finance", {
        "customerId": "$owner customer", "parentCustomerId": "$owner customer"}),
    Case("payInvoice", "PAYMENT_IN_PROGRESS", "waiting", {"invoiceId": "$waited for"}),
    Case("payInvoice", "PAYMENT_METHOD_REQUIRED", "bare", {"invoiceId": "$billed"}),
    Case("advanceTestClock", "NO_TEST_CLOCK", "live", {"to": "2030-01-05T00:00:00Z"}),
    Case("createCustomer", "ALREADY_EXISTS", "support", {
        "legalEntity": "ACMETEST", "reference": "$reference", "currency": "EUR", "timeZone": "UTC", "locale": "en",
        "country": "DE", "name": "Ada", "email": "ada@example.test", "address": "1 Test Street"}),
    Case("publishFeature", "ALREADY_EXISTS", "admin", {"code": "$feature", "name": "F", "kind": "SWITCH"}),
    Case("publishCoupon", "ALREADY_EXISTS", "admin", {
        "code": "$redeemed", "name": "Half off", "percentPpm": 500_000, "duration": "FOREVER", "scope": "ACCOUNT"}),
    Case("endCoupon", "STATE_CONFLICT", "admin", {"couponId": "$over coupon"}),
    Case("redeemCoupon", "ALREADY_EXISTS", "owner", {"code": "$redeemed"}),
    Case("redeemCoupon", "COUPON_OVER", "owner", {"code": "$over"}),
    Case("redeemCoupon", "COUPON_USED_UP", "bare", {"code": "$used up"}),
    Case("redeemCoupon", "CURRENCY_MISMATCH", "owner", {"code": "$dollars"}),
    Case("redeemCoupon", "STATE_CONFLICT", "owner", {"code": "$elsewhere", "subscriptionId": "$own"}),
    Case("endCouponRedemption", "STATE_CONFLICT", "support", {
        "customerId": "$owner customer", "redemptionId": "$ended redemption"}),
    Case("endEntitlementException", "STATE_CONFLICT", "support", {
        "customerId": "$owner customer", "exceptionId": "$ended exception"}),
    Case("refundPayment", "EXCEEDS_INVOICED", "support", {
        "customerId": "$owner customer", "paymentId": "$payment", "amount": {"minorUnits": "1000", "currency": "EUR"},
        "reason": "All of it."}),
    Case("refundPayment", "STATE_CONFLICT", "support", {
        "customerId": "$holder customer", "paymentId": "$held", "amount": EUROS, "reason": "R."}),
    *(Case(name, "STATE_CONFLICT", caller, {
        "customerId": "$refunded customer", "refundId": "$decided refund", "reason": "R."})
      for name, caller in (("approveRefund", "finance"), ("rejectRefund", "finance"),
                           ("cancelRefundRequest", "support"))),
    Case("recordRefundPayout", "STATE_CONFLICT", "finance", {
        "customerId": "$refunded customer", "refundId": "$decided refund", "reference": "RF"}),
    Case("recordRefundPayout", "ALREADY_EXISTS", "finance", {
        "customerId": "$refunded customer", "refundId": "$to pay", "reference": "$paid under"}),
    Case("approveRefund", "EXCEEDS_INVOICED", "finance", {
        "customerId": "$refunded customer", "refundId": "$too late", "reason": "R."}),
    *(Case(name, code, caller, given)
      for name, given in (("changeMemberRole", {"memberId": "$owner user", "role": "VIEWER"}),
                          ("removeMember", {"memberId": "$owner user"}))
      for code, caller in (("INVALID_INPUT", "support"), ("STATE_CONFLICT", "owner"))),
    Case("removeBillingContact", "INVALID_INPUT", "support", {"contactId": "contact_" + "0" * 32}),
    Case("withdrawInvitation", "INVALID_INPUT", "support", {"invitationId": "invitation_" + "0" * 32}),
    Case("registerDocuments", "ALREADY_EXISTS", "admin", {"owner": "$owner of documents", "documents": [
        {"id": "kept", "name": "Kept", "text": "{ plans { code } }"}]}),
    Case("registerDocuments", "STATE_CONFLICT", "admin", {"owner": "$owner of many documents", "documents": [
        {"id": "new", "name": "New", "text": "{ plans { code } }"}]}),
    Case("withdrawDocument", "STATE_CONFLICT", "admin", {
        "owner": "$owner of documents", "id": "gone", "urgent": True}),
    Case("eraseCustomer", "ALREADY_EXISTS", "admin", {"customerId": "$asked customer", "reason": "R."}),
    Case("eraseCustomer", "ERASURE_STOPPED", "admin", {"customerId": "$owner customer", "reason": "R."}),
    Case("decideErasure", "ERASURE_STOPPED", "admin", {
        "customerId": "$asked customer", "approve": True, "reason": "R."}),
    Case("requestErasure", "ALREADY_EXISTS", "asked", {"wanted": True}),
    Case("requestDataExport", "INVALID_INPUT", "support", {}),
    Case("requestDataExport", "ALREADY_EXISTS", "asked", {}),
    Case("setLegalHold", "STATE_CONFLICT", "admin", {"customerId": "$asked customer", "held": False, "reason": "R."}),
    Case("submitDisputeEvidence", "STATE_CONFLICT", "support", {
        "customerId": "$disputing customer", "disputeId": "$decided dispute",
        "texts": [{"kind": "OTHER", "text": "T."}]}),
    Case("acceptDispute", "STATE_CONFLICT", "finance", {
        "customerId": "$disputing customer", "disputeId": "$decided dispute", "reason": "R."}),
    Case("resendNotice", "STATE_CONFLICT", "support", {
        "customerId": "$owner customer", "noticeId": "$due notice", "reason": "R."}),
    *(Case(name, "STATE_CONFLICT", caller, {"customerId": "$failing customer", "exceptionId": f"${case} case", **more})
      for name, caller, case, more in (
          ("claimException", "support", "claimed", {}), ("releaseException", "support", "open", {}),
          ("resolveException", "finance", "open", {"resolution": "KEEP_AS_CREDIT", "reason": "R."}))),
    Case("resumeSaga", "STATE_CONFLICT", "support", {
        "customerId": "$owner customer", "sagaId": "$ended saga", "reason": "R."}),
    Case("replayDeadLetter", "STATE_CONFLICT", "finance", {
        "customerId": "$owner customer", "deadLetterId": "$replayed letter", "reason": "R."}),
    Case("changeBillingDetails", "NOT_FOUND", "owner", {
        "customerId": "$bare customer", "name": "Ada", "email": "a@b.test", "address": "1 Street", "country": "DE"}),
    Case("changeBillingDetails", "STATE_CONFLICT", "erased", {
        "name": "Ada", "email": "a@b.test", "address": "1 Street", "country": "DE"}),
    Case("removeTaxId", "STATE_CONFLICT", "owner", {"taxId": "$invalid"}),
    Case("endTaxExemption", "STATE_CONFLICT", "support", {
        "customerId": "$owner customer", "exemptionId": "$exemption", "endsAt": "2029-01-01T00:00:00Z"}),
    Case("issueCreditNote", "EXCEEDS_CAPTURED", "finance", {
        "customerId": "$owner customer", "invoiceId": "$paid by credit", "kind": "GOODWILL", "reason": "R.",
        "amount": EUROS, "refund": EUROS}),
    Case("issueCreditNote", "PAYMENT_IN_PROGRESS", "finance", {
        "customerId": "$waiting customer", "invoiceId": "$waited for", "kind": "GOODWILL", "reason": "R.",
        "amount": EUROS}),
    Case("issueCreditNote", "STATE_CONFLICT", "finance", {
        "customerId": "$bare customer", "invoiceId": "$void", "kind": "GOODWILL", "reason": "R.", "amount": EUROS,
        "credit": EUROS}),
    Case("voidCreditNote", "INSUFFICIENT_BALANCE", "finance", {
        "customerId": "$owner customer", "creditNoteId": "$used note"}),
    Case("voidCreditNote", "STATE_CONFLICT", "finance", {
        "customerId": "$bare customer", "creditNoteId": "$void note"}),
    *(Case(name, code, "finance", {"customerId": f"${who} customer", "invoiceId": f"${what}", "reason": "R."})
      for name in ("voidInvoice", "markInvoiceUncollectible")
      for code, who, what in (("PAYMENT_IN_PROGRESS", "waiting", "waited for"), ("STATE_CONFLICT", "bare", "void"))),
    Case("correctTax", "PAYMENT_IN_PROGRESS", "finance", {
        "customerId": "$taxed customer", "invoiceId": "$taxed", "reason": "R."}),
    Case("correctTax", "STATE_CONFLICT", "finance", {
        "customerId": "$gone customer", "invoiceId": "$gone", "reason": "R."}),
    Case("stateTaxPlace", "NOT_FOUND", "finance", {
        "customerId": "customer_" + "0" * 32, "country": "NO", "validFrom": "2027-01-01T00:00:00Z"}),
    Case("createInvoice", "CURRENCY_MISMATCH", "finance", {"customerId": "$owner customer", "lines": [
        {"description": "Work", "unitAmount": {"minorUnits": "1", "currency": "USD"}}]}),
    Case("createInvoice", "INVALID_AMOUNT", "finance", {"customerId": "$owner customer", "lines": [
        {"description": "Work", "unitAmount": {"minorUnits": "-1", "currency": "EUR"}}]}),
    Case("removeInvoiceLine", "STATE_CONFLICT", "finance", {
        "customerId": "$renewing customer", "draftId": "$renewal", "position": 1}),
    Case("deleteInvoiceDraft", "STATE_CONFLICT", "finance", {
        "customerId": "$renewing customer", "draftId": "$renewal"}),
    Case("finalizeInvoice", "STATE_CONFLICT", "finance", {
        "customerId": "$erased customer", "draftId": "$erased draft"}),
    *(Case("finalizeInvoice", code, "finance", {"customerId": f"${who} customer", "draftId": f"${draft}"})
      for code, who, draft in (("EXCEEDS_INVOICED", "twice", "given back again"),
                               ("INVALID_AMOUNT", "alone", "credit alone"))),
    Case("setBillingTerms", "NOT_FOUND", "finance", {"customerId": "customer_" + "0" * 32, "netDays": 30}),
    Case("createContract", "ALREADY_EXISTS", "finance", {
        "customerId": "$bare customer", "priceId": "$starter", "commitment": EUROS, "netDays": 30,
        "startsAt": "2027-06-01T00:00:00Z", "endsAt": "2028-06-01T00:00:00Z"}),
    Case("registerWebhookEndpoint", "ALREADY_EXISTS", "admin", {"url": "$hook url", "kinds": ["invoice.paid"]}),
    Case("changeWebhookEndpoint", "ALREADY_EXISTS", "admin", {"endpointId": "$hook off", "url": "$hook url"}),
    Case("rotateWebhookSecret", "STATE_CONFLICT", "admin", {"endpointId": "$hook"}),
    Case("replayWebhooks", "STATE_CONFLICT", "support", {"endpointId": "$hook off"}),
    Case("createContract", "STATE_CONFLICT", "finance", {
        "customerId": "$bare customer", "priceId": "$retired price", "commitment": EUROS, "netDays": 30,
        "startsAt": "2027-06-01T00:00:00Z", "endsAt": "2028-06-01T00:00:00Z"}),
    Case("setRetentionOffer", "COUPON_OVER", "admin", {"planId": "$retired plan", "couponCode": "$over"}),
    Case("startBulkRun", "COUPON_OVER", "admin", {"order": {
        "action": "APPLY_COUPON", "planId": "$retired plan", "couponCode": "$over", "reason": "R."}}),
    Case("setRetentionOffer", "STATE_CONFLICT", "admin", {"planId": "$retired plan", "priceId": "$retired price"}),
    Case("retirePlan", "STATE_CONFLICT", "admin", {"planId": "$retired plan"}),
    Case("retirePrice", "STATE_CONFLICT", "admin", {"priceId": "$retired price"}),
    Case("cancelContract", "STATE_CONFLICT", "finance", {
        "customerId": "$unpriced customer", "contractId": "$over contract", "owed": "FULL", "reason": "R."}),
]  # fmt: skip

# What is refused once the books of a month are closed, and a tenant has as much of everything as it can.
CLOSED = [
    Case("registerWebhookEndpoint", "STATE_CONFLICT", "admin", {
        "url": "https://one.more.example.com/", "kinds": ["invoice.paid"]}),
    Case("changeWebhookEndpoint", "STATE_CONFLICT", "admin", {"endpointId": "$hook off", "active": True}),
    Case("startSubscription", "PERIOD_CLOSED", "late", {"priceId": "$yearly"}),
    Case("changePlan", "PERIOD_CLOSED", "late", {"subscriptionId": "$own", "priceId": "$team"}),
    Case("changeQuantity", "PERIOD_CLOSED", "late", {"subscriptionId": "$seats", "quantity": 3}),
    Case("cancelSubscription", "PERIOD_CLOSED", "support", {
        "customerId": "$customer", "subscriptionId": "$own", "timing": "NOW", "unused": "CREDIT"}),
    Case("resumeSubscription", "PERIOD_CLOSED", "late", {"subscriptionId": "$slept"}),
    Case("refundPayment", "PERIOD_CLOSED", "finance", {
        "customerId": "$customer", "paymentId": "$payment", "amount": EUROS, "reason": "R."}),
    Case("approveRefund", "PERIOD_CLOSED", "finance", {
        "customerId": "$customer", "refundId": "$awaiting", "reason": "R."}),
    Case("recordRefundPayout", "PERIOD_CLOSED", "finance", {
        "customerId": "$customer", "refundId": "$payable", "reference": "RF"}),
    Case("issueCreditNote", "PERIOD_CLOSED", "finance", {
        "customerId": "$customer", "invoiceId": "$paid", "kind": "GOODWILL", "reason": "R.", "amount": EUROS,
        "credit": EUROS}),
    Case("voidCreditNote", "PERIOD_CLOSED", "finance", {"customerId": "$customer", "creditNoteId": "$note"}),
    *(Case(name, "PERIOD_CLOSED", "finance", {"customerId": "$customer", "invoiceId": "$open", "reason": "R."})
      for name in ("voidInvoice", "markInvoiceUncollectible")),
    Case("recordOfflinePayment", "PERIOD_CLOSED", "finance", {
        "customerId": "$customer", "invoiceId": "$open", "means": "CASH", "reference": "1", "amount": EUROS}),
    Case("reverseOfflinePayment", "PERIOD_CLOSED", "finance", {
        "customerId": "$customer", "paymentId": "$recorded", "reason": "R."}),
    Case("finalizeInvoice", "PERIOD_CLOSED", "finance", {"customerId": "$customer", "draftId": "$draft"}),
    Case("cancelContract", "PERIOD_CLOSED", "finance", {
        "customerId": "$customer", "contractId": "$contract", "owed": "FULL", "reason": "R."}),
    Case("correctTax", "PERIOD_CLOSED", "finance", {
        "customerId": "$taxed customer", "invoiceId": "$taxed", "reason": "R."}),
    Case("publishFeature", "STATE_CONFLICT", "admin", {"code": "one-too-many", "name": "F", "kind": "SWITCH"}),
]  # fmt: skip
